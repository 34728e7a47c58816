"""A Kantata simulator behind a real socket, with a clock that stands still until it is pushed."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.kantata import Kantata
from throughline.sandbox.shelf import Shelf

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)

type Record = dict[str, Any]


@dataclass
class Api:
    """Just enough of a client: the token, the wrapping, and the status beside the body."""

    client: TestClient[Any, Any]
    simulator: Kantata

    async def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> tuple[int, Record]:
        headers = {"Authorization": "Bearer kantata-sandbox-token"}
        async with self.client.request(method, f"/api/v1{path}", json=body, headers=headers, **kwargs) as answer:
            return answer.status, await answer.json() if answer.status != 204 else {}

    async def get(self, path: str) -> Record:
        status, body = await self.call("GET", path)
        assert status == 200, body
        return body

    async def listed(self, path: str) -> list[Record]:
        body = await self.get(path)
        return [body[each["key"]][each["id"]] for each in body["results"]]

    async def make(self, singular: str, path: str, **fields: Any) -> Record:
        status, body = await self.call("POST", path, {singular: fields})
        assert status == 200, body
        first = body["results"][0]
        return body[first["key"]][first["id"]]

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, list[Record]]:
        status, answer = await self.call(method, path, body)
        assert status >= 400, answer
        return status, answer["errors"]

    async def project(self, **fields: Any) -> Record:
        return await self.make("workspace", "/workspaces", **{"title": "A project", "creator_role": "maven", **fields})

    async def control(self, path: str, body: Any, status: int = 200) -> Record:
        async with self.client.post(f"/__sandbox__/{path}", json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    simulator = Kantata(clock=SandboxClock(START, speed=0), shelf=Shelf(), chance=random.Random(7))
    async with TestClient(TestServer(simulator.app())) as client:
        yield Api(client, simulator)
