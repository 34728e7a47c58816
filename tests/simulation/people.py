"""The people of a life: they sell, rename, tell us late, twice or not at all, and answer what a process asks them."""

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.estate import Estate
from tests.simulation.virtual import Crowd
from tests.simulation.weather import STORM_BEGINS, STORM_ENDS, Weather
from throughline.hub import holds
from throughline.hub.doubts import ARRIVED, SEND_AGAIN
from throughline.hub.machine import Machine
from throughline.store.database import AWAY

KINDS = {"customers": "customer", "deals": "opportunity"}
LAST_SALE, LAST_RENAME = STORM_ENDS - 60, STORM_ENDS - 10


@dataclass
class People(Crowd):
    """Everybody who is not a program. They never crash, and they remember what they did."""

    chance: random.Random
    weather: Weather
    estate: Estate
    doors: dict[str, Machine] = field(default_factory=dict[str, Machine])
    sold: dict[str, int] = field(default_factory=dict[str, int])
    customers: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        Crowd.__init__(self)

    def open_shop(self) -> None:
        """The customers there are before anybody connects anything."""
        for number in range(self.weather.customers):
            self.customers.append(
                self.estate.enter("north", "customers", None, {"name": f"Firm {number}", "phone": str(number)})
            )

    def go_to_work(self) -> None:
        for number in range(self.weather.deals):
            self.begin(self._sell(number))
        for _ in range(self.weather.renames):
            self.begin(self._rename())

    async def _sell(self, number: int) -> None:
        await asyncio.sleep(self.chance.uniform(STORM_BEGINS, LAST_SALE))
        name, cents = f"Deal {number}", self.chance.randint(1, 10**6)
        amount = f"{cents // 100}.{cents % 100:02}"
        deal = {"name": name, "amount": amount, "currency": "USD", "customer": self.chance.choice(self.customers)}
        won_at_once = self.chance.random() < 0.5
        key = self._enter("deals", None, {**deal, "stage": "won" if won_at_once else "open"})
        if not won_at_once:
            await asyncio.sleep(self.chance.uniform(0.1, 20))
            self._enter("deals", key, {"stage": "won"})
        self.sold[name] = cents

    async def _rename(self) -> None:
        await asyncio.sleep(self.chance.uniform(STORM_BEGINS, LAST_RENAME))
        key = self.chance.choice(self.customers)
        # Back and forth between a few names: what was agreed once is wanted again. A phone number stays.
        before = self.estate.shelf("north", "customers")[key].body
        names = [f"Firm {before['phone']}{ending}" for ending in ("", " Ltd", " Group")]
        self._enter("customers", key, {"name": self.chance.choice([n for n in names if n != before["name"]])})

    def _enter(self, resource: str, key: str | None, said: dict[str, Any]) -> str:
        """Somebody writes it down in the CRM, and the CRM tells us, as often and as late as it pleases."""
        key = self.estate.enter("north", resource, key, said)
        body = dict(self.estate.shelf("north", resource)[key].body)
        notice: dict[str, Any] = {"id": f"{key}-{body['changed']}", "kind": KINDS[resource], "key": key}
        if self.chance.random() < 0.5:
            notice["record"] = body
        if self.chance.random() >= self.weather.undelivered:
            for _ in range(self.chance.choice((2, 3)) if self.chance.random() < self.weather.doubled else 1):
                self.begin(self._deliver(json.dumps(notice).encode()))
        return key

    async def _deliver(self, body: bytes) -> None:
        delayed = self.chance.random() < self.weather.delayed
        await asyncio.sleep(self.chance.uniform(0, 60) if delayed else self.chance.uniform(0, 0.5))
        for _ in range(3):
            if doors := self._open_doors():
                door = self.chance.choice(doors)
                try:
                    async with asyncio.timeout(10):
                        await door.intake().accept("north", {}, body)
                except (TimeoutError, *AWAY):
                    await asyncio.sleep(5)
                else:
                    return

    def _open_doors(self) -> list[Machine]:
        """Where a load balancer lets us in: a process whose clock is wrong says that it is not ready."""
        return [each for each in self.doors.values() if each.timekeeper is None or each.timekeeper.agrees()]

    async def answer(self, hold: str, deal: str) -> None:
        """Asked whether a message arrived, somebody looks, and says what is so."""
        doors = self._open_doors()
        if not doors:
            return
        texts = [kept.body["text"] for kept in self.estate.shelf("west", "messages").values()]
        desk = self.chance.choice(doors)
        with contextlib.suppress(TimeoutError, holds.NotPossible, *AWAY):
            async with asyncio.timeout(20):
                await holds.answer(desk, hold, ARRIVED if deal in texts else SEND_AGAIN, person="Ana")
