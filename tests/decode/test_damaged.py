"""One bad event costs that event. Everything before and behind it stays, and what it was is kept."""

from __future__ import annotations

import json

import pytest

from tests.decode.taking import LIMITS, compact, log_file, names, opened, raws, record, values
from trailwarden.errors import Reason

GOOD = [compact(record(name, text='"},{"\\')) for name in "ABCDE"]
BAD: dict[str, tuple[bytes, Reason]] = {
    "wrong literal": (b'{"eventVersion":"1.09","a":tru}', Reason.NOT_JSON),
    "no colon": (b'{"eventVersion":"1.09","a" 1}', Reason.NOT_JSON),
    "trailing comma": (b'{"eventVersion":"1.09","a":[1,2,],"b":{"c":{}}}', Reason.NOT_JSON),
    "control character": (b'{"eventVersion":"1.09","a":"x\x01y"}', Reason.NOT_JSON),
    "unknown escape": (b'{"eventVersion":"1.09","a":"\\q"}', Reason.NOT_JSON),
    "not UTF-8": (b'{"eventVersion":"1.09","a":"\xff\xfe"}', Reason.NOT_UTF8),
    "UTF-8 cut off": (b'{"eventVersion":"1.09","a":"\xe2\x82"}', Reason.NOT_UTF8),
    "a closing quote missing": (b'{"eventVersion":"1.09","a":"x,"b":1,"c":"y"}', Reason.NOT_JSON),
    "an opening quote missing": (b'{"eventVersion":"1.09",a":"x","b":{"c":[]}}', Reason.NOT_JSON),
    "a closing brace missing": (b'{"eventVersion":"1.09","a":{"b":1}', Reason.NOT_JSON),
    "a closing brace too many": (b'{"eventVersion":"1.09","a":1}}', Reason.NOT_JSON),
    "a bracket missing": (b'{"eventVersion":"1.09","a":[{"b":1}}', Reason.NOT_JSON),
    "broken behind nested records": (
        b'{"eventVersion":"1.09","a":[{"x":1},{"eventVersion":"1.09","eventID":"n"}],"b":tru}',
        Reason.NOT_JSON,
    ),
    "too deep": (b'{"eventVersion":"1.09","a":' + b"[" * 5000 + b"]" * 5000 + b"}", Reason.TOO_DEEP),
    "too many digits": (b'{"eventVersion":"1.09","a":' + b"1" * 5000 + b"\x00}", Reason.NOT_JSON),
    "cut off": (b'{"eventVersion":"1.09","a":{"b":"c', Reason.NOT_JSON),
}
IN_AN_ARRAY = [name for name in BAD if name != "cut off"]


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("opening", [b'{"Records":[', b"[", b' { "Records" : [\n'])
@pytest.mark.parametrize("name", IN_AN_ARRAY)
def test_in_an_array(name: str, opening: bytes, place: int) -> None:
    bad, reason = BAD[name]
    elements = [*GOOD[:place], bad, *GOOD[place:]]
    decoded = opened(opening + b",".join(elements) + (b"]}" if b"Records" in opening else b"]"))
    assert [raw for raw in raws(decoded) if raw in GOOD] == GOOD
    assert len(raws(decoded)) == len(GOOD) + (name == "a closing brace too many")
    assert decoded.rejected
    assert decoded.rejected[0].reason is reason
    assert decoded.rejected[0].index in (
        place,
        place + 1,
    )  # one brace too many stands where the next one should
    assert sum(len(rejected.raw) for rejected in decoded.rejected) <= len(bad) + 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("place", [0, 2, 5])
@pytest.mark.parametrize("name", BAD)
def test_in_a_line(name: str, place: int, end: bytes) -> None:
    bad, reason = BAD[name]
    decoded = opened(end.join([*GOOD[:place], bad, *GOOD[place:]]) + end)
    assert [raw for raw in raws(decoded) if raw in GOOD] == GOOD
    assert len(raws(decoded)) == len(GOOD) + (name == "a closing brace too many")
    assert decoded.rejected[0].reason is reason
    assert sum(len(rejected.raw.strip()) for rejected in decoded.rejected) <= len(bad)


