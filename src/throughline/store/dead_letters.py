"""Dead letters: what could not be taken in or gone through with, and all that is needed to mend it and try again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing that failed: where it came from, what it was, and why. `id` is made of what it is: twice is once."""

    id: str
    source: str
    cause: str
    why: str
    trace: str
    system: str | None = None
    kind: str | None = None
    key: str | None = None
    capture: int | None = None
    run: str | None = None
    input: dict[str, Any] | None = None


async def failed(sql: Sql, letter: Letter, *, now: datetime) -> int:
    """It failed, for the first time or once more; returns how often by now. One that was closed counts from anew."""
    return await sql.fetchval(
        """insert into dead_letters (id, source, state, cause, system, kind, key, capture, run, input, why, trace,
                                     attempts, first_at, last_at)
           values ($1, $2, 'dead', $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12)
           on conflict (id) do update set state = 'dead', cause = excluded.cause, why = excluded.why,
             trace = excluded.trace, input = excluded.input, kind = coalesce(excluded.kind, dead_letters.kind),
             key = coalesce(excluded.key, dead_letters.key), last_at = excluded.last_at,
             attempts = case when dead_letters.state = 'closed' then 1 else dead_letters.attempts + 1 end,
             due_at = null, closed_at = null, closed_how = null
           returning attempts""",
        letter.id,
        letter.source,
        letter.cause,
        letter.system,
        letter.kind,
        letter.key,
        letter.capture,
        letter.run,
        letter.input,
        letter.why,
        letter.trace,
        now,
    )


async def try_again(sql: Sql, id_: str, *, at: datetime) -> None:
    """It is not given up yet."""
    await sql.execute("update dead_letters set state = 'trying', due_at = $2 where id = $1", id_, at)


async def due(sql: Sql, *, now: datetime, limit: int) -> list[Row]:
    """Those whose time has come, for the caller alone until its transaction ends."""
    return await sql.fetch(
        """select * from dead_letters where state = 'trying' and due_at <= $1 order by due_at limit $2
           for update skip locked""",
        now,
        limit,
    )


async def close(sql: Sql, ids: Sequence[str], *, how: str, now: datetime) -> None:
    await sql.execute(
        """update dead_letters set state = 'closed', due_at = null, closed_at = $2, closed_how = $3
           where id = any($1) and state <> 'closed'""",
        list(ids),
        now,
        how,
    )


async def taken(sql: Sql, captures: Sequence[int], *, now: datetime) -> None:
    """These deliveries went through after all."""
    await sql.execute(
        """update dead_letters set state = 'closed', due_at = null, closed_at = $2, closed_how = 'went through'
           where capture = any($1) and state <> 'closed'""",
        list(captures),
        now,
    )


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from dead_letters where id = $1", id_)


async def listed(sql: Sql, *, system: str | None = None, kind: str | None = None, cause: str | None = None,
                 before: int | None = None, limit: int = 50) -> list[Row]:  # fmt: skip
    """What is not closed, newest first."""
    return await sql.fetch(
        """select * from dead_letters where state <> 'closed' and ($1::text is null or system = $1)
             and ($2::text is null or kind = $2) and ($3::text is null or cause = $3)
             and ($4::bigint is null or seq < $4) order by seq desc limit $5""",
        system,
        kind,
        cause,
        before,
        limit,
    )


async def counted(sql: Sql) -> int:
    return await sql.fetchval("select count(*) from dead_letters where state <> 'closed'")
