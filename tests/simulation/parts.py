"""What a process of a life is built of. A test hands in a part that is broken on purpose."""

import random
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast, override

from tests.simulation.database import Database, LifePool
from tests.simulation.estate import Estate, LifeTransport
from tests.simulation.firm import FILES, WORKFLOWS, connectors
from tests.simulation.process import Process
from tests.simulation.queue import LifeQueue, Waiting
from throughline.core.connector import Connector
from throughline.core.firm import Firm
from throughline.core.ids import Ids
from throughline.core.workflow import Workflow
from throughline.hub import firm as folders
from throughline.hub.applied import Applied, Lines
from throughline.hub.captures import Captures
from throughline.hub.firms import Firms
from throughline.hub.machine import Machine
from throughline.hub.timekeeper import Timekeeper
from throughline.hub.wakes import Wakes
from throughline.hub.wire import Transport


@cache
def the_firm() -> Firm:
    """Read once: thousands of processes begin in it."""
    return folders.load_text(FILES, connectors=connectors().keys())


class LifeFirms(Firms):
    """The one firm of a life, without reading its folder again in every process."""

    @override
    async def current(self) -> Applied:
        # Nobody applies another folder in a life, so nobody has to ask whether somebody has.
        return await self.at(1)

    @override
    async def _load(self) -> Applied:
        return Applied(1, the_firm(), self.connectors, Lines(the_firm().systems, self._line))


@dataclass(frozen=True, slots=True)
class Parts:
    """Whole, unless somebody says otherwise."""

    connectors: Dict[str, Connector] = field(default_factory=connectors)
    workflows: tuple[Workflow, ...] = WORKFLOWS
    pool: Callable[[LifePool], Any] = lambda pool: pool
    transport: Callable[[Transport], Transport] = lambda transport: transport
    firms: type[Firms] = LifeFirms


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all processes of a life have in common."""

    database: Database
    estate: Estate
    waiting: Waiting
    ids: Ids


async def built(parts: Parts, around: Surroundings, process: Process) -> Machine:
    """A machine such as `main.py` builds, from the parts of a life. It is never taken down in order."""
    pool = parts.pool(LifePool(around.database, process))
    transport = parts.transport(LifeTransport(around.estate, process))
    captures = Captures(pool)
    kept = Timekeeper(process.clock, process.monotonic, around.database.clock)
    await captures.__aenter__()
    return Machine(
        pool=pool,
        clock=kept.now,
        ids=around.ids,
        chance=random.Random(process.chance.random()),
        connectors=parts.connectors,
        workflows=parts.workflows,
        firms=parts.firms(pool, Path("nowhere"), {}, parts.connectors, transport, captures, kept.now, b"no secret"),
        captures=captures,
        timekeeper=kept,
        wakes=Wakes(cast(Any, LifeQueue(around.waiting, process))),
    )
