"""Secrets of a sink: given in the settings, or in a file that may be replaced while the service runs.

Keeps: no message of this module holds a secret.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from trailwarden.errors import ConfigError
from trailwarden.sinks.signature import decode_secret

_MAX_BYTES = 4096


class Key:
    """One signing key. `value()` reads the file again when it was changed."""

    def __init__(self, secret: SecretStr | None, file: Path | None, where: str) -> None:
        self._file = file
        self._where = where
        self._stamp: tuple[int, int] | None = None
        self._key: bytes | None = None
        if secret is not None:
            self._key = self._decoded(secret.get_secret_value())

    def value(self) -> bytes:
        """The key. Raises ConfigError when there is none to be had; keeps the last good one while the file is being replaced."""
        if self._file is not None:
            self._refresh(self._file)
        if self._key is None:
            raise ConfigError(f"{self._where}: there is no secret")
        return self._key

    def _refresh(self, file: Path) -> None:
        try:
            status = file.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp == self._stamp:
                return
            with file.open("r", encoding="utf-8") as opened:
                text = opened.read(_MAX_BYTES)
            self._key = self._decoded(text)
            self._stamp = stamp
        except (OSError, UnicodeDecodeError) as fault:
            if self._key is None:
                what = fault.strerror if isinstance(fault, OSError) else "not text"
                raise ConfigError(f"{self._where}: the secret file {file} cannot be read: {what}") from None

    def _decoded(self, text: str) -> bytes:
        try:
            return decode_secret(text)
        except ValueError as fault:
            raise ConfigError(f"{self._where}: {fault}") from None
