"""How a pass ends: in one statement, and so in one commit, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
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


async def close(sql: Sql, endings: Sequence[Ending], *, now: datetime) -> list[Ended]:
    """Write all of them and leave their lanes. Raises LeaseOver or Overtaken, and then nothing was written."""
    changes = sum(len(each.changes) for each in endings)
    # In one order, as everywhere: two workers that locked the same lanes crosswise would wait for each other.
    in_order = sorted(endings, key=lambda each: each.run.lane)
    try:
        row = await sql.fetchrow(CLOSE, _said(in_order), len(endings), changes, now)
    except asyncpg.InvalidTextRepresentationError as error:
        if "lease over" in str(error):
            raise LeaseOver(f"another worker is in {_lanes(endings)}") from error
        if "overtaken" in str(error):
            raise Overtaken("an entity changed between our reading and our writing it") from error
        raise
    except asyncpg.UniqueViolationError as error:
        # Only links have a second unique key: somebody else has just said what answers to one of our ids.
        raise Overtaken(f"something was linked between our looking and our writing: {error}") from error
    if row is None:
        raise LookupError(f"the runs in {_lanes(endings)} could not be ended")
    more = set(row["more"])
    # Which pass woke the others does not matter to them: one of these tells.
    return [Ended(each.run.lane in more, [] if n else row["woken"]) for n, each in enumerate(endings)]


def _lanes(endings: Sequence[Ending]) -> str:
    return " or ".join(each.run.lane for each in endings)


def _said(endings: Sequence[Ending]) -> dict[str, Any]:
    return {
        "runs": [_run(each) for each in endings],
        "effects": [_effect(effect) for each in endings for effect in each.effects],
        "links": [dict(zip(LINK, _LINK(link), strict=True)) for each in endings for link in each.links],
        "changes": [dict(zip(CHANGE, _CHANGE(change), strict=True)) for each in endings for change in each.changes],
    }


def _run(ending: Ending) -> dict[str, Any]:
    run = ending.run
    return {
        "id": run.id,
        "lane": run.lane,
        "fence": ending.fence,
        "due_at": _json(ending.due_at),
        "state": run.state,
        "why": run.why,
        "parts": run.parts,
        "reads": run.reads,
        "attempt": run.attempt,
        "gathers": run.gathers,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    said: dict[str, Any] = dict(zip(COLUMNS, _EFFECT(effect), strict=True))
    said["settle_until"] = _json(effect.settle_until)
    return said


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


LINK = ("system", "kind", "key", "entity", "sent")
CHANGE = ("id", "kind", "version", "fields", "unread", "changed", "source")
_EFFECT, _LINK, _CHANGE = attrgetter(*COLUMNS), attrgetter(*LINK), attrgetter(*CHANGE)

# A CASE cannot raise by itself: a cast that fails does. The volatile clock keeps the planner from trying it early.
CLOSE = """
with said as materialized (
  select * from jsonb_to_recordset($1::jsonb -> 'runs') as t(
    id text, lane text, fence bigint, due_at timestamptz, state text, why text, parts jsonb, reads jsonb, attempt int,
    gathers boolean)),
-- Locked whether it is due or not: whoever is about to make it due has the lock, and is waited for.
joined as materialized (
  select lanes.key, lanes.due_at from lanes join said on lanes.key = said.lane
  where said.gathers and said.state = 'done' order by lanes.key for update of lanes),
next as materialized (
  select lane, fence, said.due_at, joined.due_at is not null as again,
  joined.due_at is not null or state = 'done' and coalesce((
    select runs.state = 'due' from runs where runs.lane = said.lane and runs.state <> 'done' and runs.id <> said.id
    order by seq limit 1), false) as ready
  from said left join joined on joined.key = said.lane),
left_lane as (
  update lanes set lease_until = null, worker = null,
    due_at = least(lanes.due_at, case when next.ready then $4::timestamptz else next.due_at end)
  from next where lanes.key = next.lane and lanes.fence = next.fence returning lanes.key),
ended as (
  update runs set state = case when next.again then 'due' else said.state end, why = said.why, parts = said.parts,
    reads = array(select jsonb_array_elements_text(said.reads)), attempt = said.attempt,
    passes = runs.passes + 1, updated_at = $4,
    finished_at = case when said.state = 'done' and not next.again then $4 end
  from said join next using (lane) where runs.id = said.id),
recorded as (
  insert into effects (key, run, part, system, kind, entity, operation, rung, state, fields, their_key, attempts, why,
                       settle_until, took_ms, at)
  select key, run, part, system, kind, entity, operation, rung, state, fields, their_key, attempts, why, settle_until,
         took_ms, $4
  from jsonb_to_recordset($1::jsonb -> 'effects') as t(
    key text, run text, part text, system text, kind text, entity text, operation text, rung text, state text,
    fields jsonb, their_key text, attempts int, why text, settle_until timestamptz, took_ms real)
  on conflict (key) do update set state = excluded.state, their_key = excluded.their_key, why = excluded.why,
    attempts = excluded.attempts, settle_until = excluded.settle_until, took_ms = excluded.took_ms, at = excluded.at,
    run = excluded.run, part = excluded.part
  returning key, run, state, fields),
audited as (
  insert into audit_waiting (at, actor, action, object, run, digest)
  select $4, 'throughline', 'confirmed', key, run, encode(sha256(convert_to(fields::text, 'UTF8')), 'hex')
  from recorded where state = 'confirmed'),
linked as (
  insert into links (system, kind, key, entity, sent, at)
  select system, kind, key, entity, sent, $4 from jsonb_to_recordset($1::jsonb -> 'links')
    as t(system text, kind text, key text, entity text, sent jsonb)
  on conflict (system, kind, key) do update
  set entity = excluded.entity, sent = links.sent || excluded.sent, at = excluded.at),
changes as materialized (
  select * from jsonb_to_recordset($1::jsonb -> 'changes') as t(
    id text, kind text, version int, fields jsonb, unread jsonb, changed jsonb, source text)),
kept as (
  insert into entities (id, kind, version, fields, unread, provenance, updated_at)
  select id, kind, version, fields, unread,
         (select coalesce(jsonb_object_agg(name, jsonb_build_object('source', source, 'at', $4)), '{}')
          from jsonb_object_keys(changed) as name), $4
  from changes
  on conflict (id) do update set version = excluded.version, fields = excluded.fields, unread = excluded.unread,
    provenance = entities.provenance || excluded.provenance, updated_at = excluded.updated_at
  where entities.version = excluded.version - 1
  returning id, version),
history as (
  insert into entity_versions (id, version, changed, source, at)
  select id, version, changed, source, $4 from changes join kept using (id, version)),
concerned as (
  insert into lanes (key, due_at, fence)
  select distinct lane, $4::timestamptz, 0 from runs
  where state in ('held', 'waiting', 'retrying', 'defect') and reads && array(select id from changes)
    and lane <> all(array(select lane from said)) order by lane
  on conflict (key) do update set due_at = least(lanes.due_at, excluded.due_at) returning key)
select array(select lane from next where ready) as more, array(select key from concerned) as woken,
  case when (select count(*) from left_lane) <> $2::int then (clock_timestamp()::text || ' lease over')::int
       when (select count(*) from kept) <> $3::int then (clock_timestamp()::text || ' overtaken')::int end as refused
"""
