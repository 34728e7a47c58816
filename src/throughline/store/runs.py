"""Runs, the events that start them, the answers people gave, and how a pass ends: in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql

OPEN = ("due", "held", "waiting", "retrying", "defect")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact on its way into the log."""

    id: str
    type: str
    subject: str
    fields: dict[str, Any]
    correlation: str
    run: str | None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A workflow that an event starts."""

    id: str
    workflow: str
    lane: str
    event_type: str
    event: dict[str, Any]
    subject: str
    correlation: str


@dataclass(frozen=True, slots=True)
class PassEnd:
    """How a run stands after a pass."""

    id: str
    lane: str
    state: str
    why: str | None
    parts: list[dict[str, Any]]
    reads: list[str]
    attempt: int
    # What happened to its lane during the pass lets it pass again, rather than end.
    gathers: bool = False


async def publish(sql: Sql, events: Sequence[NewEvent], *, now: datetime) -> set[str]:
    """Append events; one that is there already is not appended again. Returns the ids that were new."""
    rows = await sql.fetch(
        """insert into events (id, type, subject, fields, correlation, run, at)
           select id, type, subject, fields, correlation, run, $7 from
             unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::text[])
             with ordinality as t(id, type, subject, fields, correlation, run, n) order by n
           on conflict (id) do nothing returning id""",
        [each.id for each in events],
        [each.type for each in events],
        [each.subject for each in events],
        [each.fields for each in events],
        [each.correlation for each in events],
        [each.run for each in events],
        now,
    )
    return {row["id"] for row in rows}


async def start(sql: Sql, runs: Sequence[NewRun], *, now: datetime) -> None:
    await sql.execute(
        """insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
                             correlation, created_at, updated_at)
           select id, workflow, lane, event_type, event, subject, 'due', '[]', '{}', 0, 0, correlation, $8, $8 from
             unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[])
             with ordinality as t(id, workflow, lane, event_type, event, subject, correlation, n) order by n
           on conflict (id) do nothing""",
        [each.id for each in runs],
        [each.workflow for each in runs],
        [each.lane for each in runs],
        [each.event_type for each in runs],
        [each.event for each in runs],
        [each.subject for each in runs],
        [each.correlation for each in runs],
        now,
    )


async def join(sql: Sql, runs: Sequence[NewRun], *, now: datetime) -> None:
    """Start a run in each of these lanes that has none under way. The lanes are woken before, and so are locked:

    a pass that is ending there has either ended before we look, or finds its lane due, and goes on.
    """
    lanes = list({each.lane: each for each in runs}.values())
    rows = await sql.fetch(
        """select distinct lane from runs where lane = any($1) and state <> 'done' and cancel is null""",
        [each.lane for each in lanes],
    )
    under_way = {row["lane"] for row in rows}
    await start(sql, [each for each in lanes if each.lane not in under_way], now=now)


async def wake_concerned(sql: Sql, entities: Sequence[str], *, but: str, now: datetime) -> list[str]:
    """Make lanes due that have an open run which has read one of these entities, and would see something new."""
    rows = await sql.fetch(
        """insert into lanes (key, due_at, fence)
             select distinct lane, $2::timestamptz, 0 from runs
             where state in ('held', 'waiting', 'retrying', 'defect') and reads && $1::text[] and lane <> $3
           on conflict (key) do update set due_at = least(lanes.due_at, excluded.due_at) returning key""",
        list(entities),
        now,
        but,
    )
    return [row["key"] for row in rows]


async def answers(sql: Sql, run: str) -> dict[str, str]:
    return {
        row["name"]: row["choice"] for row in await sql.fetch("select name, choice from answers where run = $1", run)
    }


async def happened(sql: Sql, type_: str, subject: str, *, since: datetime) -> bool:
    return bool(
        await sql.fetchval(
            "select true from events where subject = $1 and type = $2 and at >= $3 limit 1", subject, type_, since
        )
    )


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from runs where id = $1", id_)


async def next_in(sql: Sql, lanes: Sequence[str]) -> list[Row]:
    """The run of each of these lanes that would pass next."""
    return await sql.fetch(
        """select run.* from unnest($1::text[]) with ordinality as wanted(lane, n), lateral (
             select * from runs where runs.lane = wanted.lane and state <> 'done' order by seq limit 1) run
           order by wanted.n""",
        list(lanes),
    )


async def of_correlation(sql: Sql, correlation: str) -> list[Row]:
    return await sql.fetch("select * from runs where correlation = $1 order by seq", correlation)


async def listed(sql: Sql, *, workflow: str | None = None, state: str | None = None, before: int | None = None,
                 limit: int = 50) -> list[Row]:  # fmt: skip
    """Newest first."""
    return await sql.fetch(
        """select * from runs where ($1::text is null or workflow = $1)
             and ($2::text is null or case when cancelled_at is null then state else 'cancelled' end = $2)
             and ($3::bigint is null or seq < $3) order by seq desc limit $4""",
        workflow,
        state,
        before,
        limit,
    )


async def counted(sql: Sql) -> dict[str, int]:
    return {row["state"]: row["n"] for row in await sql.fetch("select state, count(*) as n from runs group by state")}


async def events_of(sql: Sql, correlation: str) -> list[Row]:
    return await sql.fetch("select * from events where correlation = $1 order by seq", correlation)
