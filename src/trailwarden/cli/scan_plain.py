"""The command line of a plain `scan`, read without typer, whose import takes as long as scanning a hundred large files.

Keeps: what is read here is what typer would have read from the same arguments; a test holds the two against each other. Whatever
is not plainly a scan of files (help, a mistake, an option of s3://) is left to typer, which knows how to say it.

Next: `trailwarden.cli.scan` for the options as typer shows them, `trailwarden.cli.scan_run` for what is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trailwarden.cli.scan_run import Asked

_VALUED = ("--pack", "--rules", "--format", "--threads")


def plainly(arguments: Sequence[str]) -> Asked | None:
    """arguments: without the program's name. None: not plainly a scan of files."""
    if not arguments or arguments[0] != "scan":
        return None
    files: list[str] = []
    given: dict[str, list[str]] = {option: [] for option in _VALUED}
    fail_on_match = False
    rest = iter(arguments[1:])
    for argument in rest:
        option, equals, value = argument.partition("=")
        if option in given:
            given[option].append(value if equals else next(rest, ""))
        elif argument == "--fail-on-match":
            fail_on_match = True
        else:
            files.append(argument)
    values = [value for of_option in given.values() for value in of_option]
    if not files or not all(map(_is_plain_file, files)) or not all(map(_is_plain, values)):
        return None
    formats, threads = given["--format"], given["--threads"]
    if not {*formats} <= {"table", "json", "jsonl"} or not all(map(_is_number, threads)):
        return None
    from trailwarden.cli.scan_run import Asked

    return Asked(
        files=tuple(files),
        packs=tuple(given["--pack"]),
        rule_files=tuple(given["--rules"]),
        output=formats[-1] if formats else "table",
        fail_on_match=fail_on_match,
        threads=int(threads[-1]) if threads else 2,
    )


def _is_plain(value: str) -> bool:
    return value != "" and not value.startswith("-")


def _is_plain_file(path: str) -> bool:
    return path == "-" or (_is_plain(path) and not path.startswith("s3://"))


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 2 and 1 <= int(value) <= 64
