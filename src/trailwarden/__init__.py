"""Trailwarden: finds every VPC change in a CloudTrail feed, and tells whether the feed would have shown it one.

Read `docs/architecture.md` first; it follows one event from the bytes to the alert.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("trailwarden")
except PackageNotFoundError:  # running from a tree that was never installed
    __version__ = "0+unknown"
