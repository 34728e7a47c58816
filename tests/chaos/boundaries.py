"""Where a worker can die: before and after each commit, and each exchange that changes something over there."""

import asyncio
import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from throughline.hub.wire import Raw, Request, Transport

# The lane that is being passed through, or the poll under way; what nobody does in particular is no boundary.
WHO: ContextVar[str | None] = ContextVar("who", default=None)
QUIET_SECONDS = 3.0
_TABLES = re.compile(r"(?:insert into|update|delete from) (?!set\b)(\w+)", re.IGNORECASE)
_IDS = re.compile(r"[^/]*[\d:][^/]*")


class Orders(BaseModel):
    """What a test wants of a worker process. `stop` says who shall come to a stop at which of its boundaries."""

    firm: Path
    data: Path
    database_url: str
    name: str
    lease_seconds: float = 30
    lanes_at_once: int = 50
    connections: int = 12
    works: bool = True
    serves_at: int | None = None
    report: Path | None = None
    stop: dict[str, int] = {}
    # Only at boundaries that begin so does anybody come to a stop: theirs, or the first such one after it.
    only: str = ""
    # What happens to the process when all of them have come to their stop: SIGKILL or SIGSTOP.
    end: int = signal.SIGKILL


class Watch:
    """Counts everybody's boundaries. Whoever has come to the one a test chose does not go on.

    When all have come that far, the process is killed: for each of them it died exactly there.
    """

    def __init__(self, orders: Orders) -> None:
        self._orders, self._reached = orders, Counter[str]()
        self.stopped: set[str] = set()
        self.goes_on = asyncio.Event()
        self._told = os.open(orders.report, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if orders.report else None
        self._quiet_since = time.monotonic()

    async def reach(self, what: str) -> None:
        who = WHO.get()
        if who is None:
            return
        number = self._reached[who]
        self._reached[who] += 1
        if who in self._orders.stop:
            self._quiet_since = time.monotonic()
        if self._told is not None:
            os.write(self._told, json.dumps([who, number, what]).encode() + b"\n")
        stop = self._orders.stop.get(who)
        if stop is not None and stop <= number and what.startswith(self._orders.only) and not self.goes_on.is_set():
            self.stopped.add(who)
            await self.goes_on.wait()

    async def end(self) -> None:
        """Wait until everybody is where they shall be, or will not come there any more; then end the process."""
        if not self._orders.stop:
            return
        while len(self.stopped) < len(self._orders.stop) and not self._is_quiet():
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), self._orders.end)
        # Still here, so it was a pause.
        self.stopped.clear()
        self.goes_on.set()

    def _is_quiet(self) -> bool:
        return bool(self.stopped) and time.monotonic() - self._quiet_since > QUIET_SECONDS


class WatchedTransport:
    """The real wire, with a boundary on either side of what changes something."""

    def __init__(self, real: Transport, watch: Watch) -> None:
        self._real, self._watch = real, watch

    async def exchange(self, request: Request) -> Raw:
        path = urlsplit(request.url).path
        if request.method == "GET" or "suiteql" in path or "oauth2" in path:
            return await self._real.exchange(request)
        await self._watch.reach(f"before {request.method} {_IDS.sub('*', path)}")
        answer = await self._real.exchange(request)
        await self._watch.reach(f"after {request.method} {_IDS.sub('*', path)}")
        return answer


class WatchedPool:
    """The pool, with a boundary on either side of each commit, be it a transaction's or a single statement's."""

    def __init__(self, pool: Any, watch: Watch) -> None:
        self._pool, self._watch = pool, watch

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self._around(query, args, self._pool.fetch)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._around(query, args, self._pool.fetchrow)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._around(query, args, self._pool.fetchval)

    async def execute(self, query: str, *args: Any) -> Any:
        return await self._around(query, args, self._pool.execute)

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator["_WatchedConnection"]:
        async with self._pool.acquire() as connection:
            watched = _WatchedConnection(connection, self._watch)
            yield watched
        # Only now: who stops here must not keep a connection that others need on their way to their own stop.
        for committed in watched.committed:
            await self._watch.reach(f"after {committed}")

    async def _around(self, query: str, args: tuple[Any, ...], run: Any) -> Any:
        what = written(query, args)
        if what is None:
            return await run(query, *args)
        await self._watch.reach(f"before {what}")
        answer = await run(query, *args)
        await self._watch.reach(f"after {what}")
        return answer


class _WatchedConnection:
    """One connection; what its transaction writes is remembered, so that the commit has a name."""

    def __init__(self, connection: Any, watch: Watch) -> None:
        self._connection, self._watch = connection, watch
        self._wrote: list[str] = []
        self.committed: list[str] = []

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self._connection.fetch(self._noted(query, args), *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._connection.fetchrow(self._noted(query, args), *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._connection.fetchval(self._noted(query, args), *args)

    async def execute(self, query: str, *args: Any) -> Any:
        return await self._connection.execute(self._noted(query, args), *args)

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[None]:
        async with self._connection.transaction():
            yield
            what = f"commit of {' and '.join(self._wrote)}"
            await self._watch.reach(f"before {what}")
        self.committed.append(what)

    def _noted(self, query: str, args: tuple[Any, ...]) -> str:
        what = written(query, args)
        if what and what not in self._wrote:
            self._wrote.append(what)
        return query


def written(query: str, args: tuple[Any, ...]) -> str | None:
    """What a statement writes, in few words. None if it reads, or holds on to a lease, which has no fixed place."""
    tables = _TABLES.findall(query)
    if not tables or "set lease_until = $3::timestamptz + $4 where key" in query:
        return None
    if "lanes" in tables and "runs" in tables:
        return "end of pass"
    if "insert into effects" in query:
        system = args[3] if isinstance(args[3], str) else "+".join(sorted(set(args[3])))
        return f"intent to {system}" if "'intent'" in query else f"effects in {system}"
    return "+".join(sorted(set(tables)))
