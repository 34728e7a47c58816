"""Causes: what holds have in common, what was decided about it, and how it ended."""

from collections.abc import Sequence
from datetime import datetime

from throughline.core.causes import Cause
from throughline.store.database import Row, Sql

# The cause of a hold that is being opened: written down once, whoever meets it first. No row of a known one is locked.
NAMED = """insert into causes (id, workflow, part, kind, pattern, state, first_at)
    select {id}, {workflow}, {part}, {kind}, {pattern}, 'open', {now} where not exists (
      select from causes where id = {id})
    on conflict do nothing"""
# Where its holds belong: to itself, or to the cause a person merged it into.
GROUP = "coalesce((select coalesce(merged_into, id) from causes where id = {id}), {id})"
# It was resolved, or was before and came back.
IS_BACK = "exists (select from causes where id = {group} and state in ('resolved', 'regressed'))"


async def nameless(sql: Sql, *, limit: int) -> list[Row]:
    """Open holds of the release before, with the workflow and the names of the deal and its customer."""
    return await sql.fetch(
        """select holds.id, holds.part, holds.kind, holds.why, holds.system, runs.workflow,
                  array_remove(array[deal.fields ->> 'name', customer.fields ->> 'name'], null) as names
           from holds left join runs on runs.id = holds.run
             left join entities deal on deal.id = holds.correlation
             left join entities customer on customer.id = deal.fields ->> 'customer'
           where holds.state = 'open' and holds.fingerprint is null order by holds.seq limit $1""",
        limit,
    )


async def name(sql: Sql, hold: str, cause: Cause, *, at_system: str | None, now: datetime) -> None:
    """Give an open hold the cause it should have been opened with."""
    named = NAMED.format(
        id="$2::text", workflow="$3::text", part="$4::text", kind="$5::text", pattern="$6::text", now="$7::timestamptz"
    )
    await sql.execute(
        f"""with named as ({named})
            update holds set fingerprint = $2, workflow = $3::text, at_system = $8,
              cause = {GROUP.format(id="$2::text")}
            where id = $1 and fingerprint is null""",  # noqa: S608 - our own words
        hold,
        cause.id,
        cause.workflow,
        cause.part,
        cause.kind,
        cause.pattern,
        now,
        at_system,
    )


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from causes where id = $1", id_)


async def for_update(sql: Sql, ids: Sequence[str]) -> dict[str, Row]:
    """In one order, as everywhere: two people who merge crosswise would wait for each other."""
    rows = await sql.fetch("select * from causes where id = any($1) order by id for update", list(ids))
    return {row["id"]: row for row in rows}


async def many(sql: Sql, ids: Sequence[str]) -> dict[str, Row]:
    return {row["id"]: row for row in await sql.fetch("select * from causes where id = any($1)", list(ids))}


async def merged_into(sql: Sql, id_: str) -> list[Row]:
    return await sql.fetch("select * from causes where merged_into = $1 order by seq", id_)


async def merge(sql: Sql, id_: str, *, into: str) -> int:
    """What has this cause, now and from now on, belongs to the other; returns how many open holds moved."""
    await sql.execute("update causes set merged_into = $2 where id = $1 or merged_into = $1", id_, into)
    return await _moved(sql, "update holds set cause = $2 where state = 'open' and cause = $1", id_, into)


async def part(sql: Sql, id_: str) -> int:
    """What was merged into this one goes by itself again."""
    await sql.execute("update causes set merged_into = null where merged_into = $1", id_)
    return await _moved(
        sql,
        """update holds set cause = fingerprint
           where state = 'open' and cause = $1 and fingerprint <> $1 and exists (
             select from causes where causes.id = fingerprint)""",
        id_,
    )


async def split(sql: Sql, new: str, *, out_of: Row, holds: Sequence[str], now: datetime) -> int:
    """These go into a group of their own; what comes later with the same cause does not follow them."""
    await sql.execute(
        """insert into causes (id, workflow, part, kind, pattern, split_from, state, first_at)
           values ($1, $2, $3, $4, $5, $6, 'open', $7)""",
        new,
        out_of["workflow"],
        out_of["part"],
        out_of["kind"],
        out_of["pattern"],
        out_of["id"],
        now,
    )
    return await _moved(
        sql,
        "update holds set cause = $1 where state = 'open' and cause = $2 and id = any($3)",
        new,
        out_of["id"],
        list(holds),
    )


async def resolve(sql: Sql, id_: str, *, reason: str, person: str, now: datetime) -> None:
    await sql.execute(
        "update causes set state = 'resolved', reason = $2, person = $3, resolved_at = $4 where id = $1",
        id_,
        reason,
        person,
        now,
    )


async def open_holds(sql: Sql, id_: str) -> int:
    return await sql.fetchval("select count(*) from holds where state = 'open' and cause = $1", id_)


async def _moved(sql: Sql, statement: str, *said: object) -> int:
    return int((await sql.execute(statement, *said)).rpartition(" ")[2])
