"""One embedded database server for the whole run, and an empty, migrated database for each test that asks."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from throughline.store.database import Pool, connected, migrate
from throughline.store.embedded import EmbeddedPostgres


class _Server:
    """The server runs on a loop and thread of its own, so that it outlives every test's loop."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._postgres = EmbeddedPostgres(folder)
        self.url = self._run(self._postgres.start())
        self._run(make_template(self.url))

    def stop(self) -> None:
        self._run(self._postgres.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run[T](self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def make_template(url: str) -> None:
    """A migrated database to copy for each test; one left over from an earlier run is made anew."""
    connection = await asyncpg.connect(url)
    await connection.execute("drop database if exists template_of_ours with (force)")
    await connection.execute("create database template_of_ours")
    await connection.close()
    async with connected(url_of(url, "template_of_ours")) as pool:
        await migrate(pool, now=datetime(2026, 1, 1, tzinfo=UTC))


def url_of(url: str, database: str) -> str:
    """The same server, another database."""
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{database}{'?' + query if query else ''}"


@pytest.fixture(scope="session")
def server_url() -> Generator[str]:
    """A PostgreSQL for the tests: DATABASE_URL's, where the user may make databases, or the embedded one."""
    if given := os.environ.get("DATABASE_URL"):
        asyncio.run(make_template(given))
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="throughline-tests-"))
    folder.chmod(0o755)  # started by root, the server runs as somebody else, who must reach it
    server = _Server(folder)
    yield server.url
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database_url(server_url: str, request: pytest.FixtureRequest) -> AsyncGenerator[str]:
    """An empty, migrated database of one's own."""
    name = f"test_{os.getpid()}_{abs(hash(request.node.nodeid)):x}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}" template template_of_ours')
    yield url_of(server_url, name)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.close()


@pytest.fixture
async def pool(database_url: str) -> AsyncGenerator[Pool]:
    async with connected(database_url, size=8) as opened:
        yield opened
