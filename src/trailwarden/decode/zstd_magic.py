"""How Zstandard frames begin (RFC 8878, 3.1.1 and 3.1.2). Apart from `zstd_frames`, so that gzip does not wait for zstandard.

Next: `trailwarden.decode.decompress`.
"""

from __future__ import annotations

from typing import Final

FRAME: Final = b"\x28\xb5\x2f\xfd"
SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)
"""As a number, little-endian."""
MAGICS: Final = (FRAME, *(number.to_bytes(4, "little") for number in SKIPPABLE))
