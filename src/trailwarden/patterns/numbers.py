"""Numbers as patterns and events spell them.

Keeps: nothing is lost to rounding: a spelling becomes a Decimal of the same value, and no input makes a function here raise.

Next: `trailwarden.patterns.relation`, which compares them.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?(?P<exponent>[0-9]+))?")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_HEXADECIMAL: Final = re.compile(r"0[xX][0-9a-fA-F]+")
MAX_EXPONENT_DIGITS: Final = 4
"""Four digits reach far beyond every double (308). It keeps the exact arithmetic cheap."""


def is_number(spelling: str) -> bool:
    """Whether the language reads this bare word as a number."""
    return _NUMBER.fullmatch(spelling) is not None


def exponent_fits(spelling: str) -> bool:
    """Whether a number's exponent is within what we compute exactly."""
    found = _NUMBER.fullmatch(spelling)
    return found is not None and len(found["exponent"] or "") <= MAX_EXPONENT_DIGITS


def read_number(text: str) -> Decimal | float | None:
    """The value of a string in an event that is a number as the language writes them; None when it is none.

    Exact, but for exponents beyond our arithmetic: those become a float, which is zero or infinite.
    """
    if _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text) if exponent_fits(text) else float(text)


def number_in_text(text: str) -> Decimal | None:
    """The number that a text of a pattern could mean: digits, or hexadecimal; None when it could mean none.

    No exponents: "text values do not understand scientific notation" (CloudWatch Logs User Guide). Whether quoted
    digits and hexadecimal mean numbers at all is open (docs/patterns.md, U2 and U14).
    """
    if _HEXADECIMAL.fullmatch(text):
        return Decimal(int(text, 16))
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def spellings(value: bool | int | float | None) -> tuple[str, ...]:
    """How JSON may have written the value: what a wildcard or a regex is held against.

    An integer as its digits; a fraction as the shortest decimal that reads back as it and, when it is whole, as its digits
    too (500.0 also as 500). Other spellings (5e2) are lost in parsing.
    """
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    if isinstance(value, int):
        return (str(Decimal(value)),)  # int's own str() refuses more than 4300 digits
    if math.isnan(value):
        return ("NaN",)
    if math.isinf(value):
        return ("Infinity",) if value > 0 else ("-Infinity",)
    return (repr(value), format(Decimal(value), "f")) if value.is_integer() else (repr(value),)
