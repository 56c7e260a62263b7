"""Stores on servers, opened by their URL."""

from __future__ import annotations

from typing import Any

from trailwarden.store import StoreSettings
from trailwarden.store.sql import SqlStore


async def opened(url: str, **more: Any) -> SqlStore:
    store = SqlStore(StoreSettings(url=url, **more))
    await store.open()
    return store
