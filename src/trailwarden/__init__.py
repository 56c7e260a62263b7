"""Trailwarden: finds every VPC change in a CloudTrail feed, and tells whether the feed would have shown it one.

Read `docs/architecture.md` first; it follows one event from the bytes to the alert.
"""

__version__ = "0.1.0"
