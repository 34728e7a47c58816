"""The people of the demo's HR and PSA, polled from both over real HTTP: one entity each, and their time is theirs."""

import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from throughline.connectors import kantata, workday
from throughline.demo import FIRM
from throughline.hub.captures import Captures
from throughline.hub.firm import read_folder
from throughline.hub.firms import Firms
from throughline.hub.polls import Polls
from throughline.hub.wakes import Wakes
from throughline.hub.wire import AiohttpTransport
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.kantata import Kantata
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import Workday
from throughline.store import firm_versions
from throughline.store.database import Pool, queue

SECRETS = {
    "KANTATA": "kantata-sandbox-token",
    "REFRESH": "workday-sandbox-refresh-token",
    "CLIENT": "workday-sandbox-secret",
}
CREDENTIALS = {
    "kantata": "credentials: { token: env:KANTATA }\n",
    "workday": (
        "credentials: { refresh_token: env:REFRESH, client_secret: env:CLIENT }\n"
        "settings: { tenant: halyard_sandbox, client_id: workday-sandbox-client }\n"
    ),
}
ROLES = {"kantata": "psa", "workday": "hr"}
TABLES = ("tables/roles.csv", "firm.yaml", "policies.yaml")


@pytest.fixture
async def polls(pool: Pool, tmp_path: Path) -> AsyncGenerator[Polls]:
    clock = SandboxClock(datetime(2026, 11, 20, 10, tzinfo=UTC), speed=0)
    numbers = count(1)
    async with AsyncExitStack() as stack:
        files = {name: text for name, text in read_folder(FIRM).items() if name in TABLES}
        for kind in (Kantata, Workday):
            url = await _listening(stack, kind(clock=clock, shelf=Shelf(), chance=random.Random(7)))
            said = f"connector: {kind.name}\nroles: [{ROLES[kind.name]}]\nurl: {url}\n{CREDENTIALS[kind.name]}"
            files[f"systems/{kind.name}.yaml"] = said
        files["ownership.yaml"] = (
            'resource: { "*": hr, role: psa }\nassignment: { "*": psa }\ntime_entry: { "*": psa }\n'
        )
        await firm_versions.apply(pool, digest="first", files=files, by="test", now=clock.now())
        transport = await stack.enter_async_context(AiohttpTransport(deadline_seconds=5))
        captures = await stack.enter_async_context(Captures(pool))
        known = {"kantata": kantata.CONNECTOR, "workday": workday.CONNECTOR}
        firms = Firms(pool, tmp_path, SECRETS, known, transport, captures, clock.now, b"key")
        yield Polls(pool, firms, (), Wakes(queue(pool), {}), clock.now, lambda kind: f"{kind}-{next(numbers):04}")


async def _listening(stack: AsyncExitStack, simulator: Any) -> str:
    runner = web.AppRunner(simulator.app(), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_whoever_works_here_is_one_and_whole(polls: Polls) -> None:
    await polls.all_due()

    people = [row["fields"] for row in await polls.pool.fetch("select fields from entities where kind = 'resource'")]
    assert len(people) == 16
    assert [each["name"] for each in people if not (each.get("role") and each.get("cost_centre"))] == []


async def test_whoever_worked_is_whom_hr_knows(polls: Polls) -> None:
    await polls.all_due()

    worked = await polls.pool.fetch(
        """select people.fields ->> 'legal_entity' as employer, entries.unread
           from entities as entries left join entities as people on people.id = entries.fields ->> 'resource'
           where entries.kind = 'time_entry'"""
    )
    assert len(worked) > 0
    assert {row["employer"] for row in worked} <= {"US", "UK", "DE"}
    assert [row["unread"] for row in worked if row["unread"]] == []
