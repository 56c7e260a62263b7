"""`rules list | show | test`"""

from __future__ import annotations

from pathlib import Path

from tests.running import Run

MINE = """
pack: mine
title: Mine
rules:
  - id: my-rule
    title: Somebody looked at the VPCs
    severity: low
    pattern: '{ $.eventName = "DescribeVpcs" }'
    must_match: [{eventName: DescribeVpcs}]
    must_not_match: [{eventName: DescribeVpc}]
"""


def test_list_names_the_rule_of_the_control(run: Run) -> None:
    assert "cis-vpc-changes" in run("rules", "list", "--pack", "cis-vpc").out
    rows = run("rules", "list", "--format", "json").json()
    assert {"cis-vpc", "vpc-extended"} <= {row["pack"] for row in rows}


def test_show_has_pattern_and_references(run: Run) -> None:
    rule = run("rules", "show", "cis-vpc-changes", "--format", "json").json()
    assert rule["pattern"].count("$.eventName") == 11
    assert "4.14" in str(rule["references"])
    shown = run("rules", "show", "cis-vpc-changes").out
    assert "pattern: " in shown
    assert "references:\n  cis: 1.2: 3.14, " in shown


def test_show_of_an_unknown_rule(run: Run) -> None:
    result = run("rules", "show", "none")
    assert result.code == 2
    assert "rules list" in result.err


def test_test_of_rules_of_ones_own(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    assert run("rules", "test", "--rules", str(file)).out == "1 rule, 2 examples: all hold\n"
    file.write_text(
        MINE.replace(
            "must_not_match: [{eventName: DescribeVpc}]", "must_not_match: [{eventName: DescribeVpcs}]"
        )
    )
    result = run("rules", "test", "--rules", str(file))
    assert result.code == 2
    assert "my-rule" in result.err
    assert "must_not_match" in result.err
