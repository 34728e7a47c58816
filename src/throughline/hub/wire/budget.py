"""What we may ask of a system: a bucket of calls that all workers share, and a gate for how many at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from throughline.core.clock import Clock
from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.store import budgets
from throughline.store.database import Pool

LONGEST_WAIT = timedelta(seconds=5)
BATCHES_PER_SECOND = 4
# Leased and not used is given up: a hoard from quiet times would come on top of what the bucket allows.
LEASED_FOR = timedelta(seconds=1)

type Sleep = Callable[[float], Awaitable[None]]


class Budget:
    """Calls are leased in batches, so that the database sees a few statements a second however many calls there are."""

    def __init__(self, pool: Pool, system: str, limits: Limits, clock: Clock, *, sleep: Sleep = asyncio.sleep) -> None:
        self._pool, self._system, self._clock, self._sleep = pool, system, clock, sleep
        self._per_second = limits.per_second
        self._burst = float(limits.burst or max(limits.per_second or 1, 1))
        self._batch = max(1, int(min(self._burst, (limits.per_second or 1) / BATCHES_PER_SECOND)))
        self._leased, self._opened = 0, False
        self._leased_at = clock()
        self._lock = asyncio.Lock()
        self._paused_until: datetime | None = None
        self.gate = Gate(limits.concurrency)

    def pause(self, after: timedelta) -> None:
        """The vendor said how long to be silent; nobody in this process calls before."""
        until = self._clock() + after
        self._paused_until = max(until, self._paused_until or until)

    async def spend(self) -> None:
        """One call. Waits a little for the bucket to refill; if that would take long, the run comes back instead."""
        self._obey_pause()
        if self._per_second is None:
            return
        began = self._clock()
        async with self._lock:
            while not await self._take(self._per_second):
                # The time in line counts: else the last of many would wait for the sum of all.
                if self._clock() - began >= LONGEST_WAIT:
                    raise Retry(f"the budget of {self._system} is spent", after=LONGEST_WAIT)
                # Looked at more often than it fills: a hair too early would cost a whole turn.
                await self._sleep(min(max(0.25 / self._per_second, 0.02), 1.0))
            self._obey_pause()

    def _obey_pause(self) -> None:
        if self._paused_until and self._paused_until > self._clock():
            raise Retry(f"{self._system} asked us to wait", after=self._paused_until - self._clock())

    async def _take(self, per_second: float) -> bool:
        now = self._clock()
        if not self._opened:
            await budgets.open_bucket(self._pool, self._system, burst=self._burst, now=now)
            self._opened = True
        if not self._leased or now - self._leased_at > LEASED_FOR:
            self._leased_at = now
            self._leased = await budgets.lease(
                self._pool, self._system, wanted=self._batch, per_second=per_second, burst=self._burst, now=now
            )
        if not self._leased:
            return False
        self._leased -= 1
        return True


class Gate:
    """Lets so many calls through at once, first come first served. The limit may change while it is in use."""

    def __init__(self, limit: int | None) -> None:
        self._most, self.limit = limit, limit
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def share(self, among: int) -> None:
        """A vendor's pool is one for all workers: each takes its part."""
        if self._most is not None:
            self.limit = max(1, self._most // max(among, 1))
            self._let_in()

    async def __aenter__(self) -> None:
        if self.limit is None or (self._inside < self.limit and not self._waiting):
            self._inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and (self.limit is None or self._inside < self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
