"""Random texts through the compiled pass, for a build with AddressSanitizer.

`python tests/native/fuzz.py SHARED_OBJECT ROUNDS SEED`
"""

from __future__ import annotations

import _hashlib
import gzip
import importlib.machinery
import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import deflate._deflate

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.native.files import HEAD, damaged, text
from trailwarden.decode import Wanted

TABLE = b'\x06\x0b"CreateVpc"'


def main(path: str, rounds: int, seed: int) -> None:
    loader = importlib.machinery.ExtensionFileLoader("_scan", path)
    spec = importlib.util.spec_from_loader("_scan", loader)
    assert spec is not None
    scan = importlib.util.module_from_spec(spec)
    loader.exec_module(scan)
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
        # A copy of its own, so that one byte beyond it is beyond the allocation.
        scan.survey(
            bytearray(data),
            first,
            chance.choice([10, 10**6]),
            b"\1" * 256,
            wanted(chance),
            chance.choice([0, 3, 4096]),
        )
        hits = sorted(chance.randrange(-5, len(data) + 5) for _ in range(chance.randrange(4)))
        scan.survey(bytearray(data), first, 10**6, bytes(256), (b"", b"", b"", b""), hits)
    print("sound", rounds)


def wanted(chance: random.Random) -> tuple[bytes, bytes, bytes, bytes]:
    if chance.random() < 0.5:
        return chance.choice([b"Vpc", b"V", b"x" * 64]), TABLE, b"", b""
    values = Wanted.of_values(b"eventName", [b"CreateVpc", b"V", b"x" * 70])
    assert values is not None
    return values


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
