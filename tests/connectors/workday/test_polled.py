"""From Workday's own clock to our events, over real HTTP: a joiner, a leaver and a transfer, dated ahead."""

import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.connectors.workday.conftest import SECRETS
from throughline.connectors.workday import CONNECTOR
from throughline.hub.captures import Captures
from throughline.hub.firms import Firms
from throughline.hub.polls import Polls
from throughline.hub.wakes import Wakes
from throughline.hub.wire import AiohttpTransport
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import Workday
from throughline.store import firm_versions
from throughline.store.database import Pool, queue

DAY = 86_400.0
FIRM = {
    "firm.yaml": (
        "name: Small Firm\nreporting_currency: USD\nservice_lines: [Advisory]\nlegal_entities:\n"
        "  - { code: US, name: Small Firm Inc., country: US, currency: USD, timezone: America/New_York,"
        " holidays: US }\n"
    ),
    "systems/people.yaml": (
        "connector: workday\nroles: [hr]\nurl: {url}\npoll_seconds: 60\n"
        "credentials: {{ refresh_token: env:REFRESH, client_secret: env:SECRET }}\n"
        "settings: {{ tenant: halyard_sandbox, client_id: workday-sandbox-client }}\n"
    ),
    "ownership.yaml": 'resource: { "*": hr }\ncost_centre: { "*": hr }\nlegal_entity: { "*": hr }\n',
    "policies.yaml": 'hold_owners: { "*": Operations }\n',
}


@dataclass
class Watched:
    polls: Polls
    pool: Pool
    clock: SandboxClock

    async def after(self, days: float) -> None:
        self.clock.advance(days * DAY)
        await self.polls.all_due()

    async def events(self) -> list[tuple[str, Any]]:
        rows = await self.pool.fetch("select type, fields from events order by seq")
        return [(row["type"], row["fields"]) for row in rows]

    async def person(self, email: str) -> Any:
        return await self.pool.fetchval(
            "select fields from entities where kind = 'resource' and fields ->> 'email' = $1", email
        )


@pytest.fixture
async def watched(pool: Pool, tmp_path: Path) -> AsyncGenerator[Watched]:
    clock = SandboxClock(datetime(2026, 11, 20, 10, tzinfo=UTC), speed=0)
    workday = Workday(clock=clock, shelf=Shelf(), chance=random.Random(7))
    workday.limits.change(per_second=10_000, burst=10_000)
    runner = web.AppRunner(workday.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    files = {**FIRM, "systems/people.yaml": FIRM["systems/people.yaml"].format(url=url)}
    await firm_versions.apply(pool, digest="first", files=files, by="test", now=clock.now())
    numbers = count(1)
    async with AiohttpTransport(deadline_seconds=5) as transport, Captures(pool) as captures:
        environ = {"REFRESH": SECRETS["refresh_token"], "SECRET": SECRETS["client_secret"]}
        firms = Firms(pool, tmp_path, environ, {"workday": CONNECTOR}, transport, captures, clock.now, b"key")
        polls = Polls(pool, firms, (), Wakes(queue(pool), {}), clock.now, lambda kind: f"{kind}-{next(numbers):04}")
        await polls.all_due()
        yield Watched(polls, pool, clock)
    await runner.cleanup()


async def test_who_was_there_before_we_came_is_known_and_means_nothing(watched: Watched) -> None:
    person = await watched.person("consultant.06@halyard.example")

    assert (person["legal_entity"], person["cost_centre"]) == ("US", "Analytics US")
    assert person["manager"].startswith("resource-")
    assert await watched.events() == []


async def test_a_joiner_a_transfer_and_a_leaver_each_on_their_day(watched: Watched) -> None:
    await watched.after(days=4)
    assert await watched.events() == [], "they are entered, and not in effect"

    await watched.after(days=1)
    ((joined, told),) = await watched.events()
    assert (joined, told["effective"]) == ("ResourceJoined", "2026-11-25")

    await watched.after(days=5)
    moved, told = (await watched.events())[1]
    assert (moved, told["effective"]) == ("ResourceMoved", "2026-11-30")
    assert set(told["moved"]) == {"region", "legal_entity", "cost_centre", "manager"}
    assert (await watched.person("consultant.06@halyard.example"))["cost_centre"] == "Advisory DE"

    await watched.after(days=4)
    assert len(await watched.events()) == 2, "the last day is worked"
    await watched.after(days=1)
    left, told = (await watched.events())[2]
    assert (left, told["effective"]) == ("ResourceLeft", "2026-12-04")


async def test_every_poll_reads_again_and_finds_nothing_new(watched: Watched) -> None:
    await watched.after(days=5)
    for _ in range(3):
        await watched.after(days=0.01)

    assert [type_ for type_, _ in await watched.events()] == ["ResourceJoined"]


async def test_days_in_which_nobody_asked_are_made_up_for(watched: Watched) -> None:
    await watched.after(days=40)

    assert {type_ for type_, _ in await watched.events()} == {"ResourceJoined", "ResourceMoved", "ResourceLeft"}
