"""From a rule's needles to the expressions that search raw JSON bytes for them.

Keeps: if an event contains a needle, its JSON text contains what one of these expressions finds, or an escape that
`hidden_codes` names. JSON may spell a letter as an escape (`\\u0056pc`), so only characters that have no second spelling but
`\\u00xx` go into an expression; a needle loses the others, and with them its anchors. A needle that has nothing left
makes its rule unsearchable, which means: every event is a candidate.

Next: `trailwarden.detection.prefilter`, which runs the expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from trailwarden.patterns import Needle

_PLAIN_RUN = re.compile(r"[ !#-.0-\[\]-~]+")
"""Printable ASCII without the quote, the slash and the backslash: RFC 8259 section 7 lets these, and no others of the
printable range, be written in a second short way."""


class Search(NamedTuple):
    """What to look for. expressions: regular expressions over the raw bytes; alphabet: every character that they contain
    literally, which is what an escape could hide; wholes: the texts, where every needle is the whole of a string; member: the one
    member whose values they are, where there is only one."""

    expressions: tuple[str, ...]
    alphabet: frozenset[str]
    wholes: frozenset[str] | None
    member: str | None


def compile_search(needles: Iterable[Needle]) -> Search | None:
    """One search for all needles, or None when one of them cannot be searched for.

    Values under one key become one alternation behind the key: the engine then looks for the key alone, and the number of
    values costs next to nothing.
    """
    by_key: dict[str, set[str]] = {}
    bare: set[str] = set()
    alphabet: set[str] = set()
    wholes: set[str] | None = set()
    for needle in needles:
        plain = _plain(needle)
        if plain is None:
            return None
        if plain.text and plain.whole_start and plain.whole_end and wholes is not None:
            wholes.add(plain.text)
        else:
            wholes = None
        alphabet.update(plain.key or "", plain.text or "")
        if plain.key is not None and plain.text is not None and plain.whole_start:
            by_key.setdefault(plain.key, set()).add(_tail(plain.text, plain.whole_end))
        else:
            bare.add(_standing_alone(plain))
    keyed = [
        f'"{re.escape(key)}"\\s*:\\s*"(?:{_alternation(values)})' for key, values in sorted(by_key.items())
    ]
    member = next(iter(by_key)) if len(by_key) == 1 and not bare else None
    return Search((*keyed, *sorted(bare)), frozenset(alphabet), frozenset(wholes) if wholes else None, member)


def hidden_codes(alphabet: Iterable[str]) -> frozenset[bytes]:
    """The two last digits, in lower case, of every `\\u00xx` escape that stands for a character of the alphabet."""
    return frozenset(f"{ord(letter):02x}".encode() for letter in alphabet)


def _plain(needle: Needle) -> Needle | None:
    """The needle reduced to characters with a single short spelling; None when nothing is left of it."""
    key = needle.key if needle.key is not None and _PLAIN_RUN.fullmatch(needle.key) else None
    text, start, end = needle.text, needle.whole_start, needle.whole_end
    if text is not None and text != "":
        runs = list(_PLAIN_RUN.finditer(text))
        if not runs:
            text = None
        else:
            run = max(runs, key=lambda found: len(found[0]))
            start, end = start and run.start() == 0, end and run.end() == len(text)
            text = run[0]
    if text is None and key is None:
        return None
    if text == "" and not (start and end):
        text = None
        if key is None:
            return None
    return Needle(
        key=key, text=text, whole_start=start and text is not None, whole_end=end and text is not None
    )


def _tail(text: str, whole_end: bool) -> str:
    return re.escape(text) + ('"' if whole_end else "")


def _standing_alone(needle: Needle) -> str:
    """A needle without a key, without a text, or with a text that need not follow its key at once."""
    if needle.text is None:
        return f'"{re.escape(needle.key or "")}"\\s*:'
    return ('"' if needle.whole_start else "") + _tail(needle.text, needle.whole_end)


_PADDING = tuple(f"\\x00\\x01{number}" for number in range(64))
"""Values that no JSON text contains (it may not contain a raw NUL). With few values the engine expands the alternation into
as many long literals and looks for each of them; with many it looks for the key and checks what follows, which is nearly
twice as fast on CloudTrail (see docs/bench.md). A padding that did occur would only make a candidate."""


def _alternation(values: set[str]) -> str:
    return "|".join((*sorted(values), *_PADDING))
