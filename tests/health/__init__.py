"""Health: checks, board, server, page."""
