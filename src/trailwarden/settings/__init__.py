"""The whole configuration: one YAML file, parsed once into one frozen model.

Keeps: unknown keys are errors that name the key, the place and the nearest known key; a secret is never shown, neither
in an error nor by `config show`. A kind of source or sink that the file does not name is not loaded.

Read `root`, then `reading`. Next: `trailwarden.app`, the only reader of the root model.
"""

from typing import TYPE_CHECKING

from trailwarden.on_demand import on_demand
from trailwarden.settings.reading import load_settings, shown
from trailwarden.settings.root import DecodeSettings, LogSettings, RulesSettings

if TYPE_CHECKING:
    from trailwarden.settings.whole import Settings
else:
    __getattr__ = on_demand(__name__, {"whole": ("Settings",)})

__all__ = ["DecodeSettings", "LogSettings", "RulesSettings", "Settings", "load_settings", "shown"]
