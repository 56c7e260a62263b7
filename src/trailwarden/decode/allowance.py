"""How many bytes may still come out of a compressed payload. Asked before memory is taken, never after.

Next: `trailwarden.decode.gzip_members` and `trailwarden.decode.zstd_frames`, which ask it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from trailwarden.decode.outcome import Limits
from trailwarden.errors import DecodeError, Reason

UNSUSPICIOUS: Final = 1024 * 1024
"""Up to this size (bytes) no ratio is too high: a short file of one repeated letter is no bomb."""


class Allowance(NamedTuple):
    """The most that a payload may become. size, ratio_size: bytes; the smaller of the two counts."""

    size: int
    ratio_size: int

    @classmethod
    def of(cls, payload_size: int, limits: Limits) -> Allowance:
        """For a payload of so many bytes as it came, whatever is wrapped in it."""
        return cls(limits.max_output_bytes, max(UNSUSPICIOUS, payload_size * limits.max_ratio))

    def covers(self, size: int) -> bool:
        """Whether so many bytes in all may come out."""
        return size <= self.size and size <= self.ratio_size

    def check(self, size: int) -> None:
        """Raises DecodeError (TOO_LARGE, RATIO_EXCEEDED) when so many bytes in all may not come out."""
        if size > self.size:
            raise DecodeError(Reason.TOO_LARGE, f"more than {self.size} bytes after decompression")
        if size > self.ratio_size:
            raise DecodeError(
                Reason.RATIO_EXCEEDED, f"grows beyond {self.ratio_size} bytes: more than the ratio allows"
            )

    @property
    def most(self) -> int:
        """Bytes."""
        return min(self.size, self.ratio_size)