@pytest.mark.parametrize(
    "name", ["wrong literal", "not UTF-8", "control character", "a closing quote missing"]
)
def test_without_separator(name: str) -> None:
    decoded = opened(GOOD[0] + GOOD[1] + BAD[name][0] + GOOD[2] + GOOD[3])
    assert raws(decoded) == GOOD[:4]
    assert [rejected.raw for rejected in decoded.rejected] == [BAD[name][0]]


def test_many_bad_ones_are_each_their_own() -> None:
    elements = [element for good in GOOD for element in (good, b'{"eventVersion":"1.09","a":tru}', b"{]}")]
    decoded = opened(b'{"Records":[' + b",".join(elements) + b"]}")
    assert raws(decoded) == GOOD
    assert len(decoded.rejected) == 10


@pytest.mark.parametrize("cut", range(1, 60))
def test_whole_events_before_a_cut_are_kept(cut: int) -> None:
    whole = b'{"Records":[' + b",".join(GOOD) + b"]}"
    decoded = opened(whole[:-cut])
    kept = len(GOOD) if cut <= 2 else len(GOOD) - 1
    assert raws(decoded) == GOOD[:kept]
    (rejected,) = decoded.rejected
    assert rejected.reason is Reason.NOT_JSON
    assert whole[:-cut].endswith(rejected.raw)


def test_a_bracket_in_the_wrong_place_hides_nothing() -> None:
    decoded = opened(b'{"Records":[' + GOOD[0] + b"]," + GOOD[1] + b"," + GOOD[2] + b"]}")
    assert raws(decoded) == GOOD[:3]
    assert [rejected.raw for rejected in decoded.rejected] == [b"]}"]


def test_members_behind_a_damaged_array_are_no_events() -> None:
    data = b'{"Records":[' + GOOD[0] + b',{"a":tru}],"other":[{"eventVersion":"1.0"}],"n":1}' + GOOD[1]
    decoded = opened(data)
    assert raws(decoded) == GOOD[:2]
    assert len(decoded.rejected) == 1


def test_what_only_pythons_json_reads_is_an_event() -> None:
    odd = b'{"eventVersion":"1.09","a":"\\ud83e","b":NaN,"c":-Infinity}'
    raw = b'{"eventVersion":"1.09","a":"\xed\xa0\x80"}'
    for data in (
        b'{"Records":[' + odd + b"," + raw + b"]}",
        odd + b"\n" + raw,
        b"[" + odd + b"," + raw + b"]",
    ):
        decoded = opened(data)
        assert decoded.rejected == []
        assert raws(decoded) == [odd, raw]
        assert values(decoded)[0] == json.loads(odd) or "NaN" in str(values(decoded)[0]).replace("nan", "NaN")
    bridge = b'{"detail-type":"AWS API Call via CloudTrail","detail":' + odd + b',"x":"\\ud800"}'
    assert raws(opened(bridge)) == [odd]


def test_one_bad_message_of_a_subscription_costs_itself() -> None:
    messages = [
        {"message": compact(record("A")).decode()},
        {"message": "no json"},
        {"id": 3},
        {"message": "{}"},
    ]
    decoded = opened(compact({"messageType": "DATA_MESSAGE", "logEvents": messages}))
    assert names(decoded) == ["A"]
    reasons = [rejected.reason for rejected in decoded.rejected]
    assert reasons == [Reason.NOT_JSON, Reason.UNKNOWN_ENVELOPE, Reason.UNKNOWN_ENVELOPE]


def test_a_bad_file_in_a_line_costs_its_bad_event() -> None:
    lines = [log_file("A", "B"), log_file("C", "D").replace(b'"id-C"', b"id-C"), log_file("E")]
    decoded = opened(b"\n".join(lines))
    assert names(decoded) == ["A", "B", "D", "E"]
    assert len(decoded.rejected) == 1


def test_long_strings_are_fine_and_long_events_are_not() -> None:
    long = compact(record("CreateVpc", text="x" * 3_000_000))
    assert raws(opened(b"[" + long + b"]")) == [long]
    for data in (b'{"Records":[' + long + b"," + GOOD[0] + b"]}", long + b"\n" + GOOD[0]):
        decoded = opened(data, LIMITS._replace(max_event_bytes=1_000_000))
        assert raws(decoded) == GOOD[:1]
        assert [(rejected.reason, rejected.raw) for rejected in decoded.rejected] == [
            (Reason.TOO_LARGE, long)
        ]
