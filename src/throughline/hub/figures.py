"""Figures: what a monitoring system wants to know about the machine, counted from the tables when it asks."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from throughline.hub import subscriptions
from throughline.hub.machine import Machine
from throughline.store import figures, holds, runs
from throughline.store.database import Pool

# A capture's number is given before it is committed; one this old cannot be overtaken any more.
SETTLED = timedelta(seconds=60)

type Exchange = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """One look. `exchanges` counts captures by system, direction and outcome."""

    due_lanes: int
    oldest_due_seconds: float
    runs: dict[str, int]
    effects: dict[str, int]
    open_holds: dict[str, int]
    at_risk: dict[str, Decimal]
    exchanges: dict[Exchange, int]
    subscriptions: dict[str, int]
    behind_seconds: dict[str, float]


@dataclass(slots=True)
class Tally:
    """Counts captures for ever, reading each but once: what is settled is remembered, only the rest counted again."""

    pool: Pool
    _until: int = 0
    _settled: Counter[Exchange] = field(default_factory=Counter[Exchange])
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def counted(self, *, now: datetime) -> dict[Exchange, int]:
        async with self._alone:
            until = max(await figures.settled_before(self.pool, at=now - SETTLED), self._until)
            if until > self._until:
                self._settled += await self._between(self._until, until)
                self._until = until
            return dict(self._settled + await self._between(self._until, None))

    async def _between(self, after: int, until: int | None) -> Counter[Exchange]:
        rows = await figures.exchanges(self.pool, after=after, until=until)
        return Counter({(row["system"], row["direction"], row["outcome"]): row["n"] for row in rows})


async def gathered(machine: Machine, tally: Tally) -> Figures:
    pool, now = machine.pool, machine.clock()
    due = await figures.due_lanes(pool, now=now)
    told = await subscriptions.listed(machine)
    return Figures(
        due_lanes=due["due"],
        oldest_due_seconds=(now - due["oldest"]).total_seconds() if due["oldest"] else 0.0,
        runs=await runs.counted(pool),
        effects=await figures.effects_by_state(pool),
        open_holds=await holds.owners(pool),
        at_risk={row["currency"]: row["amount"] for row in await figures.held_money(pool)},
        exchanges=await tally.counted(now=now),
        subscriptions=Counter(each.row["state"] for each in told),
        behind_seconds={
            each.row["id"]: (now - each.behind_since).total_seconds() if each.behind_since else 0.0 for each in told
        },
    )
