"""What is not in the language is refused at the right place, with the mend."""

from __future__ import annotations

import pytest

from trailwarden.errors import PatternError
from trailwarden.patterns import OWN_RULES, parse

MISTAKES = [
    # text, with a caret under the place, and a part of the message
    ("", "^", "empty pattern"),
    ("DeleteVpc", "^", "unstructured text pattern"),
    (" [ip, user]", " ^", "space-delimited pattern"),
    ("$.a = 1", "^", "stands in braces"),
    ("{ }", "  ^", "a condition is missing"),
    ("{ $.a = 1", "         ^", "closing brace is missing"),
    ("{ $.a = 1 } x", "            ^", "nothing may follow"),
    ("{ ($.a = 1 }", "           ^", "closing parenthesis is missing"),
    ("{ ($.a = 1", "          ^", "closing parenthesis is missing"),
    ("{ $.a = 1) }", "         ^", "never opened"),
    ("{ $.a = 1 || }", "             ^", "a condition is missing"),
    ("{ () }", "   ^", "a condition is missing"),
    ("{ $.a == b }", "      ^", '"==" is not an operator; use ='),
    ("{ $.a <> b }", "      ^", '"<>" is not an operator'),
    ("{ $.a = = b }", "        ^", "a value is missing"),
    ("{ $.a = }", "        ^", "a value is missing"),
    ("{ $.a = 'b' }", "        ^", "use double quotes"),
    ("{ 'a' = b }", "  ^", "use double quotes"),
    ("{ a = b }", "  ^", "begins with a selector"),
    ("{ $.a = $.b }", "        ^", "a selector stands on the left only"),
    ("{ $.a = b c }", "          ^", "double quotes"),
    ("{ $.a = b,c }", "         ^", "a comma is not an operator"),
    ("{ $.a = #b }", "        ^", "double quotes"),
    ("{ $.a = b+c }", "        ^", "plus sign"),
    ("{ $.a = 1 | $.b = 2 }", "          ^", "write ||"),
    ("{ $.a = 1 & $.b = 2 }", "          ^", "write &&"),
    ("{ $.a = 1 or $.b = 2 }", "          ^", "write ||"),
    ("{ $.a = 1 AND $.b = 2 }", "          ^", "write &&"),
    ('{ $.a = "b" $.b = 2 }', "            ^", "|| or && was expected"),
    ("{ NOT ($.a = b) }", "  ^", "no negation"),
    ("{ !($.a = b) }", "  ^", "no negation"),
    ("{ $.a }", "      ^", "an operator was expected"),
    ("{ $.a EXISTS }", "      ^", "EXISTS alone"),
    ("{ $.a NOT NULL }", "      ^", "only EXISTS may follow"),
    ("{ $.a IS NOT NULL }", "         ^", "IS NOT is not in the language"),
    ("{ $.a IS EMPTY }", "         ^", 'write = ""'),
    ('{ $.a IS "x" }', "         ^", "NULL, TRUE or FALSE"),
    ("{ $.a[0]IS NULL }", "        ^", "a blank is missing"),
    ("{ $.a IN (b) }", "      ^", "joined by ||"),
    ("{ $.a LIKE b }", "      ^", "with wildcards"),
    ("{ $.a : b }", "      ^", "write = instead of :"),
    ("{ $.a ! b }", "      ^", "write !="),
    ("{ $.a > b }", "        ^", "> compares numbers"),
    ('{ $.a <= "5" }', "         ^", "without quotes"),
    ("{ $.a = 1e12345 }", "        ^", "exponent"),
    # selectors
    ("{ $a = 1 }", "  ^", 'starts with "$."'),
    ("{ $[0] = 1 }", "  ^", 'starts with "$."'),
    ("{ $. = 1 }", "    ^", "property name was expected"),
    ('{ $."a b" = 1 }', "    ^", "$.['name']"),
    ("{ $.[0] = 1 }", "    ^", "no period"),
    ("{ $.['a = 1 }", "    ^", "not closed"),
    ("{ $.a[-1] = 1 }", "     ^", "negative index"),
    ('{ $.a["b"] = 1 }', "     ^", "single quotes"),
    ("{ $.a['b = 1 }", "     ^", "not closed"),
    ("{ $.a[b] = 1 }", "     ^", "an index [0]"),
    ("{ $.a[1234567890] = 1 }", "     ^", "nine digits"),
    ("{ $.a* = 1 }", "     ^", "a whole step"),
    # texts and regexes
    ('{ $.a = "b }', "        ^", "double quote is missing"),
    (r'{ $.a = "\*" }', "         ^", r"%\*%"),
    (r'{ $.a = "\n" }', "         ^", "only escapes"),
    ("{ $.a = %b }", "        ^", "percent sign is missing"),
    ("{ $.a = %% }", "         ^", "an empty regex"),
    ("{ $.a = %b|% }", "           ^", "alternative is empty"),
    ("{ $.a = %(b)% }", "         ^", "no groups"),
    (r"{ $.a = %\(b% }", "          ^", r"\x28"),
    ("{ $.a = %b!% }", "          ^", r"write \x21"),
    ("{ $.a = %é% }", "         ^", "multi-byte"),
    ("{ $.a = %*b% }", "         ^", "nothing before"),
    ("{ $.a = %b**% }", "           ^", "cannot follow a count"),
    ("{ $.a = %b{x}% }", "          ^", "{m,n}"),
    ("{ $.a = %b{1001}% }", "          ^", "up to 1000"),
    ("{ $.a = %b{99999999999}% }", "          ^", "up to 1000"),
    ("{ $.a = %b{3,2}% }", "          ^", "ends before it begins"),
    ("{ $.a = %b{600}c{600}% }", "         ^", "too large"),
    ("{ $.a = %b^% }", "          ^", "at the start of an alternative"),
    ("{ $.a = %$b% }", "          ^", "at the end of an alternative"),
    ("{ $.a = %b}% }", "          ^", r"write \}"),
    ("{ $.a = %[b% }", "         ^", "not closed"),
    ("{ $.a = %[]% }", "         ^", "class is empty"),
    ("{ $.a = %[a[b]% }", "           ^", r"write \["),
    ("{ $.a = %[z-a]% }", "          ^", "ends before it begins"),
    (r"{ $.a = %[\d-z]% }", "          ^", "a range goes from"),
    (r"{ $.a = %\1% }", "         ^", "back-references"),
    (r"{ $.a = %\b% }", "         ^", "not in the subset"),
    (r"{ $.a = %\x2% }", "         ^", "two hexadecimal digits"),
    (r"{ $.a = %b\% }", "          ^", r"\x25"),
]


