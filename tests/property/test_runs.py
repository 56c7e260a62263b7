"""What is said of a run is what is said of each of its payloads, whatever stands between sound ones and wherever."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.decode import Limits
from trailwarden.detection import Matcher, inspect, inspect_many, inspect_run, load_ruleset, runs
from trailwarden.errors import Reason, UnusableError
from trailwarden.model.payloads import Joined, Lent, Payload, Payloads

MATCHER = Matcher(load_ruleset())
LIMITS = Limits(max_event_bytes=600, max_output_bytes=550)


def record(name: str, text: str = "", size: int = 0) -> bytes:
    event = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "Root"},
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "requestParameters": {"name": text, "filling": "x" * size},
        "eventID": "11111111-2222-3333-4444-555555555555",
    }
    return json.dumps(event, separators=(",", ":")).encode()


TEXTS = st.sampled_from(["", "DeleteVpc", '"CreateVpc"', "\\", '},{"eventVersion":"1.', "}\n{", "ü", "]}"])
PLAIN = st.builds(record, st.sampled_from(["DescribeVpcs", "DeleteVpc", "CreateVpc"]), TEXTS)
ODD = [
    b"",
    b"null",
    b"hello",
    b"\xff\xfe",
    b'{"eventVersion":"1.',
    b'{"eventVersion":"1.08"}',
    b'{"eventVersion":"1.08","userIdentity":{',
    b'}],"eventName":"DeleteVpc"}',
    record("DeleteVpc") + b"\n",
    record("DeleteVpc") + b"\n" + record("DescribeVpcs"),
    record("DeleteVpc") + record("DescribeVpcs"),
    record("Del\\u0065teVpc").replace(b"\\\\u", b"\\u"),
    record("DeleteVpc", size=2000),
    record("DescribeVpcs", size=580 - len(record("DescribeVpcs"))),
    record("DeleteVpc")[:-1],
    record("DeleteVpc")[:-1].replace(b'":"1.08"', b'":"1.08",'),
    b'{"Records":[' + record("DeleteVpc") + b"," + record("DescribeVpcs") + b"]}",
    json.dumps({"message": record("DeleteVpc").decode()}).encode(),
    gzip.compress(record("DeleteVpc")),
    b"\xef\xbb\xbf" + record("DeleteVpc"),
]
ANY = st.one_of(
    st.sampled_from(ODD),
    PLAIN.flatmap(lambda whole: st.integers(0, len(whole)).map(lambda cut: whole[:cut])),
    st.builds(lambda text: UnusableError(Reason.TOO_LARGE, "too large", text), st.binary(max_size=3)),
)
RUNS = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, ANY), max_size=24)


def one_by_one(payloads: list[Payload]) -> tuple[int, int, int, list[tuple[object, ...]]]:
    """Seen, rejected, bytes, and what was found where, by `inspect` alone."""
    seen = size = rejected = 0
    found: list[tuple[object, ...]] = []
    for index, payload in enumerate(payloads):
        if isinstance(payload, UnusableError):
            seen, rejected = seen + 1, rejected + 1
            found.append((index, 0, [(payload.payload, payload.reason)]))
            continue
        one = inspect(payload, MATCHER, LIMITS)
        seen, size, rejected = seen + one.seen, size + one.content_size, rejected + len(one.rejected)
        if one.matches or one.rejected:
            found.append((index, len(one.matches), [(bad.raw, bad.reason) for bad in one.rejected]))
    return seen, rejected, size, found


def parted(payloads: list[Payload], cuts: Sequence[int]) -> Payloads:
    """As readers hand them on. cuts: how many stand side by side each time; what is left at the end is a plain list."""
    parts: list[Sequence[Payload]] = []
    first = 0
    for number in cuts:
        part = payloads[first : first + number]
        texts = [payload for payload in part if isinstance(payload, bytes)]
        if len(texts) < len(part) or not texts:
            parts.append(part)
        elif len(texts) == 1:
            parts.append(Lent(memoryview(b"<" + texts[0] + b">")[1:-1]))
        else:
            ends = [len(b"\n".join(texts[: index + 1])) for index in range(len(texts))]
            parts.append(Joined(b"\n".join(texts), ends))
        first += number
    return Payloads([*parts, payloads[first:]])


def agreed(payloads: list[Payload], cuts: Sequence[int] | None = None) -> None:
    said = inspect_run(payloads if cuts is None else parted(payloads, cuts), MATCHER, LIMITS)
    found = [
        (index, len(one.matches), [(bad.raw, bad.reason) for bad in one.rejected])
        for index, one in said.found
    ]
    total = said.total
    assert (total.seen, len(total.rejected), total.content_size, found) == one_by_one(payloads)
    assert total.seen == len(total.matches) + total.unmatched + len(total.rejected)
    for _, one in said.found:
        assert all(type(bad.raw) is bytes for bad in one.rejected)
        assert {match.event.index for match in one.matches} <= set(range(one.seen))


@given(RUNS)
def test_a_run_is_its_payloads(payloads: list[Payload]) -> None:
    agreed(payloads)


@given(RUNS, st.lists(st.integers(1, 9), max_size=9))
def test_a_run_is_its_payloads_as_readers_hand_them_on(payloads: list[Payload], cuts: list[int]) -> None:
    assert list(parted(payloads, cuts)) == payloads
    agreed(payloads, cuts)


@given(RUNS)
def test_a_run_is_its_payloads_without_the_compiled_pass(payloads: list[Payload]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "COMPILED", False)
        patch.setattr("trailwarden.decode.structure.COMPILED", False)
        agreed(payloads)


@pytest.mark.parametrize("at", [0, 3, 11])
@pytest.mark.parametrize("odd", range(len(ODD)))
def test_an_odd_payload_among_sound_ones(odd: int, at: int) -> None:
    payloads: list[Payload] = [record(name) for name in ["DescribeVpcs", "DeleteVpc"] * 6]
    payloads[at] = ODD[odd]
    agreed(payloads)


def test_sound_payloads_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[bytes] = []

    def noted(payloads: Sequence[bytes | memoryview], matcher: Matcher, limits: Limits) -> object:
        alone.extend(map(bytes, payloads))
        return inspect_many(payloads, matcher, limits)

    monkeypatch.setattr(runs, "inspect_many", noted)
    bad, wanted = b'{"eventVersion":"1.08"', record("DeleteVpc")
    payloads: list[Payload] = [record("DescribeVpcs")] * 500 + [bad] + [wanted] * 2
    said = inspect_run(payloads, MATCHER, LIMITS)
    assert (said.total.seen, len(said.total.matches), len(said.total.rejected)) == (503, 2, 1)
    assert {bad, wanted} <= set(alone)
    assert len(alone) < 10
