"""Random record batches through their compiled reading, for a build with AddressSanitizer.

`python tests/native/fuzz_kafka.py SHARED_OBJECT ROUNDS SEED`
"""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path
from typing import Any

import lz4.frame._frame
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.native.files import compiled, exact


def batch(chance: random.Random) -> bytes:
    builder = DefaultRecordBatchBuilder(2, chance.choice([0, 3]), False, -1, -1, -1, 10**9)
    for offset in range(chance.randrange(6)):
        value = chance.choice(
            [None, b"", b"x", chance.randbytes(40), bytes(chance.choice([63, 17_000, 70_000]))]
        )
        headers = [("h", chance.choice([None, b"v"]))] * chance.randrange(3)
        builder.append(
            offset, timestamp=offset, key=chance.choice([None, b"k"]), value=value, headers=headers
        )
    return bytes(builder.build())


def damaged(chance: random.Random, whole: bytes) -> bytes:
    data = bytearray(whole)
    for _ in range(chance.randrange(3)):
        at = chance.randrange(21, len(data) + 1)
        if chance.random() < 0.6:
            data[at : at + 1] = bytes(
                [chance.choice([0, 1, 2, 0x7E, 0x7F, 0x80, 0xFF, chance.randrange(256)])]
            )
        else:
            del data[at : at + chance.randrange(1, 30)]
    if chance.random() < 0.9:
        data[17:21] = struct.pack(">I", calc_crc32c(bytes(data[21:])))
    return bytes(data[: chance.randrange(len(data))] if chance.random() < 0.05 else data)


def received(records: Any, chance: random.Random, data: bytes, kept: list[memoryview]) -> bytes:
    """As from a connection. kept: views of such memory, which outlive it and are written to."""
    room = records.room(len(data))
    view = memoryview(room)
    at = chance.randrange(len(data) + 1)
    view[:at] = data[:at]
    view[at:] = data[at:]
    for part in kept:
        part[:] = bytes(len(part))
    if len(kept) > 20:
        kept.clear()
    kept.append(memoryview(records.room(chance.choice([0, 1, 70_000])))[chance.randrange(2) :])
    content: bytes = room.content()
    assert content == data
    return content


def main(path: str, rounds: int, seed: int) -> None:
    records = compiled("_kafka_records", path)
    assert records.library(lz4.frame._frame.__file__)
    chance = random.Random(seed)
    read = 0
    kept: list[memoryview] = []
    shown: list[tuple[memoryview, bytes]] = []
    for _ in range(rounds):
        # Copies of their own, so that one byte beyond them is beyond the allocation.
        logs = [damaged(chance, batch(chance)) for _ in range(chance.randrange(4))]
        batches = [
            exact(log) if chance.random() < 0.7 else received(records, chance, log, kept) for log in logs
        ]
        done, chunks, ends, _, _ = records.read(
            batches, chance.choice([50, 10**6]), chance.choice([100, 10**6])
        )
        assert len(ends) == 8 * sum(number for _, number in chunks)
        assert all(bytes(view) == text for view, text in shown)
        if chance.random() < 0.1:
            shown.clear()
        shown += [
            (text, bytes(text))
            for text, _ in chunks
            if isinstance(text, memoryview) and chance.random() < 0.2
        ]
        read += done
    assert read > rounds // 4
    print("sound", rounds)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
