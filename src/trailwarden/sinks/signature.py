"""Standard Webhooks 1.0.0: the signed bytes are `id.timestamp.body`, the key is what `whsec_` stands before, decoded."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


def decode_secret(secret: str) -> bytes:
    """The key. Raises ValueError, without showing the secret, when it is not `whsec_` + base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the webhook secret is not whsec_ and base64") from None
    if len(key) not in _KEY_BYTES:
        raise ValueError(f"the webhook secret holds {len(key)} bytes; the standard asks for 24 to 64")
    return key


def signatures(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature a key, separated by blanks."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys
    )
