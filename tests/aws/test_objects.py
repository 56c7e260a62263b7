"""Objects are read whole or not at all, by exactly their key, and each refusal is told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import unquote

import pytest
from botocore.credentials import Credentials

from tests.aws.s3_server import Handler, S3Server, raw, refusal, reset, whole
from trailwarden.aws import Aws, AwsError, AwsFailure, AwsSettings, Fault, ObjectPlace, ObjectReader
from trailwarden.aws.objects import ObjectTooLargeError

HOME = "eu-west-1"
KEY_ID = "AKIDEXAMPLE"
SECRET = "secret-of-the-test"


class Rig:
    """A reader, its server, and what was admitted."""

    def __init__(self, server: S3Server) -> None:
        self.now = 0.0
        self.server = server
        settings = AwsSettings.model_validate(
            {"region": HOME, "endpoint_url": server.url, "s3_addressing": "path", "read_timeout": "5s"}
        )
        self.aws = Aws(settings)
        self.reader = ObjectReader(self.aws, 4, lambda: self.now)
        self.admitted: list[int] = []
        self.renewed = 0

    async def admit(self, size: int) -> None:
        self.admitted.append(size)

    async def read(self, key: str = "k", limit: int = 1000, **more: str) -> bytes:
        return await self.reader.read(ObjectPlace("trail", key, **more), limit, self.admit)

    async def fails(self, answer: Handler) -> AwsFailure:
        self.server.answers = [answer]
        with pytest.raises(AwsError) as caught:
            await self.read()
        return caught.value.failure


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("NO_PROXY", "*")
    server = S3Server([whole(b"content")])
    await server.start()
    made = Rig(server)
    renew = made.aws.renew

    async def counted() -> None:
        made.renewed += 1
        await renew()

    monkeypatch.setattr(made.aws, "renew", counted)
    yield made
    await made.reader.close()
    await made.aws.close()
    await server.stop()


async def test_an_object_is_read_whole_and_its_size_is_admitted_first(rig: Rig) -> None:
    assert await rig.read("a/b.json.gz") == b"content"
    assert rig.admitted == [7]
    assert [one.target for one in rig.server.asked] == ["/trail/a/b.json.gz"]


async def test_what_was_prepared_is_not_looked_up_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.reader.prepare("trail", HOME)
    monkeypatch.setattr(rig.aws, "client", None)
    assert await rig.read(region=HOME) == b"content"


async def test_an_empty_object_is_an_object(rig: Rig) -> None:
    rig.server.answers = [whole(b"")]
    assert await rig.read() == b""


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_the_bytes_are_those_that_lie_there_whatever_the_header_says(rig: Rig, encoding: str) -> None:
    rig.server.answers = [whole(b"\x1f\x8bnot really", **{"Content-Encoding": encoding})]
    assert await rig.read() == b"\x1f\x8bnot really"


@pytest.mark.parametrize(
    "key",
    [
        "a//b",
        "/lead",
        "//",
        "a b+c%2F",
        "schl\u00fcssel/\u96ea\U0001f40d",
        "a?b#c",
        "../up",
        "./a/../b",
        "a~b&c=d;e:@",
    ],
)
async def test_a_key_arrives_as_it_is_and_its_signature_is_right(rig: Rig, key: str) -> None:
    await rig.read(key)
    (asked,) = rig.server.asked
    assert "?" not in asked.target
    assert "+" not in asked.target
    assert unquote(asked.target) == "/trail/" + key
    assert rig.server.signature_is_right(asked, HOME, Credentials(KEY_ID, SECRET))
    assert not rig.server.signature_is_right(asked, HOME, Credentials(KEY_ID, "another"))


async def test_a_version_and_a_session_token_are_sent_and_signed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token/of+session==")
    await rig.read("k", version="a+b/c=.")
    (asked,) = rig.server.asked
    assert asked.target == "/trail/k?versionId=a%2Bb%2Fc%3D."
    assert asked.headers["Authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY_ID}/")
    assert f"/{HOME}/s3/aws4_request" in asked.headers["Authorization"]
    assert asked.headers["X-Amz-Security-Token"] == "token/of+session=="
    assert rig.server.signature_is_right(asked, HOME, Credentials(KEY_ID, SECRET, "token/of+session=="))


@pytest.mark.parametrize(
    ("status", "code"), [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")]
)
async def test_the_region_that_s3_names_is_followed_and_remembered(rig: Rig, status: int, code: str) -> None:
    rig.server.answers = [refusal(status, code, x_amz_bucket_region="us-east-2"), whole(b"there")]
    assert await rig.read() == b"there"
    assert await rig.read() == b"there"
    regions = [one.headers["Authorization"].split("/")[2] for one in rig.server.asked]
    assert regions == [HOME, "us-east-2", "us-east-2"]


async def test_regions_that_name_each_other_do_not_turn_in_a_circle(rig: Rig) -> None:
    there = refusal(301, "PermanentRedirect", x_amz_bucket_region="us-east-2")
    back = refusal(301, "PermanentRedirect", x_amz_bucket_region=HOME)
    rig.server.answers = [there, back, there, back]
    with pytest.raises(AwsError, match="in no Region that it names"):
        await rig.read()
    assert len(rig.server.asked) == 2


@pytest.mark.parametrize(
    ("announced", "signed"),
    [("us-east-2", "us-east-2"), ("default", HOME), ("evil.example/", HOME), ("", HOME)],
)
async def test_the_announced_region_is_used_where_it_is_one(rig: Rig, announced: str, signed: str) -> None:
    await rig.read(region=announced)
    assert f"/{signed}/s3/" in rig.server.asked[0].headers["Authorization"]


@pytest.mark.parametrize(
    ("status", "code", "fault", "credentials"),
    [
        (403, "AccessDenied", Fault.DENIED, False),
        (400, "KMS.DisabledException", Fault.OTHER, False),
        (403, "InvalidObjectState", Fault.DENIED, False),
        (404, "NoSuchKey", Fault.NOT_FOUND, False),
        (503, "SlowDown", Fault.THROTTLED, False),
        (500, "InternalError", Fault.NETWORK, False),
        (400, "ExpiredToken", Fault.DENIED, True),
        (403, "InvalidAccessKeyId", Fault.DENIED, True),
        (403, "RequestTimeTooSkewed", Fault.DENIED, True),
    ],
)
async def test_a_refusal_is_told_by_its_code(
    rig: Rig, status: int, code: str, fault: Fault, credentials: bool
) -> None:
    failure = await rig.fails(refusal(status, code, f"of {KEY_ID}"))
    assert (failure.fault, failure.code, failure.credentials) == (fault, code, credentials)
    assert rig.renewed == credentials
    assert rig.admitted == []
    assert len(rig.server.asked) == 1


async def test_a_missing_permission_of_a_key_is_denied(rig: Rig) -> None:
    said = "User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt"
    failure = await rig.fails(refusal(403, "AccessDenied", said))
    assert (failure.fault, failure.credentials) == (Fault.DENIED, False)
    assert "kms:Decrypt" in failure.detail


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (403, Fault.DENIED),
        (404, Fault.NOT_FOUND),
        (503, Fault.NETWORK),
        (400, Fault.NETWORK),
        (302, Fault.NETWORK),
    ],
)
async def test_an_answer_without_s3s_words_goes_by_its_status(rig: Rig, status: int, fault: Fault) -> None:
    assert (await rig.fails(refusal(status))).fault is fault


async def test_an_error_that_comes_in_pieces_is_read_to_its_code(rig: Rig) -> None:
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 61\r\n\r\n"
    text = b"<Error><Code>ExpiredToken</Code><Message>over</Message></Error>"[:61]
    failure = await rig.fails(raw(head, text[:9], text[9:20], text[20:]))
    assert (failure.code, failure.credentials) == ("ExpiredToken", True)


async def test_credentials_that_were_mended_are_used_after_a_refusal(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.fails(refusal(400, "ExpiredToken"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLATER")
    rig.server.answers = [whole(b"content")]
    assert await rig.read() == b"content"
    assert "AKIDLATER/" in rig.server.asked[-1].headers["Authorization"]


async def test_without_credentials_nothing_is_sent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    failure = await rig.fails(whole(b"content"))
    assert (failure.fault, failure.credentials, rig.renewed) == (Fault.DENIED, True, 1)
    assert rig.server.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"only this"),
        raw(b"HTTP/1.1 200 OK\r\n\r\n", b"no length"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n0\r\n\r\n"),
        raw(b"not HTTP at all\r\n\r\n"),
        reset,
    ],
    ids=["truncated", "no length", "chunked", "not HTTP", "reset"],
)
async def test_an_answer_that_is_not_whole_is_no_answer(rig: Rig, answer: Handler) -> None:
    assert (await rig.fails(answer)).fault is Fault.NETWORK


async def test_a_server_that_falls_silent_is_left(rig: Rig) -> None:
    rig.aws.settings = rig.aws.settings.model_copy(
        update={"read_timeout": rig.aws.settings.read_timeout / 20}
    )
    rig.reader = ObjectReader(rig.aws, 4)

    async def silent(_request: object) -> None:
        await asyncio.sleep(3600)

    async with asyncio.timeout(10):
        assert (await rig.fails(silent)).fault is Fault.NETWORK  # type: ignore[arg-type]


async def test_what_is_too_large_is_not_read(rig: Rig) -> None:
    rig.server.answers = [raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")]
    with pytest.raises(ObjectTooLargeError) as caught:
        await rig.read(limit=1000)
    assert caught.value.size == 1001
    assert rig.admitted == []
    rig.server.answers = [whole(b"x" * 1000)]
    assert len(await rig.read(limit=1000)) == 1000
