"""Captures: every exchange with a system, verbatim but for secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from throughline.store.database import Pool, Row, Sql

COLUMNS = (
    "at", "system", "direction", "state", "method", "url", "status", "outcome", "took_ms", "correlation", "run",
    "request_headers", "request_body", "answer_headers", "answer_body",
)  # fmt: skip

_VALUES = attrgetter(*COLUMNS)


@dataclass(frozen=True, slots=True)
class Capture:
    """One exchange. Incoming ones start as `new` and are worked off; the rest are `done` or `failed` at once."""

    at: datetime
    system: str
    direction: str
    state: str
    method: str
    url: str
    status: int | None
    outcome: str
    took_ms: float | None
    correlation: str | None
    run: str | None
    request_headers: dict[str, str]
    request_body: bytes
    answer_headers: dict[str, str]
    answer_body: bytes


async def keep(pool: Pool, captures: Sequence[Capture]) -> None:
    """Many captures in one commit."""
    async with pool.acquire() as connection:
        await connection.copy_records_to_table("captures", records=map(_VALUES, captures), columns=COLUMNS)


async def unread(sql: Sql, system: str, *, limit: int) -> list[Row]:
    """Deliveries nobody has worked off yet, oldest first."""
    return await sql.fetch(
        """select id, request_headers, request_body from captures
           where system = $1 and state = 'new' and direction = 'in' order by id limit $2""",
        system,
        limit,
    )


async def take(sql: Sql, ids: Sequence[int]) -> set[int]:
    """Of these deliveries the ones still to be worked off, for the caller alone until its transaction ends."""
    rows = await sql.fetch(
        "select id from captures where id = any($1) and state = 'new' order by id for update skip locked", list(ids)
    )
    return {row["id"] for row in rows}


async def systems_with_unread(sql: Sql) -> list[str]:
    rows = await sql.fetch("select distinct system from captures where state = 'new' and direction = 'in'")
    return [row["system"] for row in rows]


async def worked_off(sql: Sql, ids: Sequence[int]) -> None:
    await sql.execute("update captures set state = 'done' where id = any($1) and state = 'new'", list(ids))


async def failed(sql: Sql, id_: int, why: str) -> None:
    await sql.execute("update captures set state = 'failed', outcome = $2 where id = $1", id_, why)


async def again(sql: Sql, id_: int) -> Row | None:
    """A delivery that was worked off, or could not be, is new again."""
    return await sql.fetchrow(
        """update captures set state = 'new', outcome = 'fine'
           where id = $1 and direction = 'in' and state in ('new', 'done', 'failed')
           returning id, system, request_headers, request_body""",
        id_,
    )


async def known_notices(sql: Sql, system: str, ids: Sequence[str]) -> set[str]:
    """Which of these were worked off before."""
    rows = await sql.fetch("select id from notices where system = $1 and id = any($2)", system, list(ids))
    return {row["id"] for row in rows}


async def new_notices(sql: Sql, system: str, ids: Sequence[str], *, now: datetime) -> set[str]:
    """Which of these notices are seen for the first time; the rest are repeats."""
    rows = await sql.fetch(
        "insert into notices (system, id, at) select $1, unnest($2::text[]), $3 on conflict do nothing returning id",
        system,
        list(ids),
        now,
    )
    return {row["id"] for row in rows}


async def listed(
    sql: Sql, *, system: str | None = None, state: str | None = None, correlation: str | None = None,
    before: int | None = None, limit: int = 50,
) -> list[Row]:  # fmt: skip
    """Newest first, without the bodies."""
    return await sql.fetch(
        """select id, at, system, direction, state, method, url, status, outcome, took_ms, correlation, run
           from captures
           where ($1::text is null or system = $1) and ($2::text is null or state = $2)
             and ($3::text is null or correlation = $3) and ($4::bigint is null or id < $4)
           order by id desc limit $5""",
        system,
        state,
        correlation,
        before,
        limit,
    )


async def one(sql: Sql, id_: int) -> Row | None:
    return await sql.fetchrow("select * from captures where id = $1", id_)


async def exchanges(sql: Sql, correlation: str, *, limit: int = 200) -> list[Row]:
    """The exchanges of one engagement, oldest first, with the first part of each body."""
    return await sql.fetch(
        """select id, at, system, direction, state, method, url, status, outcome, took_ms,
                  substring(request_body for 4000) as request_body, substring(answer_body for 4000) as answer_body
           from captures where correlation = $1 order by id limit $2""",
        correlation,
        limit,
    )


async def digests(sql: Sql, *, correlation: str | None, since: datetime | None, until: datetime | None, after: int,
                  limit: int) -> list[Row]:  # fmt: skip
    """What was exchanged for an engagement, or in a time, without what was said: only its digests."""
    where = "correlation = $1" if correlation else "at >= $1 and at < $4"
    return await sql.fetch(
        f"""select id, at, system, direction, method, status, outcome,
                   encode(sha256(request_body), 'hex') as request_sha256,
                   encode(sha256(answer_body), 'hex') as answer_sha256
            from captures where {where} and id > $2 order by id limit $3""",  # noqa: S608 - our own words
        correlation or since,
        after,
        limit,
        *([] if correlation else [until]),
    )
