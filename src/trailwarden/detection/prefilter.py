"""The first look, at raw bytes: NO, or where the candidates are.

Keeps: it may be wrong only towards CANDIDATE. For every rule and every event: the predicate says match implies that the
prefilter finds something between the first and the last byte of that event. Where it cannot promise that (a rule without
a needle, an escape that could hide a letter) it says ALL.

Next: `trailwarden.detection.inspection`, which asks it once per buffer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final

import hyperscan
import stringzilla

from trailwarden.decode import Survey, hideable, survey_hits, survey_texts
from trailwarden.detection.anchor import anchor_of
from trailwarden.detection.needles import compile_search, hidden_codes
from trailwarden.patterns import Needle

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
        self._database: hyperscan.Database | None = None
        for of_rule in needles:
            if of_rule is None:
                return
            wanted |= of_rule
        search = compile_search(wanted)
        if search is None:
            return
        self._anchor = anchor_of(search.wholes) if search.wholes else None
        self._hidden = hidden_codes(search.alphabet)
        self._unhidden = hideable(search.alphabet)
        self._database = _database(search.expressions) if search.expressions else None
        self._scratches = threading.local()

    @property
    def selective(self) -> bool:
        """False when every event is a candidate whatever it contains."""
        return self._database is not None

    def survey(self, data: bytes, longest: int) -> Survey | None:
        """A plain log file in one pass: its records counted, and the places of the candidates among them. None: not certain.

        longest: bytes that a record may have.
        """
        if self._database is None:
            return None
        if self._anchor is not None and self._anchor.wanted is not None:
            return survey_texts(data, self._anchor.wanted, self._unhidden, longest)
        hits = self._hits(self._database, data)
        return None if isinstance(hits, AllCandidates) else survey_hits(data, hits, self._unhidden, longest)

    def search(self, data: bytes) -> Hits:
        """Where the candidates are. Never raises for what `data` contains."""
        if self._database is None or self._could_hide(data):
            return ALL
        if self._anchor is not None:
            places = self._anchor.places(data)
            if places is not None:
                return places
        return self._hits(self._database, data)

    def _hits(self, database: hyperscan.Database, data: bytes) -> Hits:
        """All needles at once."""
        ends: list[int] = []

        def found(_id: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            ends.append(end - 1)
            return len(ends) > MAX_HITS

        try:
            self._scan(database, data, found)
        except hyperscan.ScanTerminated:
            return ALL
        ends.sort()
        return ends

    def _could_hide(self, data: bytes) -> bool:
        """Whether an escape in `data` stands for a character that we look for. A plain, cheap search first mostly says no."""
        codes = self._hidden
        place = stringzilla.find(data, _ESCAPE)
        while place >= 0:
            if bytes(data[place + 4 : place + 6]).lower() in codes:
                return True
            place = stringzilla.find(data, _ESCAPE, place + 4)
        return False

    def _scan(self, database: hyperscan.Database, data: bytes, handler: Any) -> None:
        """One scan with the calling thread's own scratch space: a scratch may not be shared by two scans at a time."""
        scratches: dict[Any, hyperscan.Scratch] = self._scratches.__dict__
        scratch = scratches.get(id(database))
        if scratch is None:
            scratch = scratches[id(database)] = hyperscan.Scratch(database)
        database.scan(data, match_event_handler=handler, scratch=scratch)


def _database(expressions: Sequence[str]) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[expression.encode("latin-1") for expression in expressions],
        ids=list(range(len(expressions))),
        flags=[0] * len(expressions),
    )
    return database
