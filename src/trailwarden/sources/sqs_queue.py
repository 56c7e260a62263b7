"""One SQS queue, as far as a consumer needs it: receive, delete, keep hidden.

Keeps: a batch call that answers 200 with a list of failures is not a success; each entry is answered for.

Rules: Amazon SQS API reference, ReceiveMessage, DeleteMessageBatch, ChangeMessageVisibilityBatch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from trailwarden.aws import Aws, DirectCalls, translated

BATCH: Final = 10
"""Messages of one call, at the most."""
_GONE: Final = frozenset({"ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"})
"""The message is somebody else's by now, or deleted."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it was received. receives: how often that has happened, this time included; at least 1."""

    id: str
    receipt: str
    body: str
    receives: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One entry of a batch call that was refused. gone: it never will be accepted, the message is not ours any more."""

    receipt: str
    code: str
    gone: bool


class SqsQueue:
    """A queue by its URL. Every method raises AwsError. To be closed."""

    def __init__(self, aws: Aws, url: str, region: str | None, wait: int) -> None:
        """wait: seconds of a long poll, 0 to 20."""
        self._url = url
        self._wait = wait
        # A long poll is answered late by intention; the time-out must not take that for a fault.
        read_timeout = max(aws.settings.read_timeout.total_seconds(), wait + 10)
        self._calls = DirectCalls(aws, "sqs", "AmazonSQS", region, read_timeout)

    async def receive(self, limit: int, visibility: int) -> list[Received]:
        """Up to `limit` (at most 10) messages, hidden from others for `visibility` seconds; none after a poll without any."""
        with translated():
            answer = await self._calls.call(
                "ReceiveMessage",
                QueueUrl=self._url,
                MaxNumberOfMessages=min(limit, BATCH),
                WaitTimeSeconds=self._wait,
                VisibilityTimeout=visibility,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        return [_received(message) for message in answer.get("Messages") or ()]

    async def delete(self, receipts: Sequence[str]) -> list[Refused]:
        """At most 10. Returns those that were refused."""
        with translated():
            entries = [{"Id": str(index), "ReceiptHandle": receipt} for index, receipt in enumerate(receipts)]
            answer = await self._calls.call("DeleteMessageBatch", QueueUrl=self._url, Entries=entries)
        return _refused(answer, receipts)

    async def hide(self, receipts: Sequence[str], seconds: Sequence[int]) -> list[Refused]:
        """Hidden for so many seconds from now on, each its own; 0 gives it back. At most 10. Returns those that were refused."""
        with translated():
            entries = [
                {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": hidden}
                for index, (receipt, hidden) in enumerate(zip(receipts, seconds, strict=True))
            ]
            answer = await self._calls.call(
                "ChangeMessageVisibilityBatch", QueueUrl=self._url, Entries=entries
            )
        return _refused(answer, receipts)

    async def max_receives(self) -> int | None:
        """After how many receives the queue moves a message to its dead-letter queue; None without one."""
        with translated():
            answer = await self._calls.call(
                "GetQueueAttributes", QueueUrl=self._url, AttributeNames=["RedrivePolicy"]
            )
        policy = (answer.get("Attributes") or {}).get("RedrivePolicy")
        if not policy:
            return None
        try:
            return int(orjson.loads(policy)["maxReceiveCount"])
        except (ValueError, KeyError, TypeError):
            return None

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._calls.close()


def _received(message: Mapping[str, Any]) -> Received:
    counted = str((message.get("Attributes") or {}).get("ApproximateReceiveCount", ""))
    return Received(
        id=str(message.get("MessageId") or ""),
        receipt=str(message["ReceiptHandle"]),
        body=str(message.get("Body") or ""),
        receives=max(1, int(counted)) if counted.isdecimal() else 1,
    )


def _refused(answer: Mapping[str, Any], receipts: Sequence[str]) -> list[Refused]:
    refused = []
    for entry in answer.get("Failed") or ():
        code = str(entry.get("Code") or "").rpartition(".")[2]
        refused.append(Refused(receipts[int(entry["Id"])], code, code in _GONE))
    return refused
