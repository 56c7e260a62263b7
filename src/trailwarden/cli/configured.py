"""What the commands that need a configuration share: the option, and an open store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from trailwarden.store import Store

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="The configuration (YAML).")
]

Result = TypeVar("Result")


def with_store(config: Path, act: Callable[[Store], Awaitable[Result]]) -> Result:
    """Open the configured store, act, close it. Errors come out as they are: `main` says them."""
    import asyncio

    from trailwarden.settings import load_settings
    from trailwarden.store import open_store

    settings = load_settings(config)

    async def acting() -> Result:
        store = await open_store(settings.store)
        try:
            return await act(store)
        finally:
            await store.close()

    return asyncio.run(acting())
