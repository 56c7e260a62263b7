"""The first look, at raw bytes: NO, or where the candidates are.

Keeps: it may be wrong only towards CANDIDATE. For every rule and every event: the predicate says match implies that the
prefilter finds something between the first and the last byte of that event. Where it cannot promise that (a rule without
a needle, an escape that could hide a letter) it says ALL.

Next: `trailwarden.detection.inspection`, which asks it once per buffer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import stringzilla

from trailwarden.decode import (
    COMPILED,
    Limits,
    Looked,
    Survey,
    Wanted,
    hideable,
    look_at,
    survey_hits,
    survey_texts,
)
from trailwarden.detection.anchor import Anchor, anchor_of
from trailwarden.detection.needles import Search, compile_search, hidden_codes
from trailwarden.patterns import Needle

if TYPE_CHECKING:
    from trailwarden.detection.multisearch import MultiSearch

MAX_HITS: Final = 20_000
"""More places than this in one buffer are not worth keeping apart: ALL."""


_ESCAPE: Final = b"\\u00"


class AllCandidates:
    """Every event of the buffer is a candidate."""


ALL: Final = AllCandidates()
Hits = Sequence[int] | AllCandidates
"""Offsets, ascending, of the last byte of what was found, each inside the event that it makes a candidate. Empty: NO."""


class Prefilter:
    """Looks for all needles of a ruleset at once. Thread-safe; releases the GIL while it searches."""

    def __init__(self, needles: Iterable[frozenset[Needle] | None]) -> None:
        """needles: for each rule what `patterns.required_needles` says."""
        wanted: set[Needle] = set()
        self._expressions: tuple[str, ...] = ()
        for of_rule in needles:
            if of_rule is None:
                return
            wanted |= of_rule
        search = compile_search(wanted)
        if search is None:
            return
        self._expressions = search.expressions
        self._anchor = anchor_of(search.wholes) if search.wholes else None
        self._hidden = hidden_codes(search.alphabet)
        self._unhidden = hideable(search.alphabet)
        self._wanted = _wanted(search, self._anchor)
        self._all_at_once: MultiSearch | None = None
        self._made_once = threading.Lock()
        if self._anchor is None and (self._wanted is None or not COMPILED):
            self._multisearch()

    @property
    def selective(self) -> bool:
        """False when every event is a candidate whatever it contains."""
        return bool(self._expressions)

    def survey(self, data: bytes, longest: int) -> Survey | None:
        """A plain log file in one pass: its records counted, and the places of the candidates among them. None: not certain.

        longest: bytes that a record may have.
        """
        if not self._expressions:
            return None
        if self._wanted is not None:
            return survey_texts(data, self._wanted, self._unhidden, longest)
        hits = self._multisearch().ends(data, MAX_HITS)
        return None if hits is None else survey_hits(data, hits, self._unhidden, longest)

    def look(
        self, payloads: tuple[bytes | memoryview, ...], limits: Limits, *, digest: bool
    ) -> Sequence[Looked | None] | None:
        """Many payloads in one call, with the records of the candidates cut out; None for one of which that is not certain.

        None as a whole: the needles are neither texts with a part in common nor values of one member, or nothing was compiled.
        digest: with the SHA-256 of the text.
        """
        if not self._expressions or self._wanted is None:
            return None
        return look_at(payloads, self._wanted, self._unhidden, limits, digest=digest)

    def search(self, data: bytes) -> Hits:
        """Where the candidates are. Never raises for what `data` contains."""
        if not self._expressions or self._could_hide(data):
            return ALL
        if self._anchor is not None:
            places = self._anchor.places(data)
            if places is not None:
                return places
        ends = self._multisearch().ends(data, MAX_HITS)
        return ALL if ends is None else ends

    def _multisearch(self) -> MultiSearch:
        """Made at once where there is no anchor; else when it is first needed, which for most it never is."""
        with self._made_once:
            if self._all_at_once is None:
                from trailwarden.detection.multisearch import MultiSearch  # noqa: PLC0415

                self._all_at_once = MultiSearch(self._expressions)
            return self._all_at_once

    def _could_hide(self, data: bytes) -> bool:
        """Whether an escape in `data` stands for a character that we look for. A plain, cheap search first mostly says no."""
        codes = self._hidden
        place = stringzilla.find(data, _ESCAPE)
        while place >= 0:
            if bytes(data[place + 4 : place + 6]).lower() in codes:
                return True
            place = stringzilla.find(data, _ESCAPE, place + 4)
        return False


def _wanted(search: Search, anchor: Anchor | None) -> Wanted | None:
    """For the compiled pass: the texts by their common part, which is rarest, else by the one member that has them."""
    if anchor is not None and anchor.wanted is not None:
        return anchor.wanted
    if search.member is None or not search.wholes:
        return None
    return Wanted.of_values(
        search.member.encode("ascii"), [text.encode("ascii") for text in sorted(search.wholes)]
    )
