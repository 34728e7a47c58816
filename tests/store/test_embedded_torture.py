"""Kill -9 again and again under write load: no acknowledged commit is lost, and no process is left behind."""

import asyncio
import contextlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

ROUNDS, WRITERS = 24, 4
MODES = ("manager", "manager and guard", "whole tree", "postmaster, then manager")

PROGRAM = """
import asyncio, contextlib, os, sys
from pathlib import Path
import asyncpg
from throughline.store.embedded import EmbeddedPostgres

async def write(url, writer):
    connection = await asyncpg.connect(url)
    number = await connection.fetchval("select coalesce(max(number), 0) from row where writer = $1", writer)
    with contextlib.suppress(Exception):  # the server was killed under us; our own turn comes
        while True:
            number += 1
            await connection.execute("insert into row values ($1, $2)", writer, number)
            os.write(1, f"{writer} {number}\\n".encode())
    await asyncio.sleep(60)

async def main():
    postgres = EmbeddedPostgres(Path(sys.argv[1]))
    url = await postgres.start()
    os.write(1, f"up {url}\\n".encode())
    connection = await asyncpg.connect(url)
    await connection.execute("create table if not exists row (writer int, number int, primary key (writer, number))")
    rows = await connection.fetch("select writer, count(*) as rows, max(number) as last from row group by writer")
    for row in rows:
        os.write(1, f"have {row['writer']} {row['rows']} {row['last']}\\n".encode())
    await asyncio.gather(*(write(url, writer) for writer in range(int(sys.argv[2]))))

asyncio.run(main())
"""


class Tally:
    """What the database acknowledged, against what it has after the next start."""

    def __init__(self) -> None:
        self.acknowledged: Counter[int] = Counter()
        self.lost = 0
        self.starts: list[float] = []

    def read(self, output: str) -> None:
        """The last line may be torn by the kill: only what ends in a newline was said."""
        acknowledged = self.acknowledged.copy()
        have: dict[int, int] = {}
        for line in output.split("\n")[:-1]:
            match line.split():
                case ["have", writer, rows, last]:
                    have[int(writer)] = int(last) if rows == last else -1
                case [writer, number] if writer.isdigit():
                    acknowledged[int(writer)] = int(number)
                case _:
                    pass  # logs, and the word that it is up
        if have:
            self.lost += sum(have.get(writer, 0) < number for writer, number in self.acknowledged.items())
        self.acknowledged = acknowledged


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tl-"))
    made.chmod(0o755)
    yield made / "db"
    shutil.rmtree(made)


async def launch(folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder), str(WRITERS), stdout=asyncio.subprocess.PIPE
    )


async def until_up(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    while line := (await process.stdout.readline()).decode():
        if line.startswith("up"):
            return line.split()[1]
    raise AssertionError("it ended without a database")


def strike(process: asyncio.subprocess.Process, mode: str) -> list[psutil.Process]:
    """Kill as the mode says, and name everything that has to be gone soon."""
    manager = psutil.Process(process.pid)
    below = manager.children(recursive=True)
    first = {
        "manager": [],
        "manager and guard": below[:1],
        "whole tree": below,
        "postmaster, then manager": below[1:2],
    }[mode]
    for victim in first:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
    manager.kill()
    return below


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if is_alive(each)]


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
async def test_no_acknowledged_commit_is_lost_by_any_kill(folder: Path) -> None:
    seed = int(os.environ.get("TORTURE_SEED") or random.SystemRandom().randrange(10**6))
    chance, tally, struck, orphans = random.Random(seed), Tally(), Counter[str](), 0
    print(f"seed {seed}")
    below: list[psutil.Process] = []

    for turn in range(ROUNDS):
        began = time.monotonic()
        process = await launch(folder)
        assert process.stdout
        # Every fifth time we do not wait until it is up: the kill may meet it in recovery.
        if patient := turn % 5 != 4:
            await until_up(process)
            tally.starts.append(time.monotonic() - began)
            orphans += len(alive(below))
        await asyncio.sleep(chance.uniform(0.1, 0.8))
        mode = chance.choice(MODES)
        struck[mode] += 1
        below = (alive(below) if not patient else []) + strike(process, mode)
        tally.read((await process.stdout.read()).decode())
        await process.wait()

    process = await launch(folder)
    url = await until_up(process)
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("select writer, max(number) as last from row group by writer")
    await connection.close()
    in_the_end = {row["writer"]: row["last"] for row in rows}
    below += strike(process, "manager")
    await process.communicate()
    began = time.monotonic()
    while alive(below) and time.monotonic() - began < 10:
        await asyncio.sleep(0.05)
    gone_after = time.monotonic() - began

    starts = sorted(tally.starts)
    print(f"{ROUNDS} kills {dict(struck)}, {sum(tally.acknowledged.values())} commits acknowledged, {tally.lost} lost")
    print(f"start with interpreter: median {starts[len(starts) // 2]:.2f} s, max {starts[-1]:.2f} s")
    print(f"{orphans} orphans at the next start; all gone {gone_after:.2f} s after the last kill")
    assert sum(tally.acknowledged.values()) > ROUNDS
    assert tally.lost == 0
    assert all(in_the_end[writer] >= number for writer, number in tally.acknowledged.items())
    assert orphans == 0
    assert not alive(below)
