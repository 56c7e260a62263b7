"""Calls that fail: what they say of the account, and that they never make a gap."""

from __future__ import annotations

import pytest

from tests.coverage.collecting import (
    FAR,
    HERE,
    MANAGEMENT,
    NOW,
    SELECTORS,
    STATUS,
    THERE,
    TRAILS,
    Peer,
    Refused,
    account,
    arn,
    asked_of,
    bad,
    fault_of,
    listed,
    verdict_of,
)
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import Failure, Fault, Trail

# --- against a server that is told what to say --------------------------------------------------------------


async def test_all_is_well(peer: Peer) -> None:
    facts = await asked_of(peer, account())
    assert facts.asked == NOW
    assert facts.regions == (HERE, THERE)
    assert facts.trails == (Trail(arn("all"), "all", HERE, True, False, "logs", "audit", validation=True),)
    assert [verdict_of(facts, region).state for region in (HERE, THERE)] == [State.VERIFIED] * 2
    assert [told["AllRegions"] for call, _, told in peer.asked if call == "DescribeRegions"] == ["false"]
    assert peer.count(STATUS) == 2
    assert {told["Name"] for call, _, told in peer.asked if call == STATUS} == {arn("all")}
    assert [told for call, _, told in peer.asked if call == TRAILS] == [{"includeShadowTrails": True}] * 2
    assert [(region, told) for call, region, told in peer.asked if call == SELECTORS] == [
        (HERE, {"TrailName": arn("all")})
    ]


async def test_listed_regions_are_not_looked_up(peer: Peer) -> None:
    facts = await asked_of(peer, account(THERE))
    assert facts.regions == (THERE,)
    assert peer.count("DescribeRegions") == 0
    assert [region for call, region, _ in peer.asked if call == STATUS] == [THERE]
    assert {region for call, region, _ in peer.asked if call == TRAILS} == {HERE, THERE}


REFUSALS = [
    (Refused("AccessDeniedException"), Fault.DENIED, 0),
    (Refused("ThrottlingException"), Fault.THROTTLED, 0),
    (Refused("InternalFailure", 500), Fault.NETWORK, 0),
    (Refused("ExpiredTokenException"), Fault.DENIED, 1),
    (Refused("UnsupportedOperationException"), Fault.OTHER, 0),
    (Refused("", 404), Fault.OTHER, 0),
]


@pytest.mark.parametrize(("answer", "fault", "renewals"), REFUSALS, ids=str)
@pytest.mark.parametrize("operation", ["DescribeRegions", TRAILS, STATUS, SELECTORS])
async def test_a_refusal_is_unknown_and_never_a_gap(
    peer: Peer, operation: str, answer: Refused, fault: Fault, renewals: int
) -> None:
    peer.says(operation, answer)
    facts = await asked_of(peer, account(), renewals=renewals)
    place = {
        "DescribeRegions": facts.regions,
        TRAILS: facts.trails,
        STATUS: facts.statuses.get((arn("all"), HERE)),
        SELECTORS: facts.selectors.get(arn("all")),
    }[operation]
    assert isinstance(place, Failure)
    assert fault_of(place) is fault
    assert place.call.endswith(f":{operation}")
    # A multi-Region trail covers them all, whichever they are.
    expected = State.VERIFIED if operation == "DescribeRegions" else State.UNKNOWN
    assert verdict_of(facts).state is expected


async def test_a_denied_account_is_unknown_in_every_region(peer: Peer) -> None:
    for operation in ("DescribeRegions", TRAILS, STATUS, SELECTORS):
        peer.says(operation, Refused("AccessDeniedException", message="not authorized"))
    facts = await asked_of(peer, account())
    for region in (HERE, THERE, FAR):
        assert verdict_of(facts, region).state is State.UNKNOWN


async def test_own_trail_gone_between_two_calls_is_a_gap(peer: Peer) -> None:
    peer.says(STATUS, Refused("TrailNotFoundException"))
    facts = await asked_of(peer, account(HERE))
    assert fault_of(facts.statuses[arn("all"), HERE]) is Fault.NOT_FOUND
    assert verdict_of(facts).state is State.GAP


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("AccessDeniedException", Fault.FOREIGN),
        ("TrailNotFoundException", Fault.FOREIGN),
        ("CloudTrailARNInvalidException", Fault.FOREIGN),
        ("ThrottlingException", Fault.THROTTLED),
        ("ExpiredTokenException", Fault.DENIED),
    ],
)
async def test_a_member_cannot_look_into_the_organizations_trail(peer: Peer, code: str, fault: Fault) -> None:
    peer.says(TRAILS, {"trailList": [listed("org", THERE, MANAGEMENT)]})
    peer.says(STATUS, Refused(code))
    peer.says(SELECTORS, Refused(code))
    facts = await asked_of(peer, account(HERE), renewals=int(code.startswith("Expired")))
    org = arn("org", THERE, MANAGEMENT)
    assert fault_of(facts.statuses[org, HERE]) is fault
    assert fault_of(facts.selectors[org]) is fault
    assert [region for call, region, _ in peer.asked if call == SELECTORS] == [THERE]
    verdict = verdict_of(facts, organization="o-exampleorgid1")
    assert verdict.state is State.UNKNOWN
    assert bad(verdict) == {"logging", "management_events", "delivery"}
