"""Random texts through the compiled pass, for a build with AddressSanitizer.

`python tests/native/fuzz.py SHARED_OBJECT ROUNDS SEED`
"""

from __future__ import annotations

import _hashlib
import gzip
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import deflate._deflate

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.native.files import HEAD, compiled, damaged, exact, text
from trailwarden.decode import Wanted

TABLE = b'\x06\x0b"CreateVpc"'


def main(path: str, rounds: int, seed: int) -> None:
    scan = compiled("_scan", path)
    chance = random.Random(seed)
    assert scan.libraries(deflate._deflate.__file__, _hashlib.__file__) == (True, True)
    for _ in range(rounds):
        look(scan, chance)
        data = text(chance)
        if chance.random() < 0.7:
            data = damaged(chance, data)
        if chance.random() < 0.1:
            data = HEAD + bytes(chance.choice(b'{}[]"\\V\n') for _ in range(chance.randrange(3000)))
        scan.narrow(chance.random() < 0.5)
        first = min(chance.choice([0, len(HEAD)]), len(data))
        survey(scan, chance, data, first)
        hits = sorted(chance.randrange(-5, len(data) + 5) for _ in range(chance.randrange(4)))
        scan.survey(exact(data), first, 10**6, bytes(256), (b"", b"", b"", b""), hits)
    print("sound", rounds)


def survey(scan: Any, chance: random.Random, data: bytes, first: int) -> None:
    longest, most = chance.choice([10, 10**6]), chance.choice([0, 3, 4096])
    scan.survey(exact(data), first, longest, exact(b"\1" * 256), wanted(chance), most)
    odd = tuple(exact(damaged(chance, bytes(part)) if part else b"") for part in wanted(chance))
    with suppress(ValueError, TypeError):  # what it takes for sound it must be able to use
        scan.survey(exact(data), first, longest, bytes(256), odd, most)


def wanted(chance: random.Random) -> tuple[Any, ...]:
    if chance.random() < 0.5:
        return chance.choice([b"Vpc", b"V", b"x" * 64]), exact(TABLE), b"", b""
    key = chance.choice([b"eventName", b"eventName", b"event", b"userIdentity", b"a" * 63])
    values = [b"CreateVpc", b"V", b"a", b"x" * 70, b"y" * 128, *(b"%d" % number for number in range(40))]
    found = Wanted.of_values(key, chance.sample(values, chance.randrange(1, len(values))))
    assert found is not None
    return tuple(map(exact, found))


def look(scan: Any, chance: random.Random) -> None:
    """Some payloads in one call, as files come and damaged."""
    payloads = []
    for _ in range(chance.randrange(4)):
        data = text(chance)
        if chance.random() < 0.3:
            data = damaged(chance, data)
        if chance.random() < 0.5:
            data = gzip.compress(data, 1)
        payloads.append(damaged(chance, data) if chance.random() < 0.3 else data)
    limits = (chance.choice([100, 10**9]), chance.choice([1, 10**9]), chance.choice([0, 10**6]))
    scan.look(
        tuple(payloads),
        chance.choice([10, 10**6]),
        limits,
        b"\1" * 256,
        wanted(chance),
        chance.random() < 0.5,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
