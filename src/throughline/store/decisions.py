"""Decisions: what people decided about holds, and whether the run went through afterwards."""

from datetime import datetime

from throughline.store.database import Row, Sql

# A pass came to its end: what is held again for the same cause came back, and what is not went through. $1 is the run,
# $2, $3 and $6 are the names that are held now, why, and the fingerprints of that, $4 is now. While a system is unwell,
# $5 says that nobody can tell yet.
ENDED = """update decisions set ended_at = $4, why = again.why,
      outcome = case when again.name is null then 'went through' else 'came back' end
    from decisions decided left join unnest($2::text[], $3::text[], $6::text[]) as again(name, why, fingerprint)
      on again.name = decided.name and again.fingerprint = decided.fingerprint
    where decisions.seq = decided.seq and decided.run = $1 and decided.run is not null and decided.outcome is null
      and $5"""


async def made(sql: Sql, hold: Row, *, how: str, choice: str | None, reason: str | None, person: str, now: datetime
               ) -> int:  # fmt: skip
    return await sql.fetchval(
        """insert into decisions (hold, run, name, cause, fingerprint, how, choice, reason, person, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning seq""",
        hold["id"],
        hold["run"],
        hold["name"],
        hold["cause"],
        hold["fingerprint"],
        how,
        choice,
        reason,
        person,
        now,
    )


async def of_cause(sql: Sql, cause: str) -> list[Row]:
    """How often each way was chosen, and how it ended."""
    return await sql.fetch(
        """select how, choice, count(*) as times, count(*) filter (where outcome = 'went through') as worked,
                  count(*) filter (where outcome = 'came back') as came_back, max(at) as last_at
           from decisions where cause = $1 group by how, choice order by worked desc, times desc, how, choice""",
        cause,
    )


async def that_worked(sql: Sql, cause: str, *, limit: int = 3) -> list[Row]:
    """What people said when it went through, each reason once, with who said it last."""
    return await sql.fetch(
        """select * from (
             select distinct on (reason) * from decisions
             where cause = $1 and outcome = 'went through' and reason is not null order by reason, seq desc) each
           order by seq desc limit $2""",
        cause,
        limit,
    )


async def of_hold(sql: Sql, hold: str) -> list[Row]:
    return await sql.fetch("select * from decisions where hold = $1 order by seq", hold)
