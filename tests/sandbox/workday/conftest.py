"""One Workday tenant over real HTTP, on a clock that stands still until it is driven."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import Workday, firm


@dataclass
class Wall:
    """The clock clients wait by."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Tenant:
    """What a test needs of the simulator: its address, a token, and the control interface."""

    workday: Workday
    url: str
    http: aiohttp.ClientSession
    wall: Wall
    clock: SandboxClock

    async def token(self, **more: str) -> tuple[int, dict[str, Any]]:
        form = {"grant_type": "refresh_token", "refresh_token": firm.REFRESH_TOKEN, **more}
        basic = {"Authorization": aiohttp.encode_basic_auth(firm.CLIENT_ID, firm.CLIENT_SECRET)}
        path = f"{self.url}/ccx/oauth2/{firm.TENANT}/token"
        async with self.http.post(path, data=form, headers=basic) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, token: str = "", **params: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(f"{self.url}{path}", headers=headers, params=params) as answer:
            return answer.status, await answer.json()

    async def control(self, route: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"{self.url}/__sandbox__/{route}", json=body) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    clock, wall = SandboxClock(datetime(2026, 11, 20, 10, tzinfo=UTC), speed=0), Wall()
    workday = Workday(clock=clock, shelf=Shelf(), chance=random.Random(1), wall=wall)
    server = TestServer(workday.app())
    await server.start_server()
    async with aiohttp.ClientSession() as http:
        yield Tenant(workday, str(server.make_url("")).rstrip("/"), http, wall, clock)
    await server.close()
