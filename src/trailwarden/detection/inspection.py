"""One payload in, an account of it out: how many events, which of them match, what could not be decoded.

Keeps: seen = matched + unmatched + quarantined, by construction. A file whose layout is plainly CloudTrail's own is surveyed in
one pass, and only its candidates are parsed; every other buffer is split exactly.

Next: `trailwarden.pipeline.ingest`, which commits what is found here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from trailwarden.decode import (
    Content,
    EventBlock,
    Limits,
    Rejected,
    Survey,
    decompress,
    fast_count,
    read_event,
)
from trailwarden.detection.matcher import Matcher
from trailwarden.detection.prefilter import AllCandidates, Hits
from trailwarden.detection.rule import Rule
from trailwarden.errors import DecodeError
from trailwarden.model import Event

MAX_LOCATED: Final = 3
"""Without the compiled pass, each hit costs the parsing of what stands before it: with more hits than this, the file is split."""


class Match(NamedTuple):
    """An event and the rules that selected it (at least one)."""

    event: Event
    rules: tuple[Rule, ...]


class Inspection(NamedTuple):
    """The account of one payload.

    seen: events, the undecodable ones included; rejected: what could not be decoded, each counted once in `seen`;
    labels: what was recognised as something else than an event, by label; content_size: bytes after decompression;
    sha256: hex, of the decompressed content, where it was asked for; whole: the payload as such could not be opened.
    """

    seen: int
    matches: tuple[Match, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    labels: Mapping[str, int] = MappingProxyType({})
    content_size: int = 0
    sha256: str = ""
    whole: bool = False

    @property
    def unmatched(self) -> int:
        """Events that were decoded, or counted, and that no rule selected."""
        return self.seen - len(self.matches) - len(self.rejected)


def inspect(payload: bytes, matcher: Matcher, limits: Limits, *, digest: bool = False) -> Inspection:
    """Decompress, look, split, decide. Pure and thread-safe; raises only what is a bug of ours."""
    try:
        content = decompress(payload, limits)
    except DecodeError as fault:
        rejected = Rejected(raw=payload, reason=fault.reason, detail=fault.detail, index=None)
        return Inspection(seen=1, rejected=(rejected,), whole=True, sha256=_sha256(payload) if digest else "")
    sha256 = _sha256(content.data) if digest else ""
    survey = matcher.survey(content.data, limits.max_event_bytes)
    if survey is not None:
        found = _surveyed(content.data, survey, matcher)
        if found is not None:
            return _counted(content, survey.records, found, sha256)
    hits = matcher.search(content.data)
    if not isinstance(hits, AllCandidates) and len(hits) <= MAX_LOCATED:
        count = fast_count(content.data)
        if count is not None:
            matches = _located(content.data, hits, count, matcher)
            if matches is not None:
                return _counted(content, count, matches, sha256)
    return _split(content, hits, matcher, limits, sha256)


def _sha256(data: bytes) -> str:
    import hashlib  # noqa: PLC0415 - not for a scan, and OpenSSL comes with it

    return hashlib.sha256(data).hexdigest()


def _counted(content: Content, count: int, matches: Sequence[Match], sha256: str) -> Inspection:
    rejected = (content.trailing,) if content.trailing is not None else ()
    return Inspection(count + len(rejected), tuple(matches), rejected, {}, len(content.data), sha256)


def _surveyed(data: bytes, survey: Survey, matcher: Matcher) -> Sequence[Match] | None:
    """The matches among the records that a survey named; None when one of them is no JSON (splitting says what it is)."""
    cuts = {index: (start, end) for _hit, start, end, index in survey.places}
    return decided([(index, bytes(data[start:end])) for index, (start, end) in cuts.items()], matcher)


def decided(candidates: Iterable[tuple[int, bytes]], matcher: Matcher) -> list[Match] | None:
    """The matches among some records, each with its index; None when one of them is no JSON (splitting says what it is)."""
    matches: list[Match] = []
    for index, raw in candidates:
        try:
            event = read_event(raw, index)
        except DecodeError:
            return None
        rules = matcher.rules_for(event.data)
        if rules:
            matches.append(Match(event, rules))
    return matches


def _located(data: bytes, hits: Sequence[int], count: int, matcher: Matcher) -> Sequence[Match] | None:
    """The matches among the hits of a file whose layout is certain; None where only splitting it is exact."""
    from trailwarden.decode.locate import locate  # noqa: PLC0415 - only where nothing could be compiled

    matches: list[Match] = []
    end = 0
    for hit in hits:
        if hit < end:
            continue  # a second hit in the same event
        place = locate(data, hit, count)
        if place is None:
            return None
        raw, end = bytes(data[place.start : place.end]), place.end
        try:
            event = read_event(raw, place.index)
        except DecodeError:
            return None  # the end was not the record's own: something that looks like a boundary stands inside of it
        rules = matcher.rules_for(event.data)
        if rules:
            matches.append(Match(event, rules))
    return matches


def _split(content: Content, hits: Hits, matcher: Matcher, limits: Limits, sha256: str) -> Inspection:
    from trailwarden.decode.split import split  # noqa: PLC0415 - plain log files do without

    decoded = split(content.data, limits)
    rejected = list(decoded.rejected)
    if content.trailing is not None:
        rejected.append(content.trailing)
    matches: list[Match] = []
    seen = 0
    for block in decoded.blocks:
        for index in _candidates(block, hits, matcher):
            raw = bytes(block.raws[index])
            try:
                event = read_event(raw, seen + index)
            except DecodeError as fault:
                rejected.append(Rejected(raw, fault.reason, fault.detail, seen + index))
                continue
            rules = matcher.rules_for(event.data)
            if rules:
                matches.append(Match(event, rules))
        seen += len(block.raws)
    seen += len(decoded.rejected) + (content.trailing is not None)
    labels = Counter(decoded.labels)
    return Inspection(seen, tuple(matches), tuple(rejected), labels, len(content.data), sha256)


def _candidates(block: EventBlock, hits: Hits, matcher: Matcher) -> Iterator[int]:
    """The positions in a block whose events must be parsed."""
    if isinstance(hits, AllCandidates):
        yield from range(len(block.raws))
    elif block.starts is not None:
        yield from _hit_events(block.starts, hits)
    else:
        # Cut from an unescaped string or a decoded body: the offsets of the hits say nothing about it, so look again.
        for index, raw in enumerate(block.raws):
            found = matcher.search(bytes(raw))
            if isinstance(found, AllCandidates) or found:
                yield index


def _hit_events(starts: Sequence[int], hits: Sequence[int]) -> Iterator[int]:
    """The events that the hits lie in, each once; a hit before the first event belongs to none."""
    last = -1
    for hit in hits:
        index = bisect_right(starts, hit) - 1
        if index > last:
            yield index
            last = index
