"""Lets an endpoint that keeps failing rest, for everybody, and tries it again with one call."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from throughline.core.clock import Clock
from throughline.core.errors import Retry
from throughline.store import budgets
from throughline.store.database import Pool

FAILURES_TO_OPEN = 8
FIRST_REST, LONGEST_REST = timedelta(seconds=2), timedelta(seconds=60)
# Longer than any call lasts: while one tries, the others rest on.
TRIAL = timedelta(seconds=30)
LOOK_EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class _Endpoint:
    failures: int = 0
    open_until: datetime | None = None
    trying: bool = False


class Breaker:
    """Per endpoint of one system. What opens here is written down: all workers rest, and one of them tries."""

    def __init__(self, pool: Pool, system: str, clock: Clock) -> None:
        self._pool, self._system, self._clock = pool, system, clock
        self._endpoints: dict[str, _Endpoint] = {}
        self._looked_at: datetime | None = None

    async def check(self, endpoint: str) -> None:
        """Raises Retry while the endpoint rests; after that lets one call through to try."""
        await self._look()
        now, state = self._clock(), self._endpoints.get(endpoint)
        if state and state.open_until and state.open_until <= now:
            if await budgets.try_one(self._pool, self._system, endpoint, now=now, until=now + TRIAL):
                state.open_until, state.trying = now + TRIAL, True
                return
            # Somebody else tries it, or has found it well.
            self._looked_at = None
            await self._look()
            state = self._endpoints.get(endpoint)
        if state and state.open_until:
            rest = max(state.open_until - now, FIRST_REST)
            why = f"{self._system} keeps failing at {endpoint} and rests"
            raise Retry(why, after=rest, awaits=self.place(endpoint))

    async def worked(self, endpoint: str) -> None:
        state = self._endpoints.pop(endpoint, None)
        if state and state.open_until:
            await budgets.reset(self._pool, self._system, endpoint)

    async def failed(self, endpoint: str, why: str) -> None:
        now, state = self._clock(), self._endpoints.setdefault(endpoint, _Endpoint())
        if state.open_until and now < state.open_until and not state.trying:
            return  # it was under way when the endpoint went to rest: old news
        state.failures += 1
        state.trying = False
        if state.failures >= FAILURES_TO_OPEN:
            rest = min(FIRST_REST * 2 ** min(state.failures - FAILURES_TO_OPEN, 20), LONGEST_REST)
            state.open_until = until = now + rest
            await budgets.trip(self._pool, self._system, endpoint, until=until, why=why, now=now)

    async def given_up(self, endpoint: str) -> None:
        """The call ended without saying anything about the endpoint's health."""
        state = self._endpoints.get(endpoint)
        if state and state.trying:
            state.open_until, state.trying = self._clock(), False
            await budgets.untried(self._pool, self._system, endpoint, now=self._clock())

    def place(self, endpoint: str) -> str | None:
        """Where a lane is parked whose call did not get through: with those that wait for the endpoint, if it rests."""
        state = self._endpoints.get(endpoint)
        return f"{self._system} {endpoint}" if state and state.open_until else None

    async def room(self, endpoint: str) -> int | None:
        """How many lanes that are parked here may come: none while it rests, then one to try; None for any."""
        await self._look()
        state = self._endpoints.get(endpoint)
        if state is None or state.open_until is None:
            return None
        return 1 if state.open_until <= self._clock() else 0

    async def _look(self) -> None:
        """What other workers found out, at most once a second."""
        now = self._clock()
        if self._looked_at and now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        tripped = {row["endpoint"]: row for row in await budgets.tripped(self._pool, self._system)}
        for endpoint in [name for name, state in self._endpoints.items() if state.open_until and name not in tripped]:
            del self._endpoints[endpoint]
        for endpoint, row in tripped.items():
            state = self._endpoints.setdefault(endpoint, _Endpoint())
            state.failures = max(state.failures, FAILURES_TO_OPEN)
            state.open_until = row["open_until"]
