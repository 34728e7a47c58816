"""Clocks of hops: which run, when each is due, and how those that ended came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class NewClock:
    """One that begins to run."""

    id: str
    hop: str
    subject: str
    engagement: str
    began: datetime
    legal_entity: str | None
    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """How a clock was found: when it is due, what has been told of it, and when to look again."""

    id: str
    due: datetime | None
    paused: bool
    near_at: datetime | None
    breached_at: datetime | None
    again: datetime | None


@dataclass(frozen=True, slots=True)
class End:
    """How a clock came out."""

    id: str
    state: str
    ended: datetime
    due: datetime | None
    breached_at: datetime | None
    spent_seconds: float


async def begin(sql: Sql, clock: NewClock) -> None:
    """One that runs already for the same thing goes on, with what it is worth now. Whoever looks next looks at it."""
    await sql.execute(
        """insert into clocks (id, hop, subject, engagement, legal_entity, amount, currency, state, paused, began_at,
                               look_at)
           values ($1, $2, $3, $4, $5, $6, $7, 'running', false, $8, $8)
           on conflict (hop, subject) where state = 'running'
           do update set amount = excluded.amount, currency = excluded.currency""",
        clock.id, clock.hop, clock.subject, clock.engagement, clock.legal_entity, clock.amount, clock.currency,
        clock.began,
    )  # fmt: skip


async def running(sql: Sql, hop: str, subject: str) -> Row | None:
    """Held until the transaction ends."""
    return await sql.fetchrow(
        "select * from clocks where hop = $1 and subject = $2 and state = 'running' for update", hop, subject
    )


async def end(sql: Sql, ended: End) -> None:
    await sql.execute(
        """update clocks set state = $2, ended_at = $3, due_at = $4, breached_at = $5, spent_seconds = $6,
             paused = false, look_at = null where id = $1 and state = 'running'""",
        ended.id, ended.state, ended.ended, ended.due, ended.breached_at, ended.spent_seconds,
    )  # fmt: skip


async def to_look_at(sql: Sql, *, now: datetime, limit: int) -> list[Row]:
    """Held until the transaction ends; what another worker looks at is left to it."""
    return await sql.fetch(
        "select * from clocks where look_at <= $1 order by look_at limit $2 for update skip locked", now, limit
    )


async def looked(sql: Sql, look: Look) -> None:
    await sql.execute(
        """update clocks set due_at = $2, paused = $3, near_at = $4, breached_at = $5, look_at = $6
           where id = $1 and state = 'running'""",
        look.id, look.due, look.paused, look.near_at, look.breached_at, look.again,
    )  # fmt: skip


async def look_again(sql: Sql, *, now: datetime) -> None:
    """At all that run: what was agreed on has changed."""
    await sql.execute("update clocks set look_at = $1 where state = 'running'", now)


async def look_at_held(sql: Sql, hops: Sequence[str], *, now: datetime) -> None:
    """At those a hold has begun to stand in the way of."""
    await sql.execute(
        """update clocks set look_at = $2
           where state = 'running' and not paused and hop = any($1) and breached_at is null
             and look_at is distinct from $2
             and engagement in (select correlation from holds where state = 'open')""",
        list(hops),
        now,
    )


async def pauses(sql: Sql, engagement: str) -> list[Row]:
    """When holds stood in the way of an engagement; one that still does has no end."""
    return await sql.fetch("select opened_at, closed_at from holds where correlation = $1 order by seq", engagement)


async def is_given_up(sql: Sql, engagement: str) -> bool:
    """Whether somebody declined or cancelled the deal: nothing more will come of it."""
    return await sql.fetchval(
        """select exists (select from runs where correlation = $1 and subject = $1 and cancelled_at is not null)
             or exists (select from entities where id = 'handoff-of-' || $1
                        and fields ->> 'gate' in ('declined', 'cancelled'))""",
        engagement,
    )


async def of_engagement(sql: Sql, engagement: str) -> list[Row]:
    return await sql.fetch("select * from clocks where engagement = $1 order by seq", engagement)


async def next_due(sql: Sql, hop: str, *, after: tuple[datetime | None, int] | None, limit: int) -> list[Row]:
    """Those of a hop that run, the earliest due first; what has no time agreed, or stands still, comes last."""
    due, seq = after or (None, None)
    return await sql.fetch(
        """select * from clocks where hop = $1 and state = 'running'
             and ($3::bigint is null or (coalesce(due_at, 'infinity'::timestamptz), seq)
                                        > (coalesce($2::timestamptz, 'infinity'), $3::bigint))
           order by due_at, seq limit $4""",
        hop,
        due,
        seq,
        limit,
    )


async def newest_ended(sql: Sql, hop: str, *, state: str | None, before: tuple[datetime, int] | None,
                       limit: int) -> list[Row]:  # fmt: skip
    at, seq = before or (None, None)
    return await sql.fetch(
        """select * from clocks where hop = $1 and ended_at is not null and ($2::text is null or state = $2)
             and ($3::timestamptz is null or (ended_at, seq) < ($3, $4::bigint))
           order by ended_at desc, seq desc limit $5""",
        hop,
        state,
        at,
        seq,
        limit,
    )
