"""Systems that do not let us in: what waits for them, and how it goes on when one lets us in again."""

from datetime import timedelta

import structlog

from throughline.core.errors import Hold
from throughline.core.firm import System
from throughline.hub.control import about_system
from throughline.hub.firm.secrets import SecretMissing
from throughline.hub.machine import Machine
from throughline.hub.wire.tokens import fingerprint
from throughline.store import holds, journal, lockouts
from throughline.store.database import Row, Sql, transaction

log = structlog.get_logger()

OURSELVES = "throughline"


async def look_after(machine: Machine) -> None:
    """Keep the figures of these holds true, and close those whose system has been given new credentials."""
    for hold in await lockouts.listed(machine.pool):
        if await _renewed(machine, hold):
            await _close(machine, hold["id"])
        else:
            await lockouts.retell(
                machine.pool, hold, await lockouts.held_up(machine.pool, about_system(hold["system"]))
            )


async def wake(machine: Machine, sql: Sql, system: str) -> None:
    """Whatever waits goes on, oldest first, and no faster than the system's rate serves them."""
    known = await _system(machine, system)
    rate = known.limits.per_second if known else None
    apart = timedelta(seconds=1 / rate) if rate else timedelta()
    await lockouts.wake(sql, about_system(system), now=machine.clock(), apart=apart)


async def _renewed(machine: Machine, hold: Row) -> bool:
    """Whether this process has other credentials than those that were refused."""
    system = await _system(machine, hold["system"])
    if system is None:
        return True  # the firm has done away with it
    try:
        return fingerprint(machine.firms.credentials(system)) != hold["refused"]
    except (Hold, SecretMissing):
        return False


async def _close(machine: Machine, id_: str) -> None:
    async with transaction(machine.pool) as sql:
        row = await holds.for_update(sql, id_)
        if row is None or row["state"] != "open":
            return
        now, how = machine.clock(), "new credentials were given"
        await holds.close(sql, id_, how=how, now=now)
        await wake(machine, sql, row["system"])
        detail = {"how": how, "system": row["system"], "why": row["why"]}
        await journal.note(sql, actor=OURSELVES, action="released", object_=id_, detail=detail, now=now)
    log.info("system.let_in_again", system=row["system"])


async def _system(machine: Machine, name: str) -> System | None:
    installed = (await machine.firms.current()).firm.systems
    return next((each for each in installed if each.name == name), None)
