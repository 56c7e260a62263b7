"""Loads structlog without rich.

structlog draws tracebacks with rich where that is installed, and loads the whole of it (with pygments) when it is imported
itself: a tenth of a service's start. What we write is one line an entry, drawn by `logs`, so that rich would never be used.

To be imported before structlog is. If it comes too late it does nothing, and costs nothing but the time.
"""

from __future__ import annotations

import sys

if "structlog" not in sys.modules and "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own way to say that there is no such module
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]
