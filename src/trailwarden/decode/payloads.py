"""Many payloads in one call: decompressed, hashed and surveyed by the compiled part, with the interpreter's lock given up once.

Keeps: an answer is given only where it is certain, as in `structure`: the payload is one sound gzip member or plain text, within
the limits, and its text is one that `survey_texts` would answer for. Everything else is None, and the caller goes the exact way.

Decompression is libdeflate's and SHA-256 is OpenSSL's, as elsewhere: the compiled part finds both in the shared objects that
`deflate` and `hashlib` bring along. Where they are not to be found so (another build of either), there is no answer at all.

Next: `trailwarden.detection.many`, which asks this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import NamedTuple

from trailwarden.decode.allowance import UNSUSPICIOUS
from trailwarden.decode.outcome import Limits
from trailwarden.decode.structure import COMPILED, Wanted


class Looked(NamedTuple):
    """What one payload's text holds. records: how many; size: bytes of the text; sha256: hexadecimal, of the text, empty where it
    was not asked for; cuts: index (from 0) and text of each record in which a wanted text stands, ascending.
    """

    records: int
    size: int
    sha256: str
    cuts: Sequence[tuple[int, bytes]]


def look_at(
    payloads: tuple[bytes | memoryview, ...], wanted: Wanted, unhidden: bytes, limits: Limits, *, digest: bool
) -> Sequence[Looked | None] | None:
    """For each payload what is certain of it; None as a whole where this installation cannot look at many at once."""
    if not COMPILED or not can_look(digest=digest):
        return None
    from trailwarden.decode import _scan  # noqa: PLC0415 - may not be there

    longest, most, ratio = (
        min(bound, sys.maxsize)
        for bound in (limits.max_event_bytes, limits.max_output_bytes, limits.max_ratio)
    )
    found = _scan.look(payloads, longest, (most, ratio, UNSUSPICIOUS), unhidden, wanted, digest)
    return [None if one is None else Looked(*one) for one in found]


def can_look(*, digest: bool) -> bool:
    """Whether the libraries were found; digest: also the one for SHA-256."""
    return _inflates() and (not digest or _hashes())


@cache
def _inflates() -> bool:
    return _found("deflate._deflate", None)[0]


@cache
def _hashes() -> bool:
    return _found(None, "_hashlib")[1]  # apart: OpenSSL is not loaded for a scan


def _found(deflate: str | None, hashes: str | None) -> tuple[bool, bool]:
    from trailwarden.decode import _scan  # noqa: PLC0415 - may not be there

    return _scan.libraries(_path(deflate), _path(hashes))


def _path(module: str | None) -> str | None:
    """The shared object of a module, which is loaded by this. None where it is missing, or built into the interpreter."""
    if module is None:
        return None
    try:
        return getattr(import_module(module), "__file__", None)
    except ImportError:
        return None
