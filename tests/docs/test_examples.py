"""Every piece of configuration in the documents is one that the program takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.docs.reference import DOCS
from trailwarden.settings import Settings

PAGES = sorted([DOCS.parent / "README.md", *DOCS.rglob("*.md")])
_FENCED = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_REST: dict[str, Any] = {
    "sources": [{"kind": "files", "name": "spool", "path": "/var/spool/cloudtrail"}],
    "sinks": [{"kind": "stdout", "name": "console"}],
}


def _examples() -> list[Any]:
    found = []
    for page in PAGES:
        for number, text in enumerate(_FENCED.findall(page.read_text(encoding="utf-8")), 1):
            document = yaml.safe_load(text)
            if isinstance(document, dict) and document.keys() <= Settings.model_fields.keys():
                found.append(pytest.param(document, id=f"{page.relative_to(DOCS.parent)}-{number}"))
    return found


def test_there_are_examples() -> None:
    assert len(_examples()) > 5


@pytest.mark.parametrize("document", _examples())
def test_an_example_is_taken(document: dict[str, Any]) -> None:
    Settings.model_validate(_REST | document)
