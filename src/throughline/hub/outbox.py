"""The outbox: whoever wants to be told of events is told, each by one worker at a time, and none waits for another."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import asyncpg
import structlog

from throughline.core.clock import Clock
from throughline.hub.horizon import Horizon
from throughline.hub.turn import Turn, TurnLost, take
from throughline.store import deliveries, subscriptions
from throughline.store.database import AWAY, Pool

log = structlog.get_logger()

# Stripe's list of events and our own promise to tell duplicates apart reach back as far.
KEPT = timedelta(days=35)
FORGOTTEN_AT_ONCE = 1000


class Teller(Protocol):
    """Whoever knows how to reach one kind of subscriber."""

    async def tell(self, turn: Turn) -> None: ...


@dataclass(slots=True)
class Outbox:
    """One worker's share of the telling. A look begins turns and waits for none of them."""

    pool: Pool
    horizon: Horizon
    clock: Clock
    worker: str
    tellers: dict[str, Teller]
    _turns: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])

    async def look(self) -> None:
        """Begin to tell everybody who has something to be told, and whom nobody is telling."""
        until = await self.horizon.look()
        for row in await subscriptions.with_work(self.pool, horizon=until, now=self.clock()):
            if row["id"] not in self._turns and (teller := self.tellers.get(row["kind"])):
                task = asyncio.create_task(self._turn(row["id"], teller))
                self._turns[row["id"]] = task
                task.add_done_callback(lambda task, id_=row["id"]: self._ended(id_, task))

    async def quiet(self) -> None:
        """Wait until the turns that have begun are over."""
        while self._turns:
            await asyncio.wait(tuple(self._turns.values()))

    async def forget(self) -> None:
        """Drop what was delivered or given up long ago."""
        await deliveries.forget(self.pool, before=self.clock() - KEPT, limit=FORGOTTEN_AT_ONCE)

    async def close(self) -> None:
        """Stop in the middle: whatever was sent and not yet remembered is sent again by the next worker."""
        for task in self._turns.values():
            task.cancel()
        await asyncio.gather(*self._turns.values(), return_exceptions=True)

    async def _turn(self, id_: str, teller: Teller) -> None:
        turn = await take(self.pool, id_, worker=self.worker, clock=self.clock)
        if turn is None:
            return
        try:
            await teller.tell(turn)
        except TurnLost as lost:
            log.info("turn.lost", subscription=id_, why=str(lost))
        finally:
            # One that ended with a defect is begun again at once; the worker's ticks are what slows it down.
            with contextlib.suppress(*AWAY, asyncpg.PostgresError):
                await subscriptions.let_go(self.pool, id_, turn.fence)

    def _ended(self, id_: str, task: asyncio.Task[None]) -> None:
        del self._turns[id_]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, (*AWAY, asyncpg.PostgresError)):
            log.warning("turn.failed", subscription=id_, why=f"{type(error).__name__}: {error}")
        else:
            log.error("turn.defect", subscription=id_, exc_info=error)
