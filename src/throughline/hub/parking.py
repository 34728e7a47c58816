"""Parking: lanes that wait for a system cost nothing, and are let go in turn when it can take them."""

from datetime import datetime

from throughline.core.errors import Hold
from throughline.hub.applied import Lines
from throughline.store import lanes
from throughline.store.database import Pool

# Whoever waits for a system that is not there any more may all find that out.
NO_SUCH_SYSTEM = 500


async def let_go(pool: Pool, lines: Lines, *, now: datetime) -> list[str]:
    """Make due what its system can take now; returns those lanes, the most urgent and the oldest first."""
    places: dict[str, list[str]] = {}
    for place in await lanes.parked(pool):
        places.setdefault(place.partition(" ")[0], []).append(place)
    gone: list[str] = []
    for system, there in places.items():
        gone += await _of_system(pool, lines, system, there, now=now)
    return gone


async def _of_system(pool: Pool, lines: Lines, system: str, places: list[str], *, now: datetime) -> list[str]:
    try:
        line = lines[system]
    except (KeyError, Hold):
        return await lanes.let_go(pool, places, limit=NO_SUCH_SYSTEM, now=now)
    gone, well = list[str](), list[str]()
    for place in places:
        endpoint = place.partition(" ")[2]
        room = await line.breaker.room(endpoint) if endpoint else None
        if room is None:
            well.append(place)
        elif room:
            gone += await lanes.let_go(pool, [place], limit=room, now=now)
    if well and (room := line.gate.room(now)):
        gone += await lanes.let_go(pool, well, limit=room, now=now)
    return gone
