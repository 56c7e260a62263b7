"""Sinks, one by one; what all have in common is in tests/contract."""
