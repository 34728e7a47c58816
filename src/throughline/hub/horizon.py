"""The horizon: up to where the event log can be followed without stepping over a number that is still to come."""

import asyncio
from dataclasses import dataclass, field

from throughline.store import events
from throughline.store.database import Pool


@dataclass(slots=True)
class Horizon:
    """Events get their numbers before they are committed, so a higher one may be seen first.

    We look at the newest number seen, then take a transaction number of our own. Whoever was given a lower event number
    had a transaction number before that (a trigger of migration 0013 sees to it), hence a lower one than ours. Once no
    transaction below ours is running, all of them have committed, and can be seen, or never will. What is found holds
    for every reader, so one horizon serves the whole process; it never waits, it is only asked again.
    """

    pool: Pool
    reached: int = 0
    _asked: tuple[int, int] | None = None
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> int:
        """The number up to which nothing can come any more."""
        async with self._alone:
            if self._asked is None:
                newest = await events.newest(self.pool)
                if newest == self.reached:
                    return newest
                self._asked = newest, await events.transaction_number(self.pool)
            newest, ours = self._asked
            if await events.oldest_running(self.pool) >= ours:
                self.reached, self._asked = newest, None
            return self.reached

    @property
    def waiting(self) -> bool:
        """Whether something was seen that cannot be told yet."""
        return self._asked is not None
