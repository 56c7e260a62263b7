"""A file's path as one line of plain text, and back.

A path is bytes: it may hold a newline, an escape sequence for the terminal, or bytes that are no UTF-8. Locators,
inventory keys and checkpoints are text that people and databases read.

Keeps: `path_of(readable(path)) == path` for every path, so two files never share a key; an ordinary path is its own text.

Next: `trailwarden.sources.files_ledger`, where the keys are used.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_SURROGATES: Final = range(0xDC80, 0xDD00)
"""How Python's file system functions write a byte that is not UTF-8 (PEP 383)."""


def readable(path: str) -> str:
    r"""Printable text that is valid UTF-8. A backslash becomes `\\`, a byte that is not UTF-8 (or an ASCII control
    character) `\xNN`, any other character that does not print `\uNNNN` or `\UNNNNNNNN`.
    """
    if path.isprintable() and "\\" not in path:
        return path
    return "".join(map(_escaped, path))


def path_of(text: str) -> str:
    """The path that `readable` was given, as Python's file system functions take it."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _escaped(char: str) -> str:
    code = ord(char)
    if char == "\\":
        return "\\\\"
    if char.isprintable():
        return char
    if code in _SURROGATES:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _unescaped(found: re.Match[str]) -> str:
    byte, short, long = found.groups()
    if byte is not None:
        code = int(byte, 16)
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    return chr(int(short or long, 16)) if short or long else "\\"
