"""A worker's hold on a lane: how old it is, and whether it may still send and commit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from throughline.core.clock import Clock
from throughline.hub.control import LaneLost
from throughline.store import lanes
from throughline.store.database import Pool, Sql

LEASE = timedelta(seconds=30)


@dataclass(slots=True)
class Lease:
    """May send while younger than a third of the lease time: a worker that was paused longer finds out before it acts.

    A hair-thin window between the check and the send remains; only keys on the vendor's side close it.
    """

    pool: Pool
    lane: str
    fence: int
    clock: Clock
    since: datetime
    length: timedelta = LEASE

    def check(self) -> None:
        if self.clock() - self.since > self.length / 3:
            raise LaneLost(f"{self.lane} was held too long to be sure of it")

    async def keep_fresh(self) -> None:
        """Renew when a sixth is over; a lane somebody else was let into cannot be renewed."""
        now = self.clock()
        if now - self.since < self.length / 6:
            return
        if not await lanes.renew(self.pool, self.lane, self.fence, now=now, lease=self.length):
            raise LaneLost(f"another worker is in {self.lane}")
        self.since = now

    async def hold(self, sql: Sql) -> None:
        """Lock the lane for a commit; refuse if it is not ours any more."""
        if not await lanes.still_ours(sql, self.lane, self.fence):
            raise LaneLost(f"another worker is in {self.lane}")
