"""Looking for the values of one member: every record that has one is found, or the pass says that it is not certain."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.files import HEAD, damaged, text
from trailwarden.decode import COMPILED, Limits, Wanted, hideable, survey_texts
from trailwarden.detection import Matcher, inspect, load_ruleset

pytestmark = pytest.mark.skipif(
    not COMPILED, reason="the compiled pass was not built: it needs a C compiler, x86-64 and AVX2"
)

NAMES = ["CreateVpc", "V", "Vpc", "a", "x" * 70, "DeleteVpc", "StopLogging"]
UNHIDDEN = hideable(frozenset("eventName" + "".join(NAMES)))


def wanted(key: str = "eventName", names: list[str] = NAMES) -> Wanted:
    found = Wanted.of_values(key.encode(), [name.encode() for name in names])
    assert found is not None
    return found


def indices(data: bytes, what: Wanted, unhidden: bytes = UNHIDDEN) -> list[int] | None:
    """The records in which one was found."""
    answer = survey_texts(data, what, unhidden, 100_000)
    return None if answer is None else sorted({index for _hit, _start, _end, index in answer.places})


def members(value: Any, key: str) -> list[Any]:
    """The values of every member of this name, at any depth."""
    if isinstance(value, list):
        return [found for one in value for found in members(one, key)]
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [found for one in value.values() for found in members(one, key)]
    return []


def has_one(record: Any, key: str, names: list[str]) -> bool:
    return any(isinstance(value, str) and value in names for value in members(record, key))


def records_of(data: bytes) -> list[Any]:
    if data.startswith(HEAD):
        records: list[Any] = json.loads(data)["Records"]
        return records
    return [json.loads(line) for line in data.splitlines()]


def test_in_random_files_every_one_is_found() -> None:
    chance = random.Random(5)
    answered = hit = 0
    for _ in range(4000):
        data = text(chance)
        if chance.random() < 0.3:
            data = damaged(chance, data)
        found = indices(data, wanted())
        if found is None:
            continue
        try:
            records = records_of(data)
        except ValueError:
            continue
        answered += 1
        hit += len(found)
        missed = [
            index
            for index, record in enumerate(records)
            if has_one(record, "eventName", NAMES) and index not in found
        ]
        assert missed == [], data
    assert answered > 500
    assert hit > 50


ONE = b'{"eventVersion":"1.08","userIdentity":{},%s}'


@pytest.mark.parametrize(
    ("member", "found"),
    [
        (b'"eventName":"CreateVpc"', [0]),
        (b'"eventName":"V"', [0]),
        (b'"eventName":"' + b"x" * 70 + b'"', [0]),
        (b'"a":{"b":[{"eventName":"a"}]}', [0]),
        (b'"eventName":"CreateVpcs"', []),
        (b'"eventName":"createVpc"', []),
        (b'"eventName":""', []),
        (b'"eventName":"' + b"y" * 5000 + b'"', []),
        (b'"eventNames":"CreateVpc"', []),
        (b'"theeventName":"CreateVpc"', []),
        (b'"x":"eventName","y":"CreateVpc"', []),
        (b'"x":["eventName"],"y":"CreateVpc"', []),
        (b'"x":{"y":"eventName"}', []),
        (rb'"x":"{\"eventName\":\"CreateVpc\"}"', []),
        (b'"eventName":null', []),
        (b'"eventName":{"CreateVpc":1}', []),
        (b'"eventName":["CreateVpc"]', []),
        (b'"eventName":-1', []),
        (rb'"eventName":"Create\"Vpc"', []),
        (b'"eventName" :"CreateVpc"', None),
        (b'"eventName": "CreateVpc"', None),
        (b'"eventName":\t"CreateVpc"', None),
        (b'"x":"eventName" ,"y":1', None),
        (rb'"eventName":"Create\u0056pc"', None),
        (rb'"\u0065ventName":"CreateVpc"', None),
    ],
)
def test_how_the_member_may_be_written(member: bytes, found: list[int] | None) -> None:
    for data in (ONE % member, HEAD + ONE % b'"a":1' + b"," + ONE % member + b"]}"):
        expected = found and [index + data.startswith(HEAD) for index in found]
        assert indices(data, wanted()) == expected, data


@given(
    st.text("abcdefgXYZ0_.-/ ", min_size=4, max_size=63),
    st.lists(st.text("abcXYZ09._-", min_size=1, max_size=128), min_size=1, max_size=300, unique=True),
    st.data(),
)
def test_every_value_is_found_and_no_other(key: str, names: list[str], data: st.DataObject) -> None:
    what = Wanted.of_values(key.encode(), [name.encode() for name in names])
    assert what is not None
    asked = data.draw(st.lists(st.sampled_from(names) | st.text("abcXYZ09._-", max_size=130), max_size=20))
    lines = [
        json.dumps({"eventVersion": "1.08", "userIdentity": {}, key: name}, separators=(",", ":"))
        for name in asked
    ]
    if key not in ("eventVersion", "userIdentity") and lines:
        found = indices("\n".join(lines).encode(), what, bytes(256))
        assert found == [index for index, name in enumerate(asked) if name in names]


def test_what_cannot_be_looked_for() -> None:
    assert Wanted.of_values(b"key", [b"x"]) is None
    assert Wanted.of_values(b"k" * 64, [b"x"]) is None
    assert Wanted.of_values(b"eventName", []) is None
    assert Wanted.of_values(b"eventName", [b""]) is None
    assert Wanted.of_values(b"eventName", [b"x" * 129]) is None


def test_packs_without_a_common_part_are_looked_for_so_and_find_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matcher = Matcher(load_ruleset(("cis-vpc", "trail-tampering"), ()))
    chance = random.Random(6)
    names = [
        "CreateVpc",
        "StopLogging",
        "DeleteTrail",
        "DescribeVpcs",
        "PutBucketPolicy",
        "RunInstances",
        "CreateVpcs",
    ]
    elsewhere = [None, {"eventName": "CreateVpc"}, {"a": '"eventName":"StopLogging"'}]
    payloads = []
    for _ in range(300):
        events = [
            {
                "eventVersion": "1.08",
                "userIdentity": {},
                "eventSource": chance.choice(["ec2", "cloudtrail", "s3", "kms"]) + ".amazonaws.com",
                "eventName": chance.choice(names),
                "requestParameters": chance.choice(elsewhere),
            }
            for _ in range(chance.randrange(1, 9))
        ]
        payloads.append(json.dumps({"Records": events}, separators=(",", ":")).encode())
    surveyed = [matcher.survey(payload, 100_000) for payload in payloads]
    assert all(one is not None for one in surveyed)
    found = [inspect(payload, matcher, Limits()) for payload in payloads]
    monkeypatch.setattr("trailwarden.decode.structure.COMPILED", False)
    assert [inspect(payload, matcher, Limits()) for payload in payloads] == found
    assert sum(len(one.matches) for one in found) > 200
