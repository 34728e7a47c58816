"""Parking: lanes that wait for a system cost nothing, and are let go in turn when it can take them."""

from datetime import date, datetime

from throughline.core.cut_offs import earliest
from throughline.core.errors import Hold
from throughline.core.events import EVENTS
from throughline.core.workflow import Workflow
from throughline.hub.applied import Lines
from throughline.hub.flow import PassFlow
from throughline.store import parking
from throughline.store.database import Pool, Row, Sql
from throughline.store.parking import Place

# Whoever waits for a system that is not there any more may all find that out.
NO_SUCH_SYSTEM = 500


async def park(sql: Sql, row: Row, workflow: Workflow, flow: PassFlow, *, at: str, now: datetime) -> None:
    """Let a run's lane wait at a place until it is its turn there."""
    place = Place(at, workflow.priority.rank, _cut_off(row, workflow, flow), since=row["created_at"])
    await parking.park(sql, row["lane"], place, now=now)


async def let_go(pool: Pool, lines: Lines, *, now: datetime) -> list[str]:
    """Make due what its system can take now; returns those lanes, the most urgent and the earliest cut-off first."""
    places: dict[str, list[str]] = {}
    for place in await parking.places(pool):
        places.setdefault(place.partition(" ")[0], []).append(place)
    gone: list[str] = []
    for system, there in places.items():
        gone += await _of_system(pool, lines, system, there, now=now)
    return gone


async def _of_system(pool: Pool, lines: Lines, system: str, places: list[str], *, now: datetime) -> list[str]:
    try:
        line = lines[system]
    except (KeyError, Hold):
        return await parking.let_go(pool, places, limit=NO_SUCH_SYSTEM, now=now)
    gone, well = list[str](), list[str]()
    for place in places:
        endpoint = place.partition(" ")[2]
        room = await line.breaker.room(endpoint) if endpoint else None
        if room is None:
            well.append(place)
        elif room:
            gone += await parking.let_go(pool, [place], limit=room, now=now)
    if well and (room := line.gate.room(now)):
        gone += await parking.let_go(pool, well, limit=room, now=now)
    return gone


def _cut_off(row: Row, workflow: Workflow, flow: PassFlow) -> datetime | None:
    """By when it should be through, which follows from the day its event is about."""
    if workflow.cut_off is None:
        return None
    event = EVENTS[row["event_type"]].model_validate(row["event"])
    day, whose = getattr(event, "day", None), getattr(event, "legal_entity", None)
    if not isinstance(day, date):
        return None
    return earliest(flow.firm, workflow.cut_off, day, {whose} if isinstance(whose, str) else flow.legal_entities)
