"""The counts key figures are computed from, each over an index and a bounded part of a table."""

from datetime import date, datetime

from throughline.store.database import Row, Sql
from throughline.store.measures import OUT

DEAL_HOPS = ("customer_placed", "contract_booked", "project_open")


async def holds_of(sql: Sql, *, since: datetime, until: datetime) -> Row:
    """Holds opened in a time, and how long those closed in it took."""
    row = await sql.fetchrow(
        """select (select count(*) from holds where opened_at >= $1 and opened_at < $2) as opened,
                  count(*) as closed,
                  percentile_disc(array[0.5, 0.95]) within group (
                    order by extract(epoch from closed_at - opened_at)::float8) as seconds
           from holds where closed_at >= $1 and closed_at < $2""",
        since,
        until,
    )
    return _there(row)


async def holds_open(sql: Sql) -> Row:
    row = await sql.fetchrow(
        """select count(*) as open,
                  count(*) filter (where split_part(lane, ':', 1) in ('work-to-invoice', 'plan-to-invoice')) as billing
           from holds where state = 'open'"""
    )
    return _there(row)


async def first_pass(sql: Sql, *, since: datetime, until: datetime) -> Row:
    """Projects opened in a time, and those of them whose engagement never had a hold."""
    row = await sql.fetchrow(
        """select count(*) as opened, count(*) filter (where not exists (
                    select from holds where holds.correlation = clocks.engagement)) as at_once
           from clocks where hop = 'project_open' and ended_at >= $1 and ended_at < $2 and state <> 'given_up'""",
        since,
        until,
    )
    return _there(row)


async def changes(sql: Sql, *, since: datetime, until: datetime) -> Row:
    """Change orders approved in a time, and those of them that a hold was opened about."""
    row = await sql.fetchrow(
        """select count(*) as approved, count(*) filter (where exists (
                    select from holds where holds.subject = clocks.subject)) as held
           from clocks where hop = 'change_applied' and began_at >= $1 and began_at < $2""",
        since,
        until,
    )
    return _there(row)


async def won(sql: Sql, *, since: datetime, until: datetime) -> Row:
    """Deals won in a time that were not given up, and those of them whose project is open."""
    row = await sql.fetchrow(
        """select count(*) as won, count(*) filter (where ended_at is not null) as opened
           from clocks where hop = 'project_open' and began_at >= $1 and began_at < $2 and state <> 'given_up'""",
        since,
        until,
    )
    return _there(row)


async def stopped(sql: Sql) -> int:
    """Won deals without a project that a hold stands in the way of."""
    return await sql.fetchval(
        """select count(*) from clocks where hop = 'project_open' and state = 'running' and exists (
             select from holds where holds.correlation = clocks.engagement and holds.state = 'open')"""
    )


async def in_flight(sql: Sql) -> list[Row]:
    """By currency: the deals whose handoff is under way, each once; null where nobody knows its worth."""
    return await sql.fetch(
        """select currency, count(*) as deals, sum(amount) as amount from (
             select distinct on (engagement) engagement, currency, amount from clocks
             where hop = any($1) and state = 'running' order by engagement, amount desc nulls last) each
           group by currency""",
        list(DEAL_HOPS),
    )


async def happened(sql: Sql, *, since: date, until: date) -> int:
    return await sql.fetchval(
        "select coalesce(sum(events), 0)::bigint from event_days where day >= $1 and day <= $2", since, until
    )


async def unbilled(sql: Sql, *, old: date) -> list[Row]:
    """By currency: approved work no invoice in the books covers, and what of it is old."""
    return await sql.fetch(
        """select currency, sum(approved - billed) as amount, sum(unpriced)::bigint as unknown,
                  sum(open_hours) as open_hours, sum(lines - billed_lines)::bigint as lines,
                  sum(lines - billed_lines - drafted_lines)::bigint as open_lines,
                  sum(approved - billed) filter (where oldest_open < $1) as old_amount,
                  coalesce(sum(unpriced) filter (where oldest_open < $1), 0)::bigint as old_unknown
           from work_months where billed_lines < lines group by currency""",
        old,
    )


async def owed(sql: Sql) -> list[Row]:
    """By currency: what is open of invoices that are out; those whose ledger has not said are unknown."""
    return await sql.fetch(
        f"""select fields ->> 'currency' as currency, count(*) as invoices,
                   sum((fields -> 'open_amount' ->> 'amount')::numeric) as amount,
                   count(*) filter (where fields -> 'open_amount' ->> 'amount' is null) as unknown,
                   count(*) filter (where fields ->> 'state' = 'disputed') as disputed
            from entities invoice where kind = 'invoice'
              and fields ->> 'state' in ('posted', 'sent', 'partly_paid', 'disputed') and {OUT}
            group by 1"""  # noqa: S608 - our own words
    )


async def sold_on_credit(sql: Sql, *, since: date, until: date) -> list[Row]:
    """By currency: the totals of invoices issued in a span of days that are out."""
    return await sql.fetch(
        f"""select fields ->> 'currency' as currency, count(*) as invoices,
                   sum((fields -> 'total' ->> 'amount')::numeric) as amount,
                   count(*) filter (where fields -> 'total' ->> 'amount' is null) as unknown
            from entities invoice where kind = 'invoice' and fields ->> 'issued_on' between $1 and $2 and {OUT}
            group by 1""",  # noqa: S608 - same
        since.isoformat(),
        until.isoformat(),
    )


async def rates(sql: Sql, *, target: str, since: date, until: date) -> list[Row]:
    """The newest rate of each currency into one, of a span of days."""
    return await sql.fetch(
        """select distinct on (fields ->> 'source') fields ->> 'source' as source,
                  (fields ->> 'rate')::numeric as rate, fields ->> 'day' as day
           from entities where kind = 'fx_rate' and fields ? 'target' and fields ->> 'target' = $1
             and fields ->> 'day' between $2 and $3
           order by fields ->> 'source', fields ->> 'day' desc, id""",
        target,
        since.isoformat(),
        until.isoformat(),
    )


def _there(row: Row | None) -> Row:
    if row is None:
        raise LookupError("a count has no row")
    return row
