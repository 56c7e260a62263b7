"""Loading rules: what is wrong is refused with its place, and no rule is loaded that does not do what it says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pydantic import ValidationError

from trailwarden.detection import Rule, load_file, load_pack, load_ruleset
from trailwarden.detection import rule as rule_module
from trailwarden.detection.loading import MAX_BYTES
from trailwarden.errors import ConfigError, RuleError
from trailwarden.model import EventData

GOOD = """
pack: mine
title: Mine
rules:
  - id: one
    title: One
    severity: low
    pattern: '{ $.eventName = "One" }'
    must_match: [{eventName: One}]
    must_not_match: [{eventName: Two}]
"""


def load(folder: Path, text: str | bytes) -> tuple[Rule, ...]:
    file = folder / "rules.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_file(file)


def test_a_good_file(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, GOOD)
    assert (rule.id, rule.pack, rule.severity.rank) == ("one", "mine", 2)
    assert rule.must_match == ({"eventName": "One"},)


def test_rules_do_not_change(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.id = "two"  # type: ignore[misc]  # what is tested
    with pytest.raises(ValidationError):
        rule.references.cis = ("9.9",)  # type: ignore[misc]  # what is tested
    assert len({rule, rule}) == 1, "a rule can be a key"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a mapping with pack, title and rules"),
        ("- a\n", "must be a mapping with pack, title and rules"),
        ("pack: [", "not YAML that can be used: line"),
        (GOOD.replace("title: Mine", "title: Mine: yours"), "line 3, column 12"),
        (GOOD + "extra: 1\n", "extra: unknown key; known here: description, pack, rules, title, version"),
        (GOOD.replace("severity:", "severty:"), "rule one: rules[0].severty: unknown key; did you mean 'severity'?"),
        (GOOD.replace("severity: low", "severity: loud"), "rule one: rules[0].severity"),
        (GOOD.replace("id: one", "id: One"), "rules[0].id"),
        (GOOD.replace("id: one", "id: " + "x" * 65), "rules[0].id"),
        (GOOD.replace("id: one", "id: 7"), "rules[0].id"),
        (GOOD.replace("    title: One\n", ""), "rule one: rules[0].title: is missing"),
        (GOOD.replace("    title: One\n", "").replace("severity: low", "severity: no"), "(and 1 more)"),
        (GOOD.replace("[{eventName: One}]", "[]"), "rule one: rules[0].must_match"),
        (GOOD.replace("[{eventName: One}]", "[One]"), "rule one: rules[0].must_match[0]"),
        (GOOD.replace("must_match: [{eventName: One}]", "must_match: [{eventName: Ono}]"), "must_match[0] is not selected"),
        (GOOD.replace("eventName: Two", "eventName: One"), "must_not_match[0] is selected"),
        (GOOD.replace('= "One"', '== "One"'), "rule one: pattern: character 15, after '{ $.eventName':"),
        (GOOD.replace("'{ $.eventName", "'[ $.eventName"), "rule one: pattern: character 1, at the beginning:"),
        (GOOD.replace("    severity: low", "    severity: low\n    severity: high"), "'severity' is there twice"),
        (GOOD.replace("{eventName: One}", "{a: 1, eventName: One, a: 2}"), "'a' is there twice"),
        (GOOD.replace("{eventName: One}", "{1: One}"), "a key that is not text"),
        (GOOD.replace("{eventName: One}", "{[a]: One}"), "a key that is not text"),
        ("a: &a [x]\nb: *a\n", "line 1, column 4: anchors and aliases are not allowed"),
        (GOOD + GOOD.split("rules:\n")[1], "rule one: two rules have this id"),
        ("rules: " + "[" * 65 + "]" * 65, "nested deeper than 64 levels"),
        ("rules: " + "[" * 200_000, "nested deeper than 64 levels"),
        ("!!python/object/apply:os.system ['true']", "tags are not allowed"),
        ("title: !!binary aGk=", "tags are not allowed"),
        (GOOD + "---\n" + GOOD, "not YAML that can be used"),
        (b"title: \xff\xfe", "save it as UTF-8"),
        (b"title: \x00", "not YAML that can be used"),
        ("x" * (MAX_BYTES + 1), "larger than"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
    assert "rules.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConfigError)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("true", True), ("null", None), ("~", None), ("", None),
        ("2024-05-01T09:00:01Z", "2024-05-01T09:00:01Z"), ("2024-05-01", "2024-05-01"), ("012345678901", "012345678901"),
        ("12:30:45", "12:30:45"), ("0x10", "0x10"), ("1_000", "1_000"), ("123456789012", 123456789012), ("-7", -7),
        ("1.5", 1.5), ("1e3", 1000.0), (".inf", ".inf"), (".5", ".5"), ("<<", "<<"), ("'true'", "true"), ("=", "="),
        ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_an_example_holds_what_its_json_would_hold(tmp_path: Path, written: str, value: object) -> None:
    (rule,) = load(tmp_path, GOOD.replace("{eventName: One}", f"{{eventName: One, value: {written}}}"))
    found = rule.must_match[0]["value"]
    assert found == value
    assert type(found) is type(value)


def test_blanks_within_quotes_belong_to_the_pattern(tmp_path: Path) -> None:
    text = GOOD.replace('"One"', '"One  Two"').replace("[{eventName: One}]", "[{eventName: One  Two}]")
    (rule,) = load(tmp_path, text)
    assert rule.pattern == '{ $.eventName = "One  Two" }'


def test_both_evaluators_must_agree_with_every_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(pattern: object, event: EventData) -> bool:
        return True

    monkeypatch.setattr(rule_module, "evaluate", always)
    with pytest.raises(RuleError, match=r"must_not_match\[0\]: predicate and reference disagree"):
        load(tmp_path, GOOD)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read: No such file"):
        load_file(tmp_path / "none.yaml")
    with pytest.raises(RuleError, match="cannot be read: Is a directory"):
        load_file(tmp_path)


def test_an_unknown_pack_names_the_nearest_and_the_known_ones() -> None:
    with pytest.raises(RuleError, match="did you mean 'cis-vpc'"):
        load_pack("cis-vcp")
    with pytest.raises(
        RuleError, match="the packs are cis-vpc, vpc-extended, vpc-neighbours, trail-tampering"
    ):
        load_pack("../../etc/passwd")


def test_ids_are_unique_over_packs_and_files(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.replace("id: one", "id: cis-vpc-changes"))
    with pytest.raises(RuleError, match="pack cis-vpc and in pack mine; rename one"):
        load_ruleset(("cis-vpc",), (file,))
    assert len(load_ruleset(("cis-vpc", "cis-vpc"))) == 1
