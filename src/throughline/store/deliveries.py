"""Deliveries: events on their way to a subscriber. Of each key the oldest is due, the others wait behind it."""

from collections.abc import Sequence
from datetime import datetime

from throughline.store.database import Row, Sql

NO_END = 2**62


async def add(sql: Sql, subscription: str, events: Sequence[Row], *, now: datetime) -> None:
    """Queue events for a subscriber; one that is there already is not queued again."""
    subjects = [each["subject"] for each in events]
    await sql.execute(
        """insert into deliveries
             (subscription, seq, event, type, subject, happened_at, state, step, tried, due_at)
           select $1, seq, event, type, subject, at, 'behind', 0, 0, $7 from
             unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
             as t(seq, event, type, subject, at)
           on conflict (subscription, seq) do nothing""",
        subscription,
        [each["seq"] for each in events],
        [each["id"] for each in events],
        [each["type"] for each in events],
        subjects,
        [each["at"] for each in events],
        now,
    )
    await line_up(sql, subscription, subjects)


async def line_up(sql: Sql, subscription: str, subjects: Sequence[str]) -> None:
    """Let the oldest open delivery of each of these keys be the one that is due."""
    keys = sorted(set(subjects))
    await sql.execute(
        """update deliveries d set state = 'behind'
           from unnest($2::text[]) as key(subject)
           where d.subscription = $1 and d.subject = key.subject and d.state = 'due' and exists (
             select from deliveries e where e.subscription = $1 and e.subject = key.subject
               and e.state in ('due', 'behind') and e.seq < d.seq)""",
        subscription,
        keys,
    )
    await sql.execute(
        """update deliveries d set state = 'due' from unnest($2::text[]) as key(subject), lateral (
             select seq, state from deliveries e where e.subscription = $1 and e.subject = key.subject
               and e.state in ('due', 'behind') order by e.seq limit 1) as head
           where d.subscription = $1 and d.seq = head.seq and d.state = 'behind'""",
        subscription,
        keys,
    )


async def due(sql: Sql, subscription: str, *, but: Sequence[int], now: datetime, limit: int) -> list[Row]:
    return await sql.fetch(
        """select * from deliveries where subscription = $1 and state = 'due' and due_at <= $2 and seq <> all($3)
           order by due_at, seq limit $4""",
        subscription,
        now,
        list(but),
        limit,
    )


async def keys_open(sql: Sql, subscription: str, *, most: int) -> int:
    """How many keys have something on its way; counted no further than that."""
    return await sql.fetchval(
        """select count(*) from
             (select from deliveries where subscription = $1 and state = 'due' limit $2) as heads""",
        subscription,
        most,
    )


async def oldest(sql: Sql, subscription: str) -> datetime | None:
    """When the oldest event happened that has not arrived: it is due, for the oldest of its key is."""
    return await sql.fetchval(
        "select min(happened_at) from deliveries where subscription = $1 and state = 'due'", subscription
    )


async def tried(sql: Sql, delivery: Row, *, status: int | None, why: str | None, took_ms: float, now: datetime) -> None:
    await sql.execute(
        """insert into attempts (subscription, seq, n, at, status, why, took_ms)
           select $1, $2, coalesce(max(n), 0) + 1, $3, $4, $5, $6 from attempts
           where subscription = $1 and seq = $2""",
        delivery["subscription"],
        delivery["seq"],
        now,
        status,
        why,
        took_ms,
    )


async def settle(sql: Sql, delivery: Row, state: str, *, why: str | None, now: datetime) -> None:
    """It arrived, or is given up: the next of its key is due."""
    await sql.execute(
        """update deliveries set state = $3, why = $4, finished_at = $5, step = step + 1, tried = tried + 1
           where subscription = $1 and seq = $2""",
        delivery["subscription"],
        delivery["seq"],
        state,
        why,
        now,
    )
    await line_up(sql, delivery["subscription"], [delivery["subject"]])


async def postpone(sql: Sql, delivery: Row, *, why: str | None, due_at: datetime) -> None:
    await sql.execute(
        """update deliveries set step = step + 1, tried = tried + 1, why = $3, due_at = $4
           where subscription = $1 and seq = $2""",
        delivery["subscription"],
        delivery["seq"],
        why,
        due_at,
    )


async def hurry(sql: Sql, subscription: str, *, now: datetime) -> None:
    """Whatever waits for its next attempt is tried now, and from the beginning of the schedule."""
    await sql.execute(
        """update deliveries set due_at = $2, step = 0 where subscription = $1 and state = 'due'
           and (due_at > $2 or step > 0)""",
        subscription,
        now,
    )


async def revive(sql: Sql, subscription: str, *, since: datetime, now: datetime) -> int:
    """Queue again what was given up and happened since then; says how many."""
    rows = await sql.fetch(
        """update deliveries set state = 'behind', step = 0, due_at = $3, finished_at = null
           where subscription = $1 and state = 'failed' and happened_at >= $2 returning subject""",
        subscription,
        since,
        now,
    )
    await line_up(sql, subscription, [row["subject"] for row in rows])
    return len(rows)


async def listed(sql: Sql, subscription: str, *, before: int | None = None, limit: int) -> list[Row]:
    """Newest first."""
    return await sql.fetch(
        "select * from deliveries where subscription = $1 and seq < $2 order by seq desc limit $3",
        subscription,
        NO_END if before is None else before,
        limit,
    )


async def failed(sql: Sql, subscription: str, *, before: int | None = None, limit: int) -> list[Row]:
    """Those that were given up, newest first: few among many, so they have an index of their own."""
    return await sql.fetch(
        """select * from deliveries where subscription = $1 and state = 'failed' and seq < $2
           order by seq desc limit $3""",
        subscription,
        NO_END if before is None else before,
        limit,
    )


async def attempts(sql: Sql, subscription: str, seqs: Sequence[int]) -> list[Row]:
    return await sql.fetch(
        "select * from attempts where subscription = $1 and seq = any($2) order by seq, n", subscription, list(seqs)
    )


async def forget(sql: Sql, *, before: datetime, limit: int) -> int:
    """Drop what was finished before that, with its attempts; says how many."""
    rows = await sql.fetch(
        """with gone as (delete from deliveries where (subscription, seq) in (
               select subscription, seq from deliveries where finished_at < $1 order by finished_at limit $2)
             returning subscription, seq)
           delete from attempts using gone
           where attempts.subscription = gone.subscription and attempts.seq = gone.seq
           returning attempts.n""",
        before,
        limit,
    )
    return len(rows)
