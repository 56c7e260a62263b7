from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.sources.files_paths import path_of, readable

CASES = [
    (b"/spool/1_CloudTrail_eu-west-1.json.gz", "/spool/1_CloudTrail_eu-west-1.json.gz"),
    ("/spool/Prüfung 1.json".encode(), "/spool/Prüfung 1.json"),
    (b"/spool/a\nb", r"/spool/a\x0ab"),
    (b"/spool/\x1b[2Jgone", r"/spool/\x1b[2Jgone"),
    (b"/spool/\xff\xfe", r"/spool/\xff\xfe"),
    (b"/spool/\\xff", r"/spool/\\xff"),
    ("/spool/a\u202eb".encode(), r"/spool/a\u202eb"),
    ("/spool/\U000e0001".encode(), r"/spool/\U000e0001"),
]


@pytest.mark.parametrize(("path", "text"), CASES)
def test_examples(path: bytes, text: str) -> None:
    assert readable(os.fsdecode(path)) == text
    assert os.fsencode(path_of(text)) == path


@given(st.binary() | st.text().map(str.encode).map(lambda text: b"\\" + text))
def test_every_path_has_a_text_of_its_own(path: bytes) -> None:
    text = readable(os.fsdecode(path))
    assert os.fsencode(path_of(text)) == path
    assert text.isprintable()
    assert text.encode().decode() == text
