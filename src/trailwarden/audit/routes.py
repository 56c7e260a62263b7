"""From what filters put out to a person: every alarm that goes off, its topics, their subscribers. Pure.

Keeps: a route that reaches somebody passes whatever else is broken; of those that do not, the one that comes furthest is shown,
and one that may reach somebody before one that does not.

Next: `chain`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trailwarden.audit import composites
from trailwarden.audit.firing import Firing, Signals, firing, watches
from trailwarden.audit.lists import Alarm, Alarms, Composite, Place, Subscription, topic_of
from trailwarden.audit.outcome import Link, Result, unanswered, worst
from trailwarden.coverage.facts import Failure, Fault

ALARM: Final = "alarm"
TOPIC: Final = "topic"
SUBSCRIPTION: Final = "subscription"
_ALARMS_CALL: Final = "cloudwatch:DescribeAlarms"
_TOPIC_CALL: Final = "sns:ListSubscriptionsByTopic"


@dataclass(frozen=True, slots=True)
class Route:
    """links: alarm, topic, subscription, up to the first that does not hold."""

    links: tuple[Link, ...]

    @property
    def result(self) -> Result:
        return worst(link.result or Result.UNKNOWN for link in self.links)

    @property
    def badness(self) -> tuple[int, int]:
        """The better, the smaller: the result, then how far it comes."""
        return self.result.rank, -len(self.links)


class Routes:
    """The alarms of one place, looked up by what they watch."""

    def __init__(
        self,
        place: Place,
        alarms: Alarms | Failure,
        subscriptions: Mapping[str, Sequence[Subscription] | Failure],
    ) -> None:
        self._place = place
        self._failure = alarms if isinstance(alarms, Failure) else None
        self._subscriptions = subscriptions
        self._by_metric: dict[tuple[str, str], list[Alarm]] = {}
        self._composites: Sequence[Composite] = () if isinstance(alarms, Failure) else alarms.composite
        self._metric: Sequence[Alarm] = () if isinstance(alarms, Failure) else alarms.metric
        for alarm in self._metric:
            for watched in alarm.metrics():
                if watched.account in ("", place.account):
                    self._by_metric.setdefault(watched.key[:2], []).append(alarm)
        self._named = {one.arn: frozenset(composites.named(one.rule)) for one in self._composites}

    def best(self, signals: Signals) -> Route:
        """The best way from these signals."""
        if self._failure is not None:
            return Route((unanswered(ALARM, "", self._failure, "there are no alarms"),))
        routes = [route for alarm, told in self._told(signals) for route in self._beyond(alarm, told)]
        if not routes:
            return Route((self._nobody_watches(signals),))
        return min(routes, key=lambda route: route.badness)

    def topics(self, signals: Signals) -> set[str]:
        """The topics of every alarm that these signals may set off."""
        watching = self._watching(signals)
        every: list[Alarm | Composite] = [*watching, *self._above(watching)]
        return {action for one in every for action in one.actions if topic_of(action) is not None}

    def _watching(self, signals: Signals) -> list[Alarm]:
        found = {alarm.arn: alarm for key in signals for alarm in self._by_metric.get(key[:2], ())}
        return list(found.values())

    def _above(self, alarms: Sequence[Alarm]) -> list[Composite]:
        """The composite alarms over these, over several levels."""
        if not self._composites:
            return []
        below = {name for alarm in alarms for name in (alarm.arn, alarm.name)}
        found: dict[str, Composite] = {}
        grown = True
        while grown:
            new = [one for one in self._composites if one.arn not in found and self._named[one.arn] & below]
            found |= {one.arn: one for one in new}
            below |= {name for one in new for name in (one.arn, one.name)}
            grown = bool(new)
        return list(found.values())

    def _told(self, signals: Signals) -> list[tuple[Alarm | Composite, tuple[Result, str]]]:
        """Every alarm that has to do with the signals, and whether they set it off."""
        watching = self._watching(signals)
        fired = {alarm.arn: self._firing(alarm, signals) for alarm in watching}
        told: list[tuple[Alarm | Composite, tuple[Result, str]]] = [
            (alarm, (fired[alarm.arn].result, fired[alarm.arn].sentence)) for alarm in watching
        ]
        above = self._above(watching)
        if above:
            certain = _combined(above, watching, fired, {Result.PASS})
            possible = _combined(above, watching, fired, {Result.PASS, Result.UNKNOWN})
            for one in above:
                surely = certain[one.arn]
                perhaps = possible[one.arn]
                if surely[0] is Result.FAIL and perhaps[0] is Result.PASS:
                    surely = Result.UNKNOWN, "it depends on an alarm of which this cannot be told"
                told.append((one, surely))
        return told

    def _firing(self, alarm: Alarm, signals: Signals) -> Firing:
        if watches(alarm, signals):
            return firing(alarm, signals)
        names = sorted({name for key in signals for name, _ in key.dimensions})
        wanted = sorted({name for one in alarm.metrics() for name, _ in one.key.dimensions})
        sentence = (
            f"it watches the metric with the dimensions {', '.join(wanted) or '(none)'}, "
            f"and the event is published with {', '.join(names) or '(none)'} or another value"
        )
        return Firing(Result.FAIL, sentence, quiet_missing=True)

    def _beyond(self, alarm: Alarm | Composite, told: tuple[Result, str]) -> list[Route]:
        result, sentence = told
        evidence = {"call": _ALARMS_CALL, "account": self._place.account, "region": self._place.region}
        if result is Result.PASS and not alarm.actions_enabled:
            result, sentence = Result.FAIL, "its actions are disabled"
            evidence["disabled"] = alarm.name
        if result is not Result.PASS and (topic := self._heard(alarm)):
            evidence["topic"] = topic
        remedy = (
            ""
            if result is Result.PASS
            else "see the alarm: it must go to ALARM on one event, with actions enabled"
        )
        link = Link(ALARM, result, alarm.arn, f"{alarm.name}: {sentence}", remedy, evidence)
        if result is not Result.PASS:
            return [Route((link,))]
        topics = [action for action in alarm.actions if topic_of(action) is not None]
        if not topics:
            others = f"; it has {', '.join(alarm.actions)}" if alarm.actions else ""
            nobody = f"{alarm.name} has no topic among its actions for ALARM{others}"
            return [
                Route(
                    (
                        link,
                        Link(TOPIC, Result.FAIL, "", nobody, "add a topic to the alarm's actions", evidence),
                    )
                )
            ]
        return [Route((link, *self._of_topic(topic, alarm))) for topic in topics]

    def _heard(self, alarm: Alarm | Composite) -> str:
        """A topic of the alarm that somebody gets; "" for none."""
        for action in alarm.actions:
            listed = self._subscriptions.get(action)
            if (
                listed is not None
                and not isinstance(listed, Failure)
                and any(one.confirmed for one in listed)
            ):
                return action
        return ""

    def _of_topic(self, arn: str, alarm: Alarm | Composite) -> tuple[Link, ...]:
        evidence = {"call": _TOPIC_CALL}
        name = arn.rpartition(":")[2]
        topic = Link(
            TOPIC, Result.PASS, arn, f"{alarm.name} notifies {name}", evidence={"call": _ALARMS_CALL}
        )
        listed = self._subscriptions.get(arn)
        if listed is None:
            return topic, Link(
                SUBSCRIPTION, Result.UNKNOWN, arn, f"the subscriptions of {name} were not asked for"
            )
        if isinstance(listed, Failure):
            if listed.fault is Fault.NOT_FOUND:
                return (unanswered(TOPIC, arn, listed, f"the topic {name} does not exist"),)
            return topic, unanswered(SUBSCRIPTION, arn, listed, "")
        confirmed = [one for one in listed if one.confirmed]
        if confirmed:
            protocols = sorted({one.protocol for one in confirmed})
            sentence = f"{len(confirmed)} confirmed: {', '.join(protocols)}"
            return topic, Link(
                SUBSCRIPTION,
                Result.PASS,
                confirmed[0].arn,
                sentence,
                evidence={**evidence, "protocols": protocols},
            )
        sentence = (
            f"none of the {len(listed)} of {name} is confirmed" if listed else f"{name} has no subscription"
        )
        remedy = "let the subscriber confirm" if listed else "subscribe somebody, and let him confirm"
        return topic, Link(SUBSCRIPTION, Result.FAIL, arn, sentence, remedy, evidence)

    def _nobody_watches(self, signals: Signals) -> Link:
        metrics = sorted({f"{key.namespace}/{key.name}" for key in signals})
        names = {key.name for key in signals}
        alike = [
            f"{alarm.name} watches {watched.key.namespace}/{watched.key.name}"
            for alarm in self._metric
            for watched in alarm.metrics()
            if watched.key.name in names
        ]
        hint = f"; {alike[0]}" if alike else ""
        sentence = f"no alarm in {self._place.region} watches {', '.join(metrics)}{hint}"
        return Link(
            ALARM,
            Result.FAIL,
            "",
            sentence,
            "create an alarm on the metric",
            {"call": _ALARMS_CALL, "account": self._place.account, "region": self._place.region},
        )


def _combined(
    above: Sequence[Composite],
    watching: Sequence[Alarm],
    fired: Mapping[str, Firing],
    counted: set[Result],
) -> dict[str, tuple[Result, str]]:
    quiet = {
        name: "INSUFFICIENT_DATA" if fired[alarm.arn].quiet_missing and alarm.missing == "missing" else "OK"
        for alarm in watching
        for name in (alarm.arn, alarm.name)
    }
    during = quiet | {
        name: "ALARM"
        for alarm in watching
        if fired[alarm.arn].result in counted
        for name in (alarm.arn, alarm.name)
    }
    with_event, doubts = composites.states(above, during)
    without, _ = composites.states(above, quiet)
    return {one.arn: composites.judged(one, with_event, without, doubts) for one in above}
