"""The event log, as those read it who follow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.store.database import Row, Sql


async def newest(sql: Sql) -> int:
    return await sql.fetchval("select coalesce(max(seq), 0) from events")


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from events where id = $1", id_)


async def numbered(sql: Sql, seq: int) -> Row | None:
    return await sql.fetchrow("select * from events where seq = $1", seq)


async def transaction_number(sql: Sql) -> int:
    """Above that of every transaction that had one before we asked."""
    return int(await sql.fetchval("select pg_current_xact_id()::text"))


async def oldest_running(sql: Sql) -> int:
    """No transaction with a lower number is still running."""
    return int(await sql.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text"))


@dataclass(frozen=True, slots=True)
class Following:
    """Events in order, the place reached, and whether there may be more before the horizon."""

    rows: list[Row]
    place: int
    more: bool


async def following(
    sql: Sql, seq: int, *, until: int, types: Sequence[str] = (), subjects: Sequence[str] = (), limit: int
) -> Following:
    """Events after a place, up to a horizon: behind that, a lower number may still be missing."""
    found = await sql.fetch(
        """select seq, id, type, subject, fields, correlation, run, at
           from events where seq > $1 and seq <= $2 order by seq limit $3""",
        seq,
        until,
        limit,
    )
    more = len(found) == limit
    place = found[-1]["seq"] if more else max(seq, until)
    wanted = [r for r in found if (not types or r["type"] in types) and (not subjects or r["subject"] in subjects)]
    return Following(wanted, place, more)


async def oldest_after(sql: Sql, seq: int) -> datetime | None:
    return await sql.fetchval("select at from events where seq > $1 order by seq limit 1", seq)


async def place_before(sql: Sql, moment: datetime) -> int:
    """A place behind which everything is that is as young as that. Halved: times follow numbers, and have no index."""
    low, high = 0, await newest(sql)
    while low < high:
        middle = (low + high) // 2
        at = await oldest_after(sql, middle)
        if at is None or at >= moment:
            high = middle
        else:
            low = middle + 1
    return low
