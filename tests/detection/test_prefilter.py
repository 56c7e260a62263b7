"""What the prefilter finds, and above all that it does not overlook anything."""

from __future__ import annotations

import json

import pytest

from trailwarden.detection.anchor import anchor_of
from trailwarden.detection.prefilter import ALL, Prefilter
from trailwarden.patterns import Needle


def whole(text: str, key: str | None = "eventName") -> Needle:
    return Needle(key=key, text=text, whole_start=True, whole_end=True)


VPC = Prefilter([frozenset({whole("CreateVpc"), whole("DeleteVpc")})])
MIXED = Prefilter([frozenset({whole("CreateVpc")}), frozenset({whole("StopLogging"), whole("Zebra")})])


def found(prefilter: Prefilter, data: bytes) -> bool:
    hits = prefilter.search(data)
    return hits is ALL or bool(hits)


@pytest.mark.parametrize("prefilter", [VPC, MIXED], ids=["anchored", "searched"])
@pytest.mark.parametrize(
    "data",
    [
        b'{"eventName":"CreateVpc"}',
        b'{"eventName" : \t\n "CreateVpc"}',
        b'{"eventName":"Create\\u0056pc"}',
        b'{"event\\u004eame":"CreateVpc"}',
        b'{"event\\u004EAME":"CreateVpc"}',
        b'{"a":{"eventName":"CreateVpc"}}',
        b'{"eventName":"DescribeVpcs","eventName":"CreateVpc"}',
    ],
)
def test_candidates(prefilter: Prefilter, data: bytes) -> None:
    assert found(prefilter, data)


@pytest.mark.parametrize("prefilter", [VPC, MIXED], ids=["anchored", "searched"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"eventName":"CreateVpcEndpoint"}',
        b'{"eventName":"DescribeVpcs"}',
        b'{"eventName":"CreateDefaultVpc"}',
        b'{"eventName":"createvpc","a":"\\u003d\\u0026"}',
        b'{"a":"\\"eventName\\":\\"CreateVpc\\""}',
    ],
)
def test_not_candidates(prefilter: Prefilter, data: bytes) -> None:
    assert not found(prefilter, data)


@pytest.mark.parametrize("prefilter", [VPC, MIXED], ids=["anchored", "searched"])
def test_a_hit_lies_inside_the_event_that_it_speaks_of(prefilter: Prefilter) -> None:
    events = [
        json.dumps({"n": n, "eventName": "CreateVpc" if n % 3 == 0 else "DescribeVpcs"}).encode()
        for n in range(9)
    ]
    data = b"[" + b",".join(events) + b"]"
    hits = prefilter.search(data)
    assert not isinstance(hits, type(ALL))
    starts = [data.index(event) for event in events]
    spoken_of = {sum(start <= hit for start in starts) - 1 for hit in hits}
    assert spoken_of == {0, 3, 6}


def test_a_dense_buffer_falls_back_to_the_full_search() -> None:
    anchor = anchor_of({"CreateVpc", "DeleteVpc"})
    assert anchor is not None
    dense = b'{"eventName":"CreateVpcEndpoint"}' * 1000
    assert anchor.places(dense) is None
    assert VPC.search(dense) == []
    assert found(VPC, dense + b'{"eventName":"DeleteVpc"}')


def test_texts_with_nothing_in_common_have_no_anchor() -> None:
    assert anchor_of({"CreateVpc", "StopLogging"}) is None
    assert anchor_of(set()) is None


@pytest.mark.parametrize(
    "needles",
    [
        None,
        frozenset({Needle(None, "é", True, True)}),
        frozenset({Needle(None, '"', True, True)}),
        frozenset({whole("CreateVpc"), Needle("schlüssel", None, False, False)}),
    ],
)
def test_what_cannot_be_searched_for_makes_everything_a_candidate(needles: frozenset[Needle] | None) -> None:
    prefilter = Prefilter([needles])
    assert not prefilter.selective
    assert prefilter.search(b"{}") is ALL


@pytest.mark.parametrize(
    ("needle", "data"),
    [
        (Needle("eventName", "Create", True, False), b'{"eventName":"CreateAnything"}'),
        (Needle("eventName", "Vpc", False, True), b'{"eventName":"DeleteVpc"}'),
        (Needle("eventName", "pcPe", False, False), b'{"eventName":"DeleteVpcPeeringConnection"}'),
        (Needle("errorCode", None, False, False), b'{"errorCode" :null}'),
        (Needle(None, "vpc", True, True), b'["vpc"]'),
        (Needle("path", "a/b\\c", True, True), b'{"path":"a\\/b\\\\c"}'),
        (Needle("name", "grün", True, True), b'{"name":"gr\\u00fcn"}'),
        (Needle("name", "grün", True, True), '{"name":"grün"}'.encode()),
        (Needle("f", "", True, True), b'{"f":""}'),
        (Needle("a.b-c[0]", "x(y)*z", True, True), b'{"a.b-c[0]":"x(y)*z"}'),
    ],
)
def test_needles_of_every_kind_are_found_where_they_are(needle: Needle, data: bytes) -> None:
    assert found(Prefilter([frozenset({needle})]), data)


def test_texts_that_stand_close_together_are_all_found() -> None:
    anchor = anchor_of({"Tag", "CreateTag", "AuthorizeSomethingThatIsLongXTag"})
    data = b'[{"k":"Tag"},{"n":"CreateTag"}]'
    assert anchor is not None
    assert anchor.places(data) == [data.index(b'Tag"') + 3, data.index(b'CreateTag"') + 9]
