"""The pool of the doors: whatever is read through it is what whoever asks may see, whoever wrote the statement.

Who asks is bound once, at the guard, as the trace of a log is: a statement that forgot to ask could not leak.
"""

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, cast

from throughline.core.masking import BESIDE, MASKED, hides, masked, masked_body, says_so
from throughline.store.database import Pool, Row
from throughline.store.limits import SCHEMA

BODIES = {"request_body", "answer_body"}
FREE_TEXTS = {"trace"}
# By the names of fields, and without their values: who said each, and when.
SAYS_WHO = {"provenance"}


@dataclass(frozen=True, slots=True)
class Eyes:
    """What somebody does not see: other companies than these, and fields of these names. None is no limit.

    `approves` is whether they may say yes where an approval is asked for.
    """

    companies: frozenset[str] | None = None
    hidden: frozenset[str] | None = None
    approves: bool = True


EVERYTHING = Eyes()
_eyes: ContextVar[Eyes] = ContextVar("eyes", default=EVERYTHING)


@contextmanager
def seeing(eyes: Eyes) -> Generator[None]:
    """From here to the end of the block, in this task and those it begins."""
    before = _eyes.set(eyes)
    try:
        yield
    finally:
        _eyes.reset(before)


def hidden_here() -> frozenset[str] | None:
    """The names hidden from whoever asks, for what is worked out and not read."""
    return _eyes.get().hidden


@contextmanager
def working_out() -> Generator[None]:
    """For figures that are worked out from what is masked, and tell none of it; limits to companies stay."""
    with seeing(replace(_eyes.get(), hidden=None)):
        yield


def approves_here() -> bool:
    """Whether whoever asks may say yes where an approval is asked for."""
    return _eyes.get().approves


def _sees_everything() -> bool:
    eyes = _eyes.get()
    return eyes.companies is None and eyes.hidden is None


class SeenPool:
    """Looks like a pool. Only the ways to read and write that it knows are there for who does not see everything."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        async with self.acquire() as sql:
            return await sql.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        async with self.acquire() as sql:
            return await sql.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self.acquire() as sql:
            return await sql.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self.acquire() as sql:
            return await sql.execute(query, *args)

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[Any]:
        eyes = _eyes.get()
        async with self._pool.acquire() as connection:
            if _sees_everything():
                yield connection
            elif eyes.companies is None:
                yield _SeenConnection(connection, eyes)
            else:
                # Of this transaction only: when it ends, however it ends, the connection sees everything again.
                async with connection.transaction():
                    await connection.execute(
                        "select set_config('search_path', $1, true), set_config('throughline.companies', $2, true)",
                        f"{SCHEMA}, public",
                        "{" + ",".join(f'"{each}"' for each in sorted(eyes.companies)) + "}",
                    )
                    yield _SeenConnection(connection, eyes)

    def __getattr__(self, name: str) -> Any:
        if not _sees_everything():
            raise AttributeError(f"{name} is not there for who does not see everything")
        return getattr(self._pool, name)


def seen_pool(pool: Pool) -> Pool:
    """What the doors are handed instead of the pool."""
    return cast(Pool, SeenPool(pool))


class _SeenConnection:
    """Looks like a connection; every row goes through the mask."""

    def __init__(self, connection: Any, eyes: Eyes) -> None:
        self._connection, self._hidden = connection, eyes.hidden
        self.execute, self.transaction = connection.execute, connection.transaction

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return [self._row(row) for row in await self._connection.fetch(query, *args)]

    async def fetchrow(self, query: str, *args: Any) -> Any:
        row = await self._connection.fetchrow(query, *args)
        return None if row is None else self._row(row)

    async def fetchval(self, query: str, *args: Any) -> Any:
        row = await self.fetchrow(query, *args)
        return None if row is None else row[0]

    def _row(self, row: Row) -> Any:
        if self._hidden is None:
            return row
        about = hides(row.get("field"), self._hidden)
        told = {
            name: MASKED if about and name in BESIDE and value is not None else _cell(name, value, self._hidden)
            for name, value in row.items()
        }
        return row if all(told[name] is value for name, value in row.items()) else _MaskedRow(told)


def _cell(name: str, value: Any, hidden: frozenset[str]) -> Any:
    if name in SAYS_WHO:
        return value
    if isinstance(value, dict | list):
        whole = name in hidden or says_so(name)
        return MASKED if whole and value and isinstance(value, dict) else masked(value, hidden)
    if name in BODIES and isinstance(value, bytes):
        return masked_body(value, hidden)
    if name in FREE_TEXTS and value:
        return MASKED
    return None if name in hidden and not isinstance(value, bool) else value


class _MaskedRow:
    """Looks like a row of the database: by name or by place; iterating gives the values."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self.get, self.items, self.keys, self.values = told.get, told.items, told.keys, told.values

    def __getitem__(self, key: str | int) -> Any:
        return [*self._told.values()][key] if isinstance(key, int) else self._told[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._told.values())

    def __len__(self) -> int:
        return len(self._told)

    def __contains__(self, key: object) -> bool:
        return key in self._told
