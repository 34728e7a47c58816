"""Reading the audit log: its leaves, newest first, all or those of one engagement."""

from throughline.hub.machine import Machine
from throughline.hub.overview import Places, Slice
from throughline.hub.seal import Seal
from throughline.store import audit_log
from throughline.store.database import Row


async def listed(
    machine: Machine, *, engagement: str | None = None, cursor: str | None = None, limit: int = 50
) -> Slice[Row]:
    places = Places(Seal(machine.firms.key), f"audit/{engagement}")
    before = places.opened(cursor)
    if engagement is None:
        rows = await audit_log.newest_leaves(machine.pool, before=before, limit=limit + 1)
    else:
        rows = await audit_log.of_engagement(machine.pool, engagement, before=before, limit=limit + 1)
    return places.slice(tuple(rows), limit, lambda row: row["seq"])
