"""The corpora: seeded log files in the layout of a bucket, written once below bench/corpus/ and kept.

Keeps: the same shape makes the same bytes. A manifest, written last, holds a hash of the shape and of the code
that made it; where that differs, or where writing was broken off, the corpus is made anew.

Next: `bench.events` for the records; `bench.figures` for what is measured over which corpus.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Final

import deflate

from bench.calls import WANTED_NAMES
from bench.draw import uuid
from bench.events import Place, Trail

HERE: Final = Path(__file__).parent
ROOT: Final = HERE / "corpus"

RECORDS_PER_FILE: Final = (
    1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 10, 10, 12, 12, 13, 13, 16, 17, 19, 20, 22, 26, 26,
    26, 29, 31, 33, 47, 51, 55, 56, 59, 63, 68, 69, 71, 84, 92, 117, 132, 149, 156, 185, 196, 222, 246, 394,
)  # fmt: skip
"""Records in each file of a real trail over 55 minutes: mean 52.7, median 20, 95th percentile 222."""

LARGE_FILE: Final = (360, 380, 400, 420, 440)
"""Half a megabyte, as the largest files have."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a corpus is like.

    records: the counts that a file's is drawn from; wanted: the share of events that match; wanted_files: the share
    of files that hold the matches (1: every file holds at least one); bodies: how many different files are made up
    before they come again with new event ids (0: each file is its own).
    """

    name: str
    files: int
    records: tuple[int, ...]
    wanted: float
    wanted_files: float
    bodies: int = 0
    seed: int = 20260304


SHAPES: Final = {
    shape.name: shape
    for shape in (
        Shape("large", 300, LARGE_FILE, wanted=0.0055, wanted_files=0.2),
        Shape("every", 300, LARGE_FILE, wanted=0.0055, wanted_files=1.0),
        Shape("small", 10_000, RECORDS_PER_FILE, wanted=0.003, wanted_files=0.2),
        Shape("endless", 4_100, LARGE_FILE, wanted=0.0055, wanted_files=0.2, bodies=40),
    )
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was written. key: of shape and code; wanted: events that match; raw, packed: bytes without, with gzip."""

    key: str
    files: int
    events: int
    wanted: int
    wanted_files: int
    raw: int
    packed: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus on disk."""

    path: Path
    manifest: Manifest

    def payloads(self) -> list[bytes]:
        """The bytes of every file, in order of path: for what is measured without the disk."""
        return [file.read_bytes() for file in sorted(self.path.rglob("*.json.gz"))]


def corpus(name: str, scale: float = 1.0, root: Path = ROOT) -> Corpus:
    """The corpus of that name, made now if it is not there. scale: of the number of files."""
    shape = SHAPES[name]
    if scale != 1:
        shape = replace(shape, name=f"{name}-{scale:g}", files=max(1, round(shape.files * scale)))
    return build(shape, root)


def build(shape: Shape, root: Path) -> Corpus:
    """Write a corpus of that shape below `root`, unless it is there."""
    path, note = root / shape.name, root / f"{shape.name}.json"
    key = _key(shape)
    if note.exists():
        manifest = Manifest(**json.loads(note.read_bytes()))
        if manifest.key == key:
            return Corpus(path, manifest)
        note.unlink()
    shutil.rmtree(path, ignore_errors=True)
    counts = [0, 0, 0, 0]
    wanted_files = 0
    with ProcessPoolExecutor() as pool:
        for written in pool.map(
            _write, repeat(shape), repeat(path), range(shape.files), chunksize=_chunk(shape)
        ):
            counts = [total + one for total, one in zip(counts, written, strict=True)]
            wanted_files += written[1] > 0
    events, wanted, raw, packed = counts
    manifest = Manifest(key, shape.files, events, wanted, wanted_files, raw, packed)
    note.write_text(json.dumps(asdict(manifest)))
    return Corpus(path, manifest)


def content(shape: Shape, number: int) -> tuple[bytes, Place]:
    """The uncompressed content of file `number`, one line as CloudTrail writes it, and where it belongs."""
    if not shape.bodies:
        return _fresh(shape, number)
    body, place = _reused(shape, number % shape.bodies)
    return b"".join(_renamed(_EVENT_ID.split(body), _rng(shape, f"ids/{number}"))), place


def _renamed(parts: list[bytes], rng: Random) -> Iterator[bytes]:
    """The parts with a new event id at each seam: other events, hence other alerts, at little cost."""
    yield parts[0]
    for part in parts[1:]:
        yield f'"eventID":"{uuid(rng)}"'.encode()
        yield part


_EVENT_ID: Final = re.compile(rb'"eventID":"[0-9a-f-]{36}"')
_WANTED: Final = re.compile('"eventName":"(?:{})"'.format("|".join(sorted(WANTED_NAMES))).encode())


def _fresh(shape: Shape, number: int) -> tuple[bytes, Place]:
    rng = _rng(shape, str(number))
    trail = Trail(rng)
    count = rng.choice(shape.records)
    # The matches sit together in some files, where their share is that much higher.
    chosen = int((number + 1) * shape.wanted_files) > int(number * shape.wanted_files)
    chance = shape.wanted / shape.wanted_files if chosen else 0.0
    wanted = [rng.random() < chance for _ in range(count)]
    if shape.wanted_files == 1 and not any(wanted):
        wanted[rng.randrange(count)] = True
    records = ",".join(trail.record(one) for one in wanted)
    return f'{{"Records":[{records}]}}'.encode(), trail.place


_reused: Final = lru_cache(maxsize=64)(_fresh)


def _write(shape: Shape, path: Path, number: int) -> tuple[int, int, int, int]:
    """Write one file; returns events, matches, bytes before and after compression."""
    text, (account, region, moment) = content(shape, number)
    # Real files look like level 6 of zlib. Where bodies are reused the files are many: the quicker compressor.
    packed = deflate.gzip_compress(text, 6) if shape.bodies else zlib.compress(text, 6, wbits=31)
    folder = path / f"AWSLogs/{account}/CloudTrail/{region}/2026/03/{moment[6:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    unique = f"{_rng(shape, f'name/{number}').getrandbits(64):016x}"
    file = folder / f"{account}_CloudTrail_{region}_{moment}_{unique}.json.gz"
    file.write_bytes(packed)
    return len(_EVENT_ID.findall(text)), len(_WANTED.findall(text)), len(text), len(packed)


def _rng(shape: Shape, purpose: str) -> Random:
    """Independent of how many files there are: a scaled corpus is the beginning of the whole one."""
    return Random(f"{shape.seed}/{shape.name.partition('-')[0]}/{purpose}")


def _chunk(shape: Shape) -> int:
    return max(1, min(100, shape.files // 8))


def _key(shape: Shape) -> str:
    digest = hashlib.sha256(repr(shape).encode())
    for name in ("calls.py", "draw.py", "sessions.py", "events.py", "corpus.py"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()
