"""Identities that write down what they are told, and identities that tell it again.

Keeps: both stand in the place of `Aws`; whoever asks does not know. A call that was not recorded fails like one that gave no
answer.

Next: `recording`, the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final

from trailwarden.audit.recording import RecordedCall, RecordedFailure, Recording, kept, restored
from trailwarden.aws import Aws, AwsError, AwsFailure, AwsSettings, Fault, Role, classified

OWN: Final = "own"
_TOKENS: Final = ("nextToken", "NextToken")

SignIn = Callable[[AwsSettings, Role], Aws]


def _identity(role: Role) -> str:
    return role.role_arn or OWN


class Recorder:
    """Takes down the calls of all identities."""

    def __init__(self) -> None:
        self.home: dict[str, str] = {}
        self._calls: dict[Any, RecordedCall] = {}
        self._pages: dict[str, str] = {}

    def sign_in(self, settings: AwsSettings, role: Role) -> Aws:
        """An identity whose calls are taken down."""
        return _RecordingAws(settings, role, self)

    @property
    def calls(self) -> list[RecordedCall]:
        """In an order that does not depend on who was first."""
        return [self._calls[key] for key in sorted(self._calls)]

    def note(self, call: RecordedCall) -> None:
        """One call. Where it is made twice, the last answer counts."""
        asked = self._numbered(call.asked)
        told = None if call.told is None else self._numbered(call.told)
        numbered = call.model_copy(update={"asked": asked, "told": told})
        self._calls[numbered.key] = numbered

    def _numbered(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Tokens are AWS's own and mean nothing later: pages are numbered in their place."""
        found = dict(members)
        for name in _TOKENS:
            if found.get(name):
                found[name] = self._pages.setdefault(str(found[name]), f"page {len(self._pages) + 1}")
        return found


class _RecordingAws(Aws):
    def __init__(self, settings: AwsSettings, role: Role, recorder: Recorder) -> None:
        super().__init__(settings, role)
        self._recorder = recorder

    async def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        made = await super().client(service, region, **config)
        identity = _identity(self.role)
        found = str(made.meta.region_name)
        if region is None or region == self.settings.region:
            self._recorder.home.setdefault(identity, found)
        return _RecordingClient(made, self._recorder, (identity, service, found))


class _RecordingClient:
    def __init__(self, client: Any, recorder: Recorder, place: tuple[str, str, str]) -> None:
        self._client = client
        self._recorder = recorder
        self._place = place
        self.meta = client.meta

    def __getattr__(self, operation: str) -> Any:
        asking = getattr(self._client, operation)
        identity, service, region = self._place

        async def asked(**members: Any) -> Any:
            call = RecordedCall(
                identity=identity, service=service, region=region, operation=operation, asked=members
            )
            try:
                answer = await asking(**members)
            except Exception as fault:
                said = classified(fault)
                failure = RecordedFailure(
                    fault=said.fault, code=said.code, detail=said.detail, credentials=said.credentials
                )
                self._recorder.note(call.model_copy(update={"failure": failure}))
                raise
            self._recorder.note(call.model_copy(update={"told": kept(answer)}))
            return answer

        return asked


class Replayer:
    """Tells again what a recording holds."""

    def __init__(self, recording: Recording) -> None:
        self._told = {call.key: call for call in recording.calls}
        self._home = recording.home

    def sign_in(self, settings: AwsSettings, role: Role) -> Aws:
        """An identity that answers from the recording, and asks nobody."""
        return _ReplayingAws(settings, role, self)

    def home(self, identity: str) -> str:
        """The Region of its first calls."""
        return self._home.get(identity, "us-east-1")

    def answer(self, call: RecordedCall) -> Any:
        """What was answered. Raises AwsError: what was raised, or that it was not recorded."""
        found = self._told.get(call.key)
        if found is None or (found.told is None and found.failure is None):
            name = f"{call.service}:{call.operation} in {call.region}"
            raise AwsError(AwsFailure(Fault.OTHER, "NotRecorded", f"{name} is not in the recording"))
        if found.failure is not None:
            raise AwsError(found.failure.failure())
        return restored(found.told)


class _ReplayingAws(Aws):
    def __init__(self, settings: AwsSettings, role: Role, replayer: Replayer) -> None:
        super().__init__(settings, role)
        self._replayer = replayer

    async def client(self, service: str, region: str | None = None, **_config: Any) -> Any:
        identity = _identity(self.role)
        return _ReplayingClient(
            self._replayer,
            (identity, service, region or self.settings.region or self._replayer.home(identity)),
        )


class _ReplayingClient:
    def __init__(self, replayer: Replayer, place: tuple[str, str, str]) -> None:
        self._replayer = replayer
        self._place = place
        self.meta = SimpleNamespace(region_name=place[2])

    def __getattr__(self, operation: str) -> Any:
        identity, service, region = self._place

        async def asked(**members: Any) -> Any:
            return self._replayer.answer(
                RecordedCall(
                    identity=identity, service=service, region=region, operation=operation, asked=members
                )
            )

        return asked
