"""Proposals: what one person has answered where two must agree."""

from datetime import datetime

from throughline.store.database import Row, Sql


async def one(sql: Sql, hold: str) -> Row | None:
    return await sql.fetchrow("select * from proposals where hold = $1", hold)


async def keep(sql: Sql, hold: str, choice: str, *, reason: str | None, person: str, now: datetime) -> None:
    """The newest stands: who proposes something else begins anew."""
    await sql.execute(
        """insert into proposals (hold, choice, reason, person, at) values ($1, $2, $3, $4, $5)
           on conflict (hold) do update set choice = excluded.choice, reason = excluded.reason,
             person = excluded.person, at = excluded.at""",
        hold,
        choice,
        reason,
        person,
        now,
    )


async def remove(sql: Sql, hold: str) -> None:
    await sql.execute("delete from proposals where hold = $1", hold)
