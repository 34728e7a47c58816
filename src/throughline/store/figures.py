"""Figures for whoever watches the machine: counted when asked, from the tables themselves."""

from datetime import datetime

from throughline.store.database import Row, Sql


async def due_lanes(sql: Sql, *, now: datetime) -> Row:
    """How many lanes are due and free, and since when the oldest has been."""
    row = await sql.fetchrow(
        """select count(*) as due, min(due_at) as oldest from lanes
           where due_at <= $1 and (lease_until is null or lease_until < $1)""",
        now,
    )
    if row is None:
        raise LookupError("a count has no row")
    return row


async def held_money(sql: Sql) -> list[Row]:
    """Per currency: each engagement's money at risk once, however many of its holds are open."""
    return await sql.fetch(
        """select currency, sum(amount) as amount, count(*) as engagements from (
             select currency, correlation, max(amount) as amount from holds
             where state = 'open' and amount is not null group by currency, correlation) each
           group by currency order by currency"""
    )


async def at_risk(sql: Sql, correlations: list[str]) -> list[Row]:
    """Per engagement and currency: the most that an open hold of it holds up."""
    return await sql.fetch(
        """select correlation, currency, max(amount) as amount from holds
           where state = 'open' and amount is not null and correlation = any($1) group by correlation, currency""",
        correlations,
    )


async def effects_by_state(sql: Sql) -> dict[str, int]:
    return {r["state"]: r["n"] for r in await sql.fetch("select state, count(*) as n from effects group by state")}


async def reached(sql: Sql, correlations: list[str]) -> dict[str, set[tuple[str, str]]]:
    """Per engagement: what its own handoff confirmed, as (system, kind): a notice of another run is no kick-off.

    A customer known from an earlier deal counts as well.
    """
    rows = await sql.fetch(
        """select runs.correlation, effects.system, effects.kind
           from runs join effects on effects.run = runs.id
           where runs.correlation = any($1) and runs.subject = runs.correlation and effects.state = 'confirmed'
           union
           select deal.id, links.system, links.kind
           from entities deal join links on links.entity = deal.fields ->> 'customer' and links.kind = 'customer'
           where deal.id = any($1)""",
        correlations,
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["correlation"], set()).add((row["system"], row["kind"]))
    return found


async def settled_before(sql: Sql, *, at: datetime) -> int:
    """The newest capture that no transaction still running can come before."""
    return await sql.fetchval(
        "select coalesce((select id from captures where at < $1 order by id desc limit 1), 0)", at
    )


async def exchanges(sql: Sql, *, after: int, until: int | None) -> list[Row]:
    """Captures by system, direction and outcome, between two of them."""
    return await sql.fetch(
        """select system, direction, outcome, count(*) as n from captures
           where id > $1 and ($2::bigint is null or id <= $2) group by system, direction, outcome""",
        after,
        until,
    )


async def migrations(sql: Sql) -> list[str]:
    return [row["name"] for row in await sql.fetch("select name from migrations order by name")]
