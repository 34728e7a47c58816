"""Two sides laid beside each other for one comparison, and what differs between them; gone with the transaction.

Millions of things agree, a few do not: the database finds those that are not the same to the letter, or not there once
on each side. What is wrong with them, and whether it is wrong at all, is for others to say.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from throughline.store.database import Pool, Row, Sql
from throughline.store.measures import MEASURES

LEFT, RIGHT = 0, 1
COLUMNS = ("side", "key", "said")
# Enough for a million keys in memory; more than that goes to a file of the database's own.
WORK_MEMORY = "64MB"
AT_ONCE = 200


class Moment(Sql, Protocol):
    """A connection that sees one moment, however long it is looked at; it takes many rows at once, and gives them."""

    async def copy_records_to_table(self, table_name: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str]
                                    ) -> str: ...  # fmt: skip
    async def copy_to_table(self, table_name: str, *, source: Path, columns: Sequence[str]) -> str: ...
    def cursor(self, query: str, *args: Any, prefetch: int) -> AsyncIterator[Row]: ...


@asynccontextmanager
async def laid_out(pool: Pool) -> AsyncGenerator[Moment]:
    """Room for two sides, at one moment: what is settled meanwhile is on neither."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute(
            """create temporary table two_sides (
                 side int not null, key text collate "C" not null, said text collate "C" not null) on commit drop"""
        )
        yield cast(Moment, connection)


async def lay(sql: Moment, side: int, entries: Iterable[tuple[str, str]]) -> None:
    """Keys of one side, with what is said of each."""
    await sql.copy_records_to_table("two_sides", records=((side, key, said) for key, said in entries), columns=COLUMNS)


async def lay_file(sql: Moment, path: Path) -> None:
    """The same from a file: side, key and what is said, with tabs between."""
    await sql.copy_to_table("two_sides", source=path, columns=COLUMNS)


async def differing(sql: Sql, *, limit: int) -> list[Row]:
    """Keys that are not on both sides once with the same said of them: what each side says, and how often."""
    await sql.execute("analyze two_sides")
    await sql.execute(f"set local work_mem = '{WORK_MEMORY}'")
    return await sql.fetch(
        """select key, min(said) filter (where side = 0) as left, min(said) filter (where side = 1) as right,
                  count(*) filter (where side = 0) as lefts, count(*) filter (where side = 1) as rights
           from two_sides group by key
           having count(*) filter (where side = 0) <> 1 or count(*) filter (where side = 1) <> 1
             or min(said) is distinct from max(said)
           order by key limit $1""",
        limit,
    )


def holding(sql: Moment, kind: str, named_by: tuple[str, str] | None) -> AsyncIterator[Row]:
    """What holds of a kind; with `named_by`, only what that field of that other kind points at."""
    if named_by is None:
        return sql.cursor("select id, fields from entities where kind = $1", kind, prefetch=AT_ONCE)
    return sql.cursor(
        """with named as (select distinct fields ->> $2 as id from entities where kind = $3)
           select entities.id, fields from named join entities on entities.id = named.id where kind = $1""",
        kind,
        named_by[1],
        named_by[0],
        prefetch=AT_ONCE,
    )


def saying(sql: Moment, system: str, kind: str) -> AsyncIterator[Row]:
    """What a system last said, or agreed to, about each thing of a kind, not what was only named to it."""
    return sql.cursor(
        """select l.entity, l.key, l.sent, r.body
           from links l left join records r on (r.system, r.kind, r.key) = (l.system, l.kind, l.key)
           where l.system = $1 and l.kind = $2 and (r.body is not null or l.sent <> '{}')""",
        system,
        kind,
        prefetch=AT_ONCE,
    )


def counting(sql: Moment, measure: str) -> AsyncIterator[Row]:
    """Key, amount and currency of a measure, with the period and whose books it is in."""
    return sql.cursor(MEASURES[measure], prefetch=AT_ONCE)
