"""A log of some leaves on the test's database, and the hand that may do anything to it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from throughline.core.checkpoints import Signer
from throughline.hub.audit import Sequencer
from throughline.hub.audit.verifying import Verdict, verified
from throughline.store import journal, leaves
from throughline.store.database import Pool

SIGNER = Signer(b"\x07" * 32)


@dataclass(slots=True)
class Log:
    """What the tests of the audit log do again and again."""

    world: Any
    pool: Pool
    clock: Any
    url: str
    signer: Signer = SIGNER
    anchor: Any = None

    @property
    def machine(self) -> Any:
        return replace(self.world.machine, signer=SIGNER)

    async def tick(self) -> None:
        await Sequencer(self.pool, self.signer, self.clock, self.anchor).tick()

    async def done(self, count: int, *, first: int = 0) -> None:
        """Somebody did so many things, and each second the log was signed."""
        for n in range(first, first + count):
            detail = {"reason": f"reason {n}"}
            await journal.note(
                self.pool, actor=f"person-{n}", action="released", object_=f"hold-{n}", detail=detail, now=self.clock()
            )
            self.clock.advance(1)
            await self.tick()

    async def waits(self, count: int) -> None:
        for n in range(count):
            await leaves.add(self.pool, actor="a", action="b", object_=f"c-{n}", content=[n], now=self.clock())

    async def verified(self, *kept: str) -> Verdict:
        return await verified(self.machine, kept=kept)

    async def found(self, *kept: str) -> str:
        return "\n".join((await self.verified(*kept)).findings)

    async def notes(self) -> list[str]:
        return [row["note"] for row in await self.pool.fetch("select note from audit_checkpoints order by seq")]

    async def entries(self) -> list[str]:
        return [row["entry"] for row in await self.pool.fetch("select entry from audit_log order by seq")]

    async def waiting(self) -> list[tuple[str, str, str]]:
        rows = await self.pool.fetch("select actor, action, object from audit_waiting order by id")
        return [(row["actor"], row["action"], row["object"]) for row in rows]

    @asynccontextmanager
    async def as_owner(self) -> AsyncGenerator[Any]:
        """As whoever owns the database: no trigger stands in the way."""
        connection = await asyncpg.connect(self.url)
        await connection.execute("set session_replication_role = replica")
        try:
            yield connection
        finally:
            await connection.close()

    async def forge(self, *statements: str) -> None:
        async with self.as_owner() as owner:
            for statement in statements:
                await owner.execute(statement)


type Forging = Callable[..., Awaitable[None]]


@pytest.fixture
async def log(opened: Any, pool: Pool, clock: Any, database_url: str) -> Log:
    world = await opened()
    await pool.execute("delete from audit_waiting")  # the folder the fixture applied is no part of these tests
    return Log(world, pool, clock, database_url)
