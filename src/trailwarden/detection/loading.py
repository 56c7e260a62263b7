"""Rules from bundled packs and from files.

Keeps: a file that is not plainly a file of rules is refused, in one line that says where, what and how to mend it; nothing
of it is skipped.

Next: `trailwarden.detection.matcher`, which is made of what is loaded here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from trailwarden.detection.rules import PackText, Rule, checked
from trailwarden.detection.strict_yaml import read_yaml
from trailwarden.errors import RuleError
from trailwarden.model.validation import one_line_each

PACKS: Final = ("cis-vpc", "vpc-extended", "vpc-neighbours", "trail-tampering")
"""The bundled packs; the first is the default."""

MAX_BYTES: Final = 1024 * 1024
"""Of one file of rules."""


def load_ruleset(packs: Iterable[str] = PACKS[:1], rule_files: Iterable[Path] = ()) -> tuple[Rule, ...]:
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
        near = get_close_matches(name, PACKS, n=1)
        mend = f"did you mean {near[0]!r}? The" if near else "the"
        raise RuleError(f"there is no pack {name!r}; {mend} packs are {', '.join(PACKS)}")
    data = files("trailwarden.detection").joinpath("packs", f"{name}.yaml").read_bytes()
    return _parsed(data, f"pack {name}")


def load_file(path: Path) -> tuple[Rule, ...]:
    """A file of the user's own. Raises RuleError where it cannot be read or used."""
    try:
        with path.open("rb") as file:
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
    try:
        pack = PackText.model_validate(document)
    except ValidationError as fault:
        raise RuleError(_first_mistake(fault, document, where)) from None
    twice = [rule_id for rule_id, count in Counter(rule.id for rule in pack.rules).items() if count > 1]
    if twice:
        raise RuleError(f"{where}: rule {twice[0]}: two rules have this id; rename one: ids tell rules apart")
    return tuple(checked(text, pack.pack, where) for text in pack.rules)


def _first_mistake(fault: ValidationError, document: dict[str, Any], where: str) -> str:
    """One line: the first mistake, in the rule whose id it has, and how many more there are.

    An unknown key comes before the others: it is mostly what explains them (the right key is missing then).
    """
    errors = fault.errors(include_url=False, include_input=False, include_context=False)
    places = [error["loc"] for error in errors]
    # A list whose every element is wrong is said to be too short as well: only the innermost mistakes count.
    inner = [
        n
        for n, place in enumerate(places)
        if not any(place == other[: len(place)] != other for other in places)
    ]
    number = next((n for n in inner if errors[n]["type"] == "extra_forbidden"), inner[0])
    rule_id = _rule_id(document, places[number])
    line = one_line_each(fault, PackText, f"{where}: rule {rule_id}" if rule_id else where)[number]
    return f"{line} (and {len(inner) - 1} more)" if len(inner) > 1 else line


def _rule_id(document: dict[str, Any], place: tuple[str | int, ...]) -> str | None:
    rules = document.get("rules")
    if len(place) < 2 or place[0] != "rules" or not isinstance(rules, list) or not isinstance(place[1], int):
        return None
    rule = rules[place[1]]
    rule_id = rule.get("id") if isinstance(rule, dict) else None
    return rule_id if isinstance(rule_id, str) and rule_id.isascii() and rule_id.isprintable() else None
