"""Holds: runs that wait for a person. The open ones are the exception queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from throughline.core.causes import Cause
from throughline.store.causes import GROUP, IS_BACK, NAMED
from throughline.store.database import Row, Sql
from throughline.store.decisions import ENDED
from throughline.store.leaves import DIGEST, OURSELVES


@dataclass(frozen=True, slots=True)
class NewHold:
    """Why a run waits, for whom, and what it costs. `name` is stable within a run: twice is once.

    `at_system` is where it is stuck, if that is known; `refused_put` is what that system refused to be told.
    """

    id: str
    run: str
    lane: str
    subject: str
    part: str | None
    name: str
    kind: str
    why: str
    fix: str
    owner: str
    amount: Decimal | None
    currency: str | None
    choices: tuple[str, ...]
    candidates: list[dict[str, str]]
    correlation: str
    cause: Cause
    at_system: str | None = None
    refused_put: dict[str, Any] | None = None


# What an audit asks of a hold; what it is worth is behind the digest.
_TOLD = DIGEST.format("jsonb_build_array(name, kind, why, owner, amount, currency, closed_how)")
_LEAF = f"""insert into audit_waiting (at, actor, action, object, run, engagement, digest)
    select {{}}, '{OURSELVES}', '%s', id, run, correlation, {_TOLD} from %s"""  # noqa: S608 - our own words
OPENED, CLOSED = _LEAF % ("opened", "opened"), _LEAF % ("closed", "closed")


_NAMED = NAMED.format(
    id="$17::text", workflow="$18::text", part="$5::text", kind="$7::text", pattern="$19::text", now="$16::timestamptz"
)
_OPEN = f"""with named as ({_NAMED}),
    belongs as materialized (select {GROUP.format(id="$17::text")} as cause),
    said as (
      insert into holds (id, run, lane, subject, part, name, kind, why, fix, owner, amount, currency, choices,
                         candidates, correlation, state, opened_at, fingerprint, cause, regressed, workflow, at_system,
                         refused_put)
      select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'open', $16, $17, cause,
             {IS_BACK.format(group="belongs.cause")}, $18, $20, $21 from belongs
      on conflict (run, name) where state = 'open' do update set why = excluded.why, fix = excluded.fix,
        owner = excluded.owner, amount = excluded.amount, currency = excluded.currency, choices = excluded.choices,
        candidates = excluded.candidates, kind = excluded.kind, workflow = excluded.workflow,
        at_system = excluded.at_system, refused_put = excluded.refused_put, fingerprint = excluded.fingerprint,
        cause = case when holds.fingerprint = excluded.fingerprint then holds.cause else excluded.cause end
      returning *, xmax = 0 as new),
    opened as (select * from said where new),
    back as (
      update causes set state = 'regressed', regressed_at = $16
      from opened where causes.id = opened.cause and causes.state = 'resolved')
    {OPENED.format("$16")}"""  # noqa: S608 - our own words


async def open_only(sql: Sql, run: str, holds: Sequence[NewHold], *, judged: bool, now: datetime) -> None:
    """These are the holds of a run now: new ones open, those that no longer arise close, the rest keep their clock.

    `judged` says whether the pass shows what became of what people decided: not so when a system was unwell.
    """
    await sql.execute(
        f"""with closed as (
              update holds set state = 'closed', closed_at = $4, closed_how = 'no longer arises'
              where run = $1 and state = 'open' and name <> all($2::text[]) returning *),
            ended as ({ENDED})
            {CLOSED.format("$4")}""",  # noqa: S608 - our own words
        run,
        [hold.name for hold in holds],
        [hold.why for hold in holds],
        now,
        judged,
        [hold.cause.id for hold in holds],
    )
    for hold in holds:
        await sql.execute(
            _OPEN,
            hold.id,
            hold.run,
            hold.lane,
            hold.subject,
            hold.part,
            hold.name,
            hold.kind,
            hold.why,
            hold.fix,
            hold.owner,
            hold.amount,
            hold.currency,
            list(hold.choices),
            hold.candidates,
            hold.correlation,
            now,
            hold.cause.id,
            hold.cause.workflow,
            hold.cause.pattern,
            hold.at_system,
            hold.refused_put,
        )


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from holds where id = $1", id_)


async def for_update(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from holds where id = $1 for update", id_)


async def close(sql: Sql, id_: str, *, how: str, now: datetime) -> None:
    await sql.execute(
        "update holds set state = 'closed', closed_at = $2, closed_how = $3 where id = $1 and state = 'open'",
        id_,
        now,
        how,
    )


async def assign(sql: Sql, id_: str, to: str | None) -> None:
    await sql.execute("update holds set assignee = $2 where id = $1", id_, to)


async def snooze(sql: Sql, id_: str, *, until: datetime | None) -> None:
    await sql.execute("update holds set snoozed_until = $2 where id = $1", id_, until)


async def slept_enough(sql: Sql, *, now: datetime, limit: int) -> list[Row]:
    """Those whose time has come, for the caller alone until its transaction ends."""
    return await sql.fetch(
        """select * from holds where state = 'open' and snoozed_until <= $1 order by snoozed_until limit $2
           for update skip locked""",
        now,
        limit,
    )


async def others_of_run(sql: Sql, run: str, *, but: str) -> list[Row]:
    return await sql.fetch("select * from holds where run = $1 and state = 'open' and id <> $2 order by seq", run, but)


async def answer(sql: Sql, run: str, name: str, choice: str, *, choices: Sequence[str], reason: str | None,
                 person: str, now: datetime) -> bool:  # fmt: skip
    """Remember a choice under its stable name; the first answer stays. False if there was one already.

    An answer that is none of today's `choices` any more does not stand in the way of one that is.
    """
    return bool(
        await sql.fetchval(
            """insert into answers (run, name, choice, reason, person, at) values ($1, $2, $3, $4, $5, $6)
               on conflict (run, name) do update set choice = excluded.choice, reason = excluded.reason,
                 person = excluded.person, at = excluded.at where answers.choice <> all($7::text[])
               returning true""",
            run,
            name,
            choice,
            reason,
            person,
            now,
            list(choices),
        )
    )


async def of_correlation(sql: Sql, correlation: str, *, state: str | None = None) -> list[Row]:
    return await sql.fetch(
        "select * from holds where correlation = $1 and ($2::text is null or state = $2) order by seq",
        correlation,
        state,
    )


async def open_count(sql: Sql) -> int:
    return await sql.fetchval("select count(*) from holds where state = 'open'")


async def owners(sql: Sql) -> dict[str, Any]:
    rows = await sql.fetch("select owner, count(*) as n from holds where state = 'open' group by owner order by n desc")
    return {row["owner"]: row["n"] for row in rows}
