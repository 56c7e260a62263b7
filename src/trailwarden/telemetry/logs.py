"""The set-up of logs: structlog and the standard library's loggers end in one handler, which writes one line an entry.

Keeps: a line is one line, whatever is in it (control characters are escaped), and holds no secret (see `plain`).
Logging never takes the program down: what cannot be written is told in a line of its own.

Next: `plain` for what a value becomes, `repetition` for what is not written.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal, TextIO

import structlog

from trailwarden.telemetry.plain import exception, plain, without_secrets
from trailwarden.telemetry.repetition import Repetition, Suppressed

Format = Literal["json", "console"]
Level = Literal["debug", "info", "warning", "error"]

_OWN: Final = "trailwarden"
_FIELDS: Final = "trailwarden_fields"
_HEAD: Final = ("time", "level", "event", "logger")
MAX_LINE: Final = 65536
"""Characters of a line; beyond it only the head is written."""

# structlog's own keys on the way from the logger to the handler.
_INTERNAL: Final = frozenset({"exc_info", "stack_info", "event", "positional_args"})


def setup_logging(
    format: Format = "json",  # noqa: A002 - the word of the configuration
    level: Level = "info",
    stream: TextIO | None = None,
) -> None:
    """Route every logger of the process to one stream (standard error by default). May be called again.

    level: of Trailwarden's own loggers. Others speak from `warning` on: at `info` and below some of them log
    statements with their parameters, which are whole events.
    """
    stream = stream if stream is not None else sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, LineHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(LineHandler(stream, _RENDERERS[format]))
    root.setLevel(max(number, logging.WARNING))
    logging.getLogger(_OWN).setLevel(number)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _to_record],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _to_record(
    _logger: Any, _method: str, entry: structlog.typing.EventDict
) -> tuple[tuple[object, ...], Mapping[str, Any]]:
    """The last processor: an entry of structlog as arguments of the standard logger, its fields under one name."""
    fields = {name: value for name, value in entry.items() if name not in _INTERNAL}
    arguments = {"exc_info": entry.get("exc_info"), "extra": {_FIELDS: fields}}
    return (entry.get("event"),), arguments


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each record as one line, holds repeated warnings back, and tells how many those were."""

    turns: ClassVar[int] = 0
    """Changes with each line that is written; odd while one is being written. For whoever shares the stream's file."""

    def __init__(
        self,
        stream: TextIO,
        render: Callable[[Mapping[str, Any]], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(stream)
        self._render = render
        self._monotonic = monotonic
        self._repetition = Repetition()

    def emit(self, record: logging.LogRecord) -> None:
        """One line, or none; before it, what was held back since. Called under the handler's lock."""
        try:
            entry = _entry(record)
            now = self._monotonic()
            for suppressed in self._repetition.ended(now):
                self._write(_told(suppressed, entry["time"]))
            if record.levelno < logging.WARNING or self._repetition.admits(
                entry["event"], _equal(entry), now
            ):
                self._write(entry)
        except Exception:  # noqa: BLE001 - the contract of logging.Handler: a log call never raises
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the base class's
        """Tell that an entry was lost, without touching what made it fail; a dead stream is left alone."""
        fault = sys.exc_info()[1]
        if isinstance(fault, OSError) or (isinstance(fault, ValueError) and self.stream.closed):
            return
        self._write(
            {
                "time": _rfc3339(record.created),
                "level": "error",
                "event": "log_entry_lost",
                "logger": ascii(record.name),
                "error": type(fault).__name__,
            }
        )

    def close(self) -> None:
        """Tell what is still held back."""
        self.acquire()
        try:
            if not self.stream.closed:
                for suppressed in self._repetition.ended(self._monotonic(), every=True):
                    self._write(_told(suppressed, _rfc3339(time.time())))
        finally:
            self.release()
        super().close()

    def _write(self, entry: Mapping[str, Any]) -> None:
        line = self._render(entry)
        if len(line) > MAX_LINE:
            line = self._render(
                {name: entry[name] for name in _HEAD if name in entry} | {"left_out": len(line)}
            )
        LineHandler.turns += 1
        try:
            self.stream.write(line + "\n")
            self.flush()
        finally:
            LineHandler.turns += 1


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    """A record of any origin as a flat object of plain values; the head cannot be overwritten by fields."""
    message: object = record.getMessage() if record.args else record.msg
    if isinstance(message, BaseException):
        message = exception(message)["message"]
    own = getattr(record, _FIELDS, None)
    entry: dict[str, Any] = {
        "time": _rfc3339(record.created),
        "level": record.levelname.lower(),
        "event": without_secrets(message if isinstance(message, str) else f"<{type(message).__name__}>"),
        "logger": record.name,
    }
    fields = plain(own, records=record.levelno <= logging.DEBUG) if isinstance(own, Mapping) else {}
    entry |= {f"{name}_" if name in entry else name: value for name, value in fields.items()}
    if record.exc_info and record.exc_info[1] is not None:
        entry["exception"] = exception(record.exc_info[1])
    return entry


def _equal(entry: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in entry.items() if name != "time"}, sort_keys=True)


def _told(suppressed: Suppressed, at: str) -> dict[str, Any]:
    return {
        "time": at,
        "level": "warning",
        "event": "repeated",
        "logger": __name__,
        "repeated_event": suppressed.event,
        "suppressed": suppressed.count,
    }


def _rfc3339(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(entry: Mapping[str, Any]) -> str:
    """ASCII only: JSON itself leaves U+2028, C1 controls and bidirectional marks as they are."""
    return json.dumps(entry, ensure_ascii=True, allow_nan=False)


def _console(entry: Mapping[str, Any]) -> str:
    """`time LEVEL event name=value ...`: repr() escapes whatever is not printable."""
    head = f"{entry['time']} {entry['level'].upper():<7} {_word(entry['event'], spaces=True)}"
    fields = [f"{_word(name)}={_word(value)}" for name, value in entry.items() if name not in _HEAD]
    return " ".join((head, *fields))


def _word(value: object, *, spaces: bool = False) -> str:
    if not isinstance(value, str):
        return repr(value)
    bare = value.isprintable() and value and not set(value) & set("\"'=" if spaces else "\"'= ")
    return value if bare else repr(value)


_RENDERERS: Final[Mapping[Format, Callable[[Mapping[str, Any]], str]]] = {"json": _json, "console": _console}
