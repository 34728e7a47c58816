"""Other engines in the same run, on the same stub: DBOS on our PostgreSQL, Celery on Redis. Where they are installed.

`make bench-peers` installs both into an interpreter of their own; Redis is Debian's `redis-server`.
"""

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from bench.figures import AT_ONCE, ROUNDS, Figures, median

HERE = Path(__file__).parent
PEERS = HERE.parent / ".tools" / "peers" / "bin" / "python"
RUNS = 300  # they are slower: as many as take them about as long as a thousand take us


def installed() -> bool:
    return PEERS.exists()


async def measured(stub: str, database: str) -> dict[str, Figures]:
    """The median of some rounds of each; nothing for one that is not installed."""
    told = {"dbos": median(await _run("dbos_peer.py", stub, database))}
    if shutil.which("redis-server"):
        async with _redis() as address:
            shapes: dict[str, list[Figures]] = await _run("celery_peer.py", stub, address)
        told |= {f"celery_{shape}": median(rounds) for shape, rounds in shapes.items()}
    return told


async def _run(script: str, *where: str) -> Any:
    arguments = (str(HERE / "peers" / script), *where, str(RUNS), str(AT_ONCE), str(ROUNDS))
    process = await asyncio.create_subprocess_exec(str(PEERS), *arguments, stdout=PIPE, stderr=DEVNULL)
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{script} ended with {process.returncode}; run it by hand to see why")
    return json.loads(said.splitlines()[-1])


@contextlib.asynccontextmanager
async def _redis() -> AsyncGenerator[str]:
    """A Redis of our own that writes each change to its log."""
    with socket.create_server(("127.0.0.1", 0)) as free, tempfile.TemporaryDirectory() as folder:
        port = free.getsockname()[1]
        free.close()
        redis = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", "",
            "--dir", folder, stdout=DEVNULL,
        )  # fmt: skip
        try:
            await _listening(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            redis.terminate()
            await redis.wait()


async def _listening(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("redis-server did not start to listen")
