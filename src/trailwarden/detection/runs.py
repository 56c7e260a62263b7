"""Many small payloads in, one account of them out: the messages of a partition, the records of a shard.

Keeps: what is said of a run is what `inspect` says of each of its payloads. Those that begin as CloudTrail's records do are
joined, a line each, and surveyed in one pass; its answer is taken only where every line is exactly one record, hence every
payload is. Where that is not certain the run is halved, and at last each payload is inspected by itself. Payloads that came
joined are surveyed as they came.

Next: `trailwarden.detection.inspection`, for one payload.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from trailwarden.decode import COMPILED, Limits, Rejected, fast_count
from trailwarden.detection.inspection import Inspection, Match
from trailwarden.detection.many import inspect_many
from trailwarden.detection.matcher import Matcher
from trailwarden.detection.prefilter import AllCandidates
from trailwarden.errors import UnusableError
from trailwarden.model.payloads import Joined, Payload, in_place, parts_of

_RECORD: Final = b'{"eventVersion":"1.'
_ALONE: Final = 4
"""So few payloads are not worth joining."""


class RunInspection(NamedTuple):
    """total: the account of all payloads; found: the index and the account of those that have a match or something rejected."""

    total: Inspection
    found: Sequence[tuple[int, Inspection]]


@dataclass(slots=True)
class _Sure:
    """seen, size: payloads that are surely one record without a match, and their bytes."""

    seen: int = 0
    size: int = 0


def inspect_run(payloads: Sequence[Payload], matcher: Matcher, limits: Limits) -> RunInspection:
    """As `inspect` of each of them. An error in the place of a payload is rejected. Pure and thread-safe."""
    sure = _Sure()
    longest = min(
        limits.max_event_bytes, limits.max_output_bytes
    )  # a payload that is one record is the whole output
    alone: list[int] = []
    waiting: list[Payload | memoryview] = []
    first = 0
    for part in parts_of(payloads):
        among = _joined(part, matcher, longest, sure) if isinstance(part, Joined) else None
        if among is None:
            among = _apart(part, matcher, longest, sure)
        alone += [first + index for index in among]
        waiting += [in_place(part, index) for index in among]
        first += len(part)
    found = _inspected(waiting, matcher, limits)
    return _account(sure.seen, sure.size, list(zip(alone, found, strict=True)))


def _joined(part: Joined, matcher: Matcher, longest: int, sure: _Sure) -> Sequence[int] | None:
    """Those that must be inspected by themselves; None where the text does not tell.

    The line ends between the records are all that a survey lets pass, and the last line has none: with as many records as
    payloads, those that stand between payloads are all there are, and each payload is a record.
    """
    if not COMPILED or len(part) <= _ALONE or part.text.endswith(b"\n"):
        return None
    survey = matcher.survey(part.text, longest)
    if survey is None or survey.records != len(part):
        return None
    alone = sorted({index for _hit, _start, _end, index in survey.places})
    sure.seen += len(part) - len(alone)
    sure.size += part.size - sum(len(part[index]) for index in alone)
    return alone


def _apart(part: Sequence[Payload], matcher: Matcher, longest: int, sure: _Sure) -> Sequence[int]:
    """Likewise, whatever they are."""
    if len(part) == 1:
        return (0,)
    plain: list[int] = []
    alone: list[int] = []
    texts: list[bytes] = []
    for index, payload in enumerate(part):
        if isinstance(payload, bytes) and payload.startswith(_RECORD):
            plain.append(index)
            texts.append(payload)
        else:
            alone.append(index)
    for start, end, candidates in _surveyed(texts, matcher, longest):
        alone += [plain[index] for index in candidates]
        sure.seen += end - start - len(candidates)
        sure.size += sum(map(len, texts[start:end])) - sum(len(texts[index]) for index in candidates)
    return sorted(alone)


def _inspected(
    payloads: Sequence[Payload | memoryview], matcher: Matcher, limits: Limits
) -> list[Inspection]:
    """Each by itself, in their order."""
    had = [payload for payload in payloads if not isinstance(payload, UnusableError)]
    read = iter(inspect_many(had, matcher, limits))
    return [_rejected(payload) if isinstance(payload, UnusableError) else next(read) for payload in payloads]


def _rejected(error: UnusableError) -> Inspection:
    rejected = Rejected(error.payload, error.reason, error.detail, None)
    return Inspection(seen=1, rejected=(rejected,), whole=True)


def _account(seen: int, size: int, inspected: Sequence[tuple[int, Inspection]]) -> RunInspection:
    """seen, size: events and bytes of the payloads that are surely one record without a match."""
    matches: list[Match] = []
    rejected: list[Rejected] = []
    labels: Counter[str] = Counter()
    for _, one in inspected:
        seen += one.seen
        size += one.content_size
        matches += one.matches
        rejected += one.rejected
        labels.update(one.labels)
    total = Inspection(seen, tuple(matches), tuple(rejected), labels, size)
    return RunInspection(total, [(index, one) for index, one in inspected if one.matches or one.rejected])


def _surveyed(
    texts: Sequence[bytes], matcher: Matcher, longest: int
) -> Iterator[tuple[int, int, Sequence[int]]]:
    """Parts of the texts, together all of them: start, end, and which of them must be inspected by themselves."""
    waiting = [(0, len(texts))]
    while waiting:
        start, end = waiting.pop()
        if end - start <= _ALONE:
            yield start, end, range(start, end)
            continue
        candidates = _candidates(texts[start:end], matcher, longest)
        if candidates is None:
            middle = (start + end) // 2
            waiting += [(start, middle), (middle, end)]
        else:
            yield start, end, [start + index for index in candidates]


def _candidates(texts: Sequence[bytes], matcher: Matcher, longest: int) -> Sequence[int] | None:
    """The texts that a rule may select; None when not every text is certainly one record.

    A line end inside of a text, or a record that goes on in the next one, would make another number of lines or a line that is
    no record: where as many records as texts are found, with nothing but a line end between them, each text is one.
    """
    joined = b"\n".join(texts)
    if COMPILED:
        survey = matcher.survey(joined, longest)
        if survey is None or survey.records != len(texts):
            return None
        return sorted({index for _hit, _start, _end, index in survey.places})
    hits = matcher.search(joined)
    if isinstance(hits, AllCandidates) or max(map(len, texts)) > longest or fast_count(joined) != len(texts):
        return None
    starts = list(accumulate((len(text) + 1 for text in texts[:-1]), initial=0))
    return sorted({bisect_right(starts, hit) - 1 for hit in hits})
