"""What can be gone through again, found by what a person knows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person's description. What is not said does not matter."""

    ids: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    system: str | None = None
    kind: str | None = None
    state: str | None = None
    text: str | None = None
    workflow: str | None = None
    cause: str | None = None


async def dead_letters(sql: Sql, wanted: Wanted, *, limit: int) -> list[Row]:
    return await sql.fetch(
        """select id, source, run, kind, key from dead_letters
           where state <> 'closed' and ($1::timestamptz is null or last_at >= $1)
             and ($2::timestamptz is null or last_at < $2) and ($3::text is null or system = $3)
             and ($4::text is null or kind = $4) and ($5::text is null or state = $5)
             and ($6::text is null or position(lower($6) in lower(concat_ws(' ', why, key, trace))) > 0)
             and ($7::text is null or (source = 'run' and kind = $7)) and ($8::text is null or cause = $8)
           order by seq limit $9""",
        *_said(wanted),
        wanted.workflow,
        wanted.cause,
        limit,
    )


async def dead_letters_named(sql: Sql, ids: Sequence[str]) -> list[Row]:
    return await sql.fetch(
        "select id, source, run, kind, key from dead_letters where id = any($1) order by seq", list(ids)
    )


async def runs(sql: Sql, wanted: Wanted, *, limit: int) -> list[Row]:
    """Within a span of time, which is what keeps the search short."""
    return await sql.fetch(
        """select run.id, run.subject from runs run
           where run.created_at >= $1::timestamptz and run.created_at < $2::timestamptz
             and ($3::text is null or exists (
               select from effects where effects.run = run.id and effects.system = $3
                 and ($4::text is null or effects.kind = $4)))
             and ($3::text is not null or $4::text is null or run.subject like $4 || '-%')
             and ($5::text is null or run.state = $5)
             and ($6::text is null or position(lower($6) in lower(concat_ws(' ', run.why, run.subject, run.lane))) > 0)
             and ($7::text is null or run.workflow = $7) and run.cancelled_at is null and run.cancel is null
           order by run.seq limit $8""",
        *_said(wanted),
        wanted.workflow,
        limit,
    )


async def runs_named(sql: Sql, ids: Sequence[str]) -> list[Row]:
    """By their own ids, or by the engagements they belong to."""
    return await sql.fetch(
        "select id, subject from runs where id = any($1) or correlation = any($1) order by seq", list(ids)
    )


async def captures(sql: Sql, wanted: Wanted, *, limit: int) -> list[Row]:
    """Deliveries, within a span of time."""
    return await sql.fetch(
        """select id, system from captures
           where direction = 'in' and state in ('done', 'failed') and at >= $1::timestamptz and at < $2::timestamptz
             and ($3::text is null or system = $3) and ($5::text is null or state = $5)
             and ($4::text is null or position(lower($4) in lower(encode(request_body, 'escape'))) > 0)
             and ($6::text is null or position(lower($6) in lower(encode(request_body, 'escape') || outcome)) > 0)
           order by id limit $7""",
        *_said(wanted),
        limit,
    )


async def captures_named(sql: Sql, ids: Sequence[int]) -> list[Row]:
    return await sql.fetch(
        """select id, system from captures where id = any($1) and direction = 'in' and state in ('done', 'failed')
           order by id""",
        list(ids),
    )


def _said(wanted: Wanted) -> tuple[datetime | str | None, ...]:
    return wanted.since, wanted.until, wanted.system, wanted.kind, wanted.state, wanted.text
