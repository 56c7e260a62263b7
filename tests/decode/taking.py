"""What the tests ask of a decoded payload, and what they make payloads of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trailwarden.decode import Decoded, Limits, parse_event
from trailwarden.decode.split import split

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
LIMITS = Limits()


def record(name: str = "DescribeVpcs", **extra: Any) -> dict[str, Any]:
    """A small CloudTrail record."""
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "Root"},
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "eventID": f"id-{name}",
        **extra,
    }


def compact(value: Any) -> bytes:
    """JSON as CloudTrail writes it."""
    return json.dumps(value, separators=(",", ":")).encode()


def log_file(*names: str) -> bytes:
    """A log file, compact."""
    return compact({"Records": [record(name) for name in names]})


def opened(data: bytes, limits: Limits = LIMITS) -> Decoded:
    """The content, split; what is said of the offsets is checked."""
    decoded = split(data, limits)
    for block in decoded.blocks:
        for raw, start in zip(block.raws, block.starts or (), strict=block.starts is not None):
            assert data[start : start + len(bytes(raw))] == bytes(raw)
        assert block.raws
    return decoded


def raws(decoded: Decoded) -> list[bytes]:
    """The events' texts, in order."""
    return [bytes(raw) for block in decoded.blocks for raw in block.raws]


def values(decoded: Decoded) -> list[dict[str, Any]]:
    """The events' values, in order."""
    return [parse_event(raw) for raw in raws(decoded)]


def names(decoded: Decoded) -> list[Any]:
    """The events' names, in order."""
    return [value.get("eventName") for value in values(decoded)]
