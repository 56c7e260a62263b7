"""The table of examples through the reference evaluator and the compiled predicate, and with its needles."""

from __future__ import annotations

import pytest

from tests.patterns.cases import CASES, Case
from tests.patterns.needle_search import contains_one_of
from trailwarden.errors import PatternError
from trailwarden.patterns import compile_predicate, evaluate, parse, required_needles, to_text


def test_the_table_is_whole() -> None:
    counts = {
        basis: sum(case.basis == basis for case in CASES) for basis in ("documented", "observed", "inferred")
    }
    assert counts == {"documented": 32, "observed": 11, "inferred": 38}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.basis}-{case.pattern}")
def test_example(case: Case) -> None:
    if case.expect == "refuse":
        with pytest.raises(PatternError):
            parse(case.pattern)
        return
    pattern = parse(case.pattern)
    wanted = case.expect == "match"
    assert evaluate(pattern, case.event) is wanted
    assert compile_predicate(pattern)(case.event) is wanted  # type: ignore[arg-type]  # plain text, which never matches
    assert parse(to_text(pattern)) == pattern
    needles = required_needles(pattern)
    if wanted and needles is not None:
        assert contains_one_of(case.event, needles)
