"""What a failed call means, code by code and exception by exception; and nothing secret in what is shown."""

from __future__ import annotations

import aiohttp
import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from trailwarden.aws import AwsError, Fault, classified, translated
from trailwarden.aws.failures import CREDENTIAL_CODES, classified_code, one_line


@pytest.mark.parametrize("code", sorted(CREDENTIAL_CODES))
def test_bad_credentials_are_told_from_a_missing_permission(code: str) -> None:
    failure = classified_code(code, 403, "no")
    assert (failure.fault, failure.credentials, failure.code) == (Fault.DENIED, True, code)


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        ("AccessDenied", 403, Fault.DENIED),
        ("AccessDeniedException", 400, Fault.DENIED),
        ("KMS.AccessDeniedException", 400, Fault.DENIED),
        ("KmsAccessDenied", 400, Fault.DENIED),
        ("KMSAccessDeniedException", 400, Fault.DENIED),
        ("KMSThrottlingException", 400, Fault.THROTTLED),
        ("ProvisionedThroughputExceededException", 400, Fault.THROTTLED),
        ("UnauthorizedOperation", 403, Fault.DENIED),
        ("NeverHeardOf", 403, Fault.DENIED),
        ("NeverHeardOf", 401, Fault.DENIED),
        ("SlowDown", 503, Fault.THROTTLED),
        ("ThrottlingException", 400, Fault.THROTTLED),
        ("OverLimit", 403, Fault.THROTTLED),
        ("NeverHeardOf", 429, Fault.THROTTLED),
        ("NoSuchKey", 404, Fault.NOT_FOUND),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, Fault.NOT_FOUND),
        ("404", 404, Fault.NOT_FOUND),
        ("OptInRequired", 403, Fault.REGION_DISABLED),
        ("InternalError", 500, Fault.NETWORK),
        ("InternalError", 200, Fault.NETWORK),
        ("RequestTimeout", 400, Fault.NETWORK),
        ("ServiceUnavailable", 503, Fault.NETWORK),
        ("NeverHeardOf", 502, Fault.NETWORK),
        ("NeverHeardOf", 404, Fault.OTHER),
        ("InvalidRequest", 400, Fault.OTHER),
        ("", 0, Fault.OTHER),
    ],
)
def test_a_code_and_a_status_mean_one_fault(code: str, status: int, fault: Fault) -> None:
    failure = classified_code(code, status)
    assert (failure.fault, failure.credentials) == (fault, False)


def _answer(code: str | None, status: int, message: str = "said") -> boto.ClientError:
    error = {"Message": message, **({} if code is None else {"Code": code})}
    return boto.ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")


@pytest.mark.parametrize(
    ("raised", "fault", "code"),
    [
        (_answer("AccessDenied", 403), Fault.DENIED, "AccessDenied"),
        (_answer("AccessDenied:http://internal", 403), Fault.DENIED, "AccessDenied"),
        (_answer(None, 503), Fault.NETWORK, "503"),
        (boto.ClientError({}, "GetObject"), Fault.OTHER, "0"),
        (boto.EndpointConnectionError(endpoint_url="https://sqs"), Fault.NETWORK, "EndpointConnectionError"),
        (boto.ReadTimeoutError(endpoint_url="https://sqs"), Fault.NETWORK, "ReadTimeoutError"),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), Fault.NETWORK, "IncompleteReadError"),
        (ResponseParserError("no XML"), Fault.NETWORK, "ResponseParserError"),
        (aiohttp.ClientPayloadError("cut off"), Fault.NETWORK, "ClientPayloadError"),
        (aiohttp.ServerDisconnectedError(), Fault.NETWORK, "ServerDisconnectedError"),
        (ConnectionResetError("reset"), Fault.NETWORK, "ConnectionResetError"),
        (TimeoutError(), Fault.NETWORK, "TimeoutError"),
        (boto.NoRegionError(), Fault.OTHER, "NoRegionError"),
        (KeyError("ours"), Fault.OTHER, "KeyError"),
    ],
)
def test_an_exception_means_one_fault(raised: Exception, fault: Fault, code: str) -> None:
    failure = classified(raised)
    assert (failure.fault, failure.code, failure.credentials) == (fault, code, False)
    assert failure.detail


