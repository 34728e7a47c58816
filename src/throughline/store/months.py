"""Months: the parts captures are kept in, a range of numbers each, so that what is over can be taken away whole."""

from collections.abc import Sequence
from datetime import datetime

from throughline.store.database import Row, Sql

WIDTH = 100_000_000
"""Numbers per month. A month with more captures goes on into the next range; nothing depends on it having ended."""


def number_of(capture: int) -> int:
    """The month a capture's number belongs to."""
    return capture // WIDTH


def after(capture: int) -> int:
    """The month to begin next. Numbers are given while we decide, so one that is nearly used up is left out."""
    return number_of(capture + WIDTH // 100) + 1


async def newest(sql: Sql) -> tuple[int, bool]:
    """The newest number, and whether it has been given to a capture already."""
    row = await sql.fetchrow("select last_value, is_called from captures_id_seq")
    if row is None:
        raise LookupError("captures have no numbers")
    return row["last_value"], row["is_called"]


async def begin(sql: Sql, number: int) -> None:
    """From now on new captures get this month's numbers. One that is on its way keeps the number it has."""
    await sql.execute("select setval('captures_id_seq', $1, false)", number * WIDTH)


async def make(sql: Sql, number: int) -> None:
    """A month to come. It is attached when it is whole, which holds nobody up who reads or writes captures."""
    month = f"captures_{number:d}"
    if await sql.fetchval("select to_regclass($1)", month):
        return
    await sql.execute(
        f"create table {month} (like captures including constraints including storage) partition by list (direction)"
    )
    await sql.execute(f"create table {month}_in partition of {month} for values in ('in')")
    await sql.execute(f"create table {month}_out partition of {month} for values in ('out')")
    await sql.execute(
        f"alter table captures attach partition {month}"
        f" for values from ({number * WIDTH:d}) to ({(number + 1) * WIDTH:d})"
    )


async def opened(sql: Sql, number: int, *, now: datetime) -> None:
    await sql.execute("insert into months (number, opened_at) values ($1, $2) on conflict do nothing", number, now)


async def reopened(sql: Sql, number: int, *, now: datetime) -> None:
    """Nothing came in it yet: it counts from now."""
    await sql.execute("update months set opened_at = $2 where number = $1", number, now)


async def left(sql: Sql, *, before: int, now: datetime) -> None:
    """Months before this one are written into no more. One nobody ever saw open is counted from now."""
    await sql.execute(
        """insert into months (number, opened_at, left_at) select number, $2, $2 from unnest($3::bigint[]) as number
           where number < $1
           on conflict (number) do update set left_at = $2 where months.left_at is null""",
        before,
        now,
        sorted({number for number, _ in await parts(sql)}),
    )


async def listed(sql: Sql) -> dict[int, Row]:
    return {row["number"]: row for row in await sql.fetch("select * from months")}


async def parts(sql: Sql) -> Sequence[tuple[int, str]]:
    """The tables that hold captures, each with its month; a month that was taken away is not among them."""
    rows = await sql.fetch(
        "select relid::regclass::text as name from pg_partition_tree('captures') where isleaf order by relid"
    )
    return sorted((int(row["name"].split("_")[1]), row["name"]) for row in rows)


async def take_away(sql: Sql, part: str) -> None:
    """Drop a part, and its month with the last of them."""
    month = "_".join(part.split("_")[:2])
    await sql.execute(f"drop table {part}")
    if month != part and not await sql.fetchval("select true from pg_partition_tree($1) where isleaf limit 1", month):
        await sql.execute(f"drop table {month}")


async def needed(sql: Sql, part: str, open_: Sequence[str]) -> bool:
    """Whether anything in a part must stay."""
    return await sql.fetchval(f"select exists (select from {part} where {NEEDED})", list(open_))  # noqa: S608 - our own


async def leave_only(sql: Sql, part: str, open_: Sequence[str]) -> None:
    """Take everything out of a part but what must stay."""
    await sql.execute(
        f"create temporary table staying on commit drop as select * from {part} where {NEEDED}",  # noqa: S608 - our own
        list(open_),
    )
    await sql.execute(f"truncate {part}")
    await sql.execute(f"insert into {part} overriding system value select * from staying")  # noqa: S608 - our own


# A delivery nobody has read yet, and what belongs to an engagement that is not over ($1).
NEEDED = "(state = 'new' or coalesce(correlation = any($1), false))"
