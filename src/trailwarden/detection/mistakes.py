"""What is wrong with a file of rules, in one line: the place, and the nearest known key.

Next: `trailwarden.detection.rules` for the models that are asked.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from trailwarden.detection.rules import PackText
from trailwarden.errors import RuleError
from trailwarden.model.validation import one_line_each


def hold_against_models(document: dict[str, Any], where: str) -> None:
    """Raises RuleError where a file is not as `PackText` says. where: for messages."""
    try:
        PackText.model_validate(document)
    except ValidationError as fault:
        raise RuleError(_first_mistake(fault, document, where)) from None


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
