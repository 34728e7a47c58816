"""How a pass ends: in one statement, and so in one commit, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from throughline.store.database import Sql
from throughline.store.effects import COLUMNS, Effect
from throughline.store.entities import Change, Link, Overtaken
from throughline.store.runs import PassEnd


@dataclass(frozen=True, slots=True)
class Ending:
    """Everything a pass leaves behind: how its run stands, what it did, what systems agreed to, what it decided."""

    run: PassEnd
    fence: int
    due_at: datetime | None
    effects: Sequence[Effect]
    links: Sequence[Link]
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Ended:
    """Whether another run of the lane may go now, and which other lanes would see something new."""

    more: bool
    woken: list[str]


class LeaseOver(Exception):
    """Somebody else has been let into the lane: nothing of this pass was written."""


async def close(sql: Sql, ending: Ending, *, now: datetime) -> Ended:
    """Write it all and leave the lane. Raises LeaseOver or Overtaken, and then nothing was written."""
    try:
        row = await sql.fetchrow(CLOSE, _said(ending), ending.fence, len(ending.changes), ending.due_at, now)
    except asyncpg.InvalidTextRepresentationError as error:
        if "lease over" in str(error):
            raise LeaseOver(f"another worker is in {ending.run.lane}") from error
        if "overtaken" in str(error):
            raise Overtaken("an entity changed between our reading and our writing it") from error
        raise
    except asyncpg.UniqueViolationError as error:
        # Only links have a second unique key: somebody else has just said what answers to one of our ids.
        raise Overtaken(f"something was linked between our looking and our writing: {error.detail}") from error
    if row is None:
        raise LookupError(f"run {ending.run.id} could not be ended")
    return Ended(more=row["more"], woken=row["woken"])


def _said(ending: Ending) -> dict[str, Any]:
    run = ending.run
    return {
        "id": run.id,
        "lane": run.lane,
        "state": run.state,
        "why": run.why,
        "parts": run.parts,
        "reads": run.reads,
        "attempt": run.attempt,
        "effects": [{name: _json(getattr(each, name)) for name in COLUMNS} for each in ending.effects],
        "links": [
            {"system": each.system, "kind": each.kind, "key": each.key, "entity": each.entity, "sent": each.sent}
            for each in ending.links
        ],
        "changes": [
            {
                "id": each.id,
                "kind": each.kind,
                "version": each.version,
                "fields": each.fields,
                "unread": each.unread,
                "changed": each.changed,
                "source": each.source,
            }
            for each in ending.changes
        ],
    }


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


# A CASE cannot raise by itself: a cast that fails does. The volatile clock keeps the planner from trying it early.
CLOSE = """
with next as (
  select state = 'due' and $1::jsonb ->> 'state' = 'done' as ready from runs
  where lane = $1::jsonb ->> 'lane' and state <> 'done' and id <> $1::jsonb ->> 'id' order by seq limit 1),
left_lane as (
  update lanes set lease_until = null, worker = null,
    due_at = least(due_at, case when (select ready from next) then $5::timestamptz else $4 end)
  where key = $1::jsonb ->> 'lane' and fence = $2 returning key),
ended as (
  update runs set state = $1::jsonb ->> 'state', why = $1::jsonb ->> 'why', parts = $1::jsonb -> 'parts',
    reads = array(select jsonb_array_elements_text($1::jsonb -> 'reads')), attempt = ($1::jsonb ->> 'attempt')::int,
    passes = passes + 1, updated_at = $5, finished_at = case when $1::jsonb ->> 'state' = 'done' then $5 end
  where id = $1::jsonb ->> 'id'),
recorded as (
  insert into effects (key, run, part, system, kind, entity, operation, rung, state, fields, their_key, attempts, why,
                       settle_until, took_ms, at)
  select key, run, part, system, kind, entity, operation, rung, state, fields, their_key, attempts, why, settle_until,
         took_ms, $5
  from jsonb_to_recordset($1::jsonb -> 'effects') as t(
    key text, run text, part text, system text, kind text, entity text, operation text, rung text, state text,
    fields jsonb, their_key text, attempts int, why text, settle_until timestamptz, took_ms real)
  on conflict (key) do update set state = excluded.state, their_key = excluded.their_key, why = excluded.why,
    attempts = excluded.attempts, settle_until = excluded.settle_until, took_ms = excluded.took_ms, at = excluded.at,
    run = excluded.run, part = excluded.part),
agreed as (
  select * from jsonb_to_recordset($1::jsonb -> 'links')
    as t(system text, kind text, key text, entity text, sent jsonb)),
linked as (
  insert into links (system, kind, key, entity, sent, at) select system, kind, key, entity, sent, $5 from agreed
  on conflict (system, kind, key) do update
  set entity = excluded.entity, sent = links.sent || excluded.sent, at = excluded.at),
changes as (
  select * from jsonb_to_recordset($1::jsonb -> 'changes') as t(
    id text, kind text, version int, fields jsonb, unread jsonb, changed jsonb, source text)),
kept as (
  insert into entities (id, kind, version, fields, unread, provenance, updated_at)
  select id, kind, version, fields, unread,
         (select coalesce(jsonb_object_agg(name, jsonb_build_object('source', source, 'at', $5)), '{}')
          from jsonb_object_keys(changed) as name), $5
  from changes
  on conflict (id) do update set version = excluded.version, fields = excluded.fields, unread = excluded.unread,
    provenance = entities.provenance || excluded.provenance, updated_at = excluded.updated_at
  where entities.version = excluded.version - 1
  returning id),
history as (
  insert into entity_versions (id, version, changed, source, at)
  select id, version, changed, source, $5 from changes join kept using (id)),
concerned as (
  insert into lanes (key, due_at, fence)
  select distinct lane, $5::timestamptz, 0 from runs
  where state in ('held', 'waiting', 'retrying', 'defect') and reads && array(select id from changes)
    and lane <> $1::jsonb ->> 'lane'
  on conflict (key) do update set due_at = least(lanes.due_at, excluded.due_at) returning key)
select coalesce((select ready from next), false) as more, array(select key from concerned) as woken,
  case when not exists (select from left_lane) then (clock_timestamp()::text || ' lease over')::int
       when (select count(*) from kept) <> $3::int then (clock_timestamp()::text || ' overtaken')::int end as refused
"""
