"""Where bytes came from, in words that a person can follow back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Origin(NamedTuple):
    """The place of one batch.

    source:  the name that the configuration gives to the source
    kind:    the kind of source (`files`, `stdin`, `s3_sqs`, ...)
    locator: one line that leads back to the bytes (a path, `s3://bucket/key`, `topic/partition@offset`)
    details: further coordinates, JSON scalars only (bucket, key, offset, ...)
    """

    source: str
    kind: str
    locator: str
    details: Mapping[str, str | int] = MappingProxyType({})

    def as_dict(self) -> dict[str, str | int]:
        """Flat JSON form; the fixed names win over details of the same name."""
        return {**self.details, "source": self.source, "kind": self.kind, "locator": self.locator}
