"""The background of a hold: what it has in common with others, what worked before, and what people did with it."""

from dataclasses import dataclass

from throughline.hub.desk import causes, difference, hands
from throughline.hub.desk.causes import Way
from throughline.hub.desk.difference import Difference
from throughline.hub.machine import Machine
from throughline.store import causes as stored
from throughline.store import decisions
from throughline.store.database import Row


@dataclass(frozen=True, slots=True)
class Background:
    """What somebody wants to know of a hold before deciding. `cause` is nothing for the first seconds of a system's."""

    cause: Row | None
    ways: tuple[Way, ...]
    worked: tuple[Row, ...]
    difference: Difference | None
    notes: tuple[Row, ...]

    @property
    def best(self) -> Way | None:
        return causes.best(self.ways)


async def of_hold(machine: Machine, hold: Row) -> Background:
    pool, cause = machine.pool, hold["cause"]
    return Background(
        await stored.one(pool, cause) if cause else None,
        await causes.ways(pool, cause) if cause else (),
        tuple(await decisions.that_worked(pool, cause)) if cause else (),
        await difference.of_hold(pool, hold),
        tuple(await hands.notes(pool, hold["id"])),
    )
