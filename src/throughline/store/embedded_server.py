"""The server of one embedded database, as its manager sees it: set up, launched, awaited, stopped."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from throughline.store.embedded_binaries import Binaries, make_ready
from throughline.store.embedded_cluster import (
    SYNC_METHOD,
    adopt,
    clear_leftovers,
    initdb,
    log_size,
    log_tail,
    make_half,
    open_log,
)
from throughline.store.embedded_errors import DatabaseUnavailable
from throughline.store.embedded_home import Home, write_whole
from throughline.store.embedded_locks import Lock
from throughline.store.embedded_program import Program
from throughline.store.embedded_socket import make_socket_folder, url_of

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What an operator may tune. Recovery after a crash counts as starting, so the time allowed is long."""

    max_connections: int = 60
    shared_buffers: str = "128MB"
    start_timeout_seconds: float = 600


class Server:
    """Whoever makes one must hold both locks of the home; `lock` is the one the server keeps until it is gone."""

    def __init__(self, home: Home, settings: ServerSettings, *, lock: Lock, wheel: Path | None) -> None:
        self._home, self._settings, self._lock, self._wheel = home, settings, lock, wheel
        self._program: Program | None = None

    async def start(self) -> str:
        binaries = await off_the_loop(self._prepare)
        if not self._home.data.exists():
            await self._make_database(binaries)
        sockets = await off_the_loop(lambda: make_socket_folder(self._home))
        url, said = url_of(sockets), log_size(self._home)
        self._program = await self._launch(self._postgres(binaries, sockets), ending="server")
        while not await answers(url):
            if not self._program.running:
                raise self._failed("PostgreSQL stopped while it was starting", since=said)
            await asyncio.sleep(POLL_SECONDS)
        await off_the_loop(lambda: write_whole(self._home.address, url))
        return url

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self._program.wait() if self._program else 0

    async def stop(self) -> None:
        if self._program:
            await self._program.stop()

    async def abandon(self) -> None:
        if self._program:
            await self._program.abandon()

    def _prepare(self) -> Binaries:
        clear_leftovers(self._home)
        os.close(open_log(self._home))
        return make_ready(self._home, self._wheel)

    async def _make_database(self, binaries: Binaries) -> None:
        half, said = await off_the_loop(lambda: make_half(self._home)), log_size(self._home)
        self._program = await self._launch(initdb(binaries, half), ending="setup")
        if await self._program.wait() != 0:
            raise self._failed("the database could not be made", since=said)
        await self._program.abandon()
        await off_the_loop(lambda: adopt(self._home, half))

    async def _launch(self, command: list[str], *, ending: str) -> Program:
        log = open_log(self._home)
        try:
            return await Program.launch(command, ending=ending, account=self._home.account, lock=self._lock, log=log)
        finally:
            os.close(log)

    def _postgres(self, binaries: Binaries, sockets: Path) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{sockets}"',
            "unix_socket_permissions": "0700",
            "port": "5432",
            "max_connections": str(self._settings.max_connections),
            "shared_buffers": self._settings.shared_buffers,
            "dynamic_shared_memory_type": "mmap",  # /dev/shm has 64 MB in a container, and logind empties it
            "max_parallel_workers_per_gather": "0",
            "fsync": "on",
            "synchronous_commit": "on",
            "recovery_init_sync_method": SYNC_METHOD,
            "timezone": "UTC",
            "log_timezone": "UTC",
            # An error of a statement goes to its client. In the log it would only repeat what the statement carried.
            "log_min_messages": "log",
            "log_checkpoints": "off",
        }
        switches = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [binaries.postgres, "-D", str(self._home.data), *switches]

    def _failed(self, what: str, *, since: int) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            what,
            where=self._home.folder,
            fix=f"The end of {self._home.log} says why:\n{log_tail(self._home, since=since)}",
        )


async def answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except asyncpg.TooManyConnectionsError:
        return True
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True


async def off_the_loop[Result](act: Callable[[], Result]) -> Result:
    """In a thread; if we are cancelled, still wait for it, because what it does is done under a lock we hold."""
    acting = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(acting)
    except asyncio.CancelledError:
        await asyncio.wait([acting])
        raise
