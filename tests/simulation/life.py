"""One life: a firm's estate in virtual time, from a seed, with everything that can go wrong; then it is judged."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.simulation import oracle, storm
from tests.simulation.database import Database
from tests.simulation.estate import Estate
from tests.simulation.firm import FILES
from tests.simulation.parts import Parts, Surroundings, built
from tests.simulation.people import People
from tests.simulation.process import NOON, Process
from tests.simulation.queue import Dispatcher, LifeQueue, Waiting
from tests.simulation.virtual import VirtualLoop
from tests.simulation.weather import LATEST_APPLY_SECONDS, LOOKS_AFTER_SECONDS, STORM_ENDS, Weather, drawn
from throughline.store import firm_versions
from throughline.worker import Ticks, Worker

WORKERS = 2
# Often enough that nothing waits long for it, seldom enough that a life stays cheap.
NEVER = 1e9
TICKS = Ticks(
    sweep_seconds=14, asked_seconds=45, poll_seconds=40, beat_seconds=14, outbox_seconds=NEVER, tidy_seconds=NEVER,
    reconcile_seconds=NEVER,
)  # fmt: skip
LOOK_SECONDS = 10
LONGEST_SECONDS = STORM_ENDS + 1500


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of a life. The digest is of everything that happened in it, in order."""

    seed: int
    wrong: tuple[str, ...]
    digest: str
    seconds: float
    statements: int
    killed: int
    done: int


class Life:
    """Everything of one life. `told` hears its history, line by line."""

    def __init__(self, seed: int, database: Database, parts: Parts | None = None, *, weather: Weather | None = None,
                 told: Callable[[str], None] | None = None) -> None:  # fmt: skip
        self._seed, self.database, self._parts, self._told = seed, database, parts or Parts(), told
        self.chance = random.Random(seed)
        self.weather = weather or drawn(self.chance)
        self.estate = Estate(self._other_chance(), self.weather, self._tell)
        self.people = People(self._other_chance(), self.weather, self.estate)
        self.processes: list[Process] = []
        self.defects: list[str] = []
        self._waiting = Waiting(self._other_chance())
        numbers, self._names = count(1), count(1)
        self._around = Surroundings(database, self.estate, self._waiting, lambda kind: f"{kind}-{next(numbers):04}")
        self._history = hashlib.sha256()

    def live(self) -> Lived:
        loop = VirtualLoop()
        loop.set_exception_handler(self._unheard)
        asyncio.set_event_loop(loop)
        try:
            self.database.fresh()
            wrong = loop.run_until_complete(self._whole())
            seconds = loop.time()
        finally:
            loop.close()
            asyncio.set_event_loop(None)
        return Lived(self._seed, tuple(wrong), self._history.hexdigest()[:16], seconds, self.database.statements,
                     sum(each.dead for each in self.processes), len(self.estate.history))  # fmt: skip

    async def _whole(self) -> list[str]:
        database = self.database
        await firm_versions.apply(database, digest="first", files=FILES, by="life", now=NOON)
        self.people.open_shop()
        for _ in range(WORKERS):
            self.begin()
        self.people.go_to_work()
        weather = self.people.begin(storm.over(self))
        while not (weather.done() and await oracle.at_rest(self.estate, database)):
            await asyncio.sleep(LOOK_SECONDS)
            await self._questions()
            if self.now() > LONGEST_SECONDS:
                break
        # What is still under way over there may arrive yet, and must not be too much.
        await asyncio.sleep(LATEST_APPLY_SECONDS)
        wrong = [*self.defects, *await oracle.wrong(self.estate, self.people, database)]
        await self._end()
        return wrong

    def begin(self) -> Process:
        """Another process begins, in place of one that died or at first."""
        process = Process(f"worker-{next(self._names)}", self._other_chance(), self._tell, self._seen)
        self.processes.append(process)
        process.begin(self._work(process))
        return process

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _work(self, process: Process) -> None:
        machine = await built(self._parts, self._around, process)
        queue = LifeQueue(self._waiting, process)
        process.when_killed = lambda: self.people.doors.pop(process.name, None)
        self.people.doors[process.name] = machine
        process.note("begins")
        try:
            dispatcher: Any = Dispatcher(queue, self._failed)
            await Worker(machine, process.name, ticks=TICKS, manager=lambda *_, **__: dispatcher).run()
        except Exception as error:  # noqa: BLE001 - it is judged at the end
            self._failed(error)

    async def _questions(self) -> None:
        for hold, deal in await oracle.asked(self.database, NOON, self.now() - LOOKS_AFTER_SECONDS):
            await self.people.answer(hold, deal)

    async def _end(self) -> None:
        for process in self.processes:
            process.buried = True
        for crowd in (self.people, *self.processes, self.estate.under_way):
            await crowd.end()

    def _unheard(self, _loop: asyncio.AbstractEventLoop, about: dict[str, Any]) -> None:
        self.defects.append(f"{about['message']}: {about.get('exception')}")

    def _failed(self, error: BaseException) -> None:
        self.defects.append(f"a worker met {type(error).__name__}: {error}")

    def _other_chance(self) -> random.Random:
        """Chance of one's own, so that one more throw here changes nothing there."""
        return random.Random(self.chance.getrandbits(64))

    def _seen(self, what: str) -> None:
        """Too much to tell, and part of what must be the same when the life is lived again."""
        self._history.update(f"{self.now()} {what}".encode())

    def _tell(self, who: str, what: str) -> None:
        line = f"{self.now():9.3f} {who:<9} {what}"
        self._history.update(line.encode())
        if self._told:
            self._told(line)
