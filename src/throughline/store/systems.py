"""Systems, as our own tables know them: the last contact with each, tokens, budgets, resting endpoints, polls."""

from datetime import datetime

from throughline.store.database import Row, Sql


async def contacts(sql: Sql, names: list[str]) -> dict[str, Row]:
    """The last exchange we began with each system, without its bodies."""
    rows = await sql.fetch(
        """select last.* from unnest($1::text[]) as name, lateral (
             select system, at, outcome, status from captures
             where system = name and direction = 'out' order by id desc limit 1) last""",
        names,
    )
    return {row["system"]: row for row in rows}


async def traffic(sql: Sql, *, since: datetime) -> dict[str, Row]:
    """Per system: calls of ours since a moment, and how many of them failed."""
    rows = await sql.fetch(
        """select system, count(*) as calls, count(*) filter (where state = 'failed') as failed
           from captures where at >= $1 and direction = 'out' group by system""",
        since,
    )
    return {row["system"]: row for row in rows}


async def call_budgets(sql: Sql) -> dict[str, Row]:
    """What is left of each budget, under the credential that was used last."""
    rows = await sql.fetch("select distinct on (system) system, state from call_budgets order by system, at desc")
    return {row["system"]: row for row in rows}


async def tokens(sql: Sql) -> dict[str, Row]:
    """When each token was fetched and how long it is good, never the token."""
    rows = await sql.fetch("select system, expires_at, refreshed_at, refreshes from tokens")
    return {row["system"]: row for row in rows}
