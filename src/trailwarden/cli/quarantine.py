"""`trailwarden quarantine`: what could not be decoded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from trailwarden.cli.configured import ConfigOption, with_store
from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import Format, print_json, print_line, print_table
from trailwarden.errors import Reason
from trailwarden.model import rfc3339

if TYPE_CHECKING:
    from trailwarden.store import Quarantined, QuarantineFilter, Store

app = typer.Typer(no_args_is_help=True, help="List, export and retry what could not be decoded.")

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only these rows.")]
Source = Annotated[str | None, typer.Option("--source", help="Only this source.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only this reason.")]
_EVERY = 1_000_000


def _filter(ids: list[str] | None, source: str | None, reason: str | None, limit: int) -> QuarantineFilter:
    from trailwarden.store import QuarantineFilter

    try:
        wanted = Reason(reason) if reason else None
    except ValueError as fault:
        known = ", ".join(Reason)
        raise typer.BadParameter(f"{fault}; the reasons are {known}", param_hint="--reason") from fault
    return QuarantineFilter(ids=tuple(ids or ()), source=source, reason=wanted, limit=limit)


@app.command("list")
def list_quarantine(
    config: ConfigOption,
    source: Source = None,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_EVERY, help="Rows at the most.")] = 100,
    output: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TABLE,
) -> None:
    """List what is in quarantine.

    Example: trailwarden quarantine list --config trailwarden.yaml --reason corrupt
    """
    which = replace(_filter(None, source, reason, limit), payloads=False)
    rows = with_store(config, lambda store: store.quarantine(which))
    if output is Format.JSON:
        print_json([_as_dict(row) for row in rows])
        return
    cells = ([row.id, row.reason.value, str(row.origin.get("locator", "")), row.detail] for row in rows)
    print_table(["id", "reason", "where", "detail"], cells, "the quarantine is empty")


@app.command()
def export(config: ConfigOption, ids: Ids = None, source: Source = None, reason: ReasonOption = None) -> None:
    """Print rows with their payload (base64), one JSON document a line.

    Example: trailwarden quarantine export --config trailwarden.yaml > quarantine.jsonl
    """
    from base64 import b64encode

    which = _filter(ids, source, reason, _EVERY)

    async def printed(store: Store) -> None:
        for head in await store.quarantine(replace(which, payloads=False)):
            for row in await store.quarantine(
                replace(which, ids=(head.id,))
            ):  # one payload in memory at a time
                payload = {
                    "payload_bytes": len(row.payload),
                    "payload": b64encode(row.payload).decode("ascii"),
                }
                print_line(_as_dict(row) | payload)

    with_store(config, printed)


@app.command()
def retry(config: ConfigOption, ids: Ids = None, source: Source = None, reason: ReasonOption = None) -> None:
    """Decode rows again (after an update, say); alerts go to the outbox, and what is decoded leaves the quarantine.

    A row of which only the beginning was kept is read again from its origin where that is a file. Exit code 4 when
    something stays in quarantine.

    Example: trailwarden quarantine retry --config trailwarden.yaml --reason unknown_envelope
    """
    import asyncio

    from trailwarden.app.quarantine_retry import retry_quarantine
    from trailwarden.settings import load_settings

    outcome = asyncio.run(retry_quarantine(load_settings(config), _filter(ids, source, reason, _EVERY)))
    typer.echo(
        f"{outcome.released} rows were decoded ({outcome.alerts} new alerts), {outcome.kept} stay in quarantine"
    )
    if outcome.kept:
        raise typer.Exit(Exit.PARTIAL)


def _as_dict(row: Quarantined) -> dict[str, object]:
    return {
        "id": row.id,
        "source": row.source,
        "origin": dict(row.origin),
        "reason": row.reason,
        "detail": row.detail,
        "payload_truncated": row.payload_truncated,
        "created_at": rfc3339(row.created_at),
    }
