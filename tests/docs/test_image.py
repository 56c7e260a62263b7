"""What the image is made of is there when it is made: a context without one of the files breaks the build, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)


def context() -> set[str]:
    """Names at the top that `.dockerignore` lets through: all are kept out but those."""
    first, *others = (ROOT / ".dockerignore").read_text().split()
    assert first == "*"
    return {line[1:] for line in others if line.startswith("!")}


def copied() -> set[str]:
    """What the Dockerfile takes out of the context."""
    return {name for names in COPIED.findall((ROOT / "Dockerfile").read_text()) for name in names.split()}


def test_every_file_that_the_image_takes_is_in_its_context() -> None:
    assert copied() >= {"src", "setup.py"}
    for name in copied():
        assert Path(name).parts[0] in context(), f".dockerignore keeps {name} out"
        assert (ROOT / name).exists()


def test_what_the_wheel_is_made_with_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"pyproject.toml", "setup.py", project["readme"]} <= copied()


def test_what_was_compiled_here_stays_out() -> None:
    """The image compiles its own: that of another processor would be loaded in its place."""
    assert "**/*.so" in (ROOT / ".dockerignore").read_text().split()
