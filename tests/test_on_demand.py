"""Packages that import their names when they are asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PACKAGES = [
    f"trailwarden.{name}" for name in ("detection", "model", "patterns", "settings", "sinks", "sources")
]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_is_had_from_its_package_in_any_order(name: str) -> None:
    """In a process of its own each, so that nothing was imported before."""
    names = list(importlib.import_module(name).__all__)
    code = f"""
import importlib
for names in ({names}, {names[::-1]}):
    for name in names:
        exec(f"from {name} import {{name}}")
        value = globals()[name]
        assert not isinstance(value, type(importlib)), name
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_name_is_no_module_of_its_package(name: str) -> None:
    """Else an import of that module would put the module in the name's place."""
    package = importlib.import_module(name)
    for exported in package.__all__:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"{name}.{exported}")


def test_an_unknown_name_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Evnet'"):
        from trailwarden.model import Evnet  # type: ignore[attr-defined]  # noqa: F401
