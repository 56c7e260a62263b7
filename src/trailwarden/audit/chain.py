"""The way through CloudWatch, from the trail to a person, for one control of one account. Pure.

Each sample event is followed by itself: which filters select it, what they put out, who is told. So filters that were split,
alarms on several metrics and two trails add up as they do in fact.

Keeps: the control passes where every sample reaches a person; of one that does not, the first broken link is shown, and what was
found up to there.

Rule: CIS AWS Foundations, the audit procedure of the monitoring controls. Next: `report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from trailwarden.audit.controls import Control
from trailwarden.audit.judgement import every_sample, judge_samples
from trailwarden.audit.lists import Lists, LogGroup, MetricFilter, Place, log_group_of
from trailwarden.audit.outcome import Chain, Evidence, Link, Result, best, unanswered, worst
from trailwarden.audit.routes import ALARM, SUBSCRIPTION, TOPIC, Route, Routes
from trailwarden.audit.samples import Sample
from trailwarden.audit.signals import Emitted, emitted
from trailwarden.audit.trail import LOG_GROUP, TRAIL, log_group_link, no_trail, trail_link
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Trail

FILTER: Final = "filter"
LINKS: Final = (TRAIL, LOG_GROUP, FILTER, ALARM, TOPIC, SUBSCRIPTION)
PATH: Final = "cloudwatch"
_FILTERS_CALL: Final = "logs:DescribeMetricFilters"


@dataclass(frozen=True, slots=True)
class Followed:
    """One sample: result and links behind the log group, up to the first that does not hold.

    metric: namespace and name by which it gets through, None where it does not.
    """

    result: Result
    links: tuple[Link, ...]
    metric: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TrailChain:
    """What one trail gives: the links that all samples share, and each sample by itself (in the order of the samples)."""

    shared: tuple[Link, ...]
    followed: Sequence[Followed]

    def result(self, at: int) -> Result:
        """Of one sample, all links counted."""
        results = [link.result or Result.UNKNOWN for link in self.shared]
        return worst([*results, self.followed[at].result] if self.followed else results)


class Judge:
    """Judges controls by what was listed. Alarms are looked up by what they watch, and events run through filters, once."""

    def __init__(self, lists: Lists) -> None:
        """lists: its subscriptions may come later."""
        self._lists = lists
        self._routes: dict[Place, Routes] = {}
        self._emitted: dict[tuple[str, str, LogGroup], list[Emitted]] = {}

    def cloudwatch(self, control: Control, facts: AccountFacts) -> Chain:
        """The best chain that is found for the control."""
        if isinstance(facts.trails, Failure) or not facts.trails:
            return _chain([no_trail(facts)])
        chains = [self._of_trail(control, facts, trail) for trail in facts.trails]
        shown = min(chains, key=_badness)
        if len(chains) > 1 and shown.followed:
            tried = range(len(shown.followed))
            united = [best(chain.result(at) for chain in chains) for at in tried]
            if worst(united) is Result.PASS and _badness(shown)[0] != Result.PASS.rank:
                return _united(chains, united)
        return _chain(_links(shown))

    def topics(self, controls: Sequence[Control], facts: AccountFacts) -> set[str]:
        """The topics whose subscriptions decide: of every alarm that an event of the controls may set off."""
        wanted: set[str] = set()
        for group, filters in self._filters(facts):
            routes = self._place(group.place, facts)
            for control in controls:
                out = {one.signature: one for one in self._out(control, facts, group, filters)}
                for one in out.values():
                    wanted |= routes.topics(one.possible)
        return wanted

    def _filters(self, facts: AccountFacts) -> list[tuple[LogGroup, Sequence[MetricFilter]]]:
        """Of every log group of the account's trails, as far as they are known."""
        trails = () if isinstance(facts.trails, Failure) else facts.trails
        groups = dict.fromkeys(
            group for trail in trails if (group := log_group_of(trail.log_group)) is not None
        )
        listed = ((group, self._lists.filters.get(group)) for group in groups)
        return [(group, one) for group, one in listed if one is not None and not isinstance(one, Failure)]

    def _place(self, place: Place, facts: AccountFacts) -> Routes:
        if place not in self._routes:
            alarms = self._lists.alarms.get(place, _not_asked(place, facts))
            self._routes[place] = Routes(place, alarms, self._lists.subscriptions)
        return self._routes[place]

    def _tried(self, control: Control, facts: AccountFacts) -> Sequence[Sample]:
        patterns = tuple(one.pattern for _, filters in self._filters(facts) for one in filters)
        return every_sample(control, patterns, facts.account)

    def _out(
        self, control: Control, facts: AccountFacts, group: LogGroup, filters: Sequence[MetricFilter]
    ) -> list[Emitted]:
        key = (control.key, facts.account, group)
        if key not in self._emitted:
            self._emitted[key] = [emitted(filters, one.event) for one in self._tried(control, facts)]
        return self._emitted[key]

    def _of_trail(self, control: Control, facts: AccountFacts, trail: Trail) -> TrailChain:
        first = trail_link(facts, trail, control)
        if first.result is Result.FAIL:
            return TrailChain((first,), ())
        second = log_group_link(facts, trail)
        group = log_group_of(trail.log_group)
        if second.result is Result.FAIL or group is None:
            return TrailChain((first, second), ())
        filters = self._lists.filters.get(group, _not_asked(group.place, facts))
        if isinstance(filters, Failure):
            if filters.fault is Fault.NOT_FOUND:
                return TrailChain(
                    (first, unanswered(LOG_GROUP, trail.log_group, filters, "it does not exist")), ()
                )
            return TrailChain((first, second, unanswered(FILTER, trail.log_group, filters, "")), ())
        return TrailChain((first, second), self._followed(control, facts, group, filters))

    def _followed(
        self, control: Control, facts: AccountFacts, group: LogGroup, filters: Sequence[MetricFilter]
    ) -> list[Followed]:
        routes = self._place(group.place, facts)
        out = self._out(control, facts, group, filters)
        names = list(dict.fromkeys(name for one in out for name in one.selecting))
        sentence = f"every one of {len(out)} sample events is selected"
        if not filters:
            sentence = "the log group has no metric filter"
        elif not all(one.selecting for one in out):
            judgement = judge_samples(self._tried(control, facts), [one.pattern for one in filters])
            never = f"; never matches: {judgement.never[0]}" if judgement.never and judgement.missed else ""
            sentence = judgement.sentence() + never
        known: dict[tuple[Any, ...], Followed] = {}
        followed = []
        for one in out:
            signature = one.signature
            if signature not in known:
                known[signature] = _follow(one, routes, group, names, sentence)
            followed.append(known[signature])
        return followed


