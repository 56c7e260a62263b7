"""What is missing and nothing else, with every name quoted."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.documents import documented, of_every_situation
from tests.audit.situations import SITUATIONS, Situation, basic, one_filter
from tests.audit.world import (
    CIS,
    GROUP,
    METRIC,
    NAMESPACE,
    TOPIC,
    World,
    alarm,
    metric_filter,
    subscription,
    trail,
)
from trailwarden.audit.document import StepDocument
from trailwarden.audit.quoting import command, hcl
from trailwarden.detection.fields import clean

HOSTILE = "a'b\"c $(touch /tmp/x) `id` ${path.module} %{if true} \\ \n-rf"


async def steps(**changes: object) -> list[StepDocument]:
    document = await documented(World(**changes))
    return document.accounts[0].controls[0].remediation


def words(step: StepDocument, at: int = 0) -> list[str]:
    return shlex.split(step.commands[at])


def operations(found: list[StepDocument]) -> list[str]:
    return [" ".join(shlex.split(line)[1:3]) for step in found for line in step.commands]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, []),
        (
            {"filters": []},
            ["logs put-metric-filter", "sns create-topic", "sns subscribe", "cloudwatch put-metric-alarm"],
        ),
        (
            {"filters": one_filter(CIS.replace("($.eventName = DeleteVpc) || ", ""))},
            ["logs put-metric-filter"],
        ),
        ({"alarms": []}, ["sns create-topic", "sns subscribe", "cloudwatch put-metric-alarm"]),
        ({"alarms": [alarm(ActionsEnabled=False)]}, ["cloudwatch enable-alarm-actions"]),
        ({"alarms": [alarm(Threshold=9.0)]}, ["cloudwatch put-metric-alarm"]),
        (
            {"alarms": [alarm(AlarmActions=[])]},
            ["sns create-topic", "sns subscribe", "cloudwatch put-metric-alarm"],
        ),
        ({"subscriptions": []}, ["sns subscribe"]),
        ({"subscriptions": [subscription("PendingConfirmation")]}, ["sns subscribe"]),
        ({"statuses": {"IsLogging": False}}, ["cloudtrail start-logging"]),
        ({"trails": [trail(IsMultiRegionTrail=False)]}, ["cloudtrail update-trail"]),
        ({"selectors": basic(ReadWriteType="WriteOnly")}, ["cloudtrail put-event-selectors"]),
    ],
)
async def test_what_is_missing_and_nothing_else(changes: dict[str, object], wanted: list[str]) -> None:
    assert operations(await steps(**changes)) == wanted


async def test_a_missing_clause_is_put_out_by_the_same_metric() -> None:
    (step,) = await steps(filters=one_filter(CIS.replace("($.eventName = DeleteVpc) || ", "")))
    given_words = words(step)
    assert given_words[given_words.index("--metric-transformations") + 1] == (
        f"metricName={METRIC},metricNamespace={NAMESPACE},metricValue=1"
    )
    assert given_words[given_words.index("--filter-pattern") + 1] == CIS
    assert given_words[given_words.index("--log-group-name") + 1] == GROUP


async def test_a_new_alarm_goes_to_the_topic_that_somebody_gets() -> None:
    (step,) = await steps(alarms=[alarm(Threshold=9.0)])
    assert words(step)[-1] == TOPIC
    assert f'alarm_actions       = ["{TOPIC}"]' in step.terraform


async def test_selectors_are_widened_and_not_replaced() -> None:
    selectors = {
        "EventSelectors": [
            {"ReadWriteType": "WriteOnly", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["x"]}]}
        ]
    }
    (step,) = await steps(selectors=selectors)
    (selector,) = json.loads(words(step)[-1])
    assert selector["ReadWriteType"] == "All"
    assert selector["DataResources"] == selectors["EventSelectors"][0]["DataResources"]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_only_what_fails_is_mended(situation: Situation) -> None:
    (control,) = of_every_situation()[situation.name].accounts[0].controls
    if situation.result != "fail":
        assert not control.remediation
    for step in control.remediation:
        assert all(shlex.split(line)[0] == "aws" for line in step.commands)
        assert step.terraform.count("{") == step.terraform.count("}")


async def test_hostile_names_stay_names() -> None:
    found = await steps(
        filters=[metric_filter(CIS.replace("($.eventName = DeleteVpc) || ", ""), metric=HOSTILE)],
        alarms=[alarm(metric=HOSTILE)],
    )
    (step,) = found
    (transformation,) = json.loads(words(step)[-1])
    assert transformation["metricName"] == HOSTILE, "JSON escapes what a terminal must not see"
    assert hcl(HOSTILE) in step.terraform
    assert not re.search(r"[$%]\{", hcl(HOSTILE))


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))


@given(st.lists(TEXTS, min_size=1))
def test_a_shell_reads_back_the_words(given_words: list[str]) -> None:
    assert shlex.split(command(given_words)) == [clean(one, len(one)) for one in given_words]


@pytest.mark.parametrize("text", [HOSTILE, "", "~", "*", "!x", "#c", "a\tb", "é", "-n"])
def test_a_real_shell_reads_back_the_word(text: str) -> None:
    said = subprocess.run(["/bin/sh", "-c", command(["printf", "%s", text])], capture_output=True, check=True)
    assert said.stdout.decode() == clean(text)


@given(st.text())
def test_hcl_reads_back_the_text(text: str) -> None:
    written = hcl(text)
    assert written[0] == written[-1] == '"'
    assert "\n" not in written
    assert not re.search(r"[$%]\{", written), "no template begins in it"
    assert _read(written) == "".join("\ufffd" if 0xD800 <= ord(one) <= 0xDFFF else one for one in text)


def _read(written: str) -> str:
    """As HCL's native syntax has it: a quoted template without any template in it."""
    text, at = "", 1
    escapes = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
    while at < len(written) - 1:
        one = written[at]
        assert one != '"'
        if one != "\\":
            text, at = text + one, at + 1
        elif written[at + 1] in "uU":
            digits = 4 if written[at + 1] == "u" else 8
            text, at = text + chr(int(written[at + 2 : at + 2 + digits], 16)), at + 2 + digits
        else:
            text, at = text + escapes[written[at + 1]], at + 2
    return text
