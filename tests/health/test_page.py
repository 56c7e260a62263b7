"""The page: self-contained, escaped, and with what a person looks for."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tests.health.conftest import Running
from tests.health.test_model import NOW, check
from trailwarden.health import Check, Coverage, Status
from trailwarden.health.page import _age, _number

VOID = {"meta", "link", "br", "img"}


class Page(HTMLParser):
    """Tags, attributes and the style of a document; raises on tags that do not fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.style = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data


async def fetched(running: Running) -> tuple[Page, str, str]:
    """The parsed page, its words, and its policy."""
    status, response, text = await running.get("/")
    assert (status, response.content_type) == (200, "text/html")
    body = text.partition("<body>")[2]
    words = re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", body)).strip()
    return Page(text), words, response.headers["Content-Security-Policy"]


async def test_it_holds_everything_itself(running: Running) -> None:
    page, _, policy = await fetched(running)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img", "iframe", "object", "form"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name in {"src", "style"} for name in attributes)
        assert not re.match(r"(?i)[a-z]+:(?!,$)|//", attributes.get("href") or "")
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert "default-src 'none'" in policy
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert ("meta", {"http-equiv": "refresh", "content": "10"}) in page.tags


async def test_it_shows_the_verdict_the_account_and_the_parts(running: Running) -> None:
    running.metrics.count_events("spool", 1_234_567, 7, 1_234_557, 3)
    running.metrics.backlog("siem", 17, 2, NOW)
    running.board.set(check("source:spool", output="running"))
    running.board.set(check("sink:siem", Status.WARN, output="503 since noon"))
    running.clock.seconds = 300
    running.board.heartbeat()
    _, words, _ = await fetched(running)
    thin = "\u202f"
    assert words.startswith("Trailwarden")
    assert "Working, with warnings sink siem 503 since noon coverage verdict unknown: not configured" in words
    assert f"1{thin}234{thin}567 seen = 7 matched + 1{thin}234{thin}557 unmatched + 3 quarantined" in words
    assert f"pass spool running 1{thin}234{thin}567 seen 7 matched 3 quarantined 5 min ago" in words
    assert "warn siem 503 since noon 17 pending 2 dead 5 min ago" in words
    assert "unknown Would the feed show every VPC change?" in words


@pytest.mark.parametrize(
    ("status", "headline"), [(Status.PASS, "All is well"), (Status.FAIL, "Something is broken")]
)
async def test_the_headline_follows_the_worst_check(running: Running, status: Status, headline: str) -> None:
    running.board.set_coverage(Coverage("verified", "all conditions hold", NOW))
    running.board.set(check("store:commit", status))
    assert headline in (await fetched(running))[1]


async def test_whatever_a_peer_says_is_text(running: Running) -> None:
    evil = "<script>alert('x')</script><style>*{}</style>\"'&"
    running.board.set(Check("source", evil, Status.WARN, NOW, observed=evil, output=evil))
    running.board.set(Check("store", evil, Status.WARN, NOW, observed=evil, unit=evil, output=evil))
    running.board.set_coverage(Coverage("gap", evil, NOW))
    page, _, _ = await fetched(running)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "*{}" not in page.style


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (0, "now"),
        (42, "42 s ago"),
        (119, "119 s ago"),
        (300, "5 min ago"),
        (7200, "2 h ago"),
        (900_000, "10 d ago"),
    ],
)
def test_ages_in_words(seconds: int, words: str) -> None:
    assert _age(NOW + timedelta(seconds=seconds), NOW) == words


def test_numbers_are_grouped() -> None:
    assert [_number(one) for one in (1234567, 1.5, True, "running")] == [
        "1\u202f234\u202f567",
        "1.5",
        "True",
        "running",
    ]
