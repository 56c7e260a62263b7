"""The key of an object that CloudTrail delivered, taken apart.

Keeps: a key is either of CloudTrail's form or nothing; a prefix may look like anything, `AWSLogs` too, so that the last part
that fits decides.

Source: CloudTrail user guide, "Finding your CloudTrail log files" and "CloudTrail log file names".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

_KEY: Final = re.compile(
    r"(?:(?P<prefix>.*)/)?AWSLogs/(?:(?P<organization>o-[a-z0-9]{10,32})/)?(?P<account>[0-9]{12})/"
    r"(?P<kind>CloudTrail(?:-[A-Za-z]+)?)/(?P<region>[a-z0-9-]+)/[0-9]{4}/[0-9]{2}/[0-9]{2}/"
    r"(?P=account)_(?P=kind)_(?P=region)_(?:[^/]+_)??(?P<delivered>[0-9]{8}T(?:[0-9]{4}|[0-9]{6})Z)_?[A-Za-z0-9]*\.json\.gz",
    re.ASCII | re.DOTALL,
)
"""The name's middle part is that of digests, which name their trail there."""


class LogKey(NamedTuple):
    """prefix: without the slash, "" for none; organization: its id or ""; delivered: when, by the name, in UTC."""

    prefix: str
    organization: str
    account: str
    kind: str
    region: str
    delivered: datetime


@lru_cache(maxsize=1024)
def parse_log_key(key: str) -> LogKey | None:
    """The parts of a key; None for one that is not of CloudTrail's form, a folder or somebody else's object."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    text = found["delivered"]
    try:
        second = int(text[13:15]) if len(text) == 16 else 0
        delivered = datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[9:11]),
            int(text[11:13]),
            second,
            tzinfo=UTC,
        )
    except ValueError:
        return None  # a day or an hour that there is not
    return LogKey(
        found["prefix"] or "",
        found["organization"] or "",
        found["account"],
        found["kind"],
        found["region"],
        delivered,
    )
