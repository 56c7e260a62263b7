"""Many payloads in one call: what is said of each is what `inspect` says of it by itself, whoever its neighbours are."""

from __future__ import annotations

import ctypes
import gzip
import hashlib
import os
import random
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.files import HEAD, damaged, text
from trailwarden.decode import COMPILED, Limits, Looked, Wanted, hideable, look_at
from trailwarden.decode.payloads import can_look
from trailwarden.detection import Matcher, inspect, inspect_many, load_ruleset

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
NAMES = (b'"CreateVpc"', b'"DeleteVpc"')
UNHIDDEN = hideable(frozenset("CreateDeleteVpc"))
LIMITS = Limits()
ROUNDS = 1500

pytestmark = pytest.mark.skipif(
    not (COMPILED and can_look(digest=True)),
    reason="needs the compiled part, and libdeflate and OpenSSL where it looks for them",
)


@pytest.fixture(autouse=True, params=[False, True], ids=["widest", "avx2"])
def _instructions(request: pytest.FixtureRequest) -> Iterator[None]:
    from trailwarden.decode import _scan

    _scan.narrow(request.param)
    yield
    _scan.narrow(False)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_ruleset(("cis-vpc", "vpc-extended"), ()))


def looked(
    *payloads: bytes | memoryview, limits: Limits = LIMITS, digest: bool = False
) -> list[Looked | None]:
    wanted = Wanted.of(b"Vpc", NAMES)
    assert wanted is not None
    found = look_at(payloads, wanted, UNHIDDEN, limits, digest=digest)
    assert found is not None
    return list(found)


def test_a_view_is_looked_at_as_its_bytes_are() -> None:
    texts = [text(random.Random(seed)) for seed in range(40)]
    payloads = tuple(texts) + tuple(map(member, texts))
    views = tuple(memoryview(b"[" + payload + b"]")[1:-1] for payload in payloads)
    found = looked(*views, digest=True)
    assert found == looked(*payloads, digest=True)
    assert any(one is not None and one.cuts for one in found)
    with pytest.raises(TypeError, match="could change"):
        looked(memoryview(bytearray(b"a")))


def member(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def with_header(data: bytes, flags: int, wrong: int = 0) -> bytes:
    """A member with an extra field, in which its footer's size stands once more, and by flags with names and a checksum."""
    plain = member(data)
    extra = b"ab\x04\0" + plain[-4:]
    head = plain[:3] + bytes([flags | 4]) + plain[4:10] + len(extra).to_bytes(2, "little") + extra
    head += b"name\0" * bool(flags & 8) + b"comment\0" * bool(flags & 16)
    checksum = (zlib.crc32(head) & 0xFFFF ^ wrong).to_bytes(2, "little")
    return head + (checksum if flags & 2 else b"") + plain[10:]


FORMS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    lambda _chance, data: data,
    lambda _chance, data: member(data),
    lambda _chance, data: member(data) + member(data),
    lambda _chance, data: member(data) + b"\0" * 9,
    lambda chance, data: with_header(data, chance.randrange(256)),
    lambda _chance, data: with_header(data, 2, wrong=1),
    lambda chance, data: member(data)[: chance.randrange(1, 40)],
    lambda _chance, data: member(data)[:-4] + bytes(4),
    lambda _chance, data: member(data)[:-8] + bytes(4) + member(data)[-4:],
    lambda chance, data: damaged(chance, member(data)),
    lambda _chance, data: member(member(data)),
    lambda _chance, data: zlib.compress(data),
    lambda _chance, data: member(damaged(random.Random(len(data)), data)),
    lambda _chance, _data: b"",
    lambda _chance, _data: member(b""),
    lambda _chance, _data: b"\x1f",
    lambda _chance, _data: b"\x1f\x8b" + bytes(16),
)


def test_random_payloads_side_by_side(matcher: Matcher) -> None:
    chance = random.Random(11)
    surely = 0
    for _ in range(ROUNDS):
        payloads = [chance.choice(FORMS)(chance, text(chance)) for _ in range(chance.randrange(1, 7))]
        digest = chance.random() < 0.5
        expected = [inspect(payload, matcher, LIMITS, digest=digest) for payload in payloads]
        assert inspect_many(payloads, matcher, LIMITS, digest=digest) == expected, payloads
        surely += sum(one is not None for one in looked(*payloads))
    assert surely > ROUNDS / 5


def test_every_real_file(matcher: Matcher) -> None:
    payloads = [file.read_bytes() for file in sorted(DATA.rglob("*")) if file.is_file()]
    assert len(payloads) > 200
    payloads += [member(payload) for payload in payloads]
    expected = [inspect(payload, matcher, LIMITS, digest=True) for payload in payloads]
    assert inspect_many(payloads, matcher, LIMITS, digest=True) == expected


def test_what_it_says_of_a_sound_file() -> None:
    record = b'{"eventVersion":"1.08","userIdentity":{},"eventName":"CreateVpc","also":"DeleteVpc"}'
    other = record.replace(b"Vpc", b"Key")
    data = HEAD + b",".join((other, record, other)) + b"]}"
    (found,) = looked(member(data), digest=True)
    assert found == Looked(3, len(data), hashlib.sha256(data).hexdigest(), [(1, record)])
    assert looked(data, b"x", member(other)) == [
        found._replace(sha256=""),
        None,
        Looked(1, len(other), "", []),
    ]


