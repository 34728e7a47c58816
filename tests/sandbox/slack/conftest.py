"""One Slack workspace over real HTTP, the vendor's own client, and an app that listens."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.slack import Slack


@dataclass
class Wall:
    """The clock on the wall; a test may stop it."""

    stopped_at: float | None = None

    def __call__(self) -> float:
        return time.time() if self.stopped_at is None else self.stopped_at


@dataclass
class Workspace:
    """What a test needs of the simulator: its address, the vendor's client, and the control interface."""

    slack: Slack
    url: str
    http: aiohttp.ClientSession
    wall: Wall
    token: str = "xoxb-sandbox"

    async def sdk(self, method: str, *given: Any, **named: Any) -> dict[str, Any]:
        """Let the vendor's own client call; what it makes of the answer is returned, errors are raised."""
        client = WebClient(token=self.token, base_url=f"{self.url}/api/")
        client.retry_handlers.clear()
        call: Callable[..., SlackResponse] = getattr(client, method)
        answer = (await asyncio.to_thread(call, *given, **named)).data
        assert isinstance(answer, dict)
        return answer

    async def control(self, route: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"{self.url}/__sandbox__/{route}", json=body) as answer:
            return answer.status, await answer.json()

    async def say(self, text: str, channel: str = "finance-operations", **more: Any) -> dict[str, Any]:
        return await self.sdk("chat_postMessage", channel=channel, text=text, **more)

    async def told(self) -> None:
        """Wait until every notice has met its fate."""
        async with asyncio.timeout(5):
            while self.slack.courier.waiting:
                await asyncio.sleep(0.001)


@dataclass
class App:
    """The other side of the hook: it remembers raw bodies with their headers, and answers as it is told."""

    url: str
    heard: list[tuple[bytes, dict[str, str]]] = field(default_factory=list[tuple[bytes, dict[str, str]]])
    statuses: list[int] = field(default_factory=list[int])
    echoes_challenge: bool = True

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.heard.append((body, dict(request.headers)))
        if b"url_verification" in body and self.echoes_challenge:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    def events(self) -> list[dict[str, Any]]:
        notices = [json.loads(body) for body, _ in self.heard if body.startswith(b"{")]
        return [notice for notice in notices if notice["type"] == "event_callback"]

    def presses(self) -> list[dict[str, Any]]:
        forms = [body.decode() for body, _ in self.heard if body.startswith(b"payload=")]
        return [json.loads(parse_qs(form)["payload"][0]) for form in forms]


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    chance = random.Random(1)
    wall = Wall()
    slack = Slack(clock=SandboxClock(datetime.now(UTC)), shelf=Shelf(), chance=chance, wall=wall)
    slack.limits.change(messages_per_second=1000, burst=1000)
    slack.courier.pause_seconds = 0.001
    server = TestServer(slack.app())
    await server.start_server()
    async with aiohttp.ClientSession() as http:
        yield Workspace(slack, str(server.make_url("")).rstrip("/"), http, wall)
    await server.close()


@pytest.fixture
async def app(workspace: Workspace) -> AsyncIterator[App]:
    """An app that is subscribed already."""
    listening = App("")
    application = web.Application()
    application.router.add_post("/slack", listening.hear)
    server = TestServer(application)
    await server.start_server()
    listening.url = str(server.make_url("/slack"))
    status, answer = await workspace.control("hook", {"url": listening.url})
    assert status == 200, answer
    yield listening
    await server.close()
