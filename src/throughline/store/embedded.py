"""A real PostgreSQL that the program runs itself, in a folder of its own; any other with DATABASE_URL instead.

The first program to start on a folder becomes its manager: it makes the database and runs the server. Any other that
starts meanwhile is attached: it uses the server the manager runs. See docs/decisions/0001-embedded-postgresql.md.
"""

import asyncio
from pathlib import Path
from types import TracebackType

import structlog

from throughline.store.embedded_errors import DatabaseUnavailable
from throughline.store.embedded_home import ELSEWHERE, Home, settle
from throughline.store.embedded_locks import Lock
from throughline.store.embedded_server import POLL_SECONDS, Server, ServerSettings, answers, off_the_loop

__all__ = ["DatabaseUnavailable", "EmbeddedPostgres", "ServerSettings"]

log = structlog.get_logger()
DEFAULTS = ServerSettings()


class EmbeddedPostgres:
    """The database in `folder`, as its manager or attached, whichever `start` finds possible.

    `throughline up` in one terminal and `throughline status` or `throughline worker` in another share one server:
    who starts first manages it. When the manager stops, or is killed, the server stops with it, and attached programs
    get connection errors from then on; none of them takes over by itself, but one that is started again becomes the
    manager. A manager that stops while others are attached logs `postgres.stopped_while_in_use`. Nothing that was
    committed is lost either way.

    If root started us, the server runs as `user`, or else as postgres or nobody, and nothing outside our own folders
    changes its owner or mode. A folder which that user cannot reach gets a file `location` that says where the
    database is instead. `wheel` is where the wheel with PostgreSQL is installed, if not beside this program.

    Use it in one event loop, as `async with EmbeddedPostgres(folder) as url:` or with `start` and `stop`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        user: str | None = None,
        settings: ServerSettings = DEFAULTS,
        elsewhere: Path = ELSEWHERE,
        wheel: Path | None = None,
    ) -> None:
        self.folder = folder
        self._user, self._settings, self._elsewhere, self._wheel = user, settings, elsewhere, wheel
        self._locks: list[Lock] = []
        self._home: Home | None = None
        self._server: Server | None = None
        self._started = False

    @property
    def manages(self) -> bool:
        """Whether the server is ours, and stops with us."""
        return self._server is not None

    async def start(self) -> str:
        """The URL of a database that answers. Raises DatabaseUnavailable, which says what to do."""
        if self._started:
            raise RuntimeError("this database was already started here; stop it first")
        self._started = True
        try:
            async with asyncio.timeout(self._settings.start_timeout_seconds):
                return await self._manage_or_attach()
        except BaseException as error:
            await self._give_up()
            if told := self._told(error):
                raise told from error
            raise

    async def stop(self) -> None:
        """The manager shuts the server down and waits until it is gone; an attached program only lets go."""
        try:
            if self._server:
                if self._others_are_attached():
                    log.warning("postgres.stopped_while_in_use", folder=str(self.folder))
                await self._server.stop()
                log.info("postgres.stopped", folder=str(self.folder))
        finally:
            self._let_go()

    async def ended(self) -> int:
        """The exit code of the server we manage, once it has ended. If nobody asked for that, stop and start again."""
        if self._server is None:
            raise RuntimeError("only the manager can tell when the server ends")
        return await self._server.wait()

    async def __aenter__(self) -> str:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _manage_or_attach(self) -> str:
        home = await off_the_loop(lambda: settle(self.folder, user=self._user, elsewhere=self._elsewhere))
        self._home = home
        manager = self._lock(home, "manager")
        while not manager.take():
            if url := await self._attach(home):
                return url
            await asyncio.sleep(POLL_SECONDS)
        return await self._manage(home)

    async def _attach(self, home: Home) -> str | None:
        url = await off_the_loop(lambda: _address(home))
        if url is None or not await answers(url) or not self._lock(home, "attached").take(shared=True):
            return None
        log.info("postgres.attached", folder=str(self.folder), note="it stops when its manager stops")
        return url

    async def _manage(self, home: Home) -> str:
        lock = self._lock(home, "server")
        while not lock.take():  # noqa: ASYNC110 - another program holds it: a killed manager's server, shutting down
            await asyncio.sleep(POLL_SECONDS)
        self._server = Server(home, self._settings, lock=lock, wheel=self._wheel)
        url = await self._server.start()
        log.info("postgres.started", folder=str(self.folder), home=str(home.folder))
        return url

    def _lock(self, home: Home, name: str) -> Lock:
        lock = Lock(home.folder / f"{name}.lock")
        self._locks.append(lock)
        return lock

    def _others_are_attached(self) -> bool:
        """They each hold a share of the lock `attached`, so we cannot have the whole of it."""
        return self._home is not None and not self._lock(self._home, "attached").take()

    async def _give_up(self) -> None:
        try:
            if self._server:
                await self._server.abandon()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """The lock of the server first: whoever then becomes the manager finds nothing left to wait for."""
        for lock in reversed(self._locks):
            lock.close()
        self._locks.clear()
        self._server, self._home, self._started = None, None, False

    def _told(self, error: BaseException) -> DatabaseUnavailable | None:
        """What an error of the system means to the person who started us."""
        if isinstance(error, TimeoutError):
            return DatabaseUnavailable(
                f"the database was not ready after {self._settings.start_timeout_seconds:.0f} seconds",
                where=self.folder,
                fix="See its postgres.log: recovery after a crash takes a while, or another program still holds it.",
            )
        if isinstance(error, OSError):
            return DatabaseUnavailable(
                f"the database's folder cannot be used: {error.strerror}",
                where=error.filename or self.folder,
                fix="It needs free space, and to be writable for the user who starts us; that may be the one who"
                " started us first.",
            )
        return None


def _address(home: Home) -> str | None:
    try:
        return home.address.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
