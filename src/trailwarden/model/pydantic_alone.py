"""Loads pydantic without its search for plug-ins, of which a service has none.

pydantic looks through everything that is installed for plug-ins when the first model is made, and loads the reader of
packages' metadata for it, with parts for mail and zip archives: a twentieth of a service's start. Its own switch,
PYDANTIC_DISABLE_PLUGINS, leaves the search out and loads the reader all the same.

To be imported before pydantic is. If it comes too late, or pydantic looks for them in another way, it does nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType

if "pydantic" not in sys.modules and "importlib.metadata" not in sys.modules:
    nothing = ModuleType("importlib.metadata")
    # No package says anything. 2.14 asks the one; earlier ones, from 2.11 on, ask the other.
    nothing.entry_points = nothing.distributions = lambda **_: ()  # type: ignore[attr-defined]
    sys.modules["importlib.metadata"] = nothing
    try:
        from pydantic.plugin import _loader

        _loader.get_plugins()
    except (ImportError, AttributeError):
        # It is loaded again, with the reader, when it is asked.
        sys.modules.pop("pydantic.plugin._loader", None)
    finally:
        del sys.modules["importlib.metadata"]
