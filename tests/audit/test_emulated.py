"""The command against the emulator, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.audit.emulated import Account
from tests.aws.emulator import REGION, Emulator
from tests.running import Run, run

__all__ = ["run"]


@pytest.fixture
async def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Account]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    made = Account(emulator)
    yield made
    await made.close()


async def audit(run: Run, *options: str) -> Any:
    """In a thread: the command has a loop of its own."""
    return await asyncio.to_thread(run, "audit", "--region", REGION, *options)


async def test_a_good_account_passes(run: Run, account: Account) -> None:
    await account.make()
    result = await audit(run, "--format", "json")
    assert result.code == 0, result.err
    (control,) = result.json()["accounts"][0]["controls"]
    assert [link["result"] for link in control["chains"][0]["links"]] == ["pass"] * 6
    assert control["chains"][0]["links"][-1]["evidence"]["protocols"] == ["email"]
