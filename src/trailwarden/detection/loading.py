"""Rules from bundled packs and from files.

Keeps: a file that is not plainly a file of rules is refused, in one line that says where, what and how to mend it; nothing
of it is skipped.

Next: `trailwarden.detection.matcher`, which is made of what is loaded here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from trailwarden.detection.rule import Rule, checked
from trailwarden.detection.sound import is_sound
from trailwarden.detection.strict_yaml import read_yaml
from trailwarden.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

PACKS: Final = ("cis-vpc", "vpc-extended", "vpc-neighbours", "trail-tampering", "cis-monitoring")
"""The bundled packs; the first is the default."""

MAX_BYTES: Final = 1024 * 1024
"""Of one file of rules."""


def load_ruleset(packs: Iterable[str] = PACKS[:1], rule_files: Iterable[str | Path] = ()) -> tuple[Rule, ...]:
    """All rules of the packs and files, in order. Raises RuleError for an unknown pack, a bad file, an id that is there twice."""
    rules: list[Rule] = []
    for name in dict.fromkeys(packs):
        rules.extend(load_pack(name))
    for path in rule_files:
        rules.extend(load_file(path))
    seen: dict[str, str] = {}
    for rule in rules:
        if rule.id in seen:
            raise RuleError(
                f"rule {rule.id} is in pack {seen[rule.id]} and in pack {rule.pack}; rename one: ids tell rules apart"
            )
        seen[rule.id] = rule.pack
    return tuple(rules)


@cache
def load_pack(name: str) -> tuple[Rule, ...]:
    """A bundled pack. Raises RuleError for a name that is none."""
    if name not in PACKS:
        from difflib import get_close_matches  # noqa: PLC0415 - for this mistake alone

        near = get_close_matches(name, PACKS, n=1)
        mend = f"did you mean {near[0]!r}? The" if near else "the"
        raise RuleError(f"there is no pack {name!r}; {mend} packs are {', '.join(PACKS)}")
    with open(
        os.path.join(os.path.dirname(__file__), "packs", f"{name}.yaml"), "rb"
    ) as file:  # pathlib is slow to import
        return _parsed(file.read(), f"pack {name}")


def load_file(path: str | Path) -> tuple[Rule, ...]:
    """A file of the user's own. Raises RuleError where it cannot be read or used."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise RuleError(f"{path}: the rules cannot be read: {fault.strerror}") from fault
    if len(data) > MAX_BYTES:
        raise RuleError(f"{path}: larger than {MAX_BYTES} bytes; split it into several files")
    return _parsed(data, str(path))


def _parsed(data: bytes, where: str) -> tuple[Rule, ...]:
    document = read_yaml(data, where)
    if not isinstance(document, dict):
        raise RuleError(
            f"{where}: must be a mapping with pack, title and rules; it is empty or something else"
        )
    if not is_sound(document):
        # Plainly good files, the bundled packs first of all, do without the models: loading those takes longer than all the rest.
        from trailwarden.detection.mistakes import hold_against_models  # noqa: PLC0415

        hold_against_models(document, where)
    texts = document["rules"]
    twice = [rule_id for rule_id, count in Counter(text["id"] for text in texts).items() if count > 1]
    if twice:
        raise RuleError(f"{where}: rule {twice[0]}: two rules have this id; rename one: ids tell rules apart")
    return tuple(checked(text, document["pack"], where) for text in texts)
