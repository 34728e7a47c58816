"""Effects: one thing done to a system, once, under a key of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql
from throughline.store.entities import Link
from throughline.store.leaves import DIGEST, OURSELVES

COLUMNS = (
    "key", "run", "part", "system", "kind", "entity", "operation", "rung", "state", "fields", "their_key", "attempts",
    "why", "settle_until", "took_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effect:
    """What is to be done, is being done, or was done. The key is derived from what it is, never from the moment.

    `begun_at` is when this attempt was first written down, and `body` what it sends, to the letter, where that matters.
    """

    key: str
    run: str
    part: str | None
    system: str
    kind: str
    entity: str
    operation: str
    rung: str
    state: str
    fields: dict[str, Any]
    their_key: str | None = None
    attempts: int = 1
    why: str | None = None
    settle_until: datetime | None = None
    took_ms: float | None = None
    begun_at: datetime | None = None
    body: str | None = None


async def one(sql: Sql, key: str) -> Row | None:
    return await sql.fetchrow("select * from effects where key = $1", key)


async def intend(sql: Sql, effect: Effect, *, now: datetime) -> bool:
    """Write the intent down, unless somebody else's is on its way or has arrived: one sender per effect."""
    return bool(
        await sql.fetchval(
            """insert into effects (key, run, part, system, kind, entity, operation, rung, state, fields, attempts,
                                    settle_until, body, begun_at, at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, 'intent', $9, $10, $11, $12, $13, $13)
               on conflict (key) do update set state = 'intent', run = excluded.run, part = excluded.part,
                 rung = excluded.rung, fields = excluded.fields, attempts = excluded.attempts,
                 settle_until = excluded.settle_until, body = excluded.body, begun_at = excluded.begun_at, why = null,
                 at = excluded.at
               where effects.state in ('planned', 'rejected', 'probed')
               returning true""",
            effect.key,
            effect.run,
            effect.part,
            effect.system,
            effect.kind,
            effect.entity,
            effect.operation,
            effect.rung,
            effect.fields,
            effect.attempts,
            effect.settle_until,
            effect.body,
            now,
        )
    )


async def looked(sql: Sql, effect: Effect, *, now: datetime) -> bool:
    """Write what a look at the system found, unless the effect has been attempted again since the one looked for."""
    return bool(
        await sql.fetchval(
            """update effects set state = $2, why = $3, at = $5, settle_until = $6
               where key = $1 and attempts = $4 and state not in ('planned', 'confirmed', 'rejected') returning true""",
            effect.key,
            effect.state,
            effect.why,
            effect.attempts,
            now,
            effect.settle_until,
        )
    )


async def record(sql: Sql, effects: Sequence[Effect], *, now: datetime) -> None:
    """Write effects as they now stand; one statement for as many as there are."""
    await sql.execute(RECORD, *_columns(effects), now)


async def confirm(sql: Sql, effects: Sequence[Effect], links: Sequence[Link], *, now: datetime) -> None:
    """Write effects that succeeded, with what each system has agreed to: their key, and the fields it now holds.

    A record of theirs that was known under an id of its own from now on answers to ours.
    """
    await sql.execute(
        f"with recorded as ({RECORD} returning key, run, rung, state, fields, at), told as ({CONFIRMED}),{AGREED}",
        *_columns(effects),
        now,
        [each.system for each in links],
        [each.kind for each in links],
        [each.key for each in links],
        [each.entity for each in links],
        [each.sent for each in links],
    )


RECORD = """
    insert into effects (key, run, part, system, kind, entity, operation, rung, state, fields, their_key,
                         attempts, why, settle_until, took_ms, at)
    select key, run, part, system, kind, entity, operation, rung, state, fields, their_key, attempts, why,
           settle_until, took_ms, $16 from
      unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::jsonb[], $11::text[], $12::int[], $13::text[], $14::timestamptz[], $15::real[])
      with ordinality as t(key, run, part, system, kind, entity, operation, rung, state, fields, their_key,
                           attempts, why, settle_until, took_ms, n) order by n
    on conflict (key) do update set state = excluded.state, their_key = excluded.their_key,
      attempts = excluded.attempts, why = excluded.why, settle_until = excluded.settle_until,
      took_ms = excluded.took_ms, at = excluded.at, run = excluded.run, part = excluded.part"""

# What was confirmed before was not done again: only an upsert is, and that is a leaf each time. The table is still as
# it was before this statement.
CONFIRMED = f"""
    insert into audit_waiting (at, actor, action, object, run, digest)
    select recorded.at, '{OURSELVES}', 'confirmed', recorded.key, recorded.run, {DIGEST.format("recorded.fields")}
    from recorded left join effects as before on before.key = recorded.key
    where recorded.state = 'confirmed' and (recorded.rung = 'A' or before.state is distinct from 'confirmed')"""  # noqa: S608 - our own words

AGREED = """
    agreed as (
      select * from unnest($17::text[], $18::text[], $19::text[], $20::text[], $21::jsonb[])
        as t(system, kind, key, entity, sent))
    insert into links (system, kind, key, entity, sent, at)
    select system, kind, key, entity, sent, $16 from agreed
    on conflict (system, kind, key) do update
    set entity = excluded.entity, sent = links.sent || excluded.sent, at = excluded.at"""


def _columns(effects: Sequence[Effect]) -> list[list[Any]]:
    return [[getattr(each, name) for each in effects] for name in COLUMNS]


async def of_run(sql: Sql, run: str) -> list[Row]:
    return await sql.fetch("select * from effects where run = $1 order by seq", run)


async def of_runs(sql: Sql, runs: Sequence[str]) -> list[Row]:
    return await sql.fetch("select * from effects where run = any($1) order by seq", list(runs))
