"""Which needles a pattern has, by example. That they are right for every event is a property (tests/property)."""

from __future__ import annotations

import pytest

from trailwarden.patterns import Needle, parse, required_needles


def _needles(*needles: tuple[str | None, str | None, str]) -> frozenset[Needle]:
    """key, text, and which ends are fixed: "^" the start, "$" the end."""
    return frozenset(Needle(key, text, "^" in ends, "$" in ends) for key, text, ends in needles)


EXAMPLES = [
    ("{ $.eventName = DeleteVpc }", _needles(("eventName", "DeleteVpc", "^$"))),
    ("{ $.eventName = Delete* }", _needles(("eventName", "Delete", "^"))),
    ("{ $.eventName = *Vpc }", _needles(("eventName", "Vpc", "$"))),
    ("{ $.eventName = *Vpc* }", _needles(("eventName", "Vpc", ""))),
    ("{ $.eventName = De*Vpc }", _needles(("eventName", "Vpc", "$"))),
    ("{ $.eventName = Del*Vpc }", _needles(("eventName", "Del", "^"))),
    (r'{ $.eventName = "a\"b\\" }', _needles(("eventName", 'a"b\\', "^$"))),
    ('{ $.f = "" }', _needles(("f", "", "^$"))),
    ("{ $.a.['b c'] = x }", _needles(("b c", "x", "^$"))),
    # a key only where it stands next to its value
    ("{ $.arr[0] = xyz }", _needles((None, "xyz", "^$"))),
    ("{ $.arr[*] = xyz }", _needles((None, "xyz", "^$"))),
    ("{ $.a.* = xyz }", _needles((None, "xyz", "^$"))),
    ("{ $.a[*].b = xyz }", _needles(("b", "xyz", "^$"))),
    # presence, where nothing can be said about the text
    ('{ $.f != "x" }', _needles(("f", None, ""))),
    ("{ $.f > 5 }", _needles(("f", None, ""))),
    ("{ $.f IS NULL }", _needles(("f", None, ""))),
    ('{ $.a.f[0][*] != "x" }', _needles(("f", None, ""))),
    ('{ $.* != "x" }', None),
    ("{ $.f NOT EXISTS }", None),
    # texts that could also be spellings of something else
    *(
        (f"{{ $.f = {text} }}", _needles(("f", None, "")))
        for text in ("5", '"5"', "5*", "*.5*", "1*e*", "0x1F")
    ),
    *(
        (f"{{ $.f = {text} }}", _needles(("f", None, "")))
        for text in ("null", "true", "f*e", "*ul*", "NaN", "*", "I*")
    ),
    *(
        (f"{{ $.f = {text} }}", _needles(("f", text.strip("*"), "^")))
        for text in ("10.0.*", "vpc-*", "5a*", "nulls*", "1.2.*")
    ),
    ("{ $.f = 2011-* }", _needles(("f", None, ""))),
    ("{ $.f = 2011-01-01* }", _needles(("f", None, ""))),
    ("{ $.f = 2011-01-01T* }", _needles(("f", "2011-01-01T", "^"))),
    # regexes: only a plain text gives one
    ("{ $.f = %Vpc% }", _needles(("f", "Vpc", ""))),
    ("{ $.f = %^CreateVpc$|^DeleteVpc$% }", _needles(("f", "CreateVpc", "^"), ("f", "DeleteVpc", "^"))),
    (r"{ $.f = %x{3}\.\x2f$% }", _needles(("f", "xxx./", ""))),
    ("{ $.f = %Vpc|Subnets?% }", _needles(("f", None, ""))),
    ("{ $.f = %V.c% }", _needles(("f", None, ""))),
    ("{ $.f = %10% }", _needles(("f", None, ""))),
    ("{ $.f = %ru% }", _needles(("f", None, ""))),
    ("{ $.f = %^$% }", _needles(("f", None, ""))),
    ("{ $.f != %Vpc% }", _needles(("f", None, ""))),
    ("{ $.*[0] = %Vpc% }", _needles((None, "Vpc", ""))),
    ("{ $.*[0] = %V.c% }", None),
    # or: all of them; one arm without leaves the whole without
    ("{ $.f = abc || $.g = def }", _needles(("f", "abc", "^$"), ("g", "def", "^$"))),
    ("{ $.f = abc || $.g NOT EXISTS }", None),
    # and: the most selective
    ("{ $.f = abc && $.g NOT EXISTS }", _needles(("f", "abc", "^$"))),
    ("{ $.f NOT EXISTS && $.g NOT EXISTS }", None),
    ("{ $.f = abc && $.gggggggg IS NULL }", _needles(("f", "abc", "^$"))),
    ("{ $.f = abc && $.g = defg }", _needles(("g", "defg", "^$"))),
    ("{ $.f = abc && $.g = defgh* }", _needles(("f", "abc", "^$"))),
    (
        "{ $.eventSource = ec2.amazonaws.com && $.eventName = DeleteVpc }",
        _needles(("eventName", "DeleteVpc", "^$")),
    ),
    ("{ $.f = abcd && ($.g = efghijk || $.h = lm) }", _needles(("f", "abcd", "^$"))),
    ("{ $.f = abcd && ($.f = abcd || $.g = efghijk) }", _needles(("f", "abcd", "^$"))),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_required_needles(text: str, expected: frozenset[Needle] | None) -> None:
    assert required_needles(parse(text)) == expected


def test_needles_have_an_order_also_without_a_key_or_a_text() -> None:
    ordered = [
        Needle(None, "a", whole_start=False, whole_end=False),
        Needle("a", None, whole_start=False, whole_end=False),
        Needle("a", "b", whole_start=False, whole_end=True),
        Needle("a", "b", whole_start=True, whole_end=False),
    ]
    backwards = ordered[::-1]
    assert sorted(backwards) == ordered
    assert ordered[0] < ordered[1] <= ordered[2]


DESCRIPTIONS = [
    (Needle("f", "a", whole_start=True, whole_end=True), 'a member "f" that is the text "a"'),
    (Needle("f", "a", whole_start=True, whole_end=False), 'a member "f" that begins with the text "a"'),
    (Needle(None, 'a"', whole_start=False, whole_end=True), r'any value that ends with the text "a\""'),
    (Needle("f", "a", whole_start=False, whole_end=False), 'a member "f" that contains the text "a"'),
    (Needle("f", None, whole_start=False, whole_end=False), 'a member "f"'),
]


@pytest.mark.parametrize(("needle", "words"), DESCRIPTIONS)
def test_description(needle: Needle, words: str) -> None:
    assert needle.describe() == words