@pytest.mark.parametrize(("text", "caret", "part"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_refusal_shows_the_place_and_the_mend(text: str, caret: str, part: str) -> None:
    with pytest.raises(PatternError) as refused:
        parse(text)
    shown, under, message = refused.value.render().split("\n")
    assert (shown, under) == (text, caret)
    assert part in message


LIMITED = [
    ('{ $.a = "' + "x" * 1013 + '" }', 1024, "1024 are allowed"),
    ("{ " + "(" * 33 + "$.a = 1" + ")" * 33 + " }", 34, "32 levels"),
    ("{ $.a = %a% || $.a = %b% || $.a = %c% }", 34, "2 regexes"),
    ("{ $.a[*].* = 1 }", 2, "1 wildcard"),
    ("{ $.*=1||$.*=2||$.*=3||$.*=4 }", 23, "3 selectors with a wildcard"),
]


@pytest.mark.parametrize(("text", "position", "part"), LIMITED, ids=[part for _, _, part in LIMITED])
def test_limits_of_cloudwatch(text: str, position: int, part: str) -> None:
    with pytest.raises(PatternError, match=part) as refused:
        parse(text)
    assert refused.value.position == position


@pytest.mark.parametrize("text", [text for text, _, _ in LIMITED], ids=[part for _, _, part in LIMITED])
def test_rules_of_our_own_may_be_larger(text: str) -> None:
    parse(text, OWN_RULES)


def test_rules_of_our_own_are_bounded() -> None:
    for text in (
        '{ $.a = "' + "x" * 20_000 + '" }',
        "{ " + "(" * 65 + "$.a=1" + ")" * 65 + "}",
        "{ $.*.*.* = 1 }",
    ):
        with pytest.raises(PatternError):
            parse(text, OWN_RULES)


def test_exactly_at_the_limits() -> None:
    parse('{ $.a = "' + "x" * 1012 + '" }')
    parse("{ " + "(" * 32 + "$.a = 1" + ")" * 32 + " }")
    parse("{ ($.a = %a% || $.a = %b%) && ($.*=1||$.*=2||$.a[*]=3) }")
    parse("{ $.a = %b{500}c{500}% }")
