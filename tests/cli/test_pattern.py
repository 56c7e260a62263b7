"""`pattern check | test | explain`"""

from __future__ import annotations

from pathlib import Path

from tests.running import Run

LINES = (
    b'{"eventName":"DeleteVpc"}\n\n{"eventName":"CreateVpc","errorCode":"Client.X"}\n{"eventName":"Other"}\n'
)


def test_check_prints_the_canonical_form(run: Run) -> None:
    result = run("pattern", "check", "{$.eventName=DeleteVpc}")
    assert (result.code, result.out) == (0, '{ $.eventName = "DeleteVpc" }\n')


def test_check_shows_the_place_with_a_caret(run: Run) -> None:
    text = "{ $.eventName == DeleteVpc }"
    result = run("pattern", "check", text)
    assert result.code == 2
    shown, caret, said = result.err.splitlines()[:3]
    assert shown == text
    assert caret.index("^") in (text.index("=="), text.index("==") + 1)
    assert "=" in said


def test_test_prints_the_lines_and_exits_like_grep(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(LINES)
    some = run("pattern", "test", '{ $.eventName = "*Vpc" && $.errorCode NOT EXISTS }', str(file))
    assert (some.code, some.out) == (0, '{"eventName":"DeleteVpc"}\n')
    assert run("pattern", "test", "{ $.eventName = Nothing }", str(file)).code == 1
    assert run("pattern", "test", "{ $.eventName = }", str(file)).code == 2
    assert run("pattern", "test", "{ $.eventName = X }", str(tmp_path / "none")).code == 2


def test_test_reads_standard_input_and_names_a_bad_line(run: Run) -> None:
    result = run("pattern", "test", "{ $.eventName = DeleteVpc }", "-", stdin=b"{oops\n" + LINES)
    assert result.code == 2
    assert result.out == '{"eventName":"DeleteVpc"}\n'
    assert result.err.startswith("trailwarden: -:1: ")


def test_explain_shows_tree_and_needles(run: Run) -> None:
    result = run("pattern", "explain", "{ $.eventName = DeleteVpc || $.eventName = CreateVpc }")
    assert result.code == 0
    assert "DeleteVpc" in result.out
    assert "required: at least one of" in result.out
    assert "required: nothing" in run("pattern", "explain", "{ $.a NOT EXISTS }").out


def test_covers_tells_what_is_lost(run: Run) -> None:
    good = run("pattern", "covers", "--control", "5.14", "{ $.eventName = *Vpc* }")
    assert (good.code, good.out.splitlines()[0]) == (0, "4.14 / 5.14 vpc-changes: covered")
    bad = run("pattern", "covers", "{ $.eventName = DeleteVpc }", "--format", "json")
    assert bad.code == 1
    assert bad.json()["control"]["security_hub"] == "CloudWatch.14"
    assert [one["term"] for one in bad.json()["missed"]] == ['$.eventName = "DeleteVpc"']
    assert run("pattern", "covers", "{ $.readOnly = false && $.eventName = *Vpc* }").code == 3


def test_covers_takes_several_filters_and_one_control(run: Run) -> None:
    halves = ("{ $.eventName = %^DisableKey$% }", "{ $.eventName = %^ScheduleKeyDeletion$% }")
    assert run("pattern", "covers", "--control", "4.7", *halves).code == 0
    assert run("pattern", "covers", "--control", "all", "{ $.eventName = a }").code == 2
    assert run("pattern", "covers", "--control", "4.14", "{ $.eventName == a }").code == 2
