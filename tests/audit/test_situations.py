"""The table of situations, each through the calls and the judgement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.audit.situations import SITUATIONS, Situation
from tests.audit.world import audited
from trailwarden.audit.chain import LINKS
from trailwarden.audit.outcome import Result


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
async def test_the_verdict_and_the_broken_link(situation: Situation) -> None:
    chain = await audited(situation.world(), accounts=situation.accounts)
    broken = chain.broken
    told = (chain.result.value, broken.name if broken else "")
    assert told == (situation.result, situation.broken), [link for link in chain.links if link.result]
    assert situation.says in (broken.sentence if broken else "")
    assert [link.name for link in chain.links] == list(LINKS)
    if situation.result == "unknown" and "denied" in situation.name:
        assert broken
        assert broken.denied
        assert broken.denied in broken.remedy
    if broken and "foreign" in broken.sentence:
        assert broken.remedy.startswith("audit the account that owns it, too")
    if broken and broken.result is Result.FAIL:
        assert broken.remedy or broken.name == "log_group" or "does not exist" in broken.sentence


def test_there_are_enough_and_each_is_another() -> None:
    assert len(SITUATIONS) >= 80
    assert len({one.name for one in SITUATIONS}) == len(SITUATIONS)


@pytest.mark.parametrize("situation", SITUATIONS[:1] + SITUATIONS[60:70], ids=lambda one: one.name)
async def test_pages_make_no_difference(situation: Situation) -> None:
    whole, paged = situation.world(), situation.world()
    paged.page = 1
    first, second = await audited(whole), await audited(paged)
    assert [replace(link, evidence={}) for link in first.links] == [
        replace(link, evidence={}) for link in second.links
    ]
