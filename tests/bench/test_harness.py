"""The harness counts right, says so when contestants disagree, and keeps results as promised. No times are asserted."""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.corpus import Corpus, Manifest, Shape, build
from bench.figures import MEASURES, TARGETS, Target
from bench.matching import Disagreement, agreed
from bench.memory import Curve, watched
from bench.report import merged, steps_table, table
from bench.rivals import decompressors, naive
from bench.setting import Figure
from bench.timing import Rounds, in_turns


def test_everybody_takes_a_turn_in_each_round_and_the_first_changes() -> None:
    order: list[str] = []
    taken = in_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b", "a", "b", "b", "a"]
    assert {name: len(seconds) for name, seconds in taken.seconds.items()} == {"a": 2, "b": 2}


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    taken = Rounds({"quick": (1.0, 2.0, 1.0), "slow": (4.0, 8.0, 100.0)})
    assert taken.faster("quick", "slow") == 4.0
    assert taken.rate("quick", 50) == 50.0


def test_the_naive_way_finds_what_the_corpus_was_made_with(tmp_path: Path) -> None:
    made = build(Shape("rivals", 12, (3, 30), wanted=0.05, wanted_files=0.5), tmp_path)
    assert naive(made.payloads()) == (made.manifest.events, made.manifest.wanted)


def test_every_decompressor_gives_the_same() -> None:
    packed = gzip.compress(b"trail" * 1000)
    found = decompressors()
    assert {"zlib", "libdeflate"} <= set(found)
    assert {bytes(act(packed)) for act in found.values()} == {b"trail" * 1000}


def test_contestants_that_disagree_are_named(tmp_path: Path) -> None:
    source = Corpus(tmp_path, Manifest("key", files=1, events=10, wanted=2, wanted_files=1, raw=0, packed=0))
    agreed(source, {"ours": (10, 2)})
    with pytest.raises(Disagreement, match="naive found"):
        agreed(source, {"ours": (10, 2), "naive": (10, 3)})


def test_results_of_other_figures_stay_and_withdrawn_ones_go(tmp_path: Path) -> None:
    file = tmp_path / "out" / "results.json"
    merged(file, [Figure("one", 1.0), Figure("two", 2.0), Figure("three", 3.0)])
    merged(file, [Figure("two", 5.0, "MB")], withdrawn=("three",))
    assert json.loads(file.read_bytes()) == {
        "figures": [{"name": "one", "value": 1.0, "unit": "x"}, {"name": "two", "value": 5.0, "unit": "MB"}]
    }


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [(Target(8), 8.0, True), (Target(8), 7.9, False), (Target(200, at_most=True), 199.0, True),
     (Target(200, at_most=True), 200.0, False)],
)  # fmt: skip
def test_a_target_is_reached_or_missed(target: Target, value: float, met: bool) -> None:
    assert target.met(value) is met


def test_the_table_says_what_was_reached_missed_and_not_measured() -> None:
    shown = table(
        [Figure("match_vs_naive", 9.0), Figure("match_vs_limit", 0.1)], {"scan_vs_rg": "not installed"}
    )
    verdicts = list(shown.columns[3].cells)
    assert verdicts == ["reached", "missed", "not measured: not installed"]


def test_steps_are_shown_as_shares_of_the_whole() -> None:
    shown = steps_table([Figure("step_whole", 500_000.0), Figure("step_half", 1_000_000.0)])
    assert list(shown.columns[2].cells) == ["100 %", "50 %"]


def test_every_target_belongs_to_a_figure() -> None:
    assert set(TARGETS) <= set(MEASURES)


def test_every_figure_is_explained() -> None:
    told = (Path(__file__).parents[2] / "docs" / "bench.md").read_text()
    table = told.partition("## The figures\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z0-9_]+)`", table)) >= set(MEASURES)


def test_memory_is_watched_from_outside(tmp_path: Path) -> None:
    program = (
        "import sys, time; data = bytearray(b'x') * 40_000_000; sys.stderr.write('done'); time.sleep(0.3)"
    )
    curve = watched([sys.executable, "-c", program], tmp_path / "stderr")
    assert curve.code == 0
    assert curve.errors == "done"
    assert curve.peak > 40_000
    assert max(size for _, size in curve.samples) > 40_000


def test_a_curve_is_judged_by_its_halves() -> None:
    curve = Curve([(0.0, 10), (1.0, 30), (2.0, 20), (3.0, 40), (4.0, 25)], peak=50, code=0, errors="")
    assert curve.halves() == (30, 40)


def test_a_name_that_is_not_a_figure_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["match_vs_naïve"]) == 2
    assert "match_vs_naive" in capsys.readouterr().err
