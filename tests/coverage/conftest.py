"""The server that the tests of the calls ask."""

from tests.coverage.collecting import peer

__all__ = ["peer"]
