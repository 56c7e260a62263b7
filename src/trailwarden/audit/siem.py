"""The way through Trailwarden to an external SIEM, by the same steps: trail, feed, rules, sinks, an alert that was taken. Pure.

Keeps: the trail and the feed are what coverage says of them; rules are judged by running them on the same samples as filters.

Rule: CIS AWS Foundations: the controls "can be achieved by directing CloudTrail Logs to an external SIEM environment", with
alerts established. Next: `report`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from trailwarden.audit.controls import Control
from trailwarden.audit.deployed import own_rule
from trailwarden.audit.judgement import judge_samples
from trailwarden.audit.outcome import Chain, Link, Result, unanswered
from trailwarden.audit.samples import samples
from trailwarden.audit.trail import RESULTS, TRAIL, no_trail, trail_link
from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.coverage.own import alert_path
from trailwarden.coverage.verdict import Verdict, judge
from trailwarden.detection import Rule

PATH: Final = "siem"
FEED: Final = "feed"
RULES: Final = "rules"
SINKS: Final = "sinks"
ALERT_PATH: Final = "alert_path"
LINKS: Final = (TRAIL, FEED, RULES, SINKS, ALERT_PATH)
_FEED_CONDITIONS: Final = ("trail_found", "delivery", "binding", "freshness")


@dataclass(frozen=True, slots=True)
class Own:
    """What Trailwarden is and has seen.

    rules: that are loaded; routes: rule id -> sinks that its alerts go to; arrived: the latest object of each place; taken:
    sink -> when it last took an alert; trails: account -> the trail that is named for it, "" for none; max_age, alert_path:
    as in the settings of coverage.
    """

    rules: Sequence[Rule]
    routes: Mapping[str, Sequence[str]]
    arrived: Sequence[Arrived]
    taken: Mapping[str, datetime | None]
    trails: Mapping[str, str]
    max_age: timedelta
    alert_path: timedelta


def siem(control: Control, facts: AccountFacts, own: Own, now: datetime) -> Chain:
    """The chain for the control. Each link is judged: none hides what is behind it."""
    verdicts = _verdicts(facts, own)
    links = [_trail(control, facts, verdicts), _feed(facts, verdicts)]
    tried = samples(control, facts.account)
    rules = [own_rule(rule.parsed, rule.pattern) for rule in own.rules]
    found = judge_samples(tried, rules)
    selecting = [
        rule
        for rule, one in zip(own.rules, rules, strict=True)
        if any(one.selects(sample.event) for sample in tried)
    ]
    names = [rule.id for rule in selecting]
    links.append(
        Link(
            RULES,
            Result.PASS if found.covers else Result.FAIL,
            ", ".join(names[:5]),
            found.sentence(),
            "" if found.covers else "add the pack cis-monitoring under rules.packs",
            {"tried": found.tried, "rules": names[:50]},
        )
    )
    unsent = [rule.id for rule in selecting if not own.routes.get(rule.id)]
    sinks = sorted({sink for rule in selecting for sink in own.routes.get(rule.id, ())})
    links.append(_sinks(sinks, unsent))
    links.append(_taken(sinks, own, now))
    return Chain(PATH, _up_to_the_broken(links))


def _verdicts(facts: AccountFacts, own: Own) -> list[Verdict]:
    if isinstance(facts.regions, Failure) or isinstance(facts.trails, Failure):
        return []
    wanted = own.trails.get(facts.account, "")
    return [judge(facts, region, own.arrived, wanted, own.max_age) for region in facts.regions]


def _trail(control: Control, facts: AccountFacts, verdicts: Sequence[Verdict]) -> Link:
    failure = facts.trails if isinstance(facts.trails, Failure) else facts.regions
    if isinstance(failure, Failure) or isinstance(facts.trails, Failure):
        return (
            unanswered(TRAIL, "", failure, "there is no trail")
            if isinstance(failure, Failure)
            else no_trail(facts)
        )
    meant = {verdict.trail for verdict in verdicts if verdict.trail}
    links = [trail_link(facts, trail, control) for trail in facts.trails if trail.arn in meant]
    return max(links, key=lambda link: link.result.rank if link.result else 0, default=no_trail(facts))


def _feed(facts: AccountFacts, verdicts: Sequence[Verdict]) -> Link:
    """As bad as the worst Region."""
    findings = [
        (verdict, finding)
        for verdict in verdicts
        for finding in verdict.findings
        if finding.condition in _FEED_CONDITIONS
    ]
    if not findings:
        return Link(FEED, Result.UNKNOWN, "", "without trails and Regions nothing can be said of the feed")
    verdict, bad = max(findings, key=lambda pair: pair[1].state.rank)
    if bad.state is State.VERIFIED:
        sentence = f"what the trail delivers arrives, in {len(verdicts)} Regions of {facts.account}"
        return Link(FEED, Result.PASS, verdict.trail, sentence, evidence=_evidence(bad))
    more = sum(one.state is bad.state for _, one in findings) - 1
    also = f" (and {more} more conditions)" if more else ""
    return Link(FEED, RESULTS[bad.state], verdict.trail, f"{bad.sentence}{also}", bad.remedy, _evidence(bad))


def _evidence(finding: Finding) -> dict[str, str | bool | int | float | list[str]]:
    return {"condition": finding.condition, **finding.evidence}


def _sinks(sinks: Sequence[str], unsent: Sequence[str]) -> Link:
    if unsent or not sinks:
        which = (
            f"alerts of {', '.join(unsent[:5])} go to no sink" if unsent else "no rule's alerts go to a sink"
        )
        return Link(
            SINKS, Result.FAIL, "", which, "add a sink that wants the rule, or lower its min_severity"
        )
    return Link(
        SINKS,
        Result.PASS,
        ", ".join(sinks),
        f"the alerts go to {', '.join(sinks)}",
        evidence={"sinks": list(sinks)},
    )


def _taken(sinks: Sequence[str], own: Own, now: datetime) -> Link:
    """By one of them at least."""
    findings = [alert_path({sink: own.taken.get(sink)}, {}, {}, now, own.alert_path) for sink in sinks]
    if not findings:
        return Link(ALERT_PATH, Result.FAIL, "", "there is no sink that could take an alert", "add a sink")
    found = min(findings, key=lambda one: one.state.rank)
    return Link(
        ALERT_PATH, RESULTS[found.state], ", ".join(sinks), found.sentence, found.remedy, _evidence(found)
    )


def _up_to_the_broken(links: Sequence[Link]) -> list[Link]:
    """Behind the first that fails nothing is reached; what was found is said all the same."""
    shown: list[Link] = []
    broken = False
    for link in links:
        shown.append(
            Link(link.name, None, link.subject, link.sentence, link.remedy, link.evidence) if broken else link
        )
        broken = broken or link.result is Result.FAIL
    return shown
