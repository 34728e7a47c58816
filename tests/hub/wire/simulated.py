"""Virtual time, a budget kept in memory, and workers that press a system through their gates."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, override

from throughline.core import exact
from throughline.core.budget import Budget
from throughline.core.errors import Retry
from throughline.core.firm import Limits
from throughline.core.priority import Priority
from throughline.hub.wire.gate import Gate

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class _Skipping(selectors.DefaultSelector):
    """Nobody outside is waited for: where the loop would sleep, its time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> Any:
        self.now += max(timeout or 0, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    @override
    def time(self) -> float:
        return self._skipping.now


def run[T](work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def now() -> datetime:
    return NOON + timedelta(seconds=asyncio.get_running_loop().time())


class Memory:
    """The shared budget, a moment away, written by whoever read it last. It counts what it is asked."""

    def __init__(self, away: float = 0.002) -> None:
        self.budget, self.version, self.statements, self.away = Budget(), 0, 0, away

    async def turn[T](self, change: Callable[[Budget], tuple[Budget, T]]) -> T:
        while True:
            budget, version = Budget.read(exact.loads(exact.dumps(self.budget.said()))), self.version
            changed, said = change(budget)
            self.statements += 1
            await asyncio.sleep(self.away)
            if version == self.version:
                if changed is not budget:
                    self.budget, self.version = changed, version + 1
                return said


class Mortal:
    """A worker's way to the budget; when it has died, nothing of it arrives any more."""

    def __init__(self, memory: Memory) -> None:
        self._memory, self.dead = memory, False

    async def turn[T](self, change: Callable[[Budget], tuple[Budget, T]]) -> T:
        if self.dead:
            await asyncio.Event().wait()
        return await self._memory.turn(change)


class Vendor:
    """Counts what arrives, and lets through what it allows: `allows` is asked with the times of what it let through."""

    def __init__(self, allows: Callable[[list[float], float, int], bool] | None = None, *, takes: float = 0.1,
                 retry_after: float = 1.0) -> None:  # fmt: skip
        self._allows, self.takes, self.retry_after = allows, takes, retry_after
        self.arrived: list[float] = []
        self.allowed: list[float] = []
        self.inside, self.most_inside = 0, 0

    async def call(self) -> bool:
        at = asyncio.get_running_loop().time()
        self.arrived.append(at)
        fine = self._allows is None or self._allows(self.allowed, at, self.inside)
        if not fine:
            await asyncio.sleep(0.02)
            return False
        self.allowed.append(at)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.inside -= 1
        return True


class Crew:
    """Workers with a gate each; every hand of theirs has more to do than it can."""

    def __init__(self, memory: Memory, vendor: Vendor, limits: Limits, *, workers: int = 3) -> None:
        self.vendor = vendor
        self.ways = [Mortal(memory) for _ in range(workers)]
        self.gates = [Gate("north", limits, way, now, worker=f"w-{n}") for n, way in enumerate(self.ways)]
        self.hands: list[asyncio.Task[None]] = []

    def press(self, gate: Gate, hands: int, priority: Priority = Priority.NORMAL) -> list[asyncio.Task[None]]:
        new = [asyncio.create_task(self._press(gate, priority)) for _ in range(hands)]
        self.hands += new
        return new

    async def for_seconds(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for hand in self.hands:
            hand.cancel()
        await asyncio.gather(*self.hands, return_exceptions=True)

    async def _press(self, gate: Gate, priority: Priority) -> None:
        while True:
            try:
                number = await gate.enter(priority)
            except Retry as retry:
                await asyncio.sleep(min((retry.after or timedelta(seconds=1)).total_seconds(), 30) + 0.01)
                continue
            sent = now()
            try:
                fine = await self.vendor.call()
            finally:
                gate.leave(number)
            if fine:
                gate.allowed()
            else:
                await gate.throttled(timedelta(seconds=self.vendor.retry_after), sent=sent)


def most_in_any(window: float, times: list[float]) -> int:
    """The most that fall into any span of so many seconds."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most
