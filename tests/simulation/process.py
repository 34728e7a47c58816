"""A process of a life: it can be killed at every await with nothing cleaned up, or paused for longer than its lease."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation.virtual import Crowd

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONGEST_STATEMENT_SECONDS = 0.004
# Where a pause or a death does most harm: an intent is written, and not sent yet; all is done, and the pass not ended;
# a run has just been begun.
BEFORE_SENDING, BEFORE_ENDING, AFTER_BEGINNING = "before sending", "before the end of a pass", "after a run was begun"


@dataclass
class Turn:
    """A lock somebody holds. It may be given back by others, when its holder has died."""

    lock: asyncio.Lock
    held: bool = True

    def give_back(self) -> None:
        if self.held:
            self.held = False
            self.lock.release()


@dataclass(eq=False)
class Process(Crowd):
    """What everything a process does passes by: here it is seen, slowed down, paused and killed."""

    name: str
    chance: random.Random
    tell: Callable[[str, str], None]
    seen: Callable[[str], None]
    die_at: int | None = None
    die_where: str | None = None
    pause_at: int | None = None
    pause_where: str | None = None
    pause_seconds: float = 0
    intends: "asyncio.Task[Any] | None" = None
    when_killed: Callable[[], object] = lambda: None
    wrong_by: timedelta = timedelta()
    dead: bool = False
    mourned: bool = False
    buried: bool = False
    awaits: int = 0
    turn: Turn | None = None
    undo: Callable[[], None] | None = None
    _runs: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        Crowd.__init__(self)
        self._runs.set()

    def clock(self) -> datetime:
        """What its machine believes the time to be."""
        return NOON + timedelta(seconds=asyncio.get_running_loop().time()) + self.wrong_by

    def monotonic(self) -> float:
        """Nobody can set this one."""
        return asyncio.get_running_loop().time()

    def note(self, what: str) -> None:
        self.tell(self.name, what)

    async def reach(self, where: str) -> None:
        """One await: the process may end here, or stand still, and others move."""
        self.awaits += 1
        if self.intends and self.intends is asyncio.current_task():
            where, self.intends = BEFORE_SENDING, None
        self.seen(f"{self.name} {where}")
        if not self.dead and (where == self.die_where or (self.die_at is not None and self.awaits >= self.die_at)):
            self.note(f"is killed at {where}")
            self.kill()
        elif where == self.pause_where or (self.pause_at is not None and self.awaits >= self.pause_at):
            self._pause(where)
        await asyncio.sleep(self.chance.uniform(0, LONGEST_STATEMENT_SECONDS))
        await self.alive()

    async def alive(self) -> None:
        """Goes on only in a process that runs. A dead one's tasks stay here for ever, as if they had never been."""
        if self.undo is None and not self.dead:
            await self._runs.wait()
        if self.buried:
            raise asyncio.CancelledError
        if self.dead:
            await asyncio.get_running_loop().create_future()

    async def take(self, lock: asyncio.Lock) -> Turn:
        """A lock, in a process that runs; whoever died or was paused in line lets the next one through."""
        await lock.acquire()
        while self.dead or not self._runs.is_set():
            lock.release()
            await self.alive()
            await lock.acquire()
        self.turn = Turn(lock)
        return self.turn

    def kill(self) -> None:
        """As `kill -9` does: no handler runs, nothing is given back but what the system takes."""
        self.dead = True
        self.when_killed()
        if self.undo:
            self.undo()
            if self.turn:
                self.turn.give_back()

    def _pause(self, where: str) -> None:
        """As a frozen machine is: whatever it is in the middle of goes on later, and does not know."""
        self.note(f"is paused at {where}")
        self.pause_at = self.pause_where = None
        self._runs.clear()
        asyncio.get_running_loop().call_later(self.pause_seconds, self.go_on)

    @property
    def paused(self) -> bool:
        return not self.dead and not self._runs.is_set()

    def go_on(self) -> None:
        if not self._runs.is_set():
            self.note("goes on")
            self._runs.set()
