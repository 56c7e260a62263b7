"""Names of a package that are imported when somebody first asks for them, so that a command loads what it uses.

Keeps: `from package import name` gives the same object whoever asks, and an unknown name is an ImportError as ever. Types come
from the imports that stand beside it for the type checker (PEP 562: a module's `__getattr__`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module


def on_demand(package: str, names: Mapping[str, Iterable[str]]) -> Callable[[str], object]:
    """A `__getattr__` for a package. names: those that each module of the package defines. A module has none of these names."""
    homes = {name: module for module, defined in names.items() for name in defined}

    def find(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{home}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return find
