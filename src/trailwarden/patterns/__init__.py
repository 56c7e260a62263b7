"""The JSON filter-pattern language of CloudWatch Logs.

    text --parse--> tree --compile_predicate--> a function that decides on a parsed event
                         --required_needles---> what an event's bytes must contain to be looked at
                         --evaluate-----------> the same decision, by the reference
                         --to_text, explain---> for people

Keeps: compiled predicate and reference agree on every event, and a match contains a needle. Where AWS leaves the language
open, the reading is the one that cannot miss an event (docs/patterns.md).

Next: `trailwarden.patterns.syntax`, then `parser`, then `reference`.
"""

from typing import TYPE_CHECKING

from trailwarden.on_demand import on_demand

if TYPE_CHECKING:
    from trailwarden.patterns.certainty import Selection, compile_selection, selection
    from trailwarden.patterns.explanation import explain
    from trailwarden.patterns.limits import CLOUDWATCH, OWN_RULES, Limits
    from trailwarden.patterns.needles import Needle, required_needles
    from trailwarden.patterns.parser import parse
    from trailwarden.patterns.predicate import Predicate, compile_predicate
    from trailwarden.patterns.printer import to_text
    from trailwarden.patterns.reference import evaluate
    from trailwarden.patterns.syntax import Pattern
else:
    __getattr__ = on_demand(
        __name__,
        {
            "certainty": (
                "Selection",
                "compile_selection",
                "selection",
            ),
            "explanation": ("explain",),
            "limits": (
                "CLOUDWATCH",
                "OWN_RULES",
                "Limits",
            ),
            "needles": (
                "Needle",
                "required_needles",
            ),
            "parser": ("parse",),
            "predicate": (
                "Predicate",
                "compile_predicate",
            ),
            "printer": ("to_text",),
            "reference": ("evaluate",),
            "syntax": ("Pattern",),
        },
    )

__all__ = [
    "CLOUDWATCH",
    "OWN_RULES",
    "Limits",
    "Needle",
    "Pattern",
    "Predicate",
    "Selection",
    "compile_predicate",
    "compile_selection",
    "evaluate",
    "explain",
    "parse",
    "required_needles",
    "selection",
    "to_text",
]
