"""A webhook receiver as a user would write one: it checks the signature with an independent library, then shows the alert."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver:
    """Listens on a free port of the loopback. `url` is known after start()."""

    def __init__(self, secret: str, show: Callable[[dict[str, Any]], None]) -> None:
        self._webhook = Webhook(secret)
        self._show = show
        self._seen: set[str] = set()
        self._runner: web.AppRunner | None = None
        self.refused = 0
        self.url = ""

    async def start(self) -> None:
        """Bind and serve."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/hook"

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            self._webhook.verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return web.Response(status=401)
        identifier = request.headers["webhook-id"]
        if identifier not in self._seen:  # delivery is at least once; the id tells a repetition
            self._seen.add(identifier)
            self._show(json.loads(body)["data"])
        return web.Response(status=204)
