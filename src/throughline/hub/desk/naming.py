"""Naming: holds that were opened without a cause are given theirs."""

from throughline.core.causes import Cause, pattern
from throughline.hub.machine import Machine
from throughline.store import causes

AT_ONCE = 500


async def all_nameless(machine: Machine) -> int:
    """Those of systems, and those a release before opened; returns how many there were."""
    rows = await causes.nameless(machine.pool, limit=AT_ONCE)
    installed = {system.name for system in (await machine.firms.current()).firm.systems} if rows else set[str]()
    for row in rows:
        cause = Cause(row["workflow"], row["part"], row["kind"], pattern(row["why"], row["names"]))
        named = next((word for word in row["why"].lower().split() if word in installed), None)
        await causes.name(machine.pool, row["id"], cause, at_system=row["system"] or named, now=machine.clock())
    return len(rows)
