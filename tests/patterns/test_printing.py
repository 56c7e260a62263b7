"""The canonical form and the explanation, by example."""

from __future__ import annotations

import pytest

from trailwarden.patterns import OWN_RULES, explain, parse, to_text
from trailwarden.patterns.syntax import And, Name, NotExists, Or, Selector

CANONICAL = [
    ("{$.eventName=DeleteVpc}", '{ $.eventName = "DeleteVpc" }'),
    ("{((($.a=1)))}", "{ $.a = 1 }"),
    ("{$.a=1||$.b=2&&$.c=3}", "{ $.a = 1 || ($.b = 2 && $.c = 3) }"),
    ("{($.a=1||$.b=2)||$.c=3}", "{ $.a = 1 || $.b = 2 || $.c = 3 }"),
    ("{($.a=1||$.b=2)&&$.c=3}", "{ ($.a = 1 || $.b = 2) && $.c = 3 }"),
    (r'{$.a="x\"\\"}', r'{ $.a = "x\"\\" }'),
    ("{$.['a'].['b c'][007].x[*]!=%x|y%}", "{ $.a.['b c'][7].x[*] != %x|y% }"),
    ("{$.a['b']=+1.50E3}", "{ $.a.b = +1.50E3 }"),
    ("{\n$.a\tis  null && $.b not exists}", "{ $.a IS NULL && $.b NOT EXISTS }"),
    ("{$.['*']=1}", "{ $.['*'] = 1 }"),
    ("{$.['']=1}", "{ $.[''] = 1 }"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical_form(text: str, canonical: str) -> None:
    assert to_text(parse(text)) == canonical
    assert to_text(parse(canonical)) == canonical


def test_the_canonical_form_of_the_largest_patterns_is_read_back() -> None:
    deep = "$.a=1"
    for _ in range(32):
        deep = f"({deep}&&$.a=1||$.b=2)"
    wide = "||".join(["$.a=b"] * 146)
    for text in ("{" + deep + "}", "{" + wide + "}"):
        pattern = parse(text)
        assert parse(to_text(pattern), OWN_RULES) == pattern


def test_explanation() -> None:
    names = '($.eventName = "*Vpc" || $.eventName = %^Del%)'
    text = f'{{ {names} && $.errorCode NOT EXISTS && $.items[*] != "x" && $.n >= 5 && $.f IS TRUE }}'
    assert explain(parse(text)).splitlines() == [
        "all of",
        "  any of",
        '    $.eventName is a text like "*Vpc"',
        "    $.eventName is a text with a part like %^Del%",
        "  $.errorCode is absent",
        '  $.items[*] is present and not the text "x" (for some value there)',
        "  $.n is at least the number 5",
        "  $.f is the constant true",
    ]


@pytest.mark.parametrize("kind", [And, Or])
def test_a_tree_has_no_redundant_node(kind: type[And] | type[Or]) -> None:
    term = NotExists(Selector((Name("a"),)))
    with pytest.raises(ValueError, match="two or more terms"):
        kind((term,))
    with pytest.raises(ValueError, match="own kind"):
        kind((term, kind((term, term))))
