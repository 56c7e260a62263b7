"""What the contract suite needs of a source's world: put a unit there, spoil one, open the source again.

To add a source: a rig here, a line in RIGS.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path

from trailwarden.model import Batch, SystemClock
from trailwarden.sources import Source, SourceSettings, build_source
from trailwarden.sources.files import FilesSettings


class SourceRig(ABC):
    """One kind of source and its world. Checkpoints are kept here, as the store would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoints: dict[str, str] = {}

    @abstractmethod
    async def put(self, name: str, content: bytes) -> None:
        """A further unit, complete. Names are in the order in which they are put."""

    @abstractmethod
    async def spoil(self, name: str) -> None:
        """From now on this unit cannot be loaded."""

    @abstractmethod
    def settings(self, once: bool) -> SourceSettings:
        """Impatient ones: no time to settle, short pauses."""

    @abstractmethod
    def name_of(self, batch: Batch) -> str:
        """The name that its unit was put under."""

    def source(self, once: bool = False) -> Source:
        """A new one, as after a start of the process."""
        return build_source(self.settings(once), dict(self.checkpoints), SystemClock())

    async def commit(self, batch: Batch) -> bytes:
        """What ingest does: load, commit the checkpoint, ack."""
        content = batch.load()
        checkpoint = batch.checkpoint
        if checkpoint is not None:
            self.checkpoints[checkpoint.key] = checkpoint.value
        await batch.ack()
        return content


class FilesRig(SourceRig):
    """Units are files. A file is spoilt by a link in its place that leads back to itself, which not even root can read."""

    async def put(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    async def spoil(self, name: str) -> None:
        (self.folder / name).unlink()
        (self.folder / name).symlink_to(self.folder / name)

    def settings(self, once: bool) -> SourceSettings:
        document = {"kind": "files", "name": "spool", "path": str(self.folder), "follow": not once}
        return FilesSettings.model_validate({**document, "settle": "0s", "poll_interval": "5ms"})

    def name_of(self, batch: Batch) -> str:
        return os.path.basename(batch.key)


RIGS: dict[str, type[SourceRig]] = {"files": FilesRig}
"""Kind -> rig."""
