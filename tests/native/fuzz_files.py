"""Files that change and vanish through their compiled reading, for a build with AddressSanitizer.

`python tests/native/fuzz_files.py SHARED_OBJECT ROUNDS SEED`
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.native.files import compiled

ERRORS = (ValueError, TypeError, OverflowError, MemoryError)
SIZES = (0, 1, 2, 63, 4096, 70_000)
NUMBERS: tuple[object, ...] = (0, 1, -1, 2**22, 2**62, 2**63 - 1, -(2**63), 2**63, 2**70, "1", None, 1.5)


def main(path: str, rounds: int, seed: int) -> None:
    files = compiled("_files", path)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = furnished(root)
        over = threading.Event()
        writer = threading.Thread(target=rewritten, args=(root, random.Random(seed), over))
        writer.start()
        try:
            read = sum(one_round(files, chance, names) for _ in range(rounds))
        finally:
            over.set()
            writer.join()
    assert read > rounds / 10, read
    print("sound", rounds)


def furnished(root: Path) -> list[object]:
    for number in range(8):
        (root / f"{number}").write_bytes(bytes([number]) * SIZES[number % len(SIZES)])
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    (root / "lost").symlink_to(root / "nowhere")
    (root / "loop").symlink_to(root / "loop")
    (root / "link").symlink_to(root / "1")
    listed = [str(root / name) for name in (*map(str, range(8)), "folder", "pipe", "lost", "loop", "link")]
    return [*listed, "/dev/zero", "/proc/self/status", "/" + "x" * 5000, os.fsencode(root / "1")]


def rewritten(root: Path, chance: random.Random, over: threading.Event) -> None:
    """New contents, each of one letter, in the place of those that are there."""
    while not over.is_set():
        whole = root / "new"
        whole.write_bytes(chance.randbytes(1) * chance.choice(SIZES))
        whole.replace(root / str(chance.randrange(4)))


def one_round(files: Any, chance: random.Random, names: list[object]) -> int:
    """How many were read. What was read is of one version."""
    paths = tuple(chance.choices(names, k=chance.randrange(8)))
    if chance.random() < 0.1:
        return odd_round(files, chance, paths)
    seen = files.statuses(paths)
    versions = tuple((status[1], status[2]) if status else (chance.choice(SIZES), 0) for status in seen)
    versions = tuple((size if size < 10**6 else 5, moment) for size, moment in versions)
    found = files.contents(paths, versions)
    for content, (size, _) in zip(found, versions, strict=True):
        assert content is None or (len(content) == size and len(set(content)) <= 1)
    return sum(content is not None for content in found)


def odd_round(files: Any, chance: random.Random, paths: tuple[object, ...]) -> int:
    odd = chance.choice([(), ("a\0b",), (7,), ("\ud800",), (None,)])
    versions = [tuple(chance.choices(NUMBERS, k=chance.choice([2, 2, 2, 0, 3]))) for _ in paths + odd]
    with suppress(*ERRORS):
        files.contents(paths + odd, tuple(versions))
    with suppress(*ERRORS):
        files.statuses(paths + odd)
    return 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