def _follow(one: Emitted, routes: Routes, group: LogGroup, names: Sequence[str], sentence: str) -> Followed:
    subject = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    evidence: Evidence = {
        "call": _FILTERS_CALL,
        "log_group": group.name,
        "filters": list(names[:20]),
    }
    if one.certain:
        route = routes.best(one.certain)
        if route.result is Result.PASS or one.certain == one.possible:
            return _through(one, route, Link(FILTER, Result.PASS, subject, sentence, evidence=evidence))
    if one.possible and routes.best(one.possible).result is not Result.FAIL:
        doubt = sentence if not one.certain else "a further filter may select it: AWS leaves that open"
        return Followed(Result.UNKNOWN, (Link(FILTER, Result.UNKNOWN, subject, doubt, _REMEDY, evidence),))
    if one.certain:
        return _through(
            one, routes.best(one.certain), Link(FILTER, Result.PASS, subject, sentence, evidence=evidence)
        )
    said = one.idle if one.selecting and one.idle else sentence
    return Followed(Result.FAIL, (Link(FILTER, Result.FAIL, subject, said, _REMEDY, evidence),))


def _through(one: Emitted, route: Route, first: Link) -> Followed:
    """Selected for certain. The metric by which it goes is told to the remediation, where it can be alarmed on as it is."""
    plain = next(((key.namespace, key.name) for key in one.certain if not key.dimensions), None)
    if route.result is Result.PASS or plain is None:
        return Followed(route.result, (first, *route.links), plain if route.result is Result.PASS else None)
    last = replace(route.links[-1], evidence=_with_metric(route.links[-1], plain))
    return Followed(route.result, (first, *route.links[:-1], last))


def _with_metric(link: Link, metric: tuple[str, str]) -> Evidence:
    return {**link.evidence, "metric_namespace": metric[0], "metric_name": metric[1]}


_REMEDY: Final = "give the log group a metric filter with the control's pattern"


def _badness(chain: TrailChain) -> tuple[int, int, int]:
    """Of a trail: its result, how many samples do not get through, and how far it comes (further is better)."""
    shared = worst(link.result or Result.UNKNOWN for link in chain.shared)
    if not chain.followed:
        return shared.rank, 1 << 30, -len(chain.shared)
    whole = worst([shared, *(one.result for one in chain.followed)])
    lost = sum(one.result is not Result.PASS for one in chain.followed)
    return whole.rank, lost, -min(len(one.links) for one in chain.followed) - len(chain.shared)


def _links(chain: TrailChain) -> list[Link]:
    """Those of the sample that fares worst: among them one that breaks first."""
    if not chain.followed:
        return list(chain.shared)
    bad = worst(one.result for one in chain.followed)
    among = [one for one in chain.followed if one.result is bad]
    shown = min(among, key=lambda one: len(one.links)).links
    through = [one.metric for one in chain.followed if one.metric is not None]
    # The metric of most of the events, where there is one; not one that a few of them share by chance.
    metric, count = max(Counter(through).items(), key=lambda item: item[1], default=(None, 0))
    if metric is not None and shown[-1].name == FILTER and count * 2 > len(chain.followed):
        shown = (*shown[:-1], replace(shown[-1], evidence=_with_metric(shown[-1], metric)))
    return [*chain.shared, *shown]


def _united(chains: Sequence[TrailChain], united: Sequence[Result]) -> Chain:
    """Several trails, none of which would do alone: the first's links, said to be together."""
    first = next(
        chain for chain in chains if any(chain.result(at) is Result.PASS for at in range(len(united)))
    )
    at = next(at for at in range(len(united)) if first.result(at) is Result.PASS)
    return _chain([*first.shared, *first.followed[at].links], note=" (together with the other trails)")


def _chain(links: Sequence[Link], note: str = "") -> Chain:
    """With the links that were not reached."""
    told = {link.name: link for link in links}
    rest = [
        told.get(name, Link(name, None, "", "not reached: a link before it does not hold")) for name in LINKS
    ]
    if note:
        rest[2] = Link(
            FILTER, rest[2].result, rest[2].subject, rest[2].sentence + note, evidence=rest[2].evidence
        )
    return Chain(PATH, rest)


def _not_asked(place: Place, facts: AccountFacts) -> Failure:
    return Failure(
        Fault.OTHER, "trailwarden", facts.asked, f"{place.region} of {place.account} was not asked"
    )
