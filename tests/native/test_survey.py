"""The compiled pass says what Python's json says, or that it is not certain; in both instruction sets."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.native.files import HEAD, damaged, record, spans, text
from trailwarden.decode import COMPILED, Limits, Survey, Wanted, hideable, survey_hits, survey_texts
from trailwarden.detection import Matcher, inspect, load_ruleset

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = pytest.mark.skipif(
    not COMPILED, reason="the compiled pass was not built: it needs a C compiler, x86-64 and AVX2"
)

NAMES = (b'"CreateVpc"', b'"DeleteVpc"')
WANTED = Wanted.of(b"Vpc", NAMES)
UNHIDDEN = hideable(frozenset("CreateDeleteVpc"))
LONGEST = 100_000
ROUNDS = 4000


@pytest.fixture(autouse=True, params=[False, True], ids=["widest", "avx2"])
def _instructions(request: pytest.FixtureRequest) -> Iterator[None]:
    from trailwarden.decode import _scan

    _scan.narrow(request.param)
    yield
    _scan.narrow(False)


def survey(data: bytes, longest: int = LONGEST) -> Survey | None:
    assert WANTED is not None
    return survey_texts(data, WANTED, UNHIDDEN, longest)


def places(data: bytes, records: list[tuple[int, int]], hits: list[int]) -> list[tuple[int, int, int, int]]:
    return [
        (hit, start, end, index)
        for hit in hits
        for index, (start, end) in enumerate(records)
        if start <= hit < end
    ]


def found(data: bytes) -> list[int]:
    return [match.start() + match[0].index(b"Vpc") for match in re.finditer(b"|".join(NAMES), data)]


def test_a_sound_file_is_answered_exactly() -> None:
    chance = random.Random(1)
    answered = 0
    for _ in range(ROUNDS):
        data = text(chance)
        answer = survey(data)
        if answer is not None:
            records = spans(data)
            assert records is not None, data
            assert answer.records == len(records), data
            assert list(answer.places) == places(data, records, found(data)), data
            answered += 1
    assert answered > ROUNDS / 4


def test_a_damaged_file_is_answered_as_json_reads_it_or_not_at_all() -> None:
    chance = random.Random(2)
    answered = 0
    for _ in range(ROUNDS):
        data = damaged(chance, text(chance))
        answer = survey(data)
        records = spans(data)
        if answer is not None and records is not None:
            assert answer.records == len(records), data
            assert list(answer.places) == places(data, records, found(data)), data
            answered += 1
    assert answered > ROUNDS / 50


def test_hits_of_the_callers_are_placed() -> None:
    chance = random.Random(3)
    for _ in range(ROUNDS // 4):
        data = text(chance)
        hits = sorted(chance.randrange(len(data)) for _ in range(chance.randrange(6)))
        answer = survey_hits(data, hits, UNHIDDEN, LONGEST)
        if answer is not None:
            records = spans(data)
            assert records is not None
            assert {place[:3] for place in answer.places} >= {
                place[:3] for place in places(data, records, hits)
            }


def plain(*events: dict[str, object]) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":")).encode()


ONE = {"eventVersion": "1.08", "userIdentity": {}, "eventName": "CreateVpc"}


def test_a_plain_file_has_an_answer() -> None:
    answer = survey(plain(ONE, {**ONE, "eventName": "RunInstances"}, ONE))
    assert answer is not None
    assert answer.records == 3
    assert [place[3] for place in answer.places] == [0, 2]


@pytest.mark.parametrize(
    "data",
    [
        plain(ONE).replace(b"Vpc", rb"\u0056pc"),
        plain(ONE).replace(b"Vpc", rb"\u0056PC".lower()),
        plain({**ONE, "x": "y"}).replace(b'"x"', b'"\x01"'),
        plain({**ONE, "x": "é"}).replace(rb"\u00e9", b"\xff"),
        plain({"eventVersion": "1.0", "eventSource": "aws:ses"}),
        plain(ONE)[:-1],
        plain(ONE)[:-2],
        plain(ONE) + b"x",
        plain(ONE, {}),
        plain(ONE).replace(b"{}", b"{]"),
        plain(ONE).replace(b"{}", b"{y}"),
        plain(ONE).replace(b"{}", b"{\\}"),
        HEAD + b'{"eventVersion":"1.',
        HEAD + b'{"eventVersion":"1.' + b"[" * 1000,
        HEAD + b'{"eventVersion":"1.","a":' + b"[" * 70 + b"]" * 70 + b"}]}",
    ],
)
def test_doubt_is_no_answer(data: bytes) -> None:
    assert survey(data) is None


def test_a_record_that_is_too_long_is_doubt() -> None:
    data = plain(ONE)
    size = len(data) - len(HEAD) - 2
    assert survey(data, longest=size) is not None
    assert survey(data, longest=size - 1) is None


@pytest.mark.parametrize("shift", range(130))
def test_the_edge_of_a_block_may_lie_anywhere(shift: int) -> None:
    pad = "x" * shift
    data = plain({**ONE, "p": pad + '\\"'}, {**ONE, "p": "\\" * shift}, ONE)
    answer = survey(data)
    assert answer is not None
    records = spans(data)
    assert records is not None
    assert list(answer.places) == places(data, records, found(data))


@pytest.mark.parametrize(
    "arguments",
    [
        (b"{}", -1, 9, bytes(256), (b"", b"", b"", b""), []),
        (b"{}", 3, 9, bytes(256), (b"", b"", b"", b""), []),
        (b"{}", 0, 9, bytes(255), (b"", b"", b"", b""), []),
        (b"{}", 0, 9, bytes(256), (b"x", b"", b"", b""), 9),
        (b"{}", 0, 9, bytes(256), (b"x" * 65, b"\0\1x", b"", b""), 9),
        (b"{}", 0, 9, bytes(256), (b"x", b"\0\2x", b"", b""), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxxx", b"\1x", b"", b"\3\0\0\0" + bytes(4)), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxxx", b"\1x", b"", b"\1\0\0\0" * 2), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxxx", b"\1x", b"", bytes(12)), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxx", b"\1x", b"", bytes(8)), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxxx", b"\0", b"", bytes(8)), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxxx", b"\x81" + b"x" * 129, b"", bytes(8)), 9),
        (b"{}", 0, 9, bytes(256), (b"xxxxxx", b"", b"", bytes(8)), 9),
        (b"{}", 0, 9, bytes(256), (b"x", b"\0\1x", b"", b""), 65_537),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: tuple[object, ...]) -> None:
    from trailwarden.decode import _scan

    with pytest.raises(ValueError, match="out of its range"):
        _scan.survey(*arguments)  # type: ignore[arg-type]


def test_a_record_without_an_end_in_lines_is_doubt() -> None:
    line = json.dumps(record(random.Random(4)), separators=(",", ":")).encode()
    assert survey(line + b"\n" + line[:-1]) is None


def test_the_exact_way_finds_the_same_in_every_real_file(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = Matcher(load_ruleset(("cis-vpc", "vpc-extended"), ()))
    files = [file for file in sorted(DATA.rglob("*")) if file.is_file()]
    surveyed = [inspect(file.read_bytes(), matcher, Limits()) for file in files]
    monkeypatch.setattr("trailwarden.decode.structure.COMPILED", False)
    assert len(files) > 200
    for file, found in zip(files, surveyed, strict=True):
        assert inspect(file.read_bytes(), matcher, Limits()) == found, file
