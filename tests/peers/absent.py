"""What becomes of a test whose server cannot be had: skipped with a line that says how to get it; in CI, where nothing may be
skipped, an error.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class AbsentError(Exception):
    """A server cannot be had here. The message says why, and how to get one."""


def not_here(absent: AbsentError) -> NoReturn:
    """Skip the test; with `CI` or `TRAILWARDEN_REQUIRE_PEERS` set, fail."""
    if os.environ.get("CI") or os.environ.get("TRAILWARDEN_REQUIRE_PEERS"):
        pytest.fail(str(absent), pytrace=False)
    pytest.skip(str(absent))
