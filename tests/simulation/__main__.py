"""`make simulate`: many lives on all cores (SEEDS=50000, FROM=1000), or one life with its history (SEED=1234)."""

import argparse
import asyncio
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import structlog

from tests.conftest import make_template, url_of
from tests.simulation.database import Database
from tests.simulation.life import Life
from throughline.store.embedded import EmbeddedPostgres


@asynccontextmanager
async def server() -> AsyncGenerator[str]:
    """A PostgreSQL with a migrated template in it: DATABASE_URL's, or one that is gone afterwards."""
    if given := os.environ.get("DATABASE_URL"):
        await make_template(given)
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="throughline-simulation-"))
    folder.chmod(0o755)  # started by root, the server runs as somebody else, who must reach it
    try:
        async with EmbeddedPostgres(folder) as url:
            await make_template(url)
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def database(url: str, name: str) -> AsyncGenerator[str]:
    """An empty, migrated database."""
    admin = await asyncpg.connect(url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}" template template_of_ours')
    try:
        yield url_of(url, name)
    finally:
        await admin.execute(f'drop database if exists "{name}" with (force)')
        await admin.close()


async def many(url: str, first: int, last: int, *, cores: int) -> tuple[int, str]:
    """Lives on so many cores: how many processes found something wrong, and what they said."""
    done = await asyncio.gather(*(_some(url, first + core, last, step=cores) for core in range(cores)))
    return sum(code for code, _ in done), "".join(said for _, said in done)


async def _some(url: str, first: int, last: int, *, step: int) -> tuple[int, str]:
    async with database(url, f"lives_{os.getpid()}_{first % step}") as own:
        command = ("-m", "tests.simulation.lives", own, str(first), str(last), str(step))
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
        said = b""
        async for line in process.stdout or asyncio.StreamReader():
            if line.startswith(b"history"):
                continue
            said += line
            sys.stdout.write(line.decode())
            sys.stdout.flush()
        return await process.wait(), said.decode()


async def main() -> int:
    asked = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    asked.add_argument("--seed", type=int)
    asked.add_argument("--seeds", type=int, default=600)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    wanted = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with server() as url:
        if wanted.seed is not None:
            async with database(url, f"life_{os.getpid()}") as own:
                return await asyncio.to_thread(one, own, wanted.seed)
        began = time.monotonic()
        bad, _ = await many(url, wanted.first, wanted.first + wanted.seeds, cores=wanted.cores)
        took = time.monotonic() - began
        sys.stdout.write(f"{wanted.seeds} lives in {took:.0f} s, {wanted.seeds / took:.1f}/s on {wanted.cores} cores\n")
        return bad


def one(url: str, seed: int) -> int:
    """A life with its history, line by line."""
    life = Life(seed, opened := Database(url), told=_say)
    _say(str(life.weather))
    lived = life.live()
    opened.close()
    _say(f"{lived.done} things done, {lived.killed} processes killed, {lived.seconds:.0f} s; history {lived.digest}")
    for each in lived.wrong or ("Nothing is wrong.",):
        _say(each)
    return len(lived.wrong)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()) > 0)
