"""Decoding: every shape that events arrive in, and every way in which bytes can be wrong."""
