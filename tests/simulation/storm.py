"""The storm: when processes are killed and paused, systems close, the database goes away, and clocks are wrong."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from tests.simulation.database import Database
from tests.simulation.estate import Estate
from tests.simulation.firm import SYSTEMS
from tests.simulation.process import AFTER_BEGINNING, BEFORE_ENDING, BEFORE_SENDING, Process
from tests.simulation.weather import STORM_BEGINS, STORM_ENDS, Weather

# A process lives for so many awaits at most while there are kills left.
LONGEST_LIFE_AWAITS = 500
LONGEST_UNTIL_PAUSE_AWAITS = 60
PAUSE_SECONDS = 20.0, 120.0
# For longer than its lease and the settle time: somebody else has come, has looked, and has done it.
HESITATION_SECONDS = 90.0, 120.0
# For longer than its lease: somebody else has come, and has perhaps said something newer.
LINGER_SECONDS = 40.0, 80.0
LONGEST_OUTAGE_SECONDS = 60.0
LONGEST_RESTART_SECONDS = 6.0
LEAPS, LONGEST_LEAP_SECONDS = (timedelta(hours=-1), timedelta(hours=1), timedelta(days=1)), 60.0
# Clocks of machines that are kept by NTP are wrong by less than this.
CLOCK_SECONDS = 2.0


class Stormy(Protocol):
    """What a storm can do something to."""

    weather: Weather
    estate: Estate
    database: Database
    chance: random.Random
    processes: list[Process]

    def begin(self) -> Process: ...


async def over(life: Stormy) -> None:
    """From its beginning to its end; afterwards everything is whole again, and stays so."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(STORM_BEGINS)
    life.estate.calm = False
    weather = life.weather
    about = [
        *(_pause for _ in range(weather.pauses)),
        *(_hesitate for _ in range(weather.hesitations)),
        *(_linger for _ in range(weather.lingerings)),
        *(_strike for _ in range(weather.strikes)),
        *(_close for _ in range(weather.outages)),
        *(_restart for _ in range(weather.restarts)),
        *(_untold for _ in range(weather.untold)),
        *(_forget for _ in range(weather.forgotten)),
        *(_wrong_clock for _ in range(weather.jumps)),
        *(_leap for _ in range(weather.leaps)),
    ]
    troubles = [asyncio.create_task(_at_some_time(life, each)) for each in about]
    kills = weather.kills
    while loop.time() < STORM_ENDS:
        kills = _doomed(life, kills)
        await _revive(life)
        await asyncio.sleep(1)
    await asyncio.gather(*troubles)
    for process in life.processes:
        process.die_at = process.die_where = process.pause_at = process.pause_where = None
        process.go_on()
    await _revive(life, at_once=True)
    life.estate.calm = True


async def _at_some_time(life: Stormy, trouble: Callable[[Stormy], Awaitable[None]]) -> None:
    await asyncio.sleep(life.chance.uniform(0, STORM_ENDS - STORM_BEGINS - 10))
    await trouble(life)


def _doomed(life: Stormy, kills: int) -> int:
    """Whoever lives without knowing its end gets one, as long as there are kills left."""
    for process in life.processes:
        if kills and not process.dead and process.die_at is None:
            process.die_at = process.awaits + life.chance.randint(1, LONGEST_LIFE_AWAITS)
            kills -= 1
    return kills


async def _revive(life: Stormy, *, at_once: bool = False) -> None:
    """Somebody starts a dead process anew, sooner or later."""
    dead = [each for each in life.processes if each.dead and not each.mourned]
    for process in dead:
        if at_once or life.chance.random() < 0.2:
            process.mourned = True
            life.begin()


async def _pause(life: Stormy) -> None:
    """Somebody is frozen in the middle of what it does next, for longer than its lease."""
    if living := [each for each in life.processes if not each.dead]:
        process = life.chance.choice(living)
        process.pause_at = process.awaits + life.chance.randint(1, LONGEST_UNTIL_PAUSE_AWAITS)
        process.pause_seconds = life.chance.uniform(*PAUSE_SECONDS)


async def _hesitate(life: Stormy) -> None:
    await _freeze(life, BEFORE_SENDING, life.chance.uniform(*HESITATION_SECONDS))


async def _linger(life: Stormy) -> None:
    await _freeze(life, BEFORE_ENDING, life.chance.uniform(*LINGER_SECONDS))


async def _strike(life: Stormy) -> None:
    """Somebody is killed as soon as it has begun a run."""
    if living := [each for each in life.processes if not each.dead]:
        life.chance.choice(living).die_where = AFTER_BEGINNING


async def _freeze(life: Stormy, where: str, seconds: float) -> None:
    """Somebody is frozen just there, the next time it comes by. The storm is not over before it goes on."""
    if living := [each for each in life.processes if not each.dead and not each.paused]:
        process = life.chance.choice(living)
        process.pause_where, process.pause_seconds = where, seconds
        while asyncio.get_running_loop().time() < STORM_ENDS or process.paused:
            await asyncio.sleep(1)


async def _close(life: Stormy) -> None:
    system = life.chance.choice(sorted(SYSTEMS))
    life.estate.tell(system, "closes")
    life.estate.closed.add(system)
    await asyncio.sleep(life.chance.uniform(5, LONGEST_OUTAGE_SECONDS))
    life.estate.closed.discard(system)
    life.estate.tell(system, "opens")


async def _restart(life: Stormy) -> None:
    """Transactions under way are gone, and for a while nobody can connect."""
    life.estate.tell("database", "goes away")
    life.database.trouble.away = True
    for process in life.processes:
        if process.undo:
            process.undo()
    await asyncio.sleep(life.chance.uniform(0.5, LONGEST_RESTART_SECONDS))
    life.database.trouble.away = False
    life.estate.tell("database", "is back")


async def _untold(life: Stormy) -> None:
    life.database.trouble.untold.append(life.chance.random() < 0.5)


async def _forget(life: Stormy) -> None:
    life.database.trouble.forgotten += 1


async def _wrong_clock(life: Stormy) -> None:
    process = life.chance.choice(life.processes)
    by = timedelta(seconds=life.chance.uniform(-CLOCK_SECONDS, CLOCK_SECONDS))
    process.wrong_by += by
    process.note(f"has a clock that is set by {by / timedelta(seconds=1):.1f} s")


async def _leap(life: Stormy) -> None:
    """Somebody sets a machine's clock, and after a while back. Whoever works there must not."""
    process, by = life.chance.choice(life.processes), life.chance.choice(LEAPS)
    process.note(f"has a clock that leaps by {by / timedelta(hours=1):.0f} h")
    process.wrong_by += by
    await asyncio.sleep(life.chance.uniform(5, LONGEST_LEAP_SECONDS))
    process.wrong_by -= by
