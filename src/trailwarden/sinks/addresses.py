"""Addresses that no sink is ever sent to.

Next: `trailwarden.sinks.connection`, which checks what a name leads to.
"""

from __future__ import annotations

import ipaddress
from typing import Final

_FORBIDDEN: Final = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::254/128"),
)


def forbidden(address: str) -> bool:
    """Link-local and metadata addresses: no webhook listens there, but credentials are served there."""
    try:
        parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in _FORBIDDEN)
