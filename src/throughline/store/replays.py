"""Replays: what was asked to be gone through again, item by item, and how far that has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to go through again. Items of a lower rank come first, and are over before the next rank begins."""

    n: int
    rank: int
    source: str
    what: str


async def begin(sql: Sql, id_: str, items: Sequence[Item], *, query: dict[str, Any], dry_run: bool, asked_by: str,
                reason: str | None, now: datetime) -> None:  # fmt: skip
    await sql.execute(
        """insert into replays (id, state, dry_run, query, asked_by, reason, total, summary, asked_at)
           values ($1, 'running', $2, $3, $4, $5, $6, '{}', $7)""",
        id_,
        dry_run,
        query,
        asked_by,
        reason,
        len(items),
        now,
    )
    await sql.execute(
        """insert into replay_items (replay, n, rank, source, what, state)
           select $1, n, rank, source, what, 'waiting' from
             unnest($2::int[], $3::int[], $4::text[], $5::text[]) as t(n, rank, source, what)""",
        id_,
        [each.n for each in items],
        [each.rank for each in items],
        [each.source for each in items],
        [each.what for each in items],
    )


async def running(sql: Sql) -> list[str]:
    return [row["id"] for row in await sql.fetch("select id from replays where state = 'running' order by seq")]


async def claim(sql: Sql, id_: str, *, now: datetime, lease: timedelta) -> Row | None:
    """Take a replay that is not over; one worker at a time."""
    return await sql.fetchrow(
        """update replays set lease_until = $2::timestamptz + $3 where id = $1 and state = 'running'
             and (lease_until is null or lease_until < $2) returning *""",
        id_,
        now,
        lease,
    )


async def hold(sql: Sql, id_: str, *, held: datetime, until: datetime) -> bool:
    """Hold on; false when it was cancelled, or somebody else has come in since."""
    return bool(
        await sql.fetchval(
            """update replays set lease_until = $3 where id = $1 and lease_until = $2 and state = 'running'
               returning true""",
            id_,
            held,
            until,
        )
    )


async def rest(sql: Sql, id_: str, *, held: datetime) -> None:
    await sql.execute("update replays set lease_until = null where id = $1 and lease_until = $2", id_, held)


async def next_items(sql: Sql, id_: str, *, limit: int) -> list[Row]:
    """The open items of the lowest rank that is not over."""
    return await sql.fetch(
        """select * from replay_items where replay = $1 and state in ('waiting', 'under way') and rank = (
             select rank from replay_items where replay = $1 and state in ('waiting', 'under way')
             order by rank limit 1)
           order by n limit $2""",
        id_,
        limit,
    )


async def ended(sql: Sql, id_: str, n: int, *, state: str, outcome: str, detail: dict[str, Any] | None,
                now: datetime) -> None:  # fmt: skip
    await sql.execute(
        """update replay_items set state = $3, outcome = $4, detail = $5, at = $6 where replay = $1 and n = $2""",
        id_,
        n,
        state,
        outcome,
        detail,
        now,
    )


async def runs_again(sql: Sql, id_: str, runs: Sequence[str], *, now: datetime) -> list[str]:
    """These runs pass once more, though they may be done. Returns their lanes. A cancelled one stays what it is."""
    rows = await sql.fetch(
        """with again as (
             update runs set state = 'due', finished_at = null, updated_at = $3
             where id = any($2) and cancelled_at is null and cancel is null returning id, lane, passes),
           under_way as (
             update replay_items set state = 'under way', passes = again.passes, at = $3 from again
             where replay_items.replay = $1 and replay_items.source = 'run' and what = again.id
               and replay_items.state = 'waiting')
           select lane from again""",
        id_,
        list(runs),
        now,
    )
    await sql.execute(
        """update replay_items set state = 'left', outcome = 'it is not there, or was cancelled', at = $3
           where replay = $1 and what = any($2) and source = 'run' and state = 'waiting'""",
        id_,
        list(runs),
        now,
    )
    return sorted({row["lane"] for row in rows})


async def look(sql: Sql, id_: str, *, now: datetime) -> None:
    """What has become of the runs under way. One that waits behind another run of its lane goes on after that one."""
    await sql.execute(
        """update replay_items item set at = $2,
             state = case when run.passes > item.passes and run.state = 'done' then 'done' else 'left' end,
             outcome = case when run.passes > item.passes then concat_ws(': ', run.state, run.why)
                            else 'due, behind another run of its lane' end
           from runs run join lanes lane on lane.key = run.lane
           where item.replay = $1 and item.state = 'under way' and item.what = run.id
             and (run.passes > item.passes or (lane.due_at is null and lane.lease_until is null))""",
        id_,
        now,
    )


async def finish(sql: Sql, id_: str, *, state: str, summary: dict[str, Any], now: datetime) -> bool:
    """It is over; false if it was over before."""
    return bool(
        await sql.fetchval(
            """update replays set state = $2, summary = $3, finished_at = $4, lease_until = null
               where id = $1 and state = 'running' returning true""",
            id_,
            state,
            summary,
            now,
        )
    )


async def leave_waiting(sql: Sql, id_: str, *, why: str, now: datetime) -> None:
    await sql.execute(
        "update replay_items set state = 'left', outcome = $2, at = $3 where replay = $1 and state = 'waiting'",
        id_,
        why,
        now,
    )


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from replays where id = $1", id_)


async def listed(sql: Sql, *, before: int | None = None, limit: int = 50) -> list[Row]:
    return await sql.fetch(
        "select * from replays where $1::bigint is null or seq < $1 order by seq desc limit $2", before, limit
    )


async def progress(sql: Sql, id_: str) -> dict[str, int]:
    rows = await sql.fetch("select state, count(*) as n from replay_items where replay = $1 group by state", id_)
    return {row["state"]: row["n"] for row in rows}


async def items(sql: Sql, id_: str, *, after: int = -1, limit: int = 200) -> list[Row]:
    return await sql.fetch(
        "select * from replay_items where replay = $1 and n > $2 order by n limit $3", id_, after, limit
    )
