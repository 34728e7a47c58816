"""Breaks: what does not agree between two sides, since when, whose it is and what it is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from throughline.store.database import Row, Sql

UNRECONCILED = "state in ('open', 'regressed')"


@dataclass(frozen=True, slots=True)
class Seen:
    """A break as it was seen this time. `about` is what it is about: an entity, or an engagement."""

    id: str
    comparison: str
    key: str
    sort: str
    about: str
    engagement: str | None
    period: str | None
    fields: tuple[str, ...]
    left: Any
    right: Any
    owner: str
    amount: Decimal | None
    currency: str | None
    state: str
    times: int
    since: datetime


async def standing(sql: Sql, comparison: str, ids: Sequence[str]) -> list[Row]:
    """How these stand, and every other of the comparison that is not closed; held until the transaction ends."""
    return await sql.fetch(
        """select id, key, state, times, since from breaks where comparison = $1 and state <> 'closed'
           union select id, key, state, times, since from breaks where id = any($2)""",
        comparison,
        list(ids),
    )


async def keep(sql: Sql, seen: Sequence[Seen], *, now: datetime) -> None:
    """Breaks as they now stand; one that was closed is open to be closed again."""
    plain = ("id", "comparison", "key", "sort", "about", "engagement", "period", "owner", "amount", "currency", "state")
    await sql.execute(
        """insert into breaks (id, comparison, key, sort, about, engagement, period, owner, amount, currency, state,
                               times, since, fields, left_said, right_said, first_seen_at, last_seen_at)
           select id, comparison, key, sort, about, engagement, period, owner, amount, currency, state, times, since,
                  array(select jsonb_array_elements_text(said -> 'fields')), said -> 'left', said -> 'right', $15, $15
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                       $9::numeric[], $10::text[], $11::text[], $12::int[], $13::timestamptz[], $14::jsonb[])
             with ordinality as t(id, comparison, key, sort, about, engagement, period, owner, amount, currency, state,
                                  times, since, said, n)
           order by n
           on conflict (id) do update set about = excluded.about, engagement = excluded.engagement,
             fields = excluded.fields, left_said = excluded.left_said, right_said = excluded.right_said,
             owner = excluded.owner, amount = excluded.amount, currency = excluded.currency, state = excluded.state,
             times = excluded.times, since = excluded.since, last_seen_at = excluded.last_seen_at, closed_at = null""",
        *([getattr(each, name) for each in seen] for name in plain),
        [each.times for each in seen],
        [each.since for each in seen],
        # Wrapped, because a list would be taken for a row of the array.
        [{"fields": each.fields, "left": each.left, "right": each.right} for each in seen],
        now,
    )


async def close(sql: Sql, ids: Sequence[str], *, now: datetime) -> None:
    """These agree again. What never was open was never a break, and leaves no trace."""
    await sql.execute("delete from breaks where id = any($1) and times = 0", list(ids))
    await sql.execute("update breaks set state = 'closed', closed_at = $2 where id = any($1)", list(ids), now)


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from breaks where id = $1", id_)


async def queue(sql: Sql, *, comparison: str | None = None, sort: str | None = None, owner: str | None = None,
                engagement: str | None = None, after: tuple[Decimal | None, int] | None = None, limit: int = 50
                ) -> list[Row]:  # fmt: skip
    """What is not reconciled, by what it is worth; what is worth nobody knows what comes last."""
    return await sql.fetch(
        f"""select * from breaks where {UNRECONCILED} and ($1::text is null or comparison = $1)
             and ($2::text is null or sort = $2) and ($3::text is null or owner = $3)
             and ($4::text is null or engagement = $4)
             and (not $5 or case when $6::numeric is null then amount is null and seq > $7
                                 else amount < $6 or amount is null or (amount = $6 and seq > $7) end)
           order by amount desc nulls last, seq limit $8""",  # noqa: S608 - our own words
        comparison, sort, owner, engagement, after is not None, after[0] if after else None,
        after[1] if after else 0, limit,
    )  # fmt: skip


async def closed(sql: Sql, *, comparison: str | None = None, limit: int = 50) -> list[Row]:
    """What agrees again, newest first."""
    return await sql.fetch(
        """select * from breaks where state = 'closed' and ($1::text is null or comparison = $1)
           order by seq desc limit $2""",
        comparison,
        limit,
    )


async def open_count(sql: Sql) -> int:
    return await sql.fetchval(f"select count(*) from breaks where {UNRECONCILED}")  # noqa: S608 - our own words


async def totals(sql: Sql) -> list[Row]:
    """How many of each comparison and state there are, and what they are worth in each currency."""
    return await sql.fetch(
        """select comparison, state, currency, count(*) as breaks, sum(amount) as amount,
                  count(*) filter (where amount is null) as unknown
           from breaks where state <> 'closed' group by comparison, state, currency
           order by comparison, state, currency"""
    )
