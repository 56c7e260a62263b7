"""Rules of every kind beside each other: what the compiled parts say of a file is what the exact way says of it."""

from __future__ import annotations

import gzip
import random

import pytest

from tests.native.files import damaged, spans, text
from trailwarden.decode import COMPILED, Limits
from trailwarden.detection import Inspection, Matcher, inspect, inspect_many
from trailwarden.detection.rule import OWN_RULES, Rule
from trailwarden.model.severity import Severity
from trailwarden.patterns import parse

pytestmark = pytest.mark.skipif(
    not COMPILED, reason="the compiled pass was not built: it needs a C compiler, x86-64 and AVX2"
)

SELECTORS = ("$.eventName", "$.eventName", "$.eventName", "$.a", "$.k.eventName", "$.eventName.k", "$.a[0]")
VALUES = ("CreateVpc", "Vpc", "V", "a", "x" * 70, "[]{}", "_Yy", "é", r"\"DeleteVpc\"", "a/b", "y" * 128)
LIMITS = Limits()
ROUNDS = 400


def comparison(chance: random.Random, plain: bool) -> str:
    selector, value = chance.choice(SELECTORS), chance.choice(VALUES)
    if plain:
        return f'$.eventName = "{chance.choice(VALUES[:5])}"'
    kinds = (
        f'{selector} = "{value}"',
        f'{selector} = "{value}"',
        f'{selector} = "{value[:2]}*"',
        f'{selector} != "{value}"',
        f"{selector} NOT EXISTS",
        f"{selector} IS NULL",
        f"{selector} = 0",
    )
    return chance.choice(kinds[: chance.choice([2, 3, 7])])


def ruleset(chance: random.Random) -> Matcher:
    """Of equal names alone, or with others among them."""
    plain = chance.random() < 0.4
    rules = []
    for number in range(chance.randrange(1, 6)):
        terms = [f"({comparison(chance, plain)})" for _ in range(chance.randrange(1, 4))]
        pattern = "{ " + chance.choice([" || ", " || ", " && "]).join(terms) + " }"
        parsed = parse(pattern, OWN_RULES)
        rules.append(Rule(f"r{number}", "title", Severity("low"), pattern, parsed, "pack"))
    return Matcher(rules)


def respelled(chance: random.Random, data: bytes) -> bytes:
    """With a letter of a name, or of a key, as the escape that stands for it."""
    old, new = chance.choice([(b"Vpc", rb"\u0056pc"), (b"Name", rb"\u004eame"), (b'"a"', rb'"\u0061"')])
    return data.replace(old, new)


def found(one: Inspection) -> list[tuple[bytes, list[str]]]:
    return [(match.event.raw, [rule.id for rule in match.rules]) for match in one.matches]


def test_rules_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(12)
    matches = surely = 0
    for _ in range(ROUNDS):
        matcher = ruleset(chance)
        texts = [text(chance) for _ in range(6)]
        texts = [respelled(chance, one) if chance.random() < 0.2 else one for one in texts]
        texts = [damaged(chance, one) if chance.random() < 0.2 else one for one in texts]
        payloads = [gzip.compress(one, 1) if chance.random() < 0.5 else one for one in texts]
        said = inspect_many(payloads, matcher, LIMITS, digest=True)
        alone = [inspect(payload, matcher, LIMITS, digest=True) for payload in payloads]
        looked = matcher.look(tuple(payloads), LIMITS, digest=True) or ()
        surely += sum(one is not None for one in looked)
        with monkeypatch.context() as patch:
            patch.setattr("trailwarden.decode.structure.COMPILED", False)
            exactly = [inspect(payload, matcher, LIMITS, digest=True) for payload in payloads]
        for one, *ways in zip(texts, exactly, said, alone, strict=True):
            sound = spans(one) is not None  # what is no JSON may lie in a record that nobody looks at
            for way in ways[1:]:
                assert found(way) == found(ways[0]), one
                assert way == ways[0] or not sound, one
        matches += sum(len(one.matches) for one in said)
    assert matches > ROUNDS
    assert surely > ROUNDS
