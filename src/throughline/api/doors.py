"""Doors: one server, and which of its doors a request goes through."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

API = ("/api/", "/health/", "/problems/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Webhooks, the API, and for everything else the console. `stop` ends the streams, so that a server can go."""

    hooks: ASGIApp
    api: ASGIApp
    console: ASGIApp
    stop: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close"})
        else:
            await self._door(scope["path"])(scope, receive, send)

    def _door(self, path: str) -> ASGIApp:
        if path.startswith("/hooks/"):
            return self.hooks
        return self.api if path.startswith(API) or path == "/metrics" else self.console

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.stop()
        await send({"type": "lifespan.shutdown.complete"})
