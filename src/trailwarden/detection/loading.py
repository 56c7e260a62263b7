"""Rules from bundled packs and from files.

Keeps: a file that is not plainly a file of rules is refused with the line or the key that is wrong; nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from trailwarden.detection.rules import PackText, Rule, checked
from trailwarden.errors import RuleError
from trailwarden.model.validation import one_line_each

PACKS: Final = ("cis-vpc", "vpc-extended")
"""The bundled packs; the first is the default."""

_MAX_BYTES: Final = 1024 * 1024


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
                f"rule {rule.id} is in pack {seen[rule.id]} and in pack {rule.pack}; ids tell rules apart"
            )
        seen[rule.id] = rule.pack
    return tuple(rules)


@cache
def load_pack(name: str) -> tuple[Rule, ...]:
    """A bundled pack."""
    if name not in PACKS:
        raise RuleError(f"there is no pack {name!r}; the packs are {', '.join(PACKS)}")
    data = files("trailwarden.detection").joinpath("packs", f"{name}.yaml").read_bytes()
    return _parsed(data, f"pack {name}")


def load_file(path: Path) -> tuple[Rule, ...]:
    """A file of the user's own."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as fault:
        raise RuleError(f"{path}: the rules cannot be read: {fault.strerror}") from fault
    if len(data) > _MAX_BYTES:
        raise RuleError(f"{path}: larger than {_MAX_BYTES} bytes; split it into several files")
    return _parsed(data, str(path))


class _Loader(yaml.SafeLoader):
    """Safe, and without two things that only serve to mislead: a key that is there twice, and aliases."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is there twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs know no types of it
            raise yaml.MarkedYAMLError(problem="aliases are not allowed here", problem_mark=mark)
        return super().compose_node(parent, index)


def _parsed(data: bytes, where: str) -> tuple[Rule, ...]:
    try:
        document = yaml.load(data, Loader=_Loader)  # noqa: S506 - a safe loader, made stricter
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, TypeError) as fault:
        raise RuleError(f"{where}: not YAML that can be used: {_place(fault)}") from fault
    try:
        pack = PackText.model_validate(document)
    except ValidationError as fault:
        raise RuleError("\n".join(one_line_each(fault, PackText, where))) from None
    rules = tuple(checked(text, pack.pack, where) for text in pack.rules)
    ids = [rule.id for rule in rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise RuleError(f"{where}: two rules have the id {rule_id}; ids tell rules apart")
    return rules


def _place(fault: Exception) -> str:
    mark = getattr(fault, "problem_mark", None)
    problem = getattr(fault, "problem", None) or type(fault).__name__
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else str(problem)
