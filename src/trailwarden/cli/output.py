"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

_ENDLESS: Final = 100_000
"""Columns of what is not a terminal."""


class Format(StrEnum):
    """`--format` of the commands that list something."""

    TABLE = "table"
    JSON = "json"


def print_json(value: Any) -> None:
    """One indented document on standard output."""
    import orjson

    write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=_plain) + b"\n")


def print_line(value: Any) -> None:
    """One compact document on a line of its own."""
    import orjson

    write(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=_plain) + b"\n")


def write(data: bytes) -> None:
    """Bytes to standard output, flushed."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """A table on standard output; `empty` is the sentence for no rows. Cells are text, not markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Behind a pipe nobody sees where a screen would end: a row stays one line.
    console = Console(
        soft_wrap=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _ENDLESS
    )
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    count = 0
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
        count += 1
    console.print(table if count else Text(empty))


def so_many(count: int, noun: str) -> str:
    """`1 rule`, `2 rules`. noun: one that takes an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def readable(path: str) -> str:
    """A path as text that can be printed: bytes of a name that are no UTF-8 as `\\xff`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shared_folder(paths: Sequence[str]) -> str:
    """What several paths begin with, up to and including a slash; "" for fewer than two.

    It is said once, so that rows stay short.
    """
    if len(paths) < 2:
        return ""
    first = os.path.commonprefix(paths)  # noqa: RUF071 - cut at its last slash, below; paths may be of several kinds
    folder = first[: first.rfind("/") + 1]
    return folder if folder != "/" else ""


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
