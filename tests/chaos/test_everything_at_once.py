"""Three workers, vendors where three changes in ten go wrong, and all the while somebody kills, stops, fills and cuts.

`make chaos N=1000` plays the long form; CI a short one.
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.chaos.cutting import CutLine
from tests.chaos.nursery import Life, Nursery
from tests.chaos.oracle import twice, what_came
from tests.chaos.postgres import Postgres, may_mount
from tests.chaos.stage import SETTLE_SECONDS, Stage, lay_out_fast
from throughline.sandbox.estate import Estate, Plan
from throughline.store.database import connected, migrate

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

DEALS = int(os.environ.get("CHAOS_DEALS", "12"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.SystemRandom().randrange(10**6))))
WORKERS, EVERY_SECONDS, CUT_SHARE = 3, (3.0, 6.0), 0.003
# Shorter than a real one, so that what a dead worker held is soon free.
LEASE_SECONDS = 9
LANES_AT_ONCE, CONNECTIONS = (24, 12) if DEALS < 100 else (60, 25)
# How long is luck, and no claim of speed: one that takes so long is stuck.
LONGEST_SECONDS = 360 + 2 * DEALS
# Of whatever changes something, and of whatever asks by POST; one after the other, so that three in ten go wrong.
FAULTS = {"reset_after": 0.08, "error_after": 0.08, "late": 0.06, "error": 0.06, "reset_before": 0.06, "throttle": 0.02}
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Nemesis:
    """What is done to them, and how often it was."""

    def __init__(self, stage: Stage, postgres: Postgres, line: CutLine, chance: random.Random) -> None:
        self.stage, self.postgres, self.line, self.chance = stage, postgres, line, chance
        self.done = Counter[str]()
        self.lives: list[Life] = []
        self._names = count(1)
        self._acts = [self.kill, self.kill, self.kill, self.stop_postgres]
        if postgres.mounted_mb:
            self._acts.append(self.fill_the_disk)

    async def strike(self) -> None:
        await self.chance.choice(self._acts)()
        await self.hire()

    async def kill(self) -> None:
        life = self.chance.choice([each for each in self.lives if not each.ended.done()] or self.lives)
        life.send(signal.SIGKILL)
        await life.over()
        self.done["kill -9"] += 1

    async def stop_postgres(self) -> None:
        await self.postgres.stop_at_once()
        await asyncio.sleep(self.chance.uniform(0.1, 1))
        await self.postgres.start()
        self.done["PostgreSQL stopped at once"] += 1

    async def fill_the_disk(self) -> None:
        ballast = self.postgres.fill_the_disk()
        await asyncio.sleep(self.chance.uniform(1, 2))
        await asyncio.to_thread(ballast.unlink)
        if not await self._survived():
            await self.postgres.stop_at_once()
            await self.postgres.start()
            self.done["of which PostgreSQL did not survive"] += 1
        self.done["disk filled"] += 1

    async def _survived(self) -> bool:
        """A server that could not write its log ends, perhaps a moment after there is room again."""
        await asyncio.sleep(0.5)
        return self.postgres.runs

    async def hire(self) -> None:
        """There are always three; one that ended by itself is started again, as any supervisor does."""
        gone = [each for each in self.lives if each.ended.done()]
        self.done["ended by itself"] += sum(each.ended.result() != -signal.SIGKILL for each in gone)
        self.lives = [each for each in self.lives if not each.ended.done()]
        while len(self.lives) < WORKERS:
            # A line that is cut while it starts ends it.
            with contextlib.suppress(AssertionError):
                self.lives.append(
                    await self.stage.worker(
                        f"worker-{next(self._names)}",
                        lanes_at_once=LANES_AT_ONCE,
                        connections=CONNECTIONS,
                        lease_seconds=LEASE_SECONDS,
                    )
                )


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncGenerator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="throughline-chaos-"))
    folder.chmod(0o755)
    small = 192 + DEALS if may_mount(tmp_path / "mountable") else 0
    server = Postgres(folder, mounted_mb=small)
    await server.make()
    try:
        await server.start()
        yield server
    finally:
        await server.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def line(postgres: Postgres) -> AsyncGenerator[CutLine]:
    async with CutLine(postgres.socket, random.Random(SEED)) as opened:
        yield opened


@pytest.fixture
async def stage(tmp_path: Path, postgres: Postgres, line: CutLine) -> AsyncGenerator[Stage]:
    """Workers reach the database through the line that is cut; the test itself directly."""
    through = f"postgresql://throughline@127.0.0.1:{line.port}/postgres?sslmode=disable"
    async with (
        connected(postgres.url, size=2) as pool,
        Estate(Plan(tmp_path / "sandbox", in_memory=True)) as estate,
        aiohttp.ClientSession() as http,
        Nursery() as nursery,
    ):
        await migrate(pool, now=datetime.now(UTC))
        yield Stage(estate, http, pool, through, tmp_path, lay_out_fast(estate, tmp_path), nursery)


async def test_nothing_is_lost_and_nothing_is_doubled_whatever_is_done_to_them(
    stage: Stage, postgres: Postgres, line: CutLine, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    nemesis = Nemesis(stage, postgres, line, chance)
    nemesis.lives.append(await stage.first_day())
    await nemesis.hire()
    bad_days(stage, chance)
    calls = sum(len(each.calls) for each in stage.estate.simulators.values())
    line.share, began = CUT_SHARE, time.monotonic()

    async with hurried(stage):
        while not await calmly(lambda: stage.ended(DEALS)):
            assert time.monotonic() - began < LONGEST_SECONDS, await stage.standing()
            if len(stage.sold) < DEALS:
                await stage.sell(min(max(DEALS // 10, 8), DEALS - len(stage.sold)))
            await asyncio.sleep(chance.uniform(*EVERY_SECONDS))
            await nemesis.strike()
    took, line.share = time.monotonic() - began, 0.0
    calls = sum(len(each.calls) for each in stage.estate.simulators.values()) - calls
    for simulator in stage.estate.simulators.values():
        simulator.faults.clear()
    await nemesis.hire()
    await at_rest(stage)
    held = await stage.open_holds()

    with capsys.disabled():
        print(f"\nseed {SEED}: {DEALS} processes in {took:.0f} s, {calls} calls; {dict(nemesis.done)}")
        print(f"{line.cuts} lines cut before the answer, {line.commits_cut} of them after COMMIT; {len(held)} asked")
        if not postgres.mounted_mb:
            print("the disk was not filled: nothing may be mounted here")
    assert set(held.values()) <= {"unknown"}
    assert nemesis.done["kill -9"] > 0
    assert wrongs(stage, but_for=held) == {}
    assert twice(stage.estate) == {}

    came = what_came(stage.estate, stage.sold)
    await stage.say_all({deal: "it arrived" if came[deal].kick_offs else "send it again" for deal in held})
    await at_rest(stage)
    assert set((await stage.states()).values()) == {"done"}
    assert len(await stage.states()) == DEALS
    assert wrongs(stage) == {}
    assert twice(stage.estate) == {}


async def test_the_count_sees_what_a_careless_sender_doubles_and_loses(stage: Stage) -> None:
    """As an engine would that repeats blindly: one project is created again, one task was never sent."""
    life = await stage.first_day()
    await stage.sell(2)
    await stage.settled(60)
    await life.kill()
    assert wrongs(stage) == {}
    kantata = stage.estate.simulators["kantata"].shelf
    first, second = (project["id"] for project in kantata.all("workspaces").values() if project["title"] in stage.sold)
    tasks = [key for key, story in kantata.all("stories").items() if str(story["workspace_id"]) == str(second)]

    kantata.all("workspaces")["doubled"] = dict(next(p for p in kantata.all("workspaces").values() if p["id"] == first))
    del kantata.all("stories")[tasks[0]]

    assert len(wrongs(stage)) == 2


def wrongs(stage: Stage, *, but_for: dict[str, str] | None = None) -> dict[str, object]:
    """Counted at the simulators, never in our own tables."""
    held = but_for or {}
    found: dict[str, object] = {}
    for deal, each in what_came(stage.estate, stage.sold).items():
        if wrong := each.wrong(kick_offs=None if deal in held else 1, handed_off=deal not in held):
            found[deal] = wrong
        if each.kick_offs > 1:
            found[deal] = f"{each.kick_offs} kick-offs"
    return found


def bad_days(stage: Stage, chance: random.Random) -> None:
    for simulator in stage.estate.simulators.values():
        simulator.chance.seed(chance.random())
        for kind, share in FAULTS.items():
            fault = {"kind": kind, "share": share, "times": None, "seconds": SETTLE_SECONDS / 3, "retry_after": 1}
            for method in ("POST", "PUT", "PATCH"):
                simulator.faults.add({**fault, "method": method})


async def calmly(so: Callable[[], Awaitable[bool]]) -> bool:
    """Not yet, while the database is away."""
    try:
        return await so()
    except AWAY:
        return False


async def at_rest(stage: Stage) -> None:
    async with hurried(stage):
        await stage.settled(LONGEST_SECONDS)


@asynccontextmanager
async def hurried(stage: Stage) -> AsyncGenerator[None]:
    """With a third of the calls failing, back-offs grow to minutes: they are cut short, leases are not."""

    async def hurry() -> None:
        while True:
            with contextlib.suppress(*AWAY):
                await stage.pool.execute(
                    "update lanes set due_at = due_at - interval '1 hour' where due_at is not null"
                )
            await asyncio.sleep(0.5)

    hurrying = asyncio.create_task(hurry())
    try:
        yield
    finally:
        hurrying.cancel()