@pytest.mark.parametrize(
    "raised",
    [
        boto.NoCredentialsError(),
        boto.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
        boto.CredentialRetrievalError(provider="process", error_msg="no"),
        boto.ProfileNotFound(profile="audit"),
        boto.UnauthorizedSSOTokenError(),
        boto.TokenRetrievalError(provider="sso", error_msg="expired"),
        _answer("ExpiredTokenException", 400),
    ],
)
def test_an_exception_about_credentials_says_so(raised: Exception) -> None:
    failure = classified(raised)
    assert (failure.fault, failure.credentials) == (Fault.DENIED, True)


def test_faults_of_a_call_are_translated_and_bugs_are_not() -> None:
    with pytest.raises(AwsError, match="SlowDown: said") as caught, translated():
        raise _answer("SlowDown", 503)
    assert caught.value.failure.fault is Fault.THROTTLED
    with pytest.raises(KeyError), translated():
        raise KeyError("ours")


KEY_ID = "AKIAIOSFODNN7EXAMPLE"
TEMPORARY = "ASIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEBYaDHqa0AP1/" + "q7Zx" * 40 + "=="


@pytest.mark.parametrize(
    "text",
    [
        f"the key {KEY_ID} does not exist",
        f"X-Amz-Credential={TEMPORARY}/20260101/eu-west-1/s3/aws4_request, Signature={SECRET}",
        f"Credential={KEY_ID}/20260101/eu-west-1/s3/aws4_request",
        f"x-amz-security-token:{TOKEN}",
        f"https://b.s3.amazonaws.com/k?X-Amz-Security-Token={TOKEN}&X-Amz-Signature={SECRET}",
        f"aws_secret_access_key = {SECRET}",
        f'{{"SecretAccessKey": "{SECRET}", "SessionToken": "{TOKEN}"}}',
        f"{{'AccessKeyId': '{KEY_ID}', 'SecretAccessKey':'{SECRET}'}}",
        f"'{TOKEN}' not a valid key=value pair in Authorization header: '{TOKEN}'",
        f"Password: {SECRET}",
    ],
)
def test_nothing_secret_is_shown(text: str) -> None:
    shown = [
        one_line(text),
        classified_code("InvalidToken", 400, text).detail,
        classified(_answer("InvalidToken", 400, text)).detail,
        classified(boto.CredentialRetrievalError(provider="process", error_msg=text)).detail,
        classified(OSError(text)).detail,
    ]
    for detail in shown:
        for secret in (KEY_ID, TEMPORARY, SECRET, TOKEN, TOKEN[:30]):
            assert secret not in detail
        assert "***" in detail


@pytest.mark.parametrize(
    "text",
    [
        "The security token included in the request is expired",
        "User: arn:aws:iam::111122223333:user/reader is not authorized to perform: kms:Decrypt",
        "s3://trail/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/01/a.json.gz: no such key",
    ],
)
def test_what_is_not_secret_is_shown_as_it_is(text: str) -> None:
    assert one_line(text) == text


def test_a_code_is_no_label_of_a_secret() -> None:
    assert classified_code("InvalidToken", 400, "The token is bad").detail == "InvalidToken: The token is bad"


def test_a_detail_is_one_short_line() -> None:
    assert one_line("a\n b\t\r\nc") == "a b c"
    assert len(one_line("word " * 1000)) == 300


def test_who_signs_in_at_a_proxy_is_not_shown() -> None:
    shown = one_line("407, message='Auth', url='http://user:hunter2@127.0.0.1:3128'")
    assert shown == "407, message='Auth', url='http://***@127.0.0.1:3128'"
