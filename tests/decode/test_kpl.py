"""Aggregates of the Kinesis Producer Library; what only looks like one is a plain record."""

from __future__ import annotations

import pytest

from tests.decode.kpl_writer import aggregate, field, sealed, varint
from tests.decode.taking import opened
from trailwarden.decode.kpl import deaggregate
from trailwarden.errors import Reason


@pytest.mark.parametrize("records", [[], [b""], [b"a", b"b" * 300, b""], [b"x" * 70_000]], ids=range(4))
def test_records_come_out_in_order(records: list[bytes]) -> None:
    assert deaggregate(aggregate(records)) == records


def test_fields_of_other_kinds_are_passed_over() -> None:
    strange = (
        varint(9 << 3 | 1) + b"8 bytes." + varint(10 << 3 | 5) + b"four" + varint(11 << 3) + varint(2**63)
    )
    assert deaggregate(sealed(strange + field(3, field(3, b"data")))) == [b"data"]


@pytest.mark.parametrize(
    "blob",
    [
        aggregate([b"a"])[:-1] + b"\0",
        b"\xf3\x89\x9a\xc3" + aggregate([b"a"])[4:],
        b"\xf3\x89\x9a\xc2",
        sealed(field(3, field(3, b"cut"))[:-1]),
        sealed(field(3, b"")),  # a record without data
        sealed(b"\x80" * 11),  # a number without end
        sealed(b"\x80"),
        sealed(varint(3 << 3 | 3)),  # a kind that is gone
        sealed(varint(3 << 3 | 1) + b"short"),
    ],
    ids=range(9),
)
def test_what_is_malformed_is_no_aggregate(blob: bytes) -> None:
    assert deaggregate(blob) is None
    (rejected,) = opened(blob).rejected
    assert rejected.raw == blob
    assert rejected.reason in {Reason.NOT_UTF8, Reason.NOT_JSON}
