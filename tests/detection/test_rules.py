"""Loading rules: what is wrong is refused with its place, and no rule is loaded that does not do what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from trailwarden.detection import load_file, load_pack, load_ruleset
from trailwarden.errors import RuleError

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


def load(folder: Path, text: str) -> tuple[object, ...]:
    file = folder / "rules.yaml"
    file.write_text(text)
    return load_file(file)


def test_a_good_file(tmp_path: Path) -> None:
    (rule,) = load_file_of(tmp_path)
    assert (rule.id, rule.pack, rule.severity.rank) == ("one", "mine", 2)


def load_file_of(folder: Path):  # type: ignore[no-untyped-def]  # the inferred tuple of rules is what is wanted
    file = folder / "rules.yaml"
    file.write_text(GOOD)
    return load_file(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Input should be a valid"),
        ("pack: [", "not YAML that can be used: line"),
        (GOOD + "extra: 1\n", "extra: unknown key"),
        (GOOD.replace("severity:", "severty:"), "rules[0].severty: unknown key; did you mean 'severity'?"),
        (GOOD.replace("severity: low", "severity: loud"), "rules[0].severity"),
        (GOOD.replace("id: one", "id: One"), "rules[0].id"),
        (GOOD.replace("    title: One\n", ""), "rules[0].title: is missing"),
        (GOOD.replace("[{eventName: One}]", "[]"), "rules[0].must_match"),
        (GOOD.replace("must_match: [{eventName: One}]", "must_match: [{eventName: Ono}]"), "must_match[0] is not selected"),
        (GOOD.replace("eventName: Two", "eventName: One"), "must_not_match[0] is selected"),
        (GOOD.replace('= "One"', '== "One"'), "rule one: the pattern is not in the language"),
        (GOOD.replace("    severity: low", "    severity: low\n    severity: high"), "'severity' is there twice"),
        ("a: &a [x]\nb: *a\n", "aliases are not allowed"),
        (GOOD + GOOD.split("rules:\n")[1], "two rules have the id one"),
        ("rules: " + "[" * 2000, "not YAML that can be used"),
        ("!!python/object/apply:os.system ['true']", "not YAML that can be used"),
        ("x" * 1_100_000, "larger than"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
    assert "rules.yaml" in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read: No such file"):
        load_file(tmp_path / "none.yaml")


def test_an_unknown_pack_names_the_known_ones() -> None:
    with pytest.raises(RuleError, match="cis-vpc, vpc-extended"):
        load_pack("cis")


def test_ids_are_unique_over_packs_and_files(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.replace("id: one", "id: cis-vpc-changes"))
    with pytest.raises(RuleError, match="ids tell rules apart"):
        load_ruleset(("cis-vpc",), (file,))
