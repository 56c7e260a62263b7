"""The scale-out bench gives no figure where an alert is missing or doubled, and its queue gives back what was not deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.instances import Hook
from bench.matching import Disagreement

from bench import scale_feeds

GOOD = {"e1": {"a1"}, "e2": {"a2"}}


def hook(ids: dict[str, set[str]]) -> Hook:
    made = Hook()
    made.ids.update(ids)
    return made


def test_an_alert_for_each_match_is_a_figure() -> None:
    hook(GOOD).judge({"e1", "e2"})


@pytest.mark.parametrize(
    ("ids", "line"),
    [
        ({"e1": {"a1"}}, "1 are missing"),
        (GOOD | {"e2": {"a2", "a3"}}, "1 came under two ids"),
        (GOOD | {"e3": {"a3"}}, "1 were not wanted"),
    ],
)
def test_anything_else_is_none(ids: dict[str, set[str]], line: str) -> None:
    with pytest.raises(Disagreement, match=line):
        hook(ids).judge({"e1", "e2"})


def test_a_message_comes_back_unless_it_was_deleted_by_its_own_receipt(tmp_path: Path) -> None:
    queue = scale_feeds.StandinQueue(tmp_path)
    queue.put(b"x")
    asked = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
    (first,) = receive(queue, asked)
    (second,) = receive(queue, asked | {"VisibilityTimeout": 60})
    assert first["MessageId"] == second["MessageId"]
    assert receive(queue, asked) == []
    delete(queue, first)
    assert len(queue.away) == 1
    delete(queue, second)
    assert not queue.away
    assert not queue.messages


def receive(queue: scale_feeds.StandinQueue, asked: dict[str, int]) -> list[dict[str, str]]:
    answer = queue.sqs("ReceiveMessage", asked)
    assert isinstance(answer, dict)
    return list(answer.get("Messages", []))


def delete(queue: scale_feeds.StandinQueue, message: dict[str, str]) -> None:
    queue.sqs("DeleteMessageBatch", {"Entries": [{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]})
