"""Batches: one deed done to many holds, item by item, and how far that has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from throughline.store.database import Row, Sql
from throughline.store.queue import MOST_FIRST, Wanted, cut


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What is to be done to which holds, by whom and why. With a canary the first item goes alone."""

    id: str
    action: str
    said: dict[str, Any]
    query: dict[str, Any]
    cause: str | None
    canary: bool
    asked_by: str
    reason: str
    amounts: dict[str, str]
    unknown: int


async def candidates(sql: Sql, wanted: Wanted, *, limit: int) -> list[Row]:
    """What a batch needs to know of the holds it is about, in the order of the queue."""
    where, said = cut(wanted)
    return await sql.fetch(
        f"""select id, amount, currency, choices from holds where {where}
            order by {MOST_FIRST} limit ${len(said) + 1}""",  # noqa: S608 - our own words
        *said,
        limit,
    )


async def begin(sql: Sql, new: NewBatch, items: Sequence[Row], *, now: datetime) -> None:
    await sql.execute(
        """insert into batches (id, state, action, said, query, cause, canary, asked_by, reason, total, amounts,
                                unknown, asked_at)
           values ($1, 'running', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        new.id,
        new.action,
        new.said,
        new.query,
        new.cause,
        new.canary,
        new.asked_by,
        new.reason,
        len(items),
        new.amounts,
        new.unknown,
        now,
    )
    await sql.execute(
        """insert into batch_items (batch, n, hold, amount, currency, state)
           select $1, n - 1, hold, amount, currency, 'waiting'
           from unnest($2::text[], $3::numeric[], $4::text[]) with ordinality as t(hold, amount, currency, n)""",
        new.id,
        [row["id"] for row in items],
        [row["amount"] for row in items],
        [row["currency"] for row in items],
    )


async def running(sql: Sql) -> list[str]:
    return [row["id"] for row in await sql.fetch("select id from batches where state = 'running' order by seq")]


async def claim(sql: Sql, id_: str, *, now: datetime, lease: timedelta) -> Row | None:
    """Take a batch that is not over; one worker at a time."""
    return await sql.fetchrow(
        """update batches set lease_until = $2::timestamptz + $3 where id = $1 and state = 'running'
             and (lease_until is null or lease_until < $2) returning *""",
        id_,
        now,
        lease,
    )


async def rest(sql: Sql, id_: str, *, held: datetime) -> None:
    await sql.execute("update batches set lease_until = null where id = $1 and lease_until = $2", id_, held)


async def look(sql: Sql, id_: str, *, now: datetime) -> None:
    """What has become of the runs that went on: a decision knows its outcome when the run has passed."""
    await sql.execute(
        """update batch_items item set at = $2,
             state = case when decided.outcome = 'went through' then 'done' else 'left' end,
             outcome = case when decided.outcome is null then 'its run was cancelled'
                            else concat_ws(': ', decided.outcome, decided.why) end
           from decisions decided join runs on runs.id = decided.run
           where item.batch = $1 and item.state = 'under way' and item.decision = decided.seq
             and (decided.outcome is not null or runs.cancelled_at is not null)""",
        id_,
        now,
    )


async def waiting(sql: Sql, id_: str, *, limit: int) -> list[Row]:
    """The next that nothing was done to."""
    return await sql.fetch(
        """select * from batch_items where batch = $1 and state in ('waiting', 'under way') and state = 'waiting'
           order by n limit $2""",
        id_,
        limit,
    )


async def open_items(sql: Sql, id_: str) -> int:
    """Those that wait, and those whose runs are under way."""
    return await sql.fetchval(
        "select count(*) from batch_items where batch = $1 and state in ('waiting', 'under way')", id_
    )


async def item(sql: Sql, id_: str, n: int) -> Row | None:
    return await sql.fetchrow("select * from batch_items where batch = $1 and n = $2", id_, n)


async def take(sql: Sql, id_: str, n: int) -> bool:
    """Hold an item until the transaction ends; false when it is done, or the batch is over."""
    return bool(
        await sql.fetchval(
            """select true from batch_items item join batches on batches.id = item.batch
               where item.batch = $1 and n = $2 and item.state = 'waiting' and batches.state = 'running'
               for update of item""",
            id_,
            n,
        )
    )


async def ended(sql: Sql, id_: str, n: int, *, state: str, outcome: str, decision: int | None, now: datetime) -> None:
    await sql.execute(
        """update batch_items set state = $3, outcome = $4, decision = $5, at = $6
           where batch = $1 and n = $2 and state = 'waiting'""",
        id_,
        n,
        state,
        outcome,
        decision,
        now,
    )


async def finish(sql: Sql, id_: str, *, state: str, why: str | None, now: datetime) -> bool:
    """It is over; false if it was over before. What waits is left, with the reason."""
    if not await sql.fetchval(
        """update batches set state = $2, why = $3, finished_at = $4, lease_until = null
           where id = $1 and state = 'running' returning true""",
        id_,
        state,
        why,
        now,
    ):
        return False
    await sql.execute(
        "update batch_items set state = 'left', outcome = $2, at = $3 where batch = $1 and state = 'waiting'",
        id_,
        why,
        now,
    )
    return True


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from batches where id = $1", id_)


async def listed(sql: Sql, *, before: int | None = None, limit: int = 50) -> list[Row]:
    return await sql.fetch(
        "select * from batches where $1::bigint is null or seq < $1 order by seq desc limit $2", before, limit
    )


async def progress(sql: Sql, id_: str) -> dict[str, int]:
    rows = await sql.fetch("select state, count(*) as n from batch_items where batch = $1 group by state", id_)
    return {row["state"]: row["n"] for row in rows}


async def items(sql: Sql, id_: str, *, after: int = -1, limit: int = 200) -> list[Row]:
    return await sql.fetch(
        """select item.*, holds.why, holds.correlation from batch_items item left join holds on holds.id = item.hold
           where batch = $1 and n > $2 order by n limit $3""",
        id_,
        after,
        limit,
    )
