"""A database of its own for each test: parts of it come and go. And captures of any age, without their exchanges."""

import os
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from throughline.hub.retention import Retention
from throughline.hub.retention.taking_out import Step, nothing
from throughline.store import captures, firm_versions
from throughline.store.captures import Capture
from throughline.store.database import Pool

_spec = spec_from_file_location("fakes_of_the_machine", Path(__file__).parents[1] / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_fakes = module_from_spec(_spec)
_spec.loader.exec_module(_fakes)

NOON: datetime = _fakes.NOON
World = _fakes.World
OWNERS = 'hold_owners: { "*": Operations }\n'


@pytest.fixture
async def database_url(server_url: str, request: pytest.FixtureRequest) -> AsyncGenerator[str]:
    name = f"retained_{os.getpid()}_{abs(hash(request.node.nodeid)):x}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}" template template_of_ours')
    head, _, query = server_url.partition("?")
    yield f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.close()


class Kept:
    """A machine whose past a test can fill, and the worker that looks after it."""

    def __init__(self, world: Any, folder: Path) -> None:
        self.world, self.folder = world, folder
        object.__setattr__(world.machine, "archive", folder)

    @property
    def pool(self) -> Pool:
        return self.world.pool

    @property
    def now(self) -> datetime:
        return self.world.clock()

    def later(self, **span: float) -> None:
        self.world.clock.advance(timedelta(**span).total_seconds())

    async def policy(self, said: str) -> None:
        """A version of the folder that keeps things for so long."""
        files: dict[str, str] = (await firm_versions.newest(self.pool))["files"]  # type: ignore[index] - there is one
        files["policies.yaml"] = f"{OWNERS}retention_days: {{ {said} }}\n"
        await firm_versions.apply(self.pool, digest=said, files=files, by="test", now=self.now)

    async def captures(self, n: int, *, direction: str = "out", **more: Any) -> list[int]:
        """Exchanges of now; returns their numbers."""
        before = await self.pool.fetchval("select coalesce(max(id), 0) from captures")
        one = capture(self.now, direction=direction, **more)
        await captures.keep(self.pool, [one] * n)
        rows = await self.pool.fetch("select id from captures where id > $1 order by id", before)
        return [row["id"] for row in rows]

    def retention(self, reached: Step = nothing) -> Retention:
        machine = self.world.machine
        return Retention(machine.pool, machine.firms, self.folder, "worker-1", self.world.clock, reached)

    async def tick(self, reached: Step = nothing) -> None:
        await self.retention(reached).tick()

    async def archives(self) -> list[str]:
        return [row["id"] for row in await self.pool.fetch("select id from archives order by seq")]

    async def count(self) -> int:
        return await self.pool.fetchval("select count(*) from captures")


def capture(now: datetime, *, direction: str, **more: Any) -> Capture:
    said: dict[str, Any] = {
        "at": now,
        "system": "north",
        "direction": direction,
        "state": "done",
        "method": "POST",
        "url": "https://north.example/deals",
        "status": 200,
        "outcome": "fine",
        "took_ms": 12.5,
        "correlation": None,
        "run": None,
        "request_headers": {"Content-Type": "application/json"},
        "request_body": '{"a": "é\n"}'.encode() + b"\x00\xff",
        "answer_headers": {},
        "answer_body": b"",
    }
    return Capture(**{**said, **more})


@pytest.fixture
async def kept(world: Any, tmp_path: Path) -> Kept:
    return Kept(world, tmp_path / "archive")
