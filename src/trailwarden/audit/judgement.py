"""Do these patterns, together, select every event of the control? Decided by running them. Pure.

Keeps: that a pattern selects more is no fault; an event that is selected by some reading of the language alone is told apart
from one that surely is.

Next: `losing`, which finds the term that loses an event; `chain`, which asks whether what is selected reaches anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from trailwarden.audit.controls import Control
from trailwarden.audit.deployed import Deployed
from trailwarden.audit.exclusions import excluded
from trailwarden.audit.losing import contradiction, losing_term
from trailwarden.audit.samples import EXAMPLE_ACCOUNT, Sample, samples
from trailwarden.patterns import Selection

_NO_FILTER: Final = "no filter selects any of the control's events"


@dataclass(frozen=True, slots=True)
class Loss:
    """Events that one term loses. names: of the calls; when: which of them, "" for all; count: of samples; example: one."""

    term: str
    names: tuple[str, ...]
    when: str
    count: int
    example: Sample

    def sentence(self) -> str:
        """`DeleteVpc, EnableVpcClassicLink: $.eventName is none of 9 values`."""
        shown = ", ".join(self.names[:4]) + (
            f" and {len(self.names) - 4} more" if len(self.names) > 4 else ""
        )
        return f"{shown}{f' ({self.when})' if self.when else ''}: {self.term}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of patterns together, over `tried` samples.

    missed: what no pattern selects; open: what one selects by some reading alone; never: why a pattern can match no event;
    idle: how many of the patterns select no sample.
    """

    tried: int
    missed: tuple[Loss, ...] = ()
    open: tuple[Loss, ...] = ()
    never: tuple[str, ...] = ()
    idle: int = 0

    @property
    def covers(self) -> bool:
        """Every sample is selected, for certain."""
        return not self.missed and not self.open

    def sentence(self) -> str:
        """What was found, in a line."""
        if self.covers:
            return f"every one of {self.tried} sample events is selected"
        if self.missed:
            lost = sum(loss.count for loss in self.missed)
            if lost == self.tried and [loss.term for loss in self.missed] == [_NO_FILTER]:
                return f"{_NO_FILTER}: none of {self.tried} samples"
            which = "none" if lost == self.tried else f"{self.tried - lost}"
            told = "; ".join(loss.sentence() for loss in self.missed[:3])
            more = f"; and {len(self.missed) - 3} more" if len(self.missed) > 3 else ""
            return f"{which} of {self.tried} sample events are selected; lost are {told}{more}"
        told = "; ".join(loss.sentence() for loss in self.open[:3])
        return f"whether every sample event is selected depends on how AWS reads it: {told}"


def judge(control: Control, filters: Sequence[Deployed], account: str = EXAMPLE_ACCOUNT) -> Judgement:
    """Of these filters together. account: whose events they are."""
    return judge_samples(every_sample(control, tuple(filters), account), filters)


@lru_cache(maxsize=256)
def every_sample(control: Control, filters: tuple[Deployed, ...], account: str) -> tuple[Sample, ...]:
    """The control's, and those that the filters suggest."""
    base = samples(control, account)
    concerned = [
        one.tree for one in filters if one.tree is not None and any(one.selects(each.event) for each in base)
    ]
    return (*base, *excluded(control, base, concerned))


def judge_samples(tried: Sequence[Sample], filters: Sequence[Deployed]) -> Judgement:
    """Of these filters together, on these samples."""
    table = [[one.selection(sample.event) for one in filters] for sample in tried]
    best = [max(row, key=lambda one: one.value, default=Selection.NO) for row in table]
    counts = [sum(row[at] is not Selection.NO for row in table) for at in range(len(filters))]
    near = max(range(len(filters)), key=lambda at: counts[at], default=None)
    closest = filters[near] if near is not None and (counts[near] or len(filters) == 1) else None
    missed = [sample for sample, state in zip(tried, best, strict=True) if state is Selection.NO]
    doubtful = [sample for sample, state in zip(tried, best, strict=True) if state is Selection.OPEN]
    never = [why for one in filters if one.tree is not None and (why := contradiction(one.tree))]
    return Judgement(
        len(tried),
        _losses(missed, tried, closest),
        _losses(doubtful, tried, closest, doubt=True),
        tuple(never),
        counts.count(0),
    )


def _losses(
    missed: Sequence[Sample], tried: Sequence[Sample], closest: Deployed | None, *, doubt: bool = False
) -> tuple[Loss, ...]:
    by_term: dict[str, list[Sample]] = {}
    for sample in missed:
        by_term.setdefault(_term(closest, sample, doubt), []).append(sample)
    ordered = sorted(by_term.items(), key=lambda item: -len(item[1]))
    return tuple(_loss(term, lost, tried) for term, lost in ordered)


def _term(closest: Deployed | None, sample: Sample, doubt: bool) -> str:
    if closest is None:
        return _NO_FILTER
    if closest.doubt:
        return closest.doubt
    if closest.tree is None:
        return (
            f"AWS does not say whether {closest.text!r} finds parts of words"
            if doubt
            else "the text is not in it"
        )
    if doubt:
        return "AWS leaves open how it compares the values"
    return losing_term(closest.tree, sample.event)


def _loss(term: str, lost: Sequence[Sample], tried: Sequence[Sample]) -> Loss:
    names = tuple(dict.fromkeys(sample.name for sample in lost))
    alike = [sample for sample in tried if sample.name in names and not sample.note]
    return Loss(term, names, _when(lost, alike), len(lost), lost[0])


def _when(lost: Sequence[Sample], alike: Sequence[Sample]) -> str:
    """What the lost ones have in common that others of the same names have not."""
    notes = list(dict.fromkeys(sample.note for sample in lost if sample.note))
    plain = [sample.shape for sample in lost if not sample.note]
    if not plain:
        return ", ".join(notes[:2])
    told = []
    for of in ("outcome", "caller"):
        among = list(dict.fromkeys(getattr(shape, of) for shape in plain))
        if len(among) < len({getattr(sample.shape, of) for sample in alike}):
            told.append(", ".join(among))
    if len({shape.full for shape in plain}) == 1 and len({sample.shape.full for sample in alike}) == 2:
        told.append("with every field" if plain[0].full else "with few fields")
    return "; ".join(told)
