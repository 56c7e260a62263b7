"""The compiled parts, built with AddressSanitizer and UndefinedBehaviorSanitizer, over random and damaged input."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILER = shutil.which("gcc")


@pytest.mark.skipif(COMPILER is None, reason="needs gcc with libasan (apt-get install gcc)")
@pytest.mark.parametrize(
    ("source", "fuzz"),
    [
        ("decode/_scan.c", "fuzz.py"),
        ("sources/_files.c", "fuzz_files.py"),
        ("sources/_kafka_records.c", "fuzz_kafka.py"),
    ],
)
def test_no_byte_outside_is_touched(tmp_path: Path, source: str, fuzz: str) -> None:
    assert COMPILER is not None
    module = tmp_path / "compiled.so"
    subprocess.run(
        [COMPILER, "-O1", "-g", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-I", sysconfig.get_paths()["include"],
         "-o", str(module), f"src/trailwarden/{source}"],
        cwd=ROOT, check=True, timeout=100,
    )  # fmt: skip
    runtime = subprocess.run(
        [COMPILER, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    options = "detect_leaks=0:allocator_may_return_null=1"
    env = {**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": options, "PYTHONMALLOC": "malloc"}
    run = subprocess.run(
        [sys.executable, f"tests/native/{fuzz}", str(module), "6000", "1"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert "sound 6000" in run.stdout
