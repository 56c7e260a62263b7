"""Makes records that look like a trail's: sizes, key order, repetition and noise of the real thing.

Keeps: the same seed makes the same bytes. A record's size is drawn from the measured distribution first, and the
record is then filled up to it, so that the sizes hold whatever the templates say.

Next: `bench.corpus`, which puts records into files.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random
from typing import Final

from bench.calls import ORDINARY, WANTED, Call
from bench.draw import ACTIONS, Draw, uuid
from bench.sessions import Session, Sessions

RECORD_BYTES: Final = (
    (0.0, 654), (0.05, 921), (0.25, 1105), (0.5, 1174), (0.75, 1290), (0.95, 1844), (0.99, 2269), (1.0, 3000),
)  # fmt: skip
"""Quantiles of the size of a management record, measured; the last is chosen to meet the mean, 1,261 bytes."""

Place = tuple[str, str, str]
"""Account, region, and the time in the spelling of a file name."""

_INTERNAL: Final = frozenset({"kms", "health"})
"""Services that other services call on somebody's behalf."""
_POLICY_SHARE: Final = 0.03
"""How many of the long requests are long for a policy. Policies name actions, and thereby things that a search for
the eleven names runs into: with this share `Vpc` stands once in 12 kB; in real files it is once in 16 kB."""
_WEIGHTS: Final[Sequence[float]] = tuple(accumulate(call.share for call in ORDINARY))
_WANTED_WEIGHTS: Final[Sequence[float]] = tuple(accumulate(call.share for call in WANTED))


class Trail:
    """The records of one file: one account, one region, a few minutes, a few callers."""

    def __init__(self, rng: Random, novelty: float = 1.5) -> None:
        self._rng = rng
        self._draw = Draw(rng, novelty)
        self._sessions = Sessions(self._draw)
        self._minute = rng.randrange(24 * 60 - 6)
        self._day = rng.randrange(1, 29)

    @property
    def place(self) -> Place:
        """Where the file belongs."""
        return self._draw.account, self._draw.region, f"202603{self._day:02d}T{self._clock(5)}Z"

    def record(self, wanted: bool) -> str:
        """One record; `wanted` makes it a match. JSON text of one line, without the newline."""
        rng = self._rng
        pool, weights = (WANTED, _WANTED_WEIGHTS) if wanted else (ORDINARY, _WEIGHTS)
        call = rng.choices(pool, cum_weights=weights)[0]
        size = _record_bytes(rng.random())
        session = self._sessions.pick(0 if call.service in _INTERNAL else size - call.weight)
        error = call.error if rng.random() < call.error_share else None
        head = self._head(call, session, error)
        tail = self._tail(call, session, failed=error is not None)
        request = _filled(self._draw, call, call.request % self._draw, size - len(head) - len(tail))
        return head + request + tail

    def _head(self, call: Call, session: Session, error: tuple[str, str] | None) -> str:
        """Everything up to the request's parameters."""
        moment = f"2026-03-{self._day:02d}T{self._clock(self._rng.randrange(5), ':')}:{self._rng.randrange(60):02d}Z"
        failure = f'"errorCode":"{error[0]}","errorMessage":"{error[1] % self._draw}",' if error else ""
        return (
            f'{{"eventVersion":"1.08","userIdentity":{session.identity},"eventTime":"{moment}",'
            f'"eventSource":"{call.service}.amazonaws.com","eventName":"{call.name}",'
            f'"awsRegion":"{self._draw.region}","sourceIPAddress":"{session.address}",'
            f'"userAgent":"{session.agent}",{failure}"requestParameters":'
        )

    def _tail(self, call: Call, session: Session, failed: bool) -> str:
        """Everything behind them."""
        rng, draw = self._rng, self._draw
        resources = tls = ""
        if call.resource:
            resources = f'"resources":[{{"accountId":"{draw.account}","ARN":"{call.resource % draw}"}}],'
        if session.tls:
            tls = (
                ',"tlsDetails":{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256",'
                f'"clientProvidedHostHeader":"{call.service}.{draw.region}.amazonaws.com"}}'
            )
        return (
            f',"responseElements":{"null" if failed else call.response % draw},"requestID":"{uuid(rng)}",'
            f'"eventID":"{uuid(rng)}","readOnly":{"true" if call.read_only else "false"},{resources}'
            f'"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{draw.account}",'
            f'"eventCategory":"Management"{tls}}}'
        )

    def _clock(self, after: int, colon: str = "") -> str:
        moment = self._minute + after
        return f"{moment // 60:02d}{colon}{moment % 60:02d}"


def _record_bytes(share: float) -> int:
    """The size at that share of the measured distribution."""
    for (low, at_low), (high, at_high) in pairwise(RECORD_BYTES):
        if share <= high:
            return round(at_low + (at_high - at_low) * (share - low) / (high - low))
    return RECORD_BYTES[-1][1]


def _filled(draw: Draw, call: Call, request: str, size: int) -> str:
    """The parameters with filters, tags or a policy added, up to `size` bytes where there is room."""
    start = "{" if request == "null" else f"{request[:-1]},"
    room = size - len(start) - 1
    if room < 60:
        return request
    if room > 400 and draw.rng.random() < _POLICY_SHARE:
        return f"{start}{_policy(draw.rng, room)}}}"
    return f"{start}{_tag(draw, 'filterSet' if call.read_only else 'tagSet', room)}}}"


def _tag(draw: Draw, field: str, room: int) -> str:
    """One tag with a value of the length that makes it exactly `room` bytes (at least 60). Length without much structure,
    as in real records: what a parser has to build is what the naive way pays for."""
    start, end = f'"{field}":{{"Name":"', '"}'
    left = room - len(start) - len(end)
    phrase = draw["phrase"]
    return start + (phrase * (left // len(phrase) + 1))[:left] + end


def _policy(rng: Random, room: int) -> str:
    """A policy document in a string, of exactly `room` bytes (at least 200)."""
    start, end = '"policyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Action\\":[', ']}]}"'
    left = room - len(start) - len(end)
    actions: list[str] = []
    while left > 60:
        actions.append(f'\\"{rng.choice(ACTIONS)}\\",')
        left -= len(actions[-1])
    return f'{start}{"".join(actions)}\\"{"x" * (left - 4)}\\"{end}'
