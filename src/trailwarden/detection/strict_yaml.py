"""YAML as far as rules need it: what JSON can say, with comments.

Keeps: nothing is constructed but objects, arrays, text, numbers, booleans and null, so that an example event is what its JSON
would be: `2026-01-01` and `yes` are text. Tags, anchors and aliases, keys that are there twice and deep nesting are refused.

Source: YAML 1.2.2, section 10.2 (JSON schema of types). Next: `trailwarden.detection.loading`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, Final

import yaml

from trailwarden.errors import RuleError

MAX_DEPTH: Final = 64
"""Mappings and lists in each other. An event in an example is seldom deeper than ten."""

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: the same language, twenty times as fast."""
_OPENING: Final = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def read_yaml(data: bytes, where: str) -> Any:
    """The value of one document; None for an empty one. where: for messages. Raises RuleError with line and column."""
    try:
        _survey(data)
        return yaml.load(data, Loader=_Loader)  # noqa: S506 - a safe loader, made stricter
    except yaml.MarkedYAMLError as fault:
        raise RuleError(f"{where}: not YAML that can be used: {_place(fault)}") from fault
    except (yaml.YAMLError, ValueError) as fault:  # bytes that are not text
        raise RuleError(
            f"{where}: not YAML that can be used: {' '.join(str(fault).split())}; save it as UTF-8"
        ) from fault


class _Loader(_BASE):  # type: ignore[misc]  # which of the two is known only at run time
    """Safe, with JSON's types, and without keys that are there twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to say it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise _refusal("a key that is not text; put it in quotes", key.start_mark)
            if key.value in seen:
                raise _refusal(f"the key {key.value!r} is there twice; remove one", key.start_mark)
            seen.add(key.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


for _tag, _expression, _first in (
    ("null", r"(?:null|~|)", ["n", "~", ""]),
    ("bool", r"(?:true|false)", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]{0,399})", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^{_expression}$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))


def _survey(data: bytes) -> None:
    """Look at the events alone, which takes no memory and no recursion, before anything is built of them."""
    depth = 0
    for event in yaml.parse(data, Loader=_BASE):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refusal("anchors and aliases are not allowed; write it out", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _refusal("tags are not allowed; write the value alone", event.start_mark)
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        if depth > MAX_DEPTH:
            raise _refusal(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)


def _refusal(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _place(fault: yaml.MarkedYAMLError) -> str:
    mark = fault.problem_mark or fault.context_mark
    problem = " ".join(str(fault.problem or fault.context).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else problem
