"""What all tests share. No property test fails for being slow once: a time is not what it tests."""

from hypothesis import settings

from tests.running import run

__all__ = ["run"]

settings.register_profile("trailwarden", deadline=None)
settings.load_profile("trailwarden")
