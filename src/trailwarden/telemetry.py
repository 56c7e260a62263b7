"""All metrics and the set-up of logs, in one place.

Keeps: labels are bounded (names from the configuration, members of closed enums), and events seen = matched + unmatched
+ quarantined holds at every scrape, because the four are raised together by `count_events`.
"""

from __future__ import annotations
