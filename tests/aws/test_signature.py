"""Our signature is botocore's, whatever is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.aws.signature import Signer

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
    ours = Signer(credentials, "eu-west-1", "s3", lambda: moment).get(url)
    theirs = by_botocore(credentials, "eu-west-1", url, moment)
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


@given(st.binary(max_size=200), st.none() | SAFE, SAFE, MOMENTS)
def test_that_of_a_call_too(body: bytes, token: str | None, secret: str, moment: datetime) -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/"
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ReceiveMessage"}
    credentials = ReadOnlyCredentials("AKIAEXAMPLE", secret, token)
    ours = Signer(credentials, "eu-west-1", "sqs", lambda: moment).post(url, body, headers)
    request = AWSRequest("POST", url, headers=headers, data=body)
    with patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(credentials, "sqs", "eu-west-1").add_auth(request)
    assert ours["Authorization"] == request.headers["Authorization"]
