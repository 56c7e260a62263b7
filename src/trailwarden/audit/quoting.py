"""Values in commands and in Terraform, so that no name from AWS is anything but a name there. Pure.

Keeps: a shell reads back the very words, but for control characters; HCL reads back the very text, and nothing in it is a
template.

Rules: POSIX shell, quoting; HCL native syntax specification, quoted templates.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from trailwarden.detection.fields import clean

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def command(words: Sequence[str]) -> str:
    """One command line. What could steer a terminal is replaced, as in all that is shown; AWS's names have none of it."""
    return shlex.join(clean(word, len(word)) for word in words)


def hcl(text: str) -> str:
    """A quoted string of HCL."""
    written = "".join(_ESCAPES.get(one, one if one.isprintable() else _code(one)) for one in text)
    # As `$${` it could run into a dollar sign before it.
    return '"' + written.replace("${", "\\u0024{").replace("%{", "\\u0025{") + '"'


def _code(one: str) -> str:
    number = ord(one) if not 0xD800 <= ord(one) <= 0xDFFF else 0xFFFD
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
