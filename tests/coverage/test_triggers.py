"""What is done to a trail is a reason to ask at once; what is done to a bucket or a key, where it is one of a trail's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.coverage.situations import ME, NOW, T, failed
from trailwarden.coverage.facts import AccountFacts, Fault
from trailwarden.coverage.triggers import ABOUT_PLACES, gives_reason
from trailwarden.detection import load_ruleset
from trailwarden.model import Alert, Severity

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRIGGERS = frozenset(rule.id for rule in load_ruleset(("trail-tampering",), ()))
FACTS = AccountFacts(ME, NOW, (), [replace(T(bucket="org-logs").trail(), kms_key=KEY)])


def alert(rule: str, document: str = "{}") -> Alert:
    return Alert("a", rule, Severity.HIGH, NOW, NOW, "", "", document.encode())


def test_the_rules_that_speak_of_places_are_in_the_pack() -> None:
    assert ABOUT_PLACES < TRIGGERS


@pytest.mark.parametrize("rule", sorted(TRIGGERS - ABOUT_PLACES))
def test_a_trail_always_is(rule: str) -> None:
    assert gives_reason(alert(rule), TRIGGERS, [FACTS])


def test_other_rules_never_are() -> None:
    assert not gives_reason(alert("cis-vpc-changes", '"org-logs"'), TRIGGERS, [FACTS])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('"bucketName":"org-logs"', True),
        ('"bucketName":"pictures"', False),
        ('"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab"', True),
        (f'"keyId":"{KEY}"', True),
        ('"keyId":"ffffffff-12ab-34cd-56ef-1234567890ab"', False),
    ],
)
@pytest.mark.parametrize("rule", sorted(ABOUT_PLACES))
def test_a_place_is_where_it_is_a_trails(rule: str, said: str, reason: bool) -> None:
    assert gives_reason(alert(rule, said), TRIGGERS, [FACTS]) is reason


@pytest.mark.parametrize(
    "facts",
    [
        [],
        [FACTS, AccountFacts("210987654321", NOW, (), failed(Fault.DENIED))],
        [AccountFacts(ME, NOW, (), [T(bucket="").trail()])],
    ],
    ids=["before the first round", "an account that is denied", "a trail whose bucket is not told"],
)
def test_while_the_places_are_not_known_any_is(facts: list[AccountFacts]) -> None:
    assert gives_reason(alert("trail-bucket-changed", '"pictures"'), TRIGGERS, facts)
