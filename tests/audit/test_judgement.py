"""What patterns select is found by running them, whatever their text looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.strategies import pattern_and_event
from trailwarden.audit.controls import Control, chosen, every_control
from trailwarden.audit.deployed import deployed
from trailwarden.audit.judgement import Judgement, judge
from trailwarden.patterns import Pattern, Selection, compile_predicate, compile_selection, selection

(VPC,) = chosen(["4.14"])
NAMES = [example["eventName"] for example in VPC.rule.must_match][:11]
CLAUSES = [f"($.eventName = {name})" for name in NAMES]
CIS = VPC.rule.pattern


def judged(*texts: str, control: Control = VPC) -> Judgement:
    return judge(control, [deployed(text) for text in texts])


def guarded(condition: str) -> str:
    return f"{{ {condition} && ({CIS[2:-2]}) }}"


@pytest.mark.parametrize("control", every_control(), ids=lambda one: one.key)
def test_the_control_covers_itself_and_no_other(control: Control) -> None:
    for other in every_control():
        assert judged(other.rule.pattern, control=control).covers is (other is control), other.key


@pytest.mark.parametrize(
    "text",
    [
        "{" + "||".join(reversed(CLAUSES)) + "}",
        "{ " + " || ".join(f'(($.eventName = "{name}"))' for name in NAMES) + " }",
        "{\n" + "\n || ".join(f"$.eventName={name}" for name in NAMES) + " }",
        "{ $.eventName = *Vpc* }",
        "{ $.eventName = %Vpc% }",
        '{ $.eventName = "*" }',
        "{ ($.eventSource = ec2.amazonaws.com) && ($.eventName = *Vpc*) }",
        guarded('($.eventSource = "ec2.amazonaws.com")'),
        guarded("($.readOnly IS FALSE)"),
        guarded('($.eventType = "AwsApiCall")'),
        guarded("($.nothingOfTheKind NOT EXISTS)"),
        CIS[:-2] + ' || ($.eventName = "ModifyVpcTenancy") }',
        "",
        '" "',
        "?" + " ?".join(NAMES),
    ],
)
def test_order_spacing_quotes_guards_and_more_make_no_difference(text: str) -> None:
    found = judged(text)
    assert found.covers, found.sentence()


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_clause_is_named(name: str) -> None:
    left = [clause for clause in CLAUSES if name not in clause.split(" = ")[1].split(")")]
    (loss,) = judged("{ " + " || ".join(left) + " }").missed
    assert loss.names == (name,)
    assert loss.when == ""
    assert "$.eventName is none of 10 values" in loss.term


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        ("($.errorCode NOT EXISTS)", "failed, denied, dry run"),
        ('($.errorCode != "Client.DryRunOperation")', "done, dry run"),
        ('(($.errorCode NOT EXISTS) || ($.errorCode != "Client.DryRunOperation"))', "dry run"),
        ('($.userIdentity.type = "IAMUser")', "role, root, service"),
        ('($.userIdentity.userName != "deploy")', "role, root, service"),
        ("($.userAgent = *)", "with few fields"),
        (
            '(($.userIdentity.userName NOT EXISTS) || ($.userIdentity.userName != "deploy"))',
            "with $.userIdentity.userName 'deploy'",
        ),
        ("($.additionalEventData NOT EXISTS)", "with $.additionalEventData 'x'"),
        ("($.sourceIPAddress != %^10[.]%)", "with $.sourceIPAddress '10.'"),
        ('($.awsRegion != "us-east-1")', "with $.awsRegion 'us-east-1'"),
    ],
)
def test_an_added_condition_loses_events_and_is_named(condition: str, when: str) -> None:
    found = judged(guarded(condition))
    assert not found.covers
    assert when in "; ".join(loss.when for loss in found.missed)
    assert all(condition.strip("($").split(" ")[0].split(".")[0] in loss.term for loss in found.missed)


def test_clauses_joined_by_and_never_match() -> None:
    found = judged("{ " + " && ".join(CLAUSES) + " }")
    assert sum(loss.count for loss in found.missed) == found.tried
    assert "cannot hold at once" in found.never[0]


def test_two_halves_count_together() -> None:
    halves = ["{ " + " || ".join(part) + " }" for part in (CLAUSES[:6], CLAUSES[6:])]
    assert judged(*halves).covers
    assert [judged(half).covers for half in halves] == [False, False]


@pytest.mark.parametrize(
    "text", [guarded("($.readOnly = false)"), "{ $.eventName = *V*c* }", "Vpc", "[a, b]", "{ $.x"]
)
def test_what_aws_leaves_open_is_no_cover_and_no_loss(text: str) -> None:
    found = judged(text)
    assert not found.covers
    assert not found.missed
    assert found.open


def test_both_texts_of_the_benchmark_for_sign_ins_are_good() -> None:
    (control,) = chosen(["4.2"])
    narrow = (
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") '
        '&& ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    )
    assert judged(narrow, control=control).covers
    assert not judged(narrow.replace("Success", "Failure"), control=control).covers


def test_the_benchmarks_own_defects_still_select_enough() -> None:
    (control,) = chosen(["4.1"])
    later = (
        "{ ($.errorCode =*UnauthorizedOperation) || ($.errorCode =AccessDenied*) "
        "&& ($.sourceIPAddress!=delivery.logs.amazonaws.com) && ($.eventName!=HeadBucket) }"
    )
    assert judged(later, control=control).covers


def test_names_of_examples_are_not_all_that_is_asked_for() -> None:
    (control,) = chosen(["4.3"])
    listed = " || ".join(f"($.eventName = {example['eventName']})" for example in control.rule.must_match)
    found = judged(f'{{ ($.userIdentity.type = "Root") && ({listed}) }}', control=control)
    assert [loss.names for loss in found.missed] == [("AnyOtherCall",)]


@given(pattern_and_event())
def test_certain_is_a_match_and_nothing_else(given_pair: tuple[Pattern, dict[str, object]]) -> None:
    pattern, event = given_pair
    found = selection(pattern, event)
    assert compile_selection(pattern)(event) is found
    assert (found is not Selection.NO) is compile_predicate(pattern)(event)


@given(st.text(max_size=60))
def test_no_text_of_a_filter_makes_it_raise(text: str) -> None:
    judged(text)
