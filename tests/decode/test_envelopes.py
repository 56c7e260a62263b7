"""Every wrapping that events arrive in leads to the same events."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from tests.decode.kpl_writer import aggregate
from tests.decode.taking import compact, log_file, names, opened, raws, record, values

ONE, TWO = record("CreateVpc"), record("DeleteVpc", text='"{[\u2028é€𝄞\\')
A, B = compact(ONE).decode(), json.dumps(TWO, ensure_ascii=False)
SNS = {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "MessageId": "m"}
INSIGHT = {"eventVersion": "1.08", "eventCategory": "Insight", "insightDetails": {"eventName": "CreateVpc"}}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def subscription(*texts: str) -> dict[str, Any]:
    events = [{"id": str(number), "timestamp": 1, "message": text} for number, text in enumerate(texts)]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logGroup": "g",
        "logStream": "s",
        "logEvents": events,
    }


def bridge(event: object, kind: str = "AWS API Call via CloudTrail") -> dict[str, Any]:
    return {
        "version": "0",
        "id": "i",
        "detail-type": kind,
        "source": "aws.ec2",
        "account": "1",
        "detail": event,
    }


def shipped(key: str) -> bytes:
    return b"\n".join(compact({"@timestamp": 1.5, key: text, "host": {"name": "h"}}) for text in (A, B))


BOTH = compact({"Records": [ONE, TWO]})
FILE = BOTH.decode()
CWL = gzip.compress(compact(subscription(A, B)))
WRAPPINGS: dict[str, bytes] = {
    "file": BOTH,
    "file, indented": json.dumps({"Records": [ONE, TWO]}, indent=2).encode(),
    "file, CRLF and BOM": b"\xef\xbb\xbf"
    + json.dumps({"Records": [ONE, TWO]}, indent=1).replace("\n", "\r\n").encode(),
    "file, UTF-16": json.dumps({"Records": [ONE, TWO]}).encode("utf-16"),
    "file, other members": compact({"NextToken": "n", "Records": [ONE, TWO], "Count": [2]}),
    "file, other members behind": compact({"Records": [ONE, TWO], "Count": [2]}),
    "two files, one after the other": log_file("CreateVpc") + compact({"Records": [TWO]}),
    "two files, a line each": log_file("CreateVpc") + b"\n" + compact({"Records": [TWO]}) + b"\n",
    "array": compact([ONE, TWO]),
    "array, indented": json.dumps([ONE, TWO], indent=3).encode(),
    "array of strings": compact([A, B]),
    "array of envelopes": compact([bridge(ONE), {"message": B}]),
    "array of files": compact([{"Records": [ONE]}, {"Records": [TWO]}]),
    "lines": f"{A}\n{B}\n".encode(),
    "lines, no last end": f"{A}\n{B}".encode(),
    "lines, CRLF, blank ones, BOM": f"\ufeff\r\n{A}\r\n\r\n  {B}\r\n\r\n".encode(),
    "lines of several shapes": f"{A}\n{json.dumps(bridge(TWO))}\n".encode(),
    "lines of strings": f"{json.dumps(A)}\n{json.dumps(B)}\n".encode(),
    "lines of arrays": f"[{A}]\n[{B}]\n".encode(),
    "no separator": f"{A}{B}".encode(),
    "no separator, indented": (json.dumps(ONE, indent=2) + json.dumps(TWO, indent=2)).encode(),
    "documents, indented": (json.dumps(ONE, indent=2) + "\n" + json.dumps(TWO, indent=2) + "\n").encode(),
    "commas": f"{A},\n{B},\n".encode(),
    "string of JSON": compact(FILE),
    "string of a string of JSON": compact(compact(FILE).decode()),
    "EventBridge": compact(bridge(ONE)) + b"\n" + compact(bridge(TWO, "AWS Console Sign In via CloudTrail")),
    "EventBridge without detail-type": compact(
        [{"account": 12, "detail": ONE}, {"source": "x", "detail": TWO}]
    ),
    "CloudWatch Logs": compact(subscription(A, B)),
    "CloudWatch Logs, gzip": CWL,
    "CloudWatch Logs, base64": b64(CWL).encode(),
    "CloudWatch Logs, base64 in lines": base64.encodebytes(CWL),
    "CloudWatch Logs, a base64 a line": f"{b64(gzip.compress(A.encode()))}\n{b64(gzip.compress(B.encode()))}\n".encode(),
    "CloudWatch Logs, members without separator": b"".join(
        gzip.compress(compact(subscription(text))) for text in (A, B)
    ),
    "CloudWatch Logs for Lambda": compact({"awslogs": {"data": b64(CWL)}}),
    "Firehose": compact({"requestId": "r", "timestamp": 1, "records": [{"data": b64(CWL)}]}),
    "SNS": compact({**SNS, "Message": FILE}),
    "SNS for Lambda": compact({"Records": [{"EventSource": "aws:sns", "Sns": {**SNS, "Message": FILE}}]}),
    "SQS for Lambda": compact({"Records": [{"messageId": "m", "body": FILE, "eventSource": "aws:sqs"}]}),
    "SNS in SQS for Lambda": compact(
        {"Records": [{"eventSource": "aws:sqs", "body": json.dumps({**SNS, "Message": FILE})}]}
    ),
    "SQS receive": compact({"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": FILE}]}),
    "SQS message": compact({"MessageId": "m", "ReceiptHandle": "r", "Body": FILE}),
    "Kinesis for Lambda": compact(
        {
            "Records": [
                {"eventSource": "aws:kinesis", "kinesis": {"data": b64(text.encode())}} for text in (A, B)
            ]
        }
    ),
    "Kinesis GetRecords": compact(
        {"Records": [{"SequenceNumber": "1", "PartitionKey": "p", "Data": b64(BOTH)}]}
    ),
    "Kafka for Lambda": compact(
        {
            "eventSource": "aws:kafka",
            "records": {"t-0": [{"value": b64(A.encode())}], "t-1": [{"value": b64(B.encode())}]},
        }
    ),
    "KPL": aggregate([A.encode(), gzip.compress(B.encode())]),
    "Vector, Filebeat, Logstash": shipped("message"),
    "Fluent Bit": shipped("log"),
    "flattened": shipped("event.original"),
    "Elastic": b"\n".join(compact({"event": {"original": text}, "log": {"offset": 1}}) for text in (A, B)),
    "body": shipped("body"),
    "parsed by the shipper": compact({"message": ONE}) + compact({"message": TWO}),
    "Kafka Connect": compact({"schema": {"type": "string"}, "payload": FILE}),
    "Kafka Connect, parsed": compact({"schema": None, "payload": {"Records": [ONE, TWO]}}),
    "CloudEvents": compact({"specversion": "1.0", "type": "t", "data": {"Records": [ONE, TWO]}}),
    "CloudEvents, base64": compact({"specversion": "1.0", "type": "t", "data_base64": b64(BOTH)}),
    "LookupEvents": compact(
        {"Events": [{"EventId": "e", "EventName": "x", "CloudTrailEvent": text} for text in (A, B)]}
    ),
    "LookupEvents items": b"\n".join(compact({"EventName": "x", "CloudTrailEvent": text}) for text in (A, B)),
}
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_wrapping_leads_to_its_events(name: str, codec: str) -> None:
    decoded = opened(CODECS[codec](WRAPPINGS[name]))
    assert decoded.rejected == []
    assert not decoded.labels
    assert values(decoded) == [ONE, TWO]


def test_the_text_of_an_event_is_its_own() -> None:
    odd = '{ "eventVersion" : "1.09",\t"eventName":"CreateVpc", "n": 1.50e+3, "s": "\\u0041\\/" }'
    for document in (
        f"[{odd}]",
        f'{{"Records": [ {odd} ]}}',
        f"{odd}\n{odd[:-1]}}}",
        json.dumps({"log": odd}),
    ):
        assert set(raws(opened(document.encode()))) == {odd.encode()}


def test_what_has_no_name_is_an_event_all_the_same() -> None:
    network = record("DeleteVpc", eventCategory="NetworkActivity", eventType="AwsVpceEvent")
    for document in ({"Records": [INSIGHT, network]}, [INSIGHT, network]):
        assert names(opened(compact(document))) == [None, "DeleteVpc"]
    assert values(opened(compact({"Records": [{}, {"any": "object"}]}))) == [{}, {"any": "object"}]


def test_a_surrogate_that_was_escaped_twice_comes_through() -> None:
    inner = '{"eventVersion":"1.09","eventName":"CreateVpc","x":"\\ud83e"}'
    (event,) = values(opened(compact({"message": inner})))
    assert event["x"] == "\ud83e"
    (event,) = values(
        opened(compact({"message": json.loads(json.dumps(inner.replace("\\ud83e", "\ud83e")))}))
    )
    assert event["x"] == "\ud83e"
