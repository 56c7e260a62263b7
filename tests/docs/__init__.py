"""The documents say what the code does: tested, not hoped."""
