"""The stage of the chaos tests: an estate, a firm on it, a database, and worker processes that come and go."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp

from tests.chaos.boundaries import Orders
from tests.chaos.nursery import Life, Nursery
from throughline.demo.layout import lay_out
from throughline.hub import holds
from throughline.main import machine
from throughline.sandbox.estate import Estate
from throughline.sandbox.kantata.simulator import Kantata
from throughline.sandbox.netsuite.simulator import NetSuite
from throughline.sandbox.salesforce.objects import ACCOUNT
from throughline.sandbox.salesforce.records import create
from throughline.sandbox.salesforce.simulator import Salesforce
from throughline.sandbox.slack.simulator import Slack
from throughline.settings import Settings
from throughline.store.database import Pool

# Shorter than any vendor's, longer than what the simulators do late here.
SETTLE_SECONDS = 1.5
A_DAY = timedelta(days=1)
LIMITS = "limits: { per_second: 4000, burst: 4000, concurrency: 2000 }"


@dataclass
class Stage:
    """What a test plays on. Simulators are looked at where they keep their records, never through the product."""

    estate: Estate
    http: aiohttp.ClientSession
    pool: Pool
    database_url: str
    home: Path
    firm: Path
    nursery: Nursery
    sold: dict[str, str] = field(default_factory=dict[str, str])

    async def worker(self, name: str, **orders: Any) -> Life:
        """A process that works, once it says that it is ready."""
        here = {"firm": self.firm, "data": self.home / "data", "database_url": self.database_url, "name": name}
        given = Orders.model_validate({**here, **orders})
        return await self.nursery.start(given, self.home / f"{len(self.nursery.lives):02}-{name}.log")

    async def first_day(self, **orders: Any) -> Life:
        """What was there before us is read as history; only then do deals start anything."""
        life = await self.worker("first-day", **orders)
        await self.until(self.polled, seconds=30)
        return life

    async def sell(self, many: int) -> None:
        """As many deals are won, each with a customer nobody has met yet."""
        salesforce = cast(Salesforce, self.estate.simulators["salesforce"])
        accounts = salesforce.org.shelf.all(ACCOUNT.name)
        pattern = next(each for each in accounts.values() if each["Name"] == "Ostwald Chemie GmbH")
        told = ("BillingStreet", "BillingCity", "BillingPostalCode", "BillingCountryCode", "Phone", "CurrencyIsoCode")
        for number in range(len(self.sold), len(self.sold) + many):
            name = f"Kunde{number:03} GmbH"
            tx = salesforce.org.begin(pattern["OwnerId"])
            account = create(tx, ACCOUNT, {"Name": name, **{field: pattern[field] for field in told}})
            tx.commit()
            deal: dict[str, Any] = {
                "name": f"Umbau {number:03}",
                "customer": account,
                "contract_type": "Fixed Fee",
                "lines": [{"product": "IMP-FIX", "unit_price": 40_000}],
            }
            await self.post("salesforce", "deals", deal)
            self.sold[deal["name"]] = name

    async def post(self, system: str, control: str, wanted: Any) -> Any:
        """Tell a simulator something through its control interface."""
        async with self.http.post(f"{self.estate.addresses[system]}/__sandbox__/{control}", json=wanted) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def time_passes(self) -> None:
        """What a dead worker held is free, and back-offs are over: all that happens by itself as well, only later."""
        hour = "interval '1 hour'"
        await self.pool.execute(f"update lanes set lease_until = lease_until - {hour}, due_at = due_at - {hour}")
        await self.pool.execute(f"update cursors set lease_until = lease_until - {hour}, polled_at = null")
        await self.pool.execute(f"update pgqueuer set heartbeat = heartbeat - {hour} where status = 'picked'")

    async def settled(self, seconds: float) -> float:
        """Wait until no deal's run goes on by itself, and nothing is leased or due; says how long it took."""
        return await self.until(self._at_rest, seconds=seconds)

    async def until(self, so: Callable[[], Awaitable[bool]], *, seconds: float) -> float:
        began = time.monotonic()
        while not await so():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not within {seconds:g} s: {await self.standing()}")
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    async def standing(self) -> str:
        """How things stand, for whoever reads a failure."""
        runs = await self.pool.fetch("select lane, state, passes, why from runs where state not in ('done', 'held')")
        lanes = await self.pool.fetch("select * from lanes where lease_until is not null or due_at is not null")
        log = max(self.home.glob("*.log"), key=lambda path: path.stat().st_mtime).read_text()[-2000:]
        return "\n".join([f"{len(self.sold)} deals", *map(str, runs[:5]), *map(str, lanes[:5]), log])

    async def states(self) -> dict[str, str]:
        """Of each deal, by its name, the state of its run."""
        rows = await self.pool.fetch(
            """select entities.fields ->> 'name' as deal, runs.state from runs
               join entities on entities.id = runs.event ->> 'opportunity'"""
        )
        assert len(rows) == len({row["deal"] for row in rows}), "a deal has two runs"
        return {row["deal"]: row["state"] for row in rows}

    async def lanes(self) -> dict[str, str]:
        """Of each deal that is not done, by its name, the lane."""
        rows = await self.pool.fetch(
            """select entities.fields ->> 'name' as deal, runs.lane from runs
               join entities on entities.id = runs.event ->> 'opportunity' where runs.state <> 'done' order by 1"""
        )
        return {row["deal"]: row["lane"] for row in rows}

    async def open_holds(self) -> dict[str, str]:
        """Of each deal with an open hold, by its name, the hold's kind."""
        rows = await self.pool.fetch(
            """select entities.fields ->> 'name' as deal, holds.kind from holds join runs on runs.id = holds.run
               join entities on entities.id = runs.event ->> 'opportunity' where holds.state = 'open'"""
        )
        assert len(rows) == len({row["deal"] for row in rows}), "a deal has two open holds"
        return {row["deal"]: row["kind"] for row in rows}

    async def say(self, deal: str, choice: str) -> None:
        """A person answers what a deal is held for."""
        await self.say_all({deal: choice})

    async def say_all(self, choices: Mapping[str, str]) -> None:
        """A person answers what each of these deals is held for."""
        rows = await self.pool.fetch(
            """select holds.id, entities.fields ->> 'name' as deal from holds join runs on runs.id = holds.run
               join entities on entities.id = runs.event ->> 'opportunity' where holds.state = 'open'"""
        )
        settings = Settings(firm=self.firm, data=self.home / "data", database_url=self.database_url, connections=4)
        async with machine(settings) as opened:
            for row in rows:
                if row["deal"] in choices:
                    await holds.answer(opened, row["id"], choices[row["deal"]], person="the test")

    async def ended(self, many: int) -> bool:
        return await self.pool.fetchval(
            "select count(*) >= $1 from runs where event ? 'opportunity' and state in ('done', 'held')", many
        )

    async def started(self, many: int) -> bool:
        return await self.pool.fetchval("select count(*) >= $1 from runs where event ? 'opportunity'", many)

    async def _at_rest(self) -> bool:
        return await self.pool.fetchval(
            """select (select count(*) from runs
                         where event ? 'opportunity' and state in ('done', 'held', 'defect')) >= $1
                 and not exists (select from runs join lanes on lanes.key = runs.lane
                   where state not in ('done', 'held', 'defect') and (due_at is null or due_at < $2))
                 and not exists (select from lanes where due_at < $2 or lease_until is not null)""",
            len(self.sold),
            # What waits for a day to come, such as the next instalment's, is at rest.
            datetime.now(UTC) + A_DAY,
        )

    async def lanes_at_work(self) -> int:
        return await self.pool.fetchval("select count(*) from lanes where lease_until is not null")

    async def polled(self) -> bool:
        return await self.pool.fetchval(
            """select count(*) >= 4 and bool_and(polled_at is not null)
                      and bool_or(system = 'salesforce' and kind = 'opportunity' and cursor is not null) from cursors"""
        )


def said(report: Path) -> list[tuple[str, int, str]]:
    """Who came to which of its boundaries in a process, in the order it happened."""
    return [(who, number, what) for who, number, what in map(json.loads, report.read_text().splitlines())]


def lay_out_fast(estate: Estate, home: Path) -> Path:
    """The demo firm with generous limits, short polls and a short settle time; the simulators bear as much."""
    firm = lay_out(home, estate.handout)
    for path in (firm / "systems").glob("*.yaml"):
        text = re.sub(r"^limits: .*$", LIMITS, path.read_text(), flags=re.MULTILINE)
        text = re.sub(r"^poll_seconds: .*$", "poll_seconds: 1", text, flags=re.MULTILINE)
        settle = f'  settle_seconds: "{SETTLE_SECONDS}"\n'
        path.write_text(text + (settle if "settings:" in text else f"settings:\n{settle}"))
    cast(NetSuite, estate.simulators["netsuite"]).gate.set({"concurrency": 500})
    cast(Kantata, estate.simulators["kantata"]).settings.set(general_limit=10**6, workspaces_limit=10**6)
    cast(Slack, estate.simulators["slack"]).limits.change(messages_per_second=1000, burst=1000)
    return firm
