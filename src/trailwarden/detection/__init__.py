"""From bytes to matches to alerts: rules, the matcher that is made of them, and the document that a match becomes. Pure.

Read in this order: `rules`, `loading`, `matcher`, `prefilter`, `inspection`, `alert`, `document`.
"""

from trailwarden.detection.alert import build_alert
from trailwarden.detection.document import AlertDocument
from trailwarden.detection.identity import alert_id
from trailwarden.detection.inspection import Inspection, Match, inspect
from trailwarden.detection.loading import PACKS, load_file, load_pack, load_ruleset
from trailwarden.detection.matcher import Matcher
from trailwarden.detection.rules import Rule

__all__ = [
    "PACKS",
    "AlertDocument",
    "Inspection",
    "Match",
    "Matcher",
    "Rule",
    "alert_id",
    "build_alert",
    "inspect",
    "load_file",
    "load_pack",
    "load_ruleset",
]
