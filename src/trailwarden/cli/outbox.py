"""`trailwarden outbox`: every alert and what became of it at each sink."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from trailwarden.cli.configured import ConfigOption, with_store
from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import Format, print_json, print_table
from trailwarden.model import rfc3339

if TYPE_CHECKING:
    from trailwarden.store import DeliveryState, OutboxRow

app = typer.Typer(no_args_is_help=True, help="List, retry and discard deliveries.")

Sink = Annotated[str | None, typer.Option("--sink", help="Only this sink.")]
State = Annotated[
    list[str] | None, typer.Option("--state", help="pending, delivered, dead or discarded; may be repeated.")
]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ALERT_ID]...", help="Only these alerts.")]
All = Annotated[bool, typer.Option("--all", help="All that --sink leaves; needed when no alert is named.")]
_EVERY = 1_000_000


def _states(names: list[str] | None, default: tuple[str, ...] = ()) -> tuple[DeliveryState, ...]:
    from trailwarden.store import DeliveryState

    try:
        return tuple(DeliveryState(name) for name in names or default)
    except ValueError as fault:
        known = ", ".join(state.value for state in DeliveryState)
        raise typer.BadParameter(f"{fault}; the states are {known}", param_hint="--state") from fault


@app.command("list")
def list_outbox(
    config: ConfigOption,
    sink: Sink = None,
    state: State = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_EVERY, help="Rows at the most.")] = 100,
    output: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TABLE,
) -> None:
    """List deliveries, newest first.

    Example: trailwarden outbox list --config trailwarden.yaml --state dead
    """
    from trailwarden.store import OutboxFilter

    which = OutboxFilter(states=_states(state), sink=sink, limit=limit)
    rows = with_store(config, lambda store: store.outbox(which))
    if output is Format.JSON:
        print_json([_as_dict(row) for row in rows])
        return
    columns = ["alert", "sink", "state", "tries", "reason", "summary"]
    cells = (
        [row.alert_id, row.sink, row.state.value, str(row.attempts), row.reason or "", row.summary]
        for row in rows
    )
    print_table(columns, cells, "the outbox has no such row")


@app.command()
def show(config: ConfigOption, alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID")]) -> None:
    """Print the document of one alert.

    Example: trailwarden outbox show --config trailwarden.yaml alert_0123...
    """
    from trailwarden.cli.output import write

    alert = with_store(config, lambda store: store.alert(alert_id))
    if alert is None:
        typer.echo(f"trailwarden: no alert {alert_id!r}; `trailwarden outbox list` names them", err=True)
        raise typer.Exit(Exit.BAD)
    write(alert.document + b"\n")


@app.command()
def retry(config: ConfigOption, alert_ids: Ids = None, sink: Sink = None, everything: All = False) -> None:
    """Make dead deliveries due again, now.

    Example: trailwarden outbox retry --config trailwarden.yaml --sink siem --all
    """
    from trailwarden.store import OutboxFilter

    _need_choice(alert_ids, everything)
    which = OutboxFilter(states=_states(["dead"]), sink=sink, alert_ids=tuple(alert_ids or ()), limit=_EVERY)
    count = with_store(config, lambda store: store.retry(which, datetime.now(UTC)))
    typer.echo(f"{count} deliveries are due again")


@app.command()
def discard(config: ConfigOption, alert_ids: Ids = None, sink: Sink = None, everything: All = False) -> None:
    """Give up dead deliveries for good (name alerts to give up pending ones too). The alerts themselves stay stored.

    Example: trailwarden outbox discard --config trailwarden.yaml alert_0123...
    """
    from trailwarden.store import OutboxFilter

    _need_choice(alert_ids, everything)
    states = _states(["dead", "pending"] if alert_ids else ["dead"])
    which = OutboxFilter(states=states, sink=sink, alert_ids=tuple(alert_ids or ()), limit=_EVERY)
    count = with_store(config, lambda store: store.discard(which, datetime.now(UTC)))
    typer.echo(f"{count} deliveries were discarded")


def _need_choice(alert_ids: list[str] | None, everything: bool) -> None:
    if not alert_ids and not everything:
        raise typer.BadParameter("name alerts, or say --all")


def _as_dict(row: OutboxRow) -> dict[str, object]:
    return {
        "alert_id": row.alert_id,
        "sink": row.sink,
        "state": row.state.value,
        "attempts": row.attempts,
        "rule_id": row.rule_id,
        "severity": row.severity.value,
        "summary": row.summary,
        "created_at": rfc3339(row.created_at),
        "next_attempt_at": rfc3339(row.next_attempt_at) if row.next_attempt_at is not None else None,
        "reason": row.reason,
        "detail": row.detail,
    }
