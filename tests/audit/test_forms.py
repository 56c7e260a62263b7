"""Every form of the report, for every situation: valid, saying the same, escaped, and masked where that is asked for."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.documents import documented, of_every_situation
from tests.audit.situations import SITUATIONS, Situation
from tests.audit.world import ACCOUNT, MANAGEMENT, World, alarm, metric_filter, trail
from tests.docs.reference import DOCS, audit_schema
from trailwarden.audit.document import AuditDocument
from trailwarden.audit.masking import Mask
from trailwarden.audit.page import rendered
from trailwarden.cli.audit_format import as_junit, as_ocsf, commands, print_audit, terraform

SCHEMA = json.loads((DOCS / "audit.schema.json").read_text(encoding="utf-8"))
HOSTILE = "<script>alert(1)</script> \"'`$(id)`${x}%{y}\x07&amp;"
EVERY = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)


class Page(HTMLParser):
    """What a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "li":
            self.links.append(dict(attrs).get("class") or "")


def plain(document: AuditDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", by_alias=True)


def masked(document: AuditDocument, *known: str) -> AuditDocument:
    return AuditDocument.model_validate({**Mask(known).value(plain(document)), "masked": True})


def forms(document: AuditDocument, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    print_audit(document)
    return {
        "table": capsys.readouterr().out,
        "json": json.dumps(plain(document)),
        "ocsf": json.dumps(as_ocsf(document, 0)),
        "junit": as_junit(document),
        "html": rendered(document),
        "commands": commands(document),
        "terraform": terraform(document),
    }


def test_the_published_schema_is_what_the_code_says() -> None:
    assert audit_schema() == SCHEMA, "write it anew: .venv/bin/python -m tests.docs.reference"


@EVERY
def test_the_document_is_of_its_schema_and_says_the_result(situation: Situation) -> None:
    document = of_every_situation()[situation.name]
    jsonschema.validate(plain(document), SCHEMA)
    assert document.result.value == situation.result
    assert document.accounts[0].controls[0].chains[0].broken == situation.broken
    assert document.summary == {"pass": 0, "unknown": 0, "fail": 0} | {situation.result: 1}


@EVERY
def test_every_form_says_the_same(situation: Situation, capsys: pytest.CaptureFixture[str]) -> None:
    document = of_every_situation()[situation.name]
    (finding,) = as_ocsf(document, 1_700_000_000_000)
    wanted = {"pass": (1, "Pass"), "fail": (3, "Fail"), "unknown": (0, "Unknown")}[situation.result]
    assert (finding["compliance"]["status_id"], finding["compliance"]["status"]) == wanted
    assert finding["cloud"]["account"]["uid"] == ACCOUNT
    suite = Xml.fromstring(as_junit(document))[0]
    assert (suite.get("failures"), suite.get("errors")) == (
        str(int(situation.result == "fail")),
        str(int(situation.result == "unknown")),
    )
    page = Page(rendered(document))
    order = ["trail", "log_group", "filter", "alarm", "topic", "subscription"]
    place = order.index(situation.broken) if situation.broken else 6
    assert all(one in ("pass", "unknown") for one in page.links[:place])
    assert page.links[place:] == ([situation.result] if situation.broken else []) + page.links[place + 1 :]
    if situation.result == "fail":
        assert set(page.links[place + 1 :]) <= {"none"}
    print_audit(document)
    assert situation.result in capsys.readouterr().out.splitlines()[-1]


@EVERY
def test_a_page_loads_nothing_and_runs_nothing(situation: Situation) -> None:
    text = rendered(of_every_situation()[situation.name])
    page = Page(text)
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form"} == set()
    assert not [
        name
        for _, attributes in page.tags
        for name in attributes
        if name in ("src", "style") or name.startswith("on")
    ]
    assert all(str(attributes.get("href", "#")).startswith("#") for _, attributes in page.tags)
    assert "url(" not in text
    assert "@import" not in text


@EVERY
def test_masked_forms_hold_no_account(situation: Situation, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = masked(of_every_situation()[situation.name], ACCOUNT)
    jsonschema.validate(plain(hidden), SCHEMA)
    for name, text in forms(hidden, capsys).items():
        assert ACCOUNT not in text, name
        assert MANAGEMENT not in text, name


async def test_hostile_names_are_but_names(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(
        trails=[trail(Name=HOSTILE)],
        filters=[metric_filter(name=HOSTILE, metric=HOSTILE)],
        alarms=[alarm(HOSTILE, HOSTILE, ActionsEnabled=False)],
    )
    document = await documented(world)
    assert document.result.value == "fail"
    found = forms(document, capsys)
    assert "<script>" not in found["html"]
    assert not [tag for tag, _ in Page(found["html"]).tags if tag == "script"]
    Xml.fromstring(found["junit"])
    assert not any("\x07" in text for text in found.values())


async def test_endpoints_are_in_no_form(capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in forms(await documented(World()), capsys).items():
        assert "somebody@example.com" not in text, name


IDS = st.from_regex(r"[0-9]{12}", fullmatch=True).filter(str.isascii)


@given(st.lists(IDS, min_size=1, max_size=4, unique=True), st.data())
def test_masking_leaves_no_id_and_keeps_them_apart(accounts: list[str], data: st.DataObject) -> None:
    inner = st.text(alphabet="0123456789:/-arnx\u0661", max_size=20)
    text = "".join(
        data.draw(inner) + data.draw(st.sampled_from(accounts)) + data.draw(inner) for _ in range(4)
    )
    mask = Mask(accounts)
    shown = mask.text(text)
    assert not any(account in shown for account in accounts)
    assert not re.search(r"(?<![0-9])[0-9]{12}(?![0-9])", shown)
    assert mask.text(text) == shown, "always in the same way"
    arns = {mask.text(f"arn:aws:sns:eu-west-1:{account}:topic") for account in accounts}
    assert len(arns) == len(accounts)
    assert all(
        re.fullmatch(r"arn:aws:sns:eu-west-1:x+[0-9]+:topic", arn) and len(arn.split(":")[4]) == 12
        for arn in arns
    )


@given(
    st.recursive(
        st.text(max_size=8) | IDS | st.integers(),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=4) | IDS, one),
    )
)
def test_masking_goes_into_everything(value: Any) -> None:
    assert not re.search(r"(?<![0-9])[0-9]{12}(?![0-9])", json.dumps(_texts(Mask().value(value))))


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return [*value, *map(_texts, value.values())]
    if isinstance(value, list):
        return [_texts(one) for one in value]
    return value if isinstance(value, str) else ""
