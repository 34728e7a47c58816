"""A turn: one worker telling one subscriber, alone among all workers, for as long as its lease is fresh."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from throughline.core.clock import Clock
from throughline.store import subscriptions
from throughline.store.database import Pool, Row, Sql

LEASE = timedelta(seconds=90)


class TurnLost(Exception):
    """Somebody else may be telling this subscriber by now, or it is not to be told any more."""


@dataclass(slots=True)
class Turn:
    """May send while younger than a third of its lease, as a lane may (`hub/lease.py`): one call takes no longer."""

    pool: Pool
    subscription: str
    fence: int
    clock: Clock
    since: datetime

    def check(self) -> None:
        if self.clock() - self.since > LEASE / 3:
            raise TurnLost(f"{self.subscription} was held too long to be sure of it")

    async def keep_fresh(self) -> None:
        now = self.clock()
        if now - self.since < LEASE / 6:
            return
        if not await subscriptions.renew(self.pool, self.subscription, self.fence, now=now, lease=LEASE):
            raise TurnLost(f"{self.subscription} is told by another worker, or by nobody")
        self.since = now

    async def hold(self, sql: Sql) -> Row:
        """Lock the subscription for a commit; refuse if it is not ours any more."""
        row = await subscriptions.ours(sql, self.subscription, self.fence)
        if row is None:
            raise TurnLost(f"{self.subscription} is told by another worker")
        return row


async def take(pool: Pool, subscription: str, *, worker: str, clock: Clock) -> Turn | None:
    """The turn, if nobody has it."""
    now = clock()
    row = await subscriptions.claim(pool, subscription, worker=worker, now=now, lease=LEASE)
    return Turn(pool, subscription, row["fence"], clock, now) if row else None