@pytest.mark.parametrize(
    ("limits", "answered"),
    [
        (Limits(max_output_bytes=2_000_000), True),
        (Limits(max_output_bytes=1_999_999), False),
        (Limits(max_event_bytes=1_000_000), False),
        (Limits(max_ratio=1), False),
        (Limits(max_ratio=2**62), True),
        (Limits(max_ratio=10**30, max_output_bytes=10**30, max_event_bytes=10**30), True),
    ],
)
def test_the_limits_hold(limits: Limits, answered: bool) -> None:
    record = b'{"eventVersion":"1.08","userIdentity":{},"p":""}'
    data = record.replace(b'""', b'"' + b"x" * (2_000_000 - len(record)) + b'"')
    assert (looked(member(data), limits=limits) != [None]) is answered


def test_a_text_larger_than_what_is_looked_at_together_goes_the_other_way(matcher: Matcher) -> None:
    record = (
        b'{"eventVersion":"1.08","userIdentity":{},"eventName":"CreateVpc","p":"' + b"x" * 500_000 + b'"}'
    )
    payload = member(HEAD + b",".join([record] * 20) + b"]}")
    assert looked(payload) == [None]
    (found,) = inspect_many([payload], matcher, LIMITS)
    assert found.seen == len(found.matches) == 20


def test_more_records_cut_out_than_there_is_room_for_go_the_other_way() -> None:
    record = (
        b'{"eventVersion":"1.08","userIdentity":{},"eventName":"CreateVpc","p":"' + b"x" * 1_000_000 + b'"}'
    )
    payload = HEAD + b",".join([record] * 7) + b"]}"
    answers = looked(*[payload] * 6, b"x", payload[:100] + payload[-1:])
    assert [one is not None for one in answers[:5]] == [True, True, True, True, False]


def test_what_many_matches_took_is_not_kept_for_the_next_call() -> None:
    record = b'{"eventVersion":"1.08","userIdentity":{},"eventName":"CreateVpc","p":"%s"}' % (
        b"x" * 1_000_000
    )
    payload = HEAD + b",".join([record] * 7) + b"]}"
    looked(payload[:100])
    before = resident()
    looked(*[payload] * 4)
    assert resident() - before < 20 * 2**20  # 28 were cut out


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_letters_beyond_ascii_are_read(letters: str) -> None:
    inside = letters.encode("utf-8", "replace").translate(None, b'"\\' + bytes(range(32)))
    assert looked(b'{"eventVersion":"1.08","userIdentity":{},"p":"' + inside + b'"}') != [None]


@given(st.binary(min_size=1, max_size=12))
def test_what_is_not_utf_8_is_doubt(letters: bytes) -> None:
    inside = letters.translate(None, b'"\\' + bytes(range(32)))
    try:
        inside.decode()
    except UnicodeDecodeError:
        assert looked(b'{"eventVersion":"1.08","userIdentity":{},"p":"' + inside + b'"}') == [None]


def test_without_the_libraries_everything_goes_the_other_way(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    payloads = [member(text(random.Random(seed))) for seed in range(20)]
    expected = inspect_many(payloads, matcher, LIMITS, digest=True)
    monkeypatch.setattr("trailwarden.decode.payloads.can_look", lambda *, digest: not digest)
    assert inspect_many(payloads, matcher, LIMITS, digest=True) == expected


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a C compiler to make such a library")
def test_a_digest_that_could_not_be_made_is_no_digest(tmp_path: Path) -> None:
    from trailwarden.decode import _scan

    source, library = tmp_path / "refusing.c", tmp_path / "refusing.so"
    source.write_text("void *SHA256(const void *text, long size, void *digest) { return 0; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wno-all", "-o", library, source], check=True)
    loaded = ctypes.CDLL(str(library))
    data = b'{"eventVersion":"1.08","userIdentity":{}}'
    try:
        assert _scan.libraries(None, loaded._name) == (True, True)
        assert looked(data, digest=True) == [None]
        assert looked(data) != [None]
    finally:
        import _hashlib

        assert _scan.libraries(None, _hashlib.__file__) == (True, True)
    assert looked(data, digest=True) != [None]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([b"x"], 9, (1, 1, 1), bytes(256), (b"x", b"\0\1x", b"", b""), False), TypeError),
        ((("x",), 9, (1, 1, 1), bytes(256), (b"x", b"\0\1x", b"", b""), False), TypeError),
        (((), 9, (1, 0, 1), bytes(256), (b"x", b"\0\1x", b"", b""), False), ValueError),
        (((), 9, (1, 1, 1), bytes(255), (b"x", b"\0\1x", b"", b""), False), ValueError),
        (((), 9, (1, 1, 1), bytes(256), (b"", b"\0\1x", b"", b""), False), ValueError),
        (((), 9, (1, 1, 1), bytes(256), (b"x" * 65, b"\0\1x", b"", b""), False), ValueError),
        (((), 9, (1, 1, 1), bytes(256), (b"x", b"\0\2x", b"", b""), False), ValueError),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: tuple[object, ...], error: type[Exception]) -> None:
    from trailwarden.decode import _scan

    with pytest.raises(error):
        _scan.look(*arguments)  # type: ignore[arg-type]


def test_a_library_that_is_not_there_is_not_found() -> None:
    from trailwarden.decode import _scan

    assert _scan.libraries(None, None) == (True, True)
    try:
        assert _scan.libraries(_scan.__file__, None) == (False, True)
        with pytest.raises(RuntimeError, match="missing"):
            _scan.look((), 9, (1, 1, 1), bytes(256), (b"x", b"\0\1x", b"", b""), False)
    finally:
        import deflate._deflate

        assert _scan.libraries(deflate._deflate.__file__, None) == (True, True)
