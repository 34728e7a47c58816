"""A real database for a life in virtual time: each statement is one step in which nobody else moves.

Statements run on a loop of their own that is driven to its end inside the step, so answers cannot overtake each other,
and the clock of the life stands still meanwhile. Transactions are one after the other; what happens between two that
overlap is asked of the store's own tests, and of the chaos tests.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

import asyncpg

from tests.simulation.process import AFTER_BEGINNING, BEFORE_ENDING, NOON, Process
from tests.simulation.virtual import Patient
from throughline.store.database import connected


@dataclass
class Trouble:
    """What may go wrong with the next commit, or with all of them for a while. The life says when."""

    away: bool = False
    # The next commits whose outcome nobody is told: True for those that are written all the same.
    untold: list[bool] = field(default_factory=list[bool])
    # The next claims that are granted, and forgotten in a crash of the database.
    forgotten: int = 0


class Database:
    """The one connection all processes of a life share, and the turn they take at it."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.SelectorEventLoop(Patient())
        self._opened = connected(url, size=1)
        self._pool = self._now(self._opened.__aenter__())
        self.connection: asyncpg.Connection = self._now(self._pool.acquire())
        self.now(self.connection.execute("set synchronous_commit = off"))
        self._tables = [row["tablename"] for row in self.now(self.connection.fetch(_TABLES))]
        self.turn = asyncio.Lock()
        self.trouble = Trouble()
        self.statements = 0

    async def clock(self) -> datetime:
        """What all processes compare their own with."""
        return NOON + timedelta(seconds=asyncio.get_running_loop().time())

    def fresh(self) -> None:
        """As after a migration, and nobody's turn."""
        # What is only ever added to is emptied as nobody but the database's owner can.
        emptied = "".join(f"delete from {name};" for name in self._tables)
        owner, again = "set session_replication_role = replica", "set session_replication_role = origin"
        self.now(self.connection.execute(f"{owner}; {emptied} {again}"))
        self.turn, self.trouble, self.statements = asyncio.Lock(), Trouble(), 0

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return self.now(self.connection.fetch(query, *args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return self.now(self.connection.fetchrow(query, *args))

    async def fetchval(self, query: str, *args: Any) -> Any:
        return self.now(self.connection.fetchval(query, *args))

    async def execute(self, query: str, *args: Any) -> Any:
        return self.now(self.connection.execute(query, *args))

    def close(self) -> None:
        self._now(self._pool.release(self.connection))
        self._now(self._opened.__aexit__(None, None, None))
        self._loop.close()

    def now(self, work: Any) -> Any:
        """Run a statement to its end. To the life it takes no time, and nobody moves meanwhile."""
        return self._now(work)

    def _now(self, work: Any) -> Any:
        try:
            outer = asyncio.get_running_loop()
        except RuntimeError:
            return self._loop.run_until_complete(work)
        task = _swap(outer, None)
        _running(None)
        try:
            return self._loop.run_until_complete(work)
        finally:
            _running(outer)
            _swap(outer, task)


# A loop is driven inside a step of another one: the inner one must believe that it is alone.
_running: Callable[[Any], None] = vars(asyncio)["_set_running_loop"]
_swap: Callable[[Any, Any], Any] = vars(asyncio.tasks)["_swap_current_task"]
# A claim is committed without waiting for the disk: what says so is how it is known here.
# What writes an intent down, what ends a pass, and what begins a run.
INTENDS, ENDS, BEGINS = "$8, 'intent', $9", "left_lane as (", "insert into runs"
NOT_WAITED_FOR = "set_config('synchronous_commit', 'off', true)"
_TABLES = """select tablename from pg_tables where schemaname = 'public' and tablename <> 'migrations'
             order by tablename"""


class LifeConnection:
    """One connection of one process. Outside of a transaction every statement is one by itself."""

    def __init__(self, database: Database, process: Process) -> None:
        self._database, self._process = database, process
        self._inside = self._intends = self._begins = False

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        found = await self._statement("fetch", query, *args)
        # Where nobody asked for an order, the database's is an accident of its pages.
        return found if "order by" in query else sorted(found, key=repr)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._statement("fetchrow", query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._statement("fetchval", query, *args)

    async def execute(self, query: str, *args: Any) -> Any:
        return await self._statement("execute", query, *args)

    async def copy_records_to_table(self, table: str, *, records: list[Any], columns: tuple[str, ...]) -> None:
        await self._statement("copy_records_to_table", table, records=records, columns=columns)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator["LifeConnection"]:
        """Begins when it is our turn. A process that dies in it leaves nothing behind, not even its turn."""
        async with self._turn("begin"):
            self._now("execute", "begin")
            self._inside, self._process.undo = True, self._undo
            try:
                yield self
                await self._process.reach("before commit")
                self._commit()
            finally:
                self._inside = False
                if self._process.undo == self._undo:
                    self._undo()
        await self._process.reach(AFTER_BEGINNING if self._begins else "after commit")
        self._begins = False
        if self._intends:
            self._process.intends, self._intends = asyncio.current_task(), False

    @asynccontextmanager
    async def _turn(self, what: str) -> AsyncGenerator[None]:
        await self._process.reach(what)
        turn = await self._process.take(self._database.turn)
        try:
            if self._database.trouble.away:
                raise ConnectionRefusedError("the database is being restarted")
            yield
        finally:
            turn.give_back()

    async def _statement(self, how: str, query: str, *args: Any, **named: Any) -> Any:
        if not self._inside:
            return await self._alone(how, query, *args, **named)
        await self._process.reach("a statement")
        self._intends |= INTENDS in query
        self._begins |= BEGINS in query
        if self._process.undo != self._undo:
            raise _cut("transaction")
        return self._now(how, query, *args, **named)

    async def _alone(self, how: str, query: str, *args: Any, **named: Any) -> Any:
        trouble = self._database.trouble
        async with self._turn(BEFORE_ENDING if ENDS in query else "a statement of its own"):
            if trouble.forgotten and NOT_WAITED_FOR in query:
                trouble.forgotten -= 1
                self._process.note("the database is killed, and has forgotten a claim it granted")
                self._now("execute", "begin")
                answer = self._now(how, query, *args, **named)
                self._now("execute", "rollback")
            elif trouble.untold and not query.lstrip().startswith("select"):
                self._untold(lambda: self._now(how, query, *args, **named))
            else:
                answer = self._now(how, query, *args, **named)
        await self._process.reach("after a statement of its own")
        return answer

    def _commit(self) -> None:
        if self._process.undo != self._undo:
            raise _cut("commit")
        if self._database.trouble.untold:
            self._untold(lambda: self._now("execute", "commit"))
        self._now("execute", "commit")
        self._process.undo = None

    def _untold(self, write: Callable[[], Any]) -> NoReturn:
        """The connection ends in the middle of a commit, on one side or the other of it."""
        written = self._database.trouble.untold.pop(0)
        self._process.note(f"is not told that its commit was {'written' if written else 'not written'}")
        if written:
            write()
            self._process.undo = None
        raise _cut("commit")

    def _now(self, how: str, query: str, *args: Any, **named: Any) -> Any:
        self._database.statements += 1
        return self._database.now(getattr(self._database.connection, how)(query, *args, **named))

    def _undo(self) -> None:
        self._process.undo = None
        self._now("execute", "rollback")


class LifePool(LifeConnection):
    """The database as one process sees it: whatever it asks is an await at which it may end."""

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[LifeConnection]:
        yield LifeConnection(self._database, self._process)


def _cut(where: str) -> asyncpg.ConnectionDoesNotExistError:
    return asyncpg.ConnectionDoesNotExistError(f"the connection was closed in the middle of a {where}")
