"""Loads pydantic without its search for plug-ins, of which a service has none.

pydantic looks through everything that is installed for plug-ins when the first model is made, and loads the reader of
packages' metadata for it, with parts for mail and zip archives: a twentieth of a service's start. Its own switch,
PYDANTIC_DISABLE_PLUGINS, leaves the search out and loads the reader all the same.

To be imported before pydantic is. If it comes too late, or pydantic looks for them in another way, it does nothing.
"""

from __future__ import annotations

import contextlib
import sys
from types import ModuleType

if "pydantic" not in sys.modules and "importlib.metadata" not in sys.modules:
    nothing = ModuleType("importlib.metadata")
    nothing.entry_points = lambda **_: ()  # type: ignore[attr-defined]  # a module of our own: no package says anything
    sys.modules["importlib.metadata"] = nothing
    try:
        with contextlib.suppress(ImportError):
            import pydantic.plugin._loader  # noqa: F401
    finally:
        del sys.modules["importlib.metadata"]
