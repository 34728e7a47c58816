"""Health: whether this process can do its work, question by question."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from throughline.hub import subscriptions
from throughline.hub.machine import Machine
from throughline.hub.timekeeper import APART, FIX
from throughline.store import figures, firm_versions, workers
from throughline.store.database import MIGRATIONS

ALIVE = timedelta(seconds=12)
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One question and its answer. `why` says what is found, and when it is not well, what to do.

    What is not needed leaves this process ready: a subscriber that is away is no reason to send nobody here.
    """

    name: str
    well: bool
    why: str
    needed: bool = True


async def ready(machine: Machine) -> tuple[Finding, ...]:
    """All the questions; ready when all are well."""
    return (
        await _asked("database", _database, machine),
        await _asked("migrations", _migrations, machine),
        await _asked("clock", _clock, machine),
        await _asked("firm", _firm, machine),
        await _asked("workers", _workers, machine),
        await _asked("outbox", _outbox, machine, needed=False),
    )


async def _asked(
    name: str, ask: Callable[[Machine], Awaitable[tuple[bool, str]]], machine: Machine, *, needed: bool = True
) -> Finding:
    try:
        return Finding(name, *await ask(machine), needed)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        return Finding(name, well=False, why=f"The database cannot be asked: {type(error).__name__}.")


async def _database(machine: Machine) -> tuple[bool, str]:
    return await machine.pool.fetchval("select true"), "It answers."


async def _migrations(machine: Machine) -> tuple[bool, str]:
    ran, known = set(await figures.migrations(machine.pool)), {file.name for file in MIGRATIONS.glob("*.sql")}
    if missing := sorted(known - ran):
        return False, f"Not yet run: {', '.join(missing)}. Start one process of this release."
    return True, f"All {len(known)} ran."


async def _clock(machine: Machine) -> tuple[bool, str]:
    if machine.timekeeper is None:
        return True, "It is driven, and not compared."
    ahead = await machine.timekeeper.compare()
    told = f"{abs(ahead).total_seconds():.1f} s {'ahead of' if ahead > timedelta() else 'behind'} the database's."
    return (True, told) if abs(ahead) <= APART else (False, f"{told} {FIX}")


async def _firm(machine: Machine) -> tuple[bool, str]:
    version = await firm_versions.newest_number(machine.pool)
    return (True, f"Version {version} is applied.") if version else (False, "No folder is applied: throughline up.")


async def _workers(machine: Machine) -> tuple[bool, str]:
    alive = await workers.alive(machine.pool, since=machine.clock() - ALIVE)
    return (True, f"{len(alive)} alive.") if alive else (False, "No worker is alive: throughline worker.")


async def _outbox(machine: Machine) -> tuple[bool, str]:
    """Whether everybody who wants to be told of events is."""
    told, now = await subscriptions.listed(machine), machine.clock()
    off = [each.row["id"] for each in told if each.row["state"] == "off"]
    late = [
        f"{each.row['id']} by {(now - each.behind_since).total_seconds():.0f} s"
        for each in told
        if each.row["state"] == "active" and each.behind_since and now - each.behind_since > LATE
    ]
    if not off and not late:
        return True, f"{len(told)} subscriptions, none of them late."
    said = [f"Switched off: {', '.join(off)}."] if off else []
    said += [f"Late: {', '.join(late)}."] if late else []
    return False, f"{' '.join(said)} See: throughline subscriptions list."
