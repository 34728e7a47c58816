"""The whole server dies at once, its embedded PostgreSQL with it, and starts again where it was."""

import asyncio
import contextlib
import os
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.chaos.oracle import twice, what_came
from tests.chaos.stage import Stage
from throughline.store.database import connected
from throughline.store.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

ROUNDS, DEALS, START_SECONDS = 3, 24, 60
THROUGHLINE = "from throughline.cli import run; run()"
SEED = random.SystemRandom().randrange(10**6)


@pytest.fixture
def data() -> Iterator[Path]:
    """Where the server keeps its database; started by root, PostgreSQL runs as somebody else, who must reach it."""
    folder = Path(tempfile.mkdtemp(prefix="throughline-chaos-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_server_killed_with_its_database_and_all_goes_on_where_it_was(
    stage: Stage, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, at_work = random.Random(SEED), list[int]()
    with capsys.disabled():
        print(f"\nseed {SEED}")
    async with server(stage, data):
        await stage.until(stage.polled, seconds=30)
    for _ in range(ROUNDS):
        async with server(stage, data):
            await stage.sell(DEALS // ROUNDS)
            await stage.time_passes()
            await stage.until(busy_in_the_psa(stage), seconds=20)
            await asyncio.sleep(chance.uniform(0, 0.3))
            at_work.append(await stage.lanes_at_work())
    async with server(stage, data):
        await stage.time_passes()
        await stage.settled(60)
        states, held = await stage.states(), await stage.open_holds()

    with capsys.disabled():
        print(f"lanes at work just before each kill: {at_work}; {len(held)} held")
    came = what_came(stage.estate, stage.sold)
    assert sum(at_work) > 0, "nothing was under way"
    assert states.keys() == came.keys()
    assert set(held.values()) <= {"unknown"}
    assert held.keys() == {deal for deal, state in states.items() if state != "done"}
    assert {d: w for d, each in came.items() if (w := each.wrong(kick_offs=None, handed_off=d not in held))} == {}
    assert all(each.kick_offs == 1 for deal, each in came.items() if deal not in held)
    assert all(each.kick_offs <= 1 for each in came.values())
    assert twice(stage.estate) == {}


@asynccontextmanager
async def server(stage: Stage, data: Path) -> AsyncGenerator[None]:
    """`throughline up`, with the stage's pool on its database; at the end of the block all its processes are killed."""
    file, name = tempfile.mkstemp(dir=stage.home, suffix=".log")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", THROUGHLINE, "up", "--firm", str(stage.firm), "--data", str(data), "--port", "0",
        stdout=file, stderr=file,
    )  # fmt: skip
    os.close(file)
    try:
        await stage.until(lambda: runs(Path(name)), seconds=START_SECONDS)
        async with EmbeddedPostgres(data / "postgres") as url, connected(url, size=2) as pool:
            stage.pool = pool
            yield
            # Before the pool is closed, so that nobody is told and nothing is waited for.
            tree = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
            for each in tree:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            pool.terminate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def busy_in_the_psa(stage: Stage) -> Callable[[], Awaitable[bool]]:
    """Whether more tasks were made since now: the PSA can be asked to do a thing once only by asking it with care."""
    stories = stage.estate.simulators["kantata"].shelf.counters["stories"]
    before = stories["created"]

    async def so() -> bool:
        return stories["created"] > before + 5

    return so


async def runs(log: Path) -> bool:
    return "Throughline runs at" in log.read_text()
