"""A machine whose firm has agreed on times, and what is needed to let something happen there."""

from typing import Any

import pytest

from throughline.core.event import Event
from throughline.hub.clocks.following import follow
from throughline.hub.clocks.looking import look
from throughline.hub.horizon import Horizon
from throughline.store import entities, firm_versions
from throughline.store.entities import Change

SLAS = """
hold_owners: { finance: Finance, "*": Operations }
slas:
  project_open: { within: 4h, near_percent: 75, holds: pause, target_percent: "90" }
  contract_booked: { within: 1h }
  work_billed: { by: billing }
  invoice_posted: { within: 2d }
cut_offs:
  - { name: billing, working_day: 4, at: "12:00" }
"""


class Clockmaker:
    """The world, and what its clockwork sees of it."""

    def __init__(self, world: Any, files: dict[str, str]) -> None:
        self.world, self.files = world, files
        self.horizon = Horizon(world.pool)

    async def agree(self, policies: str) -> None:
        files = {**self.files, "policies.yaml": policies}
        await firm_versions.apply(self.world.pool, digest=policies, files=files, by="test", now=self.world.clock())
        self.world.clock.advance(2)

    async def tick(self) -> None:
        while await follow(self.world.machine, self.horizon):
            pass
        while await look(self.world.machine):
            pass

    async def happens(self, event: Event, *, about: str = "") -> None:
        await self.world.start(event, about=about)
        await self.tick()

    async def passes(self, hours: float) -> None:
        self.world.clock.advance(hours * 3600)
        await self.tick()

    async def knows(self, kind: str, id_: str, **fields: Any) -> None:
        row = (await entities.many(self.world.pool, [id_])).get(id_)
        before = dict(row["fields"]) if row else {}
        changed = {name: [None, value] for name, value in fields.items()}
        version = row["version"] + 1 if row else 1
        change = Change(id_, kind, version, {**before, "id": id_, **fields}, changed, "hub")
        await entities.change(self.world.pool, [change], now=self.world.clock())

    async def holds(self, engagement: str, *, amount: int = 100) -> None:
        await self.world.pool.execute(
            """insert into holds (id, run, lane, subject, name, kind, why, fix, owner, amount, currency, choices,
                                  candidates, correlation, state, opened_at)
               values ('hold-' || $1, $1, $1, $1, 'h', 'hold', 'no tax code', 'add one', 'Finance', $3, 'USD', '{}',
                       '[]', $1, 'open', $2)""",
            engagement,
            self.world.clock(),
            amount,
        )

    async def releases(self, engagement: str) -> None:
        await self.world.pool.execute(
            "update holds set state = 'closed', closed_at = $2 where id = 'hold-' || $1", engagement, self.world.clock()
        )

    async def clock(self, hop: str) -> Any:
        (row,) = await self.world.pool.fetch("select * from clocks where hop = $1", hop)
        return row

    async def told(self) -> list[tuple[str, str]]:
        rows = await self.world.pool.fetch("select type, fields from events where type like 'Sla%' order by seq")
        return [(row["type"], row["fields"]["hop"]) for row in rows]


@pytest.fixture
async def unwatched(opened: Any, firm_files: dict[str, str]) -> Clockmaker:
    """Nobody has looked at a clock yet."""
    made = Clockmaker(await opened(), firm_files)
    await made.agree(SLAS)
    return made


@pytest.fixture
async def clockmaker(unwatched: Clockmaker) -> Clockmaker:
    await unwatched.tick()
    return unwatched
