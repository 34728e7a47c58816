"""Lanes: the business keys runs wait in line for, with the lease that lets one worker in at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from throughline.store.database import Row, Sql


async def wake(sql: Sql, keys: Sequence[str], *, at: datetime) -> None:
    """Make lanes due, creating those that are new. A lane that is due earlier already stays so."""
    await sql.execute(
        """insert into lanes (key, due_at, fence)
           select distinct unnest($1::text[]) as key, $2::timestamptz, 0 order by key
           on conflict (key) do update set due_at = least(lanes.due_at, excluded.due_at)""",
        list(keys),
        at,
    )


async def put_off(sql: Sql, key: str, *, until: datetime) -> None:
    """Nobody need come before then, unless something happens."""
    await sql.execute("update lanes set due_at = $2 where key = $1", key, until)


async def claim(
    sql: Sql, keys: Sequence[str], *, worker: str, now: datetime, lease: timedelta, stride: int = 1
) -> dict[str, Row]:
    """Take those of these lanes that are due and nobody else holds, each together with its oldest unfinished run.

    The fence rises by `stride`, a number nobody else would choose: the claim is committed without waiting for the
    disk, and if the database forgets it in a crash, whoever claims the lane then gets another fence than we have.
    Whatever a pass commits for good commits its claim with it. `first` says that nobody ever held it before.
    """
    rows = await sql.fetch(
        """with taken as (
             update lanes set fence = fence + $5::bigint, lease_until = $3::timestamptz + $4, worker = $2,
               due_at = null, parked_at = null
             where key in (
                 -- In one order, whoever takes them: two who took the same lanes crosswise would wait for each other.
                 select key from lanes where key = any($1) and due_at <= $3
                   and (lease_until is null or lease_until < $3) order by key for update)
               and set_config('synchronous_commit', 'off', true) = 'off'
             returning key, fence)
           select taken.key as claimed, taken.fence, taken.fence = $5 as first,
                  (select coalesce(max(version), 0) from firm_versions) as firm_version, run.*
           from taken left join lateral (
             select * from runs where lane = taken.key and state <> 'done' order by seq limit 1) run on true""",
        list(keys),
        worker,
        now,
        lease,
        stride,
    )
    return {row["claimed"]: row for row in rows}


async def still_ours(sql: Sql, key: str, fence: int) -> bool:
    """Lock the lane for the end of a pass; false if another worker has been let in since."""
    return bool(await sql.fetchval("select true from lanes where key = $1 and fence = $2 for update", key, fence))


async def release(sql: Sql, key: str, fence: int, *, due_at: datetime | None) -> bool:
    """Leave the lane; false if it was not ours any more. A wake-up that came in the meantime is kept."""
    return bool(
        await sql.fetchval(
            """update lanes set lease_until = null, worker = null, due_at = least(due_at, $3)
               where key = $1 and fence = $2 returning true""",
            key,
            fence,
            due_at,
        )
    )


async def renew(sql: Sql, key: str, fence: int, *, now: datetime, lease: timedelta) -> bool:
    """Hold on a little longer; false if the lane is no longer ours."""
    return bool(
        await sql.fetchval(
            """update lanes set lease_until = $3::timestamptz + $4 where key = $1 and fence = $2 and lease_until >= $3
               returning true""",
            key,
            fence,
            now,
            lease,
        )
    )


async def due(sql: Sql, *, now: datetime, limit: int) -> list[str]:
    """Lanes that are due and free: what the sweep wakes when a wake-up was lost."""
    rows = await sql.fetch(
        """select key from lanes where due_at <= $1 and (lease_until is null or lease_until < $1)
           order by due_at limit $2""",
        now,
        limit,
    )
    return [row["key"] for row in rows]


async def expire(sql: Sql, *, now: datetime, silent_since: datetime | None = None) -> list[str]:
    """Lanes whose worker did not come back: due again. Returns them.

    A worker that has not been heard of since `silent_since` is not waited for until its lease is over. A lane that
    somebody is writing at this moment is left for the next time.
    """
    rows = await sql.fetch(
        """update lanes set due_at = coalesce(due_at, $1), lease_until = null, worker = null
           where key in (
             select key from lanes
             where lease_until < $1 or (lease_until - ($1::timestamptz - $2::timestamptz) < $1 and not exists (
               select from workers where workers.id = lanes.worker and workers.seen_at >= $2))
             for update skip locked)
           returning key""",
        now,
        silent_since,
    )
    return [row["key"] for row in rows]
