"""Metric math and rules of composite alarms: values, and that nothing makes them raise anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.audit import composites
from trailwarden.audit.arithmetic import UnknownExpressionError, evaluated
from trailwarden.audit.lists import Composite

VALUES = {"m1": 1.0, "m2": None, "m3": 4.0}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("m1 + m3 * 2", 9.0),
        ("(m1 + m3) * 2", 10.0),
        ("m3 - m1 - 1", 2.0),
        ("-m1 + 3", 2.0),
        ("m3 ^ 2 / 2", 8.0),
        ("m1 + m2", None),
        ("m1 / 0", None),
        ("SUM([m1, m2, m3])", 5.0),
        ("SUM(METRICS())", 5.0),
        ('SUM(METRICS("m3"))', 4.0),
        ("AVG([m1, m3])", 2.5),
        ("MAX([m1, m3]) - MIN([m1, m3])", 3.0),
        ("SUM([m2])", None),
        ("FILL(m2, 7)", 7.0),
        ("FILL(m2, REPEAT)", None),
        ("IF(m1 > 0, m3, 0)", 4.0),
        ("IF(m1 > 0 AND m3 < 2, 1, 0)", 0.0),
        ("IF(m2 > 0, 1, 0)", None),
        ("m1 == 1 || m3 == 1", 1.0),
        ("NOT m1", 0.0),
        ("CEIL(m1 / 2) + FLOOR(m1 / 2) + ABS(-m1)", 2.0),
    ],
)
def test_values(expression: str, value: float | None) -> None:
    assert evaluated(expression, VALUES) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "m9",
        "SEARCH('x', 'Sum')",
        "ANOMALY_DETECTION_BAND(m1)",
        "m1 +",
        "m1 m3",
        "(m1",
        "METRICS()",
        "[m1]",
        "m1 ? 2",
        "(" * 99,
    ],
)
def test_what_is_not_followed_is_said(expression: str) -> None:
    with pytest.raises(UnknownExpressionError):
        evaluated(expression, VALUES)


@given(st.text(alphabet="m123()[], +-*/^<>=!&|.eFILSUMIAND\"'", max_size=40))
def test_no_expression_raises_anything_else(expression: str) -> None:
    with contextlib.suppress(UnknownExpressionError):
        evaluated(expression, VALUES)


def composite(rule: str, name: str = "c") -> Composite:
    return Composite(f"arn:{name}", name, (), True, rule)


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("ALARM(a)", "ALARM"),
        ('ALARM("a")', "ALARM"),
        ("ALARM(b)", "OK"),
        ("OK(b)", "ALARM"),
        ("INSUFFICIENT_DATA(d)", "ALARM"),
        ("NOT ALARM(b) AND (ALARM(b) OR ALARM(a))", "ALARM"),
        ("alarm(a) and not alarm(b)", "ALARM"),
        ("ALARM(a) AND ALARM(b)", "OK"),
        ("TRUE", "ALARM"),
        ("FALSE OR ALARM(nobody)", "OK"),
    ],
)
def test_rules(rule: str, state: str) -> None:
    found, doubts = composites.states([composite(rule)], {"a": "ALARM", "b": "OK", "d": "INSUFFICIENT_DATA"})
    assert found["arn:c"] == state
    assert not doubts


def test_rules_that_wait_for_each_other_end() -> None:
    found, _ = composites.states([composite("ALARM(d)", "c"), composite("ALARM(c)", "d")], {})
    assert found["c"] == found["d"] == "OK"


@given(st.text(alphabet='ALRMOKNTD ()",ab', max_size=40))
def test_no_rule_raises(rule: str) -> None:
    composites.states([composite(rule)], {"a": "ALARM"})
    composites.named(rule)
