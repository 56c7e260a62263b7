"""Pages, links, endpoints and reasons against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.reference import DOCS, PAGES
from trailwarden.errors import Reason

ROOT = DOCS.parent
MARKDOWN = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md"), ROOT / "sample/README.md"])
MAX_LINES = 300


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), f"write it anew: .venv/bin/python -m tests.docs.reference ({name})"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_a_page_lead_to_a_heading(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            there = _headings(page.parent / target if target else page)
            assert heading in there, f"{page.name} links to {target}#{heading}, which is not there"


def _headings(page: Path) -> set[str]:
    """As they stand in links: in small letters, without punctuation, with hyphens for spaces."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_reason_is_explained() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    missing = [reason.value for reason in Reason if f"`{reason.value}`" not in text]
    assert not missing, missing


def test_files_end_before_three_hundred_lines() -> None:
    sources = [
        *ROOT.glob("src/**/*.py"),
        *ROOT.glob("tests/**/*.py"),
        *ROOT.glob("bench/*.py"),
        *ROOT.glob("demo/*.py"),
        *ROOT.glob("src/**/*.[ch]"),
    ]
    long = {str(path.relative_to(ROOT)): count for path in sources if (count := _lines(path)) > MAX_LINES}
    assert not long, long


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
