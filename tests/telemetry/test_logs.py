"""A line of the log is one line of valid JSON, whatever is in it, and from whichever logger it comes."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trailwarden.telemetry import setup_logging
from trailwarden.telemetry.logs import MAX_LINE, LineHandler
from trailwarden.telemetry.plain import REDACTED
from trailwarden.telemetry.repetition import INTERVAL, PER_EVENT

CANARY = "hunter2-canary"
ANY = st.text() | st.binary() | st.integers() | st.floats() | st.none() | st.booleans()
VALUES = st.recursive(
    ANY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["time", "level", "logger", "name", "msg", "args", "exception"]
)

Setup = Callable[..., io.StringIO]


@pytest.fixture
def setup() -> Iterator[Setup]:
    """setup_logging onto a fresh stream; everything is put back afterwards."""
    root, own = logging.getLogger(), logging.getLogger("trailwarden")
    levels = root.level, own.level

    def made(form: Any = "json", level: Any = "info") -> io.StringIO:
        stream = io.StringIO()
        setup_logging(form, level, stream)
        return stream

    yield made
    for handler in [one for one in root.handlers if isinstance(one, LineHandler)]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    own.setLevel(levels[1])
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def logger(name: str = "trailwarden.part") -> Any:
    return structlog.get_logger(name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.dictionaries(NAMES, VALUES, max_size=4))
@pytest.mark.parametrize("form", ["json", "console"])
def test_whatever_is_logged_is_one_line(setup: Setup, form: str, event: str, fields: dict[str, Any]) -> None:
    stream = setup(form)
    logging.getLogger("trailwarden.part").info(event, extra={"trailwarden_fields": fields})
    text = stream.getvalue()
    assert text.endswith("\n")
    assert text[:-1].isprintable()
    if form == "json":
        head = json.loads(text, parse_constant=pytest.fail)
        assert head["level"] == "info"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", head["time"])


def test_fields_and_context_are_shown(setup: Setup) -> None:
    stream = setup()
    with structlog.contextvars.bound_contextvars(source="spool"):
        logger().info("started", files=3)
    (line,) = lines(stream)
    assert line["event"] == "started"
    assert (line["source"], line["files"], line["logger"]) == ("spool", 3, "trailwarden.part")


def test_fields_cannot_forge_the_head(setup: Setup) -> None:
    stream = setup()
    logger().info("read", time="1970", level="critical", logger="root")
    (line,) = lines(stream)
    assert line["level"] == "info"
    assert line["level_"] == "critical"
    assert line["time"] != "1970"


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_leaves(setup: Setup, form: str) -> None:
    stream = setup(form)
    logger().warning(
        "sent", secret=CANARY, headers={"Authorization": CANARY}, url=f"https://u:{CANARY}@h/?k={CANARY}"
    )
    logging.getLogger("aiohttp.client").error("GET https://u:%s@h/ password=%s", CANARY, CANARY)
    try:
        raise ValueError(f"token={CANARY}")
    except ValueError:
        logger().exception("failed")
    text = stream.getvalue()
    assert CANARY not in text
    assert text.count(REDACTED) >= 6


def test_an_exception_is_one_field(setup: Setup) -> None:
    stream = setup()
    try:
        _ = {}["missing"]
    except KeyError as fault:
        logger().exception("failed")
        logger().error("failed again", exc_info=fault)
        logging.getLogger("asyncio").error(
            "Task exception was never retrieved\nfuture: <Task>", exc_info=fault
        )
    own, given_one, foreign = lines(stream)
    for line in (own, given_one, foreign):
        assert line["exception"]["type"] == "KeyError"
        assert line["exception"]["message"] == "missing"
    assert foreign["event"].startswith("Task exception was never retrieved\n")


def test_other_libraries_speak_from_warning_on(setup: Setup) -> None:
    stream = setup(level="debug")
    logging.getLogger("sqlalchemy.engine").info("INSERT INTO alerts VALUES (...)")
    logging.getLogger("aiosqlite").debug("executing")
    logging.getLogger("aiohttp.server").warning("slow %s", "peer")
    logger().debug("polled")
    assert [line["event"] for line in lines(stream)] == ["slow peer", "polled"]


def test_the_level_is_kept(setup: Setup) -> None:
    stream = setup(level="warning")
    logger().info("not shown")
    logging.getLogger("trailwarden.part").info("not shown either")
    logger().warning("shown")
    assert [line["event"] for line in lines(stream)] == ["shown"]


def test_python_warnings_become_lines(setup: Setup) -> None:
    stream = setup()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old call", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert "old call" in lines(stream)[0]["event"]


def test_what_cannot_be_formatted_is_told() -> None:
    stream = io.StringIO()
    foreign = logging.Logger("foreign\n")  # noqa: LOG001 - one of its own: the handlers of the test run fail on this
    foreign.addHandler(LineHandler(stream, json.dumps))
    foreign.error("%d files", "three")
    (line,) = lines(stream)
    assert (line["event"], line["error"], line["logger"]) == ("log_entry_lost", "TypeError", r"'foreign\n'")


def test_a_dead_stream_takes_nothing_down(setup: Setup) -> None:
    stream = setup()
    stream.close()
    logger().error("nobody hears this")


def test_a_line_is_bounded(setup: Setup) -> None:
    stream = setup()
    logger().info("much", **{f"name{number}": "\u2028" * 1900 for number in range(60)})
    (line,) = lines(stream)
    assert line["left_out"] > MAX_LINE
    assert len(stream.getvalue()) < 1000


def test_repeated_warnings_are_written_once_and_counted() -> None:
    stream, now = io.StringIO(), [0.0]
    handler = LineHandler(stream, json.dumps, monotonic=lambda: now[0])
    foreign = logging.Logger("foreign")  # noqa: LOG001 - one of its own, so that nothing is shared
    foreign.addHandler(handler)
    for _ in range(5):
        foreign.warning("the store is locked")
        foreign.info("this is not held back")
    now[0] = INTERVAL
    foreign.error("something else")
    events = [line["event"] for line in lines(stream)]
    assert events.count("the store is locked") == 1
    assert events.count("this is not held back") == 5
    (told,) = [line for line in lines(stream) if line["event"] == "repeated"]
    assert (told["repeated_event"], told["suppressed"]) == ("the store is locked", 4)


def test_what_is_held_back_is_told_at_the_end(setup: Setup) -> None:
    stream = setup()
    for number in range(PER_EVENT + 7):
        logger().warning("quarantined", locator=str(number))
    setup()
    assert lines(stream)[-1]["suppressed"] == 7


async def test_asyncio_reports_through_the_same_stream(setup: Setup) -> None:
    stream = setup()
    asyncio.get_running_loop().call_exception_handler({"message": "a callback failed"})
    assert lines(stream)[0]["logger"] == "asyncio"
