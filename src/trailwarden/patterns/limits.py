"""How large a pattern may be.

Keeps: whatever the text, parsing, printing and evaluating stay within bounded time, memory and recursion.

Next: `trailwarden.patterns.parser`, which holds a pattern to its limits.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Limits(NamedTuple):
    """Upper bounds of one pattern; each is inclusive.

    length:             characters of the whole text
    depth:              nested parentheses
    regexes:            `%regex%` values
    wildcard_steps:     `.*` and `[*]` steps in one selector
    wildcard_selectors: selectors that contain such a step
    """

    length: int
    depth: int
    regexes: int
    wildcard_steps: int
    wildcard_selectors: int


CLOUDWATCH: Final = Limits(length=1024, depth=32, regexes=2, wildcard_steps=1, wildcard_selectors=3)
"""What CloudWatch Logs takes (CloudWatch Logs User Guide, "Filter pattern syntax" and "Quotas"). AWS states no depth;
ours is far above what 1024 characters are used for."""

OWN_RULES: Final = Limits(length=16_384, depth=64, regexes=32, wildcard_steps=2, wildcard_selectors=32)
"""For rules that only Trailwarden runs: they need not fit into a metric filter. Wide enough for the canonical form of
everything that CLOUDWATCH lets through: that form may double the parentheses, and its quotes and blanks add up."""
