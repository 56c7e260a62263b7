"""Our signature is botocore's, whatever is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.aws.signature import Signer, parts_of

SAFE = st.text("abcDEF019+/=", min_size=4, max_size=40)
MOMENTS = st.integers(1_400_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def by_botocore(credentials: ReadOnlyCredentials, region: str, url: str, moment: datetime) -> dict[str, str]:
    request = AWSRequest("GET", url)
    with patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None)):
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", region)
        request.context["payload_signing_enabled"] = True
        signer.add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    st.text(min_size=1, max_size=40),
    st.none() | st.text("abc.DEF_019~-", min_size=1, max_size=30),
    st.none() | SAFE,
    SAFE,
    st.sampled_from(["https://bucket.s3.eu-west-1.amazonaws.com/", "http://127.0.0.1:9000/bucket/"]),
    MOMENTS,
)
def test_it_is_that_of_botocore(
    key: str, version: str | None, token: str | None, secret: str, base: str, moment: datetime
) -> None:
    url = base + quote(key.encode("utf-8", "replace"), safe="/~")
    if version is not None:
        url += f"?versionId={quote(version, safe='')}"
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", secret, token)
    signer = Signer(credentials, "eu-west-1", "s3", lambda: moment)
    ours = signer.get(url)
    theirs = by_botocore(credentials, "eu-west-1", url, moment)
    for _ in range(2):  # made anew, and after the shape that is kept
        lines = signer.request(*parts_of(url)).decode().split("\r\n")
        assert lines[0] == f"GET {url.removeprefix(base[: base.index('/', 8)])} HTTP/1.1"
        assert dict(line.split(": ", 1) for line in lines[2:-2]) == ours
        assert (lines[1], lines[-2:]) == ("User-Agent: trailwarden", ["", ""])
    assert ours["Authorization"] == theirs["authorization"]
    assert ours["x-amz-date"] == theirs["x-amz-date"]


def test_the_key_of_the_day_changes_with_the_day() -> None:
    moments = [datetime(2026, 1, 1, 23, 59, tzinfo=UTC), datetime(2026, 1, 2, 0, 1, tzinfo=UTC)]
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", "secret", None)
    waiting = list(moments)
    signer = Signer(credentials, "eu-west-1", "s3", lambda: waiting.pop(0))
    for moment in moments:
        ours = signer.get("https://h/k")
        assert (
            ours["Authorization"]
            == by_botocore(credentials, "eu-west-1", "https://h/k", moment)["authorization"]
        )


def test_a_request_bears_the_time_at_which_it_is_made_or_one_of_the_last_second() -> None:
    begun = datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC)
    moments = [begun + timedelta(seconds=more) for more in (0, 0.9, 1.0, 1.5, 0.5, 86_400)]
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", "secret", None)
    waiting = list(moments)
    signer = Signer(credentials, "eu-west-1", "s3", lambda: waiting.pop(0))
    for moment, dated in zip(
        moments, (begun, begun, *moments[2:3], *moments[2:3], *moments[4:]), strict=True
    ):
        theirs = by_botocore(credentials, "eu-west-1", "https://h/k", dated)
        assert f"Authorization: {theirs['authorization']}\r\n".encode() in signer.request("h", "/k", ""), (
            moment
        )


def test_another_host_is_another_request() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    signer = Signer(ReadOnlyCredentials("AKIAEXAMPLE", "secret", None), "eu-west-1", "s3", lambda: moment)
    for host in ("h", "i", "h"):
        signed = signer.get(f"https://{host}/k")["Authorization"]
        assert f"Authorization: {signed}\r\n".encode() in signer.request(host, "/k", "")


def test_a_credential_with_a_line_break_is_not_sent() -> None:
    signer = Signer(ReadOnlyCredentials("AK", "secret", "token\r\nX-Evil: 1"), "eu-west-1", "s3")
    with pytest.raises(ValueError, match="line break"):
        signer.request("h", "/k", "")


@given(st.binary(max_size=200), st.none() | SAFE, SAFE, MOMENTS)
def test_that_of_a_call_too(body: bytes, token: str | None, secret: str, moment: datetime) -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/"
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ReceiveMessage"}
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", secret, token)
    signer = Signer(credentials, "eu-west-1", "sqs", lambda: moment)
    ours = signer.post(url, body, headers)
    request = AWSRequest("POST", url, headers=headers, data=body)
    with patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(credentials, "sqs", "eu-west-1").add_auth(request)
    assert ours["Authorization"] == request.headers["Authorization"]
    for _ in range(2):
        head, _, sent = signer.call(url, body, "ReceiveMessage", headers).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert (lines[0], sent) == ("POST / HTTP/1.1", body)
        told = dict(line.split(": ", 1) for line in lines[1:])
        assert told == {**ours, "User-Agent": "trailwarden", "Content-Length": str(len(body))}


def test_calls_of_another_kind_have_headers_of_their_own() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    signer = Signer(ReadOnlyCredentials("AKIAEXAMPLE", "secret", None), "eu-west-1", "sqs", lambda: moment)
    for kind in ("Receive", "Delete", "Receive"):
        headers = {"x-amz-target": kind}
        signed = signer.post("https://h/", b"{}", headers)["Authorization"]
        sent = signer.call("https://h/", b"{}", kind, headers)
        assert f"Authorization: {signed}\r\n".encode() in sent
        assert f"x-amz-target: {kind}\r\n".encode() in sent


def test_a_clock_that_is_set_back_over_midnight_signs_with_the_key_of_the_day_it_tells() -> None:
    after, before = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, 23, 59, 59, 900_000, tzinfo=UTC)
    waiting = [before, after, before]
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", "secret", None)
    signer = Signer(credentials, "eu-west-1", "s3", lambda: waiting.pop(0))
    for host, moment in (("h", before), ("i", after), ("h", before)):
        theirs = by_botocore(credentials, "eu-west-1", f"https://{host}/k", moment)["authorization"]
        assert f"Authorization: {theirs}\r\n".encode() in signer.request(host, "/k", "")
