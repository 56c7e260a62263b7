"""From bytes to matches to alerts: rules, the matcher that is made of them, and the document that a match becomes. Pure.

Read in this order: `rules`, `loading`, `matcher`, `prefilter`, `inspection`, `alert`, `document`. The last two are imported from
where they are: their models take longer to make than a scan of a thousand files, and a scan makes no alerts.
"""

from typing import TYPE_CHECKING

from trailwarden.on_demand import on_demand

if TYPE_CHECKING:
    from trailwarden.detection.inspection import Inspection, Match, inspect
    from trailwarden.detection.loading import PACKS, load_file, load_pack, load_ruleset
    from trailwarden.detection.many import inspect_many
    from trailwarden.detection.matcher import Matcher
    from trailwarden.detection.rule import Rule
    from trailwarden.detection.runs import RunInspection, inspect_run
else:
    __getattr__ = on_demand(
        __name__,
        {
            "inspection": (
                "Inspection",
                "Match",
                "inspect",
            ),
            "loading": (
                "PACKS",
                "load_file",
                "load_pack",
                "load_ruleset",
            ),
            "many": ("inspect_many",),
            "matcher": ("Matcher",),
            "rule": ("Rule",),
            "runs": (
                "RunInspection",
                "inspect_run",
            ),
        },
    )

__all__ = [
    "PACKS",
    "Inspection",
    "Match",
    "Matcher",
    "Rule",
    "RunInspection",
    "inspect",
    "inspect_many",
    "inspect_run",
    "load_file",
    "load_pack",
    "load_ruleset",
]
