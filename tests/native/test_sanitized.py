"""The compiled pass, built with AddressSanitizer and UndefinedBehaviorSanitizer, over random and damaged texts."""

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
def test_no_byte_outside_is_touched(tmp_path: Path) -> None:
    assert COMPILER is not None
    module = tmp_path / "_scan.so"
    subprocess.run(
        [COMPILER, "-O1", "-g", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-I", sysconfig.get_paths()["include"],
         "-o", str(module), "src/trailwarden/decode/_scan.c"],
        cwd=ROOT, check=True, timeout=100,
    )  # fmt: skip
    runtime = subprocess.run(
        [COMPILER, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    env = {**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    run = subprocess.run(
        [sys.executable, "tests/native/fuzz.py", str(module), "6000", "1"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert "sound 6000" in run.stdout
