"""A firm on its sandbox, with a machine in this process: where histories are recorded, and played to their end."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp

from tests.chaos.oracle import Came, twice, what_came
from tests.chaos.stage import lay_out_fast
from throughline.core.workflow import Workflow
from throughline.hub import holds
from throughline.hub.machine import Machine
from throughline.hub.wire import Transport
from throughline.main import machine
from throughline.sandbox.estate import Estate, Plan
from throughline.sandbox.salesforce.objects import ACCOUNT
from throughline.sandbox.salesforce.records import create
from throughline.sandbox.salesforce.simulator import Salesforce
from throughline.settings import Settings
from throughline.store import lanes

MOST_PASSES = 30
A_DAY = timedelta(days=1)


@dataclass
class Clock:
    """The real time, pushed on while nobody has anything to do."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Scene:
    """Simulators are looked at where they keep their records, never through the product."""

    estate: Estate
    machine: Machine
    clock: Clock

    async def sell(self, deal: str, customer: str, *, price: int) -> None:
        """A deal is won with a customer nobody has met."""
        salesforce = cast(Salesforce, self.estate.simulators["salesforce"])
        pattern = next(
            each for each in salesforce.org.shelf.all(ACCOUNT.name).values() if each["Name"] == "Ostwald Chemie GmbH"
        )
        told = ("BillingStreet", "BillingCity", "BillingPostalCode", "BillingCountryCode", "Phone", "CurrencyIsoCode")
        tx = salesforce.org.begin(pattern["OwnerId"])
        account = create(tx, ACCOUNT, {"Name": customer, **{field: pattern[field] for field in told}})
        tx.commit()
        wanted: dict[str, Any] = {
            "name": deal,
            "customer": account,
            "contract_type": "Fixed Fee",
            "lines": [{"product": "IMP-FIX", "unit_price": price}],
        }
        await self.post("salesforce", "deals", wanted)

    async def post(self, system: str, control: str, wanted: dict[str, Any]) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.estate.addresses[system]}/__sandbox__/{control}", json=wanted) as answer,
        ):
            assert answer.status < 300, await answer.text()

    async def hear(self) -> None:
        """Ask every system what is new. The first time that is history, and starts nothing."""
        self.time_passes(timedelta(minutes=5))
        await self.machine.polls().all_due()

    async def step(self) -> bool:
        """Pass through whatever is due; false when nothing is."""
        now = self.clock()
        await lanes.expire(self.machine.pool, now=now)
        due = await lanes.due(self.machine.pool, now=now, limit=100)
        for lane in due:
            await self.machine.runner("player").work(lane)
        return bool(due)

    async def finish(self) -> None:
        """Until no run is open: people answer what they are asked, and time passes when everybody waits."""
        for _ in range(MOST_PASSES):
            if not await self._under_way():
                return
            if not await self.step():
                await self._answer()
                self.time_passes(timedelta(minutes=1))
        raise AssertionError(f"never done: {[dict(row) for row in await self.open()]}")

    async def _under_way(self) -> int:
        """What waits for a day to come, such as the next instalment's, is at rest."""
        return await self.machine.pool.fetchval(
            """select count(*) from runs join lanes on lanes.key = runs.lane
               where state <> 'done' and (state <> 'waiting' or due_at is null or due_at < $1)""",
            self.clock() + A_DAY,
        )

    def time_passes(self, how_long: timedelta) -> None:
        """Here and over there alike, or their sign-in would take us for a stranger."""
        self.clock.ahead += how_long
        self.estate.simulators["salesforce"].clock.advance(how_long.total_seconds())

    async def open(self) -> list[Any]:
        return await self.machine.pool.fetch("select id, state, why from runs where state <> 'done'")

    async def _answer(self) -> None:
        for hold in await self.machine.pool.fetch("select id, choices from holds where state = 'open' order by seq"):
            if hold["choices"]:
                await holds.answer(self.machine, hold["id"], hold["choices"][0], person="Ana")

    def came(self, deal: str, customer: str) -> Came:
        return what_came(self.estate, {deal: customer})[deal]

    def twice(self) -> dict[str, int]:
        return twice(self.estate)


@asynccontextmanager
async def scene(home: Path, database_url: str, *, transport: Transport | None = None,
                workflows: tuple[Workflow, ...] | None = None) -> AsyncGenerator[Scene]:  # fmt: skip
    clock = Clock()
    async with Estate(Plan(home / "sandbox")) as estate:
        firm = lay_out_fast(estate, home)
        settings = Settings(firm=firm, data=home / "data", database_url=database_url)
        async with machine(settings, clock=clock, transport=transport, workflows=workflows) as built:
            await built.firms.apply(by="player")
            yield Scene(estate, built, clock)
