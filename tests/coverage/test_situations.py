"""The table of situations, run as one test: each condition says what the reference says, and the verdict is the worst of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.coverage.situations import (
    CONDITIONS,
    HERE,
    MANAGEMENT,
    ME,
    OPT_IN,
    ORGANIZATION,
    THERE,
    Situation,
    T,
    advanced,
    basic,
    came,
    failed,
    only,
    read_only,
    status,
    without,
)
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import Fault, Selectors
from trailwarden.coverage.verdict import judge

S = Situation
ORG = T("org", MANAGEMENT, org=True)
CLOSED = T("org", MANAGEMENT, org=True, status=failed(Fault.FOREIGN), selectors=failed(Fault.FOREIGN))
FROM_ORG = (came(org=ORGANIZATION),)
LONG_AGO = (came(minutes=300),)

FOUND = [
    S("one trail for everything", "vvvvvvv"),
    S("none", "g", (), of=""),
    S("none of the name that is configured", "g", wanted="other", of=""),
    S("by its name", "vvvvvvv", wanted="main"),
    S("by its ARN", "vvvvvvv", wanted=T().trail().arn),
    S("by another Region's ARN of the same name", "g", wanted=T(home=THERE).trail().arn, of=""),
    S("listed twice", "vvvvvvv", (T(), T())),
    S("a shadow trail, at home elsewhere", "vvvvvvv", (T(home=THERE),)),
    S("of one Region, another one", "g", (T(home=THERE, multi=False),), of=""),
    S("of one Region, this one of two", "vgvvvvv", (T(multi=False),)),
    S("of one Region, the one that is asked for", "vvvvvvv", (T(multi=False),), (HERE,)),
    S("of one Region, Regions unknown", "vuvvvvv", (T(multi=False),), failed(Fault.DENIED)),
    S("multi-Region, Regions unknown", "vvvvvvv", regions=failed(Fault.NETWORK)),
    S("two of one Region each do not add up", "vgvvvvv", (T(multi=False), T("b", home=THERE, multi=False))),
    S("an opt-in Region beside it", "vgvvvvv", (T(multi=False),), (HERE, OPT_IN)),
    S(
        "an opt-in Region, multi-Region",
        "vvvvvvv",
        regions=(HERE, OPT_IN),
        region=OPT_IN,
        arrived=(came(region=OPT_IN),),
    ),
    S("a Region that is listed and not enabled", "vvuvuvv", (T(status=failed(Fault.REGION_DISABLED)),)),
    *(
        S(f"trails {fault}", state, failed(fault), of="")
        for fault, state in [
            (Fault.DENIED, "u"),
            (Fault.THROTTLED, "u"),
            (Fault.NETWORK, "u"),
            (Fault.REGION_DISABLED, "u"),
            (Fault.OTHER, "u"),
        ]
    ),
]

LOGGING = [
    S("stopped", "vvgvvvv", (T(status=status(False, stopped=30, started=90)),)),
    S("never started", "vvgvuuu", (T(status=status(False, delivered=None)),), arrived=()),
    S("stopped and started again", "vvvvvvv", (T(status=status(stopped=90, started=30)),)),
    S("stopped in the other Region alone", "vvvvvvv", (T(there=status(False)),)),
    S("stopped beside one that runs", "vvvvvvv", (T("b", status=status(False)), T())),
    S("stopped, and it is the one that counts", "vvgvvvv", (T(status=status(False)), T("b")), wanted="main"),
    S(
        "gone between two calls",
        "vvgggvv",
        (T(status=failed(Fault.NOT_FOUND), selectors=failed(Fault.NOT_FOUND)),),
    ),
    S("status denied", "vvuvuvv", (T(status=failed(Fault.DENIED)),)),
    S("status throttled", "vvuvuvv", (T(status=failed(Fault.THROTTLED)),)),
    S("status lost on the way", "vvuvuvv", (T(status=failed(Fault.NETWORK)),)),
    S(
        "everything denied but the list",
        "vvuuuvv",
        (T(status=failed(Fault.DENIED), selectors=failed(Fault.DENIED)),),
    ),
    S("stopped, selectors denied", "vvguvvv", (T(status=status(False), selectors=failed(Fault.DENIED)),)),
]


def events(name: str, state: str, selectors: Selectors) -> Situation:
    return S(name, f"vvv{state}vvv", (T(selectors=selectors),))


KMS, RDS = "kms", "rdsdata"
MANAGEMENT_EVENTS = [
    events("no selectors were ever set", "v", Selectors()),
    events("basic, all", "v", basic(ReadWriteType="All", IncludeManagementEvents=True)),
    events("basic, defaults", "v", basic()),
    events("basic, writes", "v", basic(ReadWriteType="WriteOnly")),
    events("basic, reads", "g", basic(ReadWriteType="ReadOnly")),
    events("basic, data alone", "g", basic(IncludeManagementEvents=False)),
    events("basic, without KMS", "v", basic(ExcludeManagementEventSources=["kms.amazonaws.com"])),
    events("basic, without RDS Data", "v", basic(ExcludeManagementEventSources=["rdsdata.amazonaws.com"])),
    events(
        "basic, without a source that cannot be left out",
        "u",
        basic(ExcludeManagementEventSources=["ec2.amazonaws.com"]),
    ),
    events("basic, a type of tomorrow", "u", basic(ReadWriteType="Some")),
    events(
        "basic, reads and writes apart",
        "v",
        Selectors([{"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}]),
    ),
    events("basic, data beside management", "v", Selectors([{"IncludeManagementEvents": False}, {}])),
    events("advanced, management", "v", only(advanced())),
    events("advanced, reads", "g", only(advanced(read_only("true")))),
    events("advanced, writes", "v", only(advanced(read_only("false")))),
    events(
        "advanced, reads and writes apart",
        "v",
        only(advanced(read_only("true")), advanced(read_only("false"))),
    ),
    events("advanced, without KMS", "v", only(advanced(without(KMS)))),
    events("advanced, without KMS and RDS Data", "v", only(advanced(without(KMS, RDS)))),
    events("advanced, without EC2", "u", only(advanced(without("ec2")))),
    events(
        "advanced, one source alone",
        "u",
        only(advanced({"Field": "eventSource", "Equals": ["s3.amazonaws.com"]})),
    ),
    events("advanced, some names", "u", only(advanced({"Field": "eventName", "Equals": ["CreateVpc"]}))),
    events(
        "advanced, a field of tomorrow",
        "u",
        only(advanced({"Field": "userIdentity.arn", "NotEquals": ["x"]})),
    ),
    events(
        "advanced, a restricted one beside a whole one",
        "v",
        only(advanced({"Field": "eventType", "Equals": ["x"]}), advanced()),
    ),
    events("advanced, data alone", "g", only(advanced(category="Data"))),
    events("advanced, network activity alone", "g", only(advanced(category="NetworkActivity"))),
    events("advanced, data beside management", "v", only(advanced(category="Data"), advanced())),
    events("advanced, no category", "g", only({"FieldSelectors": [read_only("false")]})),
    S("selectors denied", "vvvuvvv", (T(selectors=failed(Fault.DENIED)),)),
    S("selectors throttled", "vvvuvvv", (T(selectors=failed(Fault.THROTTLED)),)),
]

DELIVERY = [
    S(
        "an error, and nothing delivered since",
        "vvvvgvv",
        (T(status=status(delivered=600, error="AccessDenied")),),
    ),
    S(
        "an error, and never delivered",
        "vvvvguu",
        (T(status=status(delivered=None, error="NoSuchBucket")),),
        arrived=(),
    ),
    S("an error, and deliveries go on", "vvvvvvv", (T(status=status(error="AccessDenied")),)),
    S(
        "quiet, and its digests go on",
        "vvvvvvv",
        (T(status=status(delivered=300, digest=40)),),
        arrived=LONG_AGO,
    ),
    S("quiet, and no digests", "vvvvuvu", (T(status=status(delivered=300)),), arrived=LONG_AGO),
    S(
        "quiet, and its digests are late",
        "vvvvuvu",
        (T(status=status(delivered=300, digest=200)),),
        arrived=LONG_AGO,
    ),
    S(
        "quiet, and digests cannot be delivered",
        "vvvvuvu",
        (T(status=status(delivered=300, digest_error="AccessDenied")),),
        arrived=LONG_AGO,
    ),
    S("delivered, and it did not reach us", "vvvvvvg", (T(status=status(delivered=20)),), arrived=LONG_AGO),
    S("delivered just now, and on its way", "vvvvvvu", (T(status=status(delivered=3)),), arrived=LONG_AGO),
    S("new, nothing delivered yet", "vvvvuuu", (T(status=status(delivered=None)),), arrived=()),
]

BINDING = [
    S("another bucket feeds this stream", "vvvvvgv", arrived=(came("copies"),)),
    S("another prefix feeds this stream", "vvvvvgv", arrived=(came(prefix="old"),)),
    S("a prefix of its own", "vvvvvvv", (T(prefix="audit"),), arrived=(came(prefix="audit"),)),
    S("of two trails the one that feeds this stream", "vvvvvvv", (T("b", bucket="copies"), T())),
    S(
        "files of another account alone",
        "vvvvvuu",
        (T(status=status(delivered=2)),),
        arrived=(came(account=MANAGEMENT),),
    ),
    S(
        "files of another Region alone",
        "vvvvvuu",
        (T(status=status(delivered=2)),),
        arrived=(came(region=THERE),),
    ),
    S("an answer without a bucket", "vvvvvuv", (T(bucket=""),)),
    S("an organization's files, and no trail of one", "vvvvvgv", arrived=FROM_ORG),
]

ORGANIZATIONS = [
    S("an organization's trail that tells", "vvvvvvv", (ORG,), arrived=FROM_ORG, of="org"),
    S("an organization's trail, closed", "vvuuuvv", (CLOSED,), arrived=FROM_ORG, of="org"),
    S("closed, and its owner tells", "vvvvvvv", (CLOSED,), arrived=FROM_ORG, of="org", owner=(ORG,)),
    S(
        "closed, and its owner tells that it is stopped", "vvgvvvv", (CLOSED,), arrived=FROM_ORG, of="org",
        owner=(T("org", MANAGEMENT, org=True, status=status(False)),),
    ),
    S(
        "closed, and its owner is denied", "vvuuuvv", (CLOSED,), arrived=FROM_ORG, of="org",
        owner=(T("org", MANAGEMENT, org=True, status=failed(Fault.DENIED), selectors=failed(Fault.DENIED)),),
    ),
    S("closed, beside a stopped one of its own", "vvuuuvv", (T(status=status(False)), CLOSED), arrived=FROM_ORG, of="org"),
    S("closed, beside one of its own that feeds", "vvvvvvv", (T(), CLOSED)),
    S("an organization's trail of one Region", "vgvvvvv", (replace(ORG, multi=False),), arrived=FROM_ORG, of="org"),
    S("an organization's trail, its files elsewhere", "vvvvvgv", (ORG,), arrived=(came("copies", org=ORGANIZATION),), of="org"),
    S("an organization delivers, and none of a member came", "vvvvvuu", (ORG,), arrived=(), of="org"),
    S("an organization's trail seen by its owner", "vvvvvvv", (T("org", ME, org=True),), of="org"),
]  # fmt: skip

SITUATIONS = [*FOUND, *LOGGING, *MANAGEMENT_EVENTS, *DELIVERY, *BINDING, *ORGANIZATIONS]
LETTERS = {"v": State.VERIFIED, "u": State.UNKNOWN, "g": State.GAP}


def test_there_are_enough_and_each_has_its_name() -> None:
    names = [one.name for one in SITUATIONS]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_a_situation(situation: Situation) -> None:
    verdict = judge(situation.facts(), situation.region, situation.arrived, situation.wanted)
    found = {one.condition: one.state.value[0] for one in verdict.findings}
    assert found == dict(zip(CONDITIONS, situation.expect, strict=False))
    assert verdict.state is max((LETTERS[one] for one in situation.expect), key=lambda state: state.rank)
    assert verdict.trail.rpartition("/")[2] == situation.of
    for finding in verdict.findings:
        assert finding.sentence
        assert finding.remedy or finding.state is State.VERIFIED
