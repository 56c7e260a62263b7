"""pydantic's search for plug-ins is left out in whichever way it searches, and does its work where that is not known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WAYS = {
    "2.14": "from importlib.metadata import entry_points\n\ndef get_plugins():\n    return list(entry_points(group='x'))",
    "2.11": "import importlib.metadata as reader\n\ndef get_plugins():\n    return list(reader.distributions())",
    "imports what is not there": "from importlib.metadata import packages_distributions as all_of\n\n"
    "def get_plugins():\n    return list(all_of())",
    "asks for what is not there": "import importlib.metadata as reader\n\n"
    "def get_plugins():\n    return list(reader.packages_distributions())",
}
CODE = """
import sys
import trailwarden.model.pydantic_alone
assert "importlib.metadata" not in sys.modules
from pydantic.plugin._loader import get_plugins
print(bool(get_plugins()))
import importlib.metadata
assert importlib.metadata.version("trailwarden")
"""


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_it_looks(tmp_path: Path, way: str) -> None:
    plugin = tmp_path / "pydantic" / "plugin"
    plugin.mkdir(parents=True)
    for package in (plugin.parent, plugin):
        (package / "__init__.py").touch()
    (plugin / "_loader.py").write_text(WAYS[way])
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{CODE}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == (f"{way not in ('2.14', '2.11')}\n", "")


def test_the_installed_one_finds_nothing() -> None:
    code = """
import sys
import trailwarden.model.pydantic_alone
from pydantic import BaseModel
class Model(BaseModel):
    number: int
assert Model(number=1).number == 1
print("importlib.metadata" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("False\n", "")
