"""Cancelled runs: what a person asked for, and what it means for the run, its lane and its holds."""

from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql
from throughline.store.holds import CLOSED


async def ask(sql: Sql, run: str, wish: dict[str, Any], *, now: datetime) -> None:
    """From now on the run makes no further pass."""
    await sql.execute("update runs set cancel = $2, updated_at = $3 where id = $1", run, wish, now)


async def asked(sql: Sql) -> list[str]:
    """Runs that are to be cancelled as soon as nobody is in their lane."""
    rows = await sql.fetch(
        "select id from runs where cancel is not null and cancelled_at is null order by seq limit 500"
    )
    return [row["id"] for row in rows]


async def run_for_update(sql: Sql, run: str) -> Row | None:
    return await sql.fetchrow("select * from runs where id = $1 for update", run)


async def lane_is_free(sql: Sql, lane: str, *, now: datetime) -> bool:
    """Hold the lane until the transaction ends. Free is one whose lease is over: who had it can commit nothing."""
    await sql.execute("insert into lanes (key, fence) values ($1, 0) on conflict do nothing", lane)
    return not await sql.fetchval(
        "select lease_until is not null and lease_until >= $2 from lanes where key = $1 for update", lane, now
    )


async def carry_out(sql: Sql, run: str, lane: str, *, why: str, now: datetime) -> None:
    """The run is over, its open holds are closed with the reason, and whoever comes after it in the lane may go."""
    await sql.execute(
        f"""with ended as (
             update runs set state = 'done', cancelled_at = $4, finished_at = coalesce(finished_at, $4), why = $3,
               updated_at = $4
             where id = $1),
           closed as (
             update holds set state = 'closed', closed_at = $4, closed_how = $3 where run = $1 and state = 'open'
             returning *),
           told as ({CLOSED.format("$4")})
           update lanes set fence = fence + 1, lease_until = null, worker = null, due_at = $4 where key = $2""",  # noqa: S608 - our own words
        run,
        lane,
        why,
        now,
    )


async def settled_at(sql: Sql, run: str) -> datetime | None:
    """When the last thing this run has sent must have arrived, if anything of it is in doubt."""
    return await sql.fetchval(
        "select max(settle_until) from effects where run = $1 and state in ('intent', 'sent', 'unknown', 'settling')",
        run,
    )
