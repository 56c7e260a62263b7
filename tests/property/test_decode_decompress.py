"""decompress ∘ compress = identity, however the content is cut into members; damage ends in a DecodeError or in less."""

from __future__ import annotations

import gzip
import zlib

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decode.taking import LIMITS
from trailwarden.decode import Content, decompress
from trailwarden.errors import DecodeError, Reason

OF_BYTES = {
    Reason.EMPTY,
    Reason.CORRUPT,
    Reason.TRUNCATED,
    Reason.TOO_LARGE,
    Reason.RATIO_EXCEEDED,
    Reason.TRAILING_DATA,
    Reason.TOO_DEEP,
}
blobs = st.binary(max_size=300) | st.builds(
    lambda unit, times: unit * times, st.binary(max_size=4), st.integers(0, 900)
)
contents = st.lists(blobs, min_size=1, max_size=4)


def _raw_gzip(level: int) -> zlib._Compress:
    return zlib.compressobj(level, zlib.DEFLATED, 31)


def _attempt(payload: bytes) -> Content | Reason:
    try:
        return decompress(payload, LIMITS)
    except DecodeError as fault:
        return fault.reason


@st.composite
def packed(draw: st.DrawFn) -> tuple[bytes, list[bytes], list[bytes]]:
    """Members of one codec, together; each member; the content of each. No content is a compressed one itself."""
    parts = [b"{" + part for part in draw(contents)]
    level = draw(st.integers(0, 9))
    if draw(st.booleans()):
        members = []
        for part in parts:
            packer = _raw_gzip(level)
            members.append(packer.compress(part) + packer.flush())
    else:
        sized, checked = draw(st.booleans()), draw(st.booleans())
        pack = zstandard.ZstdCompressor(level=level + 1, write_content_size=sized, write_checksum=checked)
        members = [pack.compress(part) for part in parts]
    return b"".join(members), members, parts


@settings(deadline=None)
@given(packed())
def test_all_of_it_comes_back(case: tuple[bytes, list[bytes], list[bytes]]) -> None:
    payload, _members, parts = case
    content = decompress(payload, LIMITS)
    assert content.data == b"".join(parts)
    assert (content.trailing, content.compressed) == (None, True)


@settings(deadline=None)
@given(packed(), st.integers(1, 3))
def test_layers_come_off(case: tuple[bytes, list[bytes], list[bytes]], layers: int) -> None:
    payload, _members, parts = case
    for _ in range(layers):
        payload = gzip.compress(payload)
    assert decompress(payload, LIMITS).data == b"".join(parts)


@settings(deadline=None)
@given(packed(), st.data())
def test_of_a_cut_payload_the_whole_members_come_back(
    case: tuple[bytes, list[bytes], list[bytes]], data: st.DataObject
) -> None:
    payload, members, parts = case
    cut = payload[: data.draw(st.integers(len(members[0]), len(payload)))]
    whole, size = b"", 0
    for member, part in zip(members, parts, strict=True):
        size += len(member)
        whole += part if size <= len(cut) else b""
    content = decompress(cut, LIMITS)
    assert content.data == whole
    rest = content.trailing.raw if content.trailing else b""
    assert cut.endswith(rest)
    assert bool(rest) == (cut not in [b"".join(members[:number]) for number in range(len(members) + 1)])


@settings(deadline=None)
@given(packed(), st.data())
def test_a_changed_byte_costs_no_member_before_it(
    case: tuple[bytes, list[bytes], list[bytes]], data: st.DataObject
) -> None:
    payload, members, parts = case
    place = data.draw(st.integers(0, len(payload) - 1))
    changed = bytearray(payload)
    changed[place] ^= data.draw(st.integers(1, 255))
    before, size = b"", 0
    for member, part in zip(members, parts, strict=True):
        size += len(member)
        before += part if size <= place else b""
    content = _attempt(bytes(changed))
    assert (content.data if isinstance(content, Content) else b"").startswith(before)


@settings(deadline=None)
@given(
    st.sampled_from(
        [b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"]
    ),
    blobs,
)
def test_nothing_but_a_decode_error_is_raised(magic: bytes, data: bytes) -> None:
    content = _attempt(magic + data)
    assert content in OF_BYTES or (isinstance(content, Content) and content.data)
