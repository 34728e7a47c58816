"""Pulse: tells whoever listens that something happened. One watcher per process, and only while somebody listens."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from throughline.store import engagements, events
from throughline.store.database import Pool

LOOK_SECONDS = 0.3


class Listener:
    """One who listens. Hints that come while nobody takes them are one hint."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def tell(self) -> None:
        self._news.set()

    async def heard(self, *, within: float) -> bool:
        """True as soon as something happened; false when that time passed quietly."""
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True


class Pulse:
    """Watches one mark in the database that differs whenever something happened."""

    def __init__(self, pool: Pool, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._pool, self._look_seconds = pool, look_seconds
        self._listeners: set[Listener] = set()
        self._watch: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self.over = False

    @asynccontextmanager
    async def listen(self) -> AsyncGenerator[Listener]:
        listener = Listener()
        self._listeners.add(listener)
        if self._watch is None:
            self._looked.clear()
            self._watch = asyncio.create_task(self._look())
        try:
            # What happens from here on is noticed: there is something to compare it with.
            await self._looked.wait()
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._watch:
                self._watch.cancel()
                self._watch = None

    @property
    def watching(self) -> bool:
        return self._watch is not None

    def stop(self) -> None:
        """Everyone is told once more, and finds that it is over."""
        self.over = True
        self._tell()

    async def _look(self) -> None:
        before = await self._mark()
        self._looked.set()
        while True:
            await asyncio.sleep(self._look_seconds)
            mark = await self._mark()
            # None while the database is away: when it is back, something may have happened.
            if mark is not None and mark != before:
                self._tell()
            before = mark

    async def _mark(self) -> str | None:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return f"{await engagements.pulse(self._pool)}/{await events.newest(self._pool)}"
        return None

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.tell()
