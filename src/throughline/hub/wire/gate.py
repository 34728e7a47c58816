"""The gate to a system: calls go through in turn, the most urgent first, as the budget of all workers allows."""

import asyncio
import heapq
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, count, islice

import structlog

from throughline.core.budget import Ask, Budget, Grant, grant, slowed
from throughline.core.clock import Clock
from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.core.priority import Priority
from throughline.hub.wire.budget import Shared
from throughline.hub.wire.crowd import A_WHILE, PATIENCE, Crowd

LONGEST_WAIT = timedelta(seconds=5)
SHORTEST_SLEEP, LONGEST_SLEEP = 0.02, 0.25
# Places that nobody has used for so long are given back.
QUIET_SECONDS = 1.0
UNLIMITED = 10**9
NO_TIME = timedelta()
_OPENED = count()

log = structlog.get_logger()

type Sleep = Callable[[float], Awaitable[None]]


def _same(budget: Budget) -> Budget:
    return budget


@dataclass(order=True, slots=True)
class _Waiting:
    rank: int
    is_new: bool
    number: int
    priority: Priority = field(compare=False)
    here: "_Here" = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Here:
    """Who is at the gate, and since when."""

    lane: str | None
    since: datetime


class Gate:
    """One per system in each worker. Nearly every call goes through without a wait, and without a statement."""

    def __init__(
        self, name: str, limits: Limits, shared: Shared, clock: Clock, *, worker: str, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.name, self.sleep, self.patience = name, sleep, PATIENCE
        self._limits, self._shared, self._clock, self._worker = limits, shared, clock, worker
        self._granted, self._granted_at = Grant(0, 0, at=0.0, until=0.0, wait=0.0, paused_until=0.0), clock()
        self._crowd = Crowd(limits, clock())
        self._renewing = asyncio.Lock()
        self._calls = 0
        self._inside: dict[int, _Here] = {}
        self._line: list[_Waiting] = []
        self._numbers, self._let_in_since, self._most_inside, self._kept = 0, 0, 0, 0
        self._allowed, self._allowed_then, self._counted_at = 0, 0, 0.0
        self._serving: asyncio.Task[None] | None = None
        self._resting: asyncio.Task[None] | None = None

    async def enter(self, priority: Priority = Priority.NORMAL, lane: str | None = None, *, begun: bool = False) -> int:
        """Wait for a turn; returns the number to leave with. If it would take long, the run comes back instead.

        Who has begun goes before who comes anew: a pass that is sent away in its middle makes all its calls again.
        """
        now = self._clock()
        self._refuse_if_shut(now)
        if priority.rank and not begun and self._is_full(now):
            raise Retry(f"{self.name} is busy", after=LONGEST_WAIT, awaits=self.name)
        self._numbers = number = self._numbers + 1
        self._crowd.entered()
        here = _Here(lane, now)
        if not self._line and self._is_open(now):
            self._let_in(number, here)
            return number
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._stand_in_line(_Waiting(priority.rank, not begun, number, priority, here, turn))
        return number

    def leave(self, number: int) -> None:
        del self._inside[number]
        if self._line:
            self._let_in_who_may(self._clock())
        else:
            self._rest_soon()

    def waiting(self, now: datetime) -> Iterator[str]:
        """The lanes that have been here for a while, and need no slot meanwhile."""
        here = chain(self._inside.values(), (each.here for each in self._line))
        lanes = (each.lane for each in here if each.lane and now - each.since > A_WHILE)
        return islice(lanes, self._crowd.most_excused())

    def allowed(self) -> None:
        """They did not say that we are too fast."""
        self._allowed += 1

    def answered(self, *, well: bool) -> None:
        """Whether they answered as somebody does who is well, whatever they said."""
        self._crowd.answered(well=well)

    async def throttled(self, after: timedelta, *, sent: datetime) -> None:
        """They said that we are too fast: no worker calls before, and all go slower after."""
        now = self._clock()
        rate = (self._allowed + self._allowed_then) / max(now.timestamp() - self._counted_at, 1.0)
        self._shut(now, after)
        await self._renew(lambda budget: slowed(self._limits, budget, after=after, sent=sent, rate=rate, now=now))

    def room(self, now: datetime) -> int:
        """How many lanes that are parked here may come now."""
        room = self._crowd.room(now, line=len(self._line), inside=len(self._inside))
        return 0 if self._granted.paused_until > now.timestamp() else room

    async def _stand_in_line(self, waiting: _Waiting) -> None:
        heapq.heappush(self._line, waiting)
        self._serve_soon()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting.number in self._inside:
                self.leave(waiting.number)
            raise

    def _serve_soon(self) -> None:
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
            self._serving.add_done_callback(self._served)

    async def _serve(self) -> None:
        """As long as somebody waits: ask for what they need, let in who may, and look again."""
        while self._line:
            await self._renew()
            self._let_in_who_may(self._granted_at)
            self._send_away(self._clock())
            if self._line:
                await self.sleep(min(max(self._granted.wait, SHORTEST_SLEEP), LONGEST_SLEEP))

    def _served(self, task: asyncio.Task[None]) -> None:
        self._serving = None
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error:
            self._tell_all(error)
        elif self._line:
            self._serve_soon()
        else:
            self._rest_soon()

    def _rest_soon(self) -> None:
        if self._has_too_much() and self._resting is None:
            self._resting = asyncio.create_task(self._give_back())
            self._resting.add_done_callback(self._rested)

    async def _renew(self, change: Callable[[Budget], Budget] = _same) -> None:
        """One statement for all who wait. What was granted before and not used goes back."""
        async with self._renewing:
            now = self._clock()
            ask = self._wish(now)
            self._granted, self._granted_at = (
                await self._shared.turn(lambda budget: grant(self._limits, change(budget), ask, now)),
                now,
            )
            self._calls = UNLIMITED if self._granted.calls is None else self._granted.calls
            self._kept = max(self._granted.places or 0, ask.places)

    def _wish(self, now: datetime) -> Ask:
        """As many as wait, and as many more as have gone through while the last grant was good."""
        first = self._line[0].priority if self._line else Priority.URGENT
        span = max(now.timestamp() - self._granted_at.timestamp(), LONGEST_SLEEP)
        ahead = int(self._let_in_since * LONGEST_SLEEP / span) if self._line else 0
        here = len(self._inside) + len(self._line)
        places = max(here, self._most_inside) if here else 0
        back = self._calls if self._granted.calls is not None else 0
        if now.timestamp() - self._counted_at >= 1.0:
            self._allowed, self._allowed_then, self._counted_at = 0, self._allowed, now.timestamp()
        self._calls, self._let_in_since, self._most_inside = 0, 0, len(self._inside)
        return Ask(
            self._worker, first, len(self._line) + ahead, places, busy=len(self._inside), back=back,
            back_from=self._granted.at,
        )  # fmt: skip

    def _is_open(self, now: datetime) -> bool:
        granted = self._granted
        return (
            self._calls > 0
            and now.timestamp() <= granted.until
            and (granted.places is None or len(self._inside) < granted.places)
        )

    def _let_in(self, number: int, here: _Here) -> None:
        self._calls -= 1
        self._let_in_since += 1
        self._inside[number] = here
        self._most_inside = max(self._most_inside, len(self._inside))

    def _let_in_who_may(self, now: datetime) -> None:
        while self._line and self._is_open(now):
            waiting = heapq.heappop(self._line)
            if not waiting.turn.done():
                self._let_in(waiting.number, waiting.here)
                waiting.turn.set_result(None)

    def _send_away(self, now: datetime) -> None:
        """Nobody stands here for long: a slot of the worker is worth more than a place in the line."""
        self._line = [each for each in self._line if not each.turn.done()]
        heapq.heapify(self._line)
        if self._granted.paused_until > now.timestamp():
            self._tell_all(self._paused(now))
        wait = timedelta(seconds=self._granted.wait)
        for each in [each for each in self._line if wait > LONGEST_WAIT or now - each.here.since >= LONGEST_WAIT]:
            why = f"the budget of {self.name} is spent"
            each.turn.set_exception(Retry(why, after=max(wait, LONGEST_WAIT), awaits=self.name))

    def _tell_all(self, error: BaseException) -> None:
        for each in self._line:
            if not each.turn.done():
                each.turn.set_exception(error)
        self._line.clear()

    def _shut(self, now: datetime, after: timedelta) -> None:
        until = max(self._granted.paused_until, now.timestamp() + after.total_seconds())
        self._calls, self._granted = 0, replace(self._granted, paused_until=until)
        self._tell_all(self._paused(now))

    def _refuse_if_shut(self, now: datetime) -> None:
        if self._granted.paused_until > now.timestamp():
            raise self._paused(now)

    def _paused(self, now: datetime) -> Retry:
        after = timedelta(seconds=self._granted.paused_until - now.timestamp())
        return Retry(f"{self.name} asked us to wait", after=after, awaits=self.name)

    def _is_full(self, now: datetime) -> bool:
        waits = now - self._line[0].here.since if self._line else NO_TIME
        # In the order they were let in: the first is the longest under way, or nearly so.
        under_way = now - next(iter(self._inside.values())).since if self._inside else NO_TIME
        return self._crowd.is_full(
            line=len(self._line), inside=len(self._inside), waits=waits, is_under_way=under_way, patience=self.patience
        )

    async def _give_back(self) -> None:
        """First down to the most that was used while it was quiet, and then down to nothing."""
        while self._has_too_much():
            await self.sleep(QUIET_SECONDS)
            if self._has_too_much():
                await self._renew()

    def _has_too_much(self) -> bool:
        """Whether others go without what we do not use, or make way for what nobody here wants any more."""
        return self._limits.concurrency is not None and not self._line and len(self._inside) < self._kept

    async def close(self) -> None:
        """Nobody will come any more: the places are somebody else's at once, not only when their lease is over."""
        if self._resting:
            self._resting.cancel()
        if self._numbers and not self._inside and not self._line:
            await self._renew()

    def _rested(self, task: asyncio.Task[None]) -> None:
        self._resting = None
        if not task.cancelled() and (error := task.exception()):
            log.info("gate.kept", system=self.name, why=f"{type(error).__name__}: {error}")


def process_name(now: datetime) -> str:
    """Another name for each process: one that died and came back is not taken for itself."""
    return f"{socket.gethostname()}/{os.getpid()}/{now.timestamp():.3f}/{next(_OPENED)}"
