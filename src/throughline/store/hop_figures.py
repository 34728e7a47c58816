"""What the clocks of a time come to: counted, summed and ranked in SQL, over an index by hop and time."""

from collections.abc import Sequence
from datetime import datetime

from throughline.store.database import Row, Sql


async def ended(sql: Sql, hops: Sequence[str], *, since: datetime, until: datetime) -> list[Row]:
    """Of each hop: how many ended, were met and missed, and how long the middle one and all but a twentieth took."""
    return await sql.fetch(
        """select hop, count(*) filter (where state <> 'given_up') as ended,
                  count(*) filter (where state = 'met') as met, count(*) filter (where state = 'missed') as missed,
                  percentile_disc(array[0.5, 0.95]) within group (order by spent_seconds)
                    filter (where state <> 'given_up') as seconds
           from clocks where hop = any($3)
             and ended_at >= $1 and ended_at < $2 group by hop""",
        since,
        until,
        list(hops),
    )


async def running(sql: Sql, hops: Sequence[str], *, now: datetime) -> list[Row]:
    """Of each hop: how many run, are past what was agreed on, and stand still."""
    return await sql.fetch(
        """select hop, count(*) as running, count(*) filter (where due_at < $2) as late,
                  count(*) filter (where paused) as paused
           from clocks where hop = any($1) and state = 'running' group by hop""",
        list(hops),
        now,
    )


async def flowed(sql: Sql, hops: Sequence[str], *, since: datetime) -> list[Row]:
    """Of each hop and currency: what began since, how much of that came through, and how much of it is late."""
    return await sql.fetch(
        """select hop, currency, count(*) as clocks, sum(amount) as amount,
                  count(*) filter (where ended_at is not null) as through,
                  sum(amount) filter (where ended_at is not null) as through_amount,
                  count(*) filter (where state = 'running' and breached_at is not null) as late,
                  sum(amount) filter (where state = 'running' and breached_at is not null) as late_amount,
                  count(*) filter (where amount is null) as unknown
           from clocks where hop = any($1) and began_at >= $2 and state <> 'given_up' group by hop, currency""",
        list(hops),
        since,
    )


async def at_risk(sql: Sql) -> list[Row]:
    """Each engagement once, with the most that a hold or a late clock of it holds up; by currency, null if unknown."""
    return await sql.fetch(
        """select currency, sum(amount) as amount, count(*) as engagements from (
             select engagement, (array_agg(currency order by amount desc nulls last))[1] as currency,
                    max(amount) as amount
             from (
               select correlation as engagement, currency, amount from holds
               where state = 'open' and correlation <> ''
               union all
               select engagement, currency, amount from clocks where state = 'running' and breached_at is not null
             ) each group by engagement) of group by currency"""
    )


async def late(sql: Sql, hop: str) -> list[Row]:
    """By currency: what the late clocks of a hop are worth; null where nobody knows."""
    return await sql.fetch(
        """select currency, count(*) as clocks, sum(amount) as amount from clocks
           where hop = $1 and state = 'running' and breached_at is not null group by currency""",
        hop,
    )
