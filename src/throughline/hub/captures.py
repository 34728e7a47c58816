"""Keeps captures, many to a commit: a caller may go on at once, or wait until what it kept is safe."""

import asyncio
import contextlib
from collections import deque
from types import TracebackType
from typing import Self

import structlog

from throughline.store import captures
from throughline.store.captures import Capture
from throughline.store.database import UNWRITABLE, Pool

log = structlog.get_logger()

MOST_AT_ONCE = 500
MOST_WAITING = 20_000
TRY_AGAIN_SECONDS = 1.0


class Captures:
    """One writer per process. While it commits one batch the next one gathers.

    What could not be committed stays first in line and is tried again: whoever waits for it is told that it is not
    safe yet, and it is lost only when too much waits or the program ends, which is said aloud.
    """

    def __init__(
        self, pool: Pool, *, most_waiting: int = MOST_WAITING, try_again_seconds: float = TRY_AGAIN_SECONDS
    ) -> None:
        self._pool, self._most_waiting, self._try_again_seconds = pool, most_waiting, try_again_seconds
        self._waiting: list[Capture] = []
        # Captures are counted as they come; a future waits for all up to its number.
        self._kept = self._settled = 0
        self._futures: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._more = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):
            await self.safe()
        if self._waiting:
            log.error("captures.lost", n=len(self._waiting), why="the program ended while they could not be written")
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer

    def keep(self, capture: Capture) -> None:
        self._waiting.append(capture)
        self._kept += 1
        self._more.set()

    async def safe(self) -> None:
        """Returns when everything kept so far is committed; raises if it could not be."""
        if self._settled == self._kept:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append((self._kept, future))
        self._more.set()
        await future

    async def _write(self) -> None:
        while True:
            # After a failure there is something left: it is tried again with the next capture, or a little later.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), self._try_again_seconds if self._waiting else None)
            self._more.clear()
            while self._waiting and await self._batch():
                pass

    async def _batch(self) -> bool:
        """Commit the oldest; false when they have to wait for better times."""
        batch = self._waiting[:MOST_AT_ONCE]
        try:
            await captures.keep(self._pool, batch)
        except UNWRITABLE:
            await self._one_by_one(batch)
        except Exception as error:  # noqa: BLE001 - handed to everyone who waits
            log.warning("captures.waiting", n=len(self._waiting), why=f"{type(error).__name__}: {error}")
            self._tell(self._kept, error)
            self._drop()
            return False
        else:
            self._done(len(batch))
        return True

    async def _one_by_one(self, batch: list[Capture]) -> None:
        """One of them the database can never take: the others shall not suffer for it."""
        for each in batch:
            try:
                await captures.keep(self._pool, [each])
            except UNWRITABLE as error:
                log.exception("capture.unwritable", system=each.system, method=each.method, run=each.run)
                self._tell(self._settled + 1, error)
            self._done(1)

    def _done(self, n: int) -> None:
        del self._waiting[:n]
        self._settled += n
        self._tell(self._settled, None)

    def _tell(self, up_to: int, error: Exception | None) -> None:
        while self._futures and self._futures[0][0] <= up_to:
            future = self._futures.popleft()[1]
            if future.done():
                continue
            if error:
                future.set_exception(error)
            else:
                future.set_result(None)

    def _drop(self) -> None:
        """A database that stays away for long must not fill the memory."""
        if (n := len(self._waiting) - self._most_waiting) > 0:
            log.error("captures.lost", n=n, why=f"more than {self._most_waiting} waited to be written")
            del self._waiting[:n]
            self._settled += n
