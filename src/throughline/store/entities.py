"""Entities with their history and provenance, the records they were read from, and the links that name them."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class Change:
    """A new version of an entity: how it now stands, what changed, and who said so."""

    id: str
    kind: str
    version: int
    fields: dict[str, Any]
    changed: dict[str, Any]
    source: str
    unread: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value one system gave for a field that another owns."""

    entity: str
    field: str
    system: str
    owner: str | None
    value: Any


@dataclass(frozen=True, slots=True)
class Link:
    """Our id and their key for the same thing, with what we last agreed on with that system."""

    system: str
    kind: str
    key: str
    entity: str
    sent: dict[str, Any] = field(default_factory=dict[str, Any])


# Of these fields each has an index, migrations 0020 and 0037: every entity that names a project is found by it.
NAMED_BY = ("project", "contract", "legal_entity", "invoice", "target", "customer", "renews")


async def naming(sql: Sql, kind: str, field: str, id_: str, *, since: str | None, until: str | None) -> list[str]:
    """The ids of a kind that name an entity in a field, of some days or of all."""
    if field not in NAMED_BY:
        raise ValueError(f"no entity is found by its {field}; there is an index for {', '.join(NAMED_BY)}")
    rows = await sql.fetch(
        f"""select id from entities where kind = $1 and fields ->> '{field}' = $2 and fields ? '{field}'
              and ($3::text is null or fields ->> 'day' >= $3) and ($4::text is null or fields ->> 'day' <= $4)
            order by id""",  # noqa: S608 - one of our own words
        kind,
        id_,
        since,
        until,
    )
    return [row["id"] for row in rows]


async def many(sql: Sql, ids: Sequence[str]) -> dict[str, Row]:
    rows = await sql.fetch("select id, kind, version, fields, unread from entities where id = any($1)", list(ids))
    return {row["id"]: row for row in rows}


class Overtaken(Exception):
    """Somebody else changed an entity between our reading it and our writing it; the transaction is tried again."""


async def locked(sql: Sql, ids: Sequence[str]) -> dict[str, Row]:
    """These entities as they are now, held until the transaction ends. One that is new cannot be held: see `change`."""
    rows = await sql.fetch(
        "select id, version, fields, unread from entities where id = any($1) order by id for update", list(ids)
    )
    return {row["id"]: row for row in rows}


async def change(sql: Sql, changes: Sequence[Change], *, now: datetime) -> None:
    """Write new versions, and the history of what changed and who said so."""
    written = await sql.fetchval(
        """with said as (
             select * from unnest($1::text[], $2::text[], $3::int[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::jsonb[],
                                  $8::text[])
               as t(id, kind, version, fields, unread, provenance, changed, source)),
           kept as (
             insert into entities (id, kind, version, fields, unread, provenance, updated_at)
             select id, kind, version, fields, unread, provenance, $9 from said
             on conflict (id) do update set version = excluded.version, fields = excluded.fields,
               unread = excluded.unread, provenance = entities.provenance || excluded.provenance,
               updated_at = excluded.updated_at
             where entities.version = excluded.version - 1
             returning id),
           history as (
             insert into entity_versions (id, version, changed, source, at)
             select id, version, changed, source, $9 from said join kept using (id))
           select count(*) from kept""",
        [each.id for each in changes],
        [each.kind for each in changes],
        [each.version for each in changes],
        [each.fields for each in changes],
        [each.unread for each in changes],
        [{name: {"source": each.source, "at": now.isoformat()} for name in each.changed} for each in changes],
        [each.changed for each in changes],
        [each.source for each in changes],
        now,
    )
    if written != len(changes):
        raise Overtaken(f"{len(changes) - written} of {len(changes)} entities changed meanwhile")


async def moved_on(sql: Sql, versions: Dict[str, int]) -> bool:
    """Whether any of these entities is at another version by now than the one that was read.

    Held until the transaction ends: whoever is changing one has finished, or will see what this transaction writes.
    """
    rows = await sql.fetch(
        "select id, version from entities where id = any($1) order by id for share", sorted(versions)
    )
    return any(row["version"] != versions[row["id"]] for row in rows)


async def refuse(sql: Sql, refusals: Sequence[Refusal], *, now: datetime) -> None:
    """What was not believed is kept, so that it can be shown."""
    await sql.execute(
        """insert into refusals (entity, field, system, owner, value, at)
           select entity, field, system, owner, said -> 'value', $6 from
             unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
               as t(entity, field, system, owner, said)
           on conflict (entity, field, system) do update
           set owner = excluded.owner, value = excluded.value, at = excluded.at""",
        [each.entity for each in refusals],
        [each.field for each in refusals],
        [each.system for each in refusals],
        [each.owner for each in refusals],
        # Wrapped, because a value that is a list would be taken for a row of the array.
        [{"value": each.value} for each in refusals],
        now,
    )


async def refused(sql: Sql, entity: str) -> list[Row]:
    return await sql.fetch("select * from refusals where entity = $1 order by field, system", entity)


_MOMENT = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$"


async def seen(
    sql: Sql,
    system: str,
    kind: str,
    records: Dict[str, tuple[str, dict[str, Any]]],
    *,
    changed: str | None = None,
    now: datetime,
) -> set[str]:
    """Keep records (digest and body, by key) as they were last seen; returns the keys of those that differ.

    `changed` is the path of the moment a record was changed: one from before the one we have comes late, and is not
    believed any more.
    """
    rows = await sql.fetch(
        """insert into records (system, kind, key, digest, body, seen_at)
           select $1, $2, key, digest, body, $6 from
             unnest($3::text[], $4::text[], $5::jsonb[]) as t(key, digest, body)
           on conflict (system, kind, key) do update
           set digest = excluded.digest, body = excluded.body, seen_at = excluded.seen_at
           where records.digest <> excluded.digest and coalesce(
             case when records.body #>> $7 ~ $8 and excluded.body #>> $7 ~ $8
                  then (excluded.body #>> $7)::timestamptz >= (records.body #>> $7)::timestamptz end, true)
           returning key""",
        system,
        kind,
        list(records),
        [digest for digest, _ in records.values()],
        [body for _, body in records.values()],
        now,
        changed.split(".") if changed else [],
        _MOMENT,
    )
    return {row["key"] for row in rows}


async def record(sql: Sql, system: str, kind: str, key: str) -> dict[str, Any] | None:
    """What a system last said, verbatim."""
    return await sql.fetchval(
        "select body from records where system = $1 and kind = $2 and key = $3", system, kind, key
    )


async def link(sql: Sql, wanted: Link, *, now: datetime) -> str:
    """Name a thing of theirs; if it has a name already, that one stays. Returns the name it has."""
    return await sql.fetchval(
        """insert into links (system, kind, key, entity, sent, at) values ($1, $2, $3, $4, $5, $6)
           on conflict (system, kind, key) do update set at = links.at returning entity""",
        wanted.system,
        wanted.kind,
        wanted.key,
        wanted.entity,
        wanted.sent,
        now,
    )


async def link_of(sql: Sql, entity: str, system: str, kind: str) -> Link | None:
    row = await sql.fetchrow(
        "select system, kind, key, entity, sent from links where entity = $1 and system = $2 and kind = $3",
        entity,
        system,
        kind,
    )
    return Link(**row) if row else None


async def unlink(sql: Sql, links: Sequence[Link]) -> None:
    """These no longer name what they named: something else of that system is about to."""
    for each in links:
        await sql.execute(
            "delete from links where system = $1 and kind = $2 and key = $3 and entity = $4",
            each.system,
            each.kind,
            each.key,
            each.entity,
        )


async def forget_sent(sql: Sql, link: Link, names: Sequence[str]) -> None:
    """From now on we do not know what they hold in these fields."""
    await sql.execute(
        "update links set sent = sent - $4::text[] where system = $1 and kind = $2 and key = $3",
        link.system,
        link.kind,
        link.key,
        list(names),
    )


async def links_of(sql: Sql, entities: Sequence[str]) -> list[Link]:
    rows = await sql.fetch("select system, kind, key, entity, sent from links where entity = any($1)", list(entities))
    return [Link(**row) for row in rows]


async def named(sql: Sql, system: str, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Our ids for (kind, their key) pairs of one system."""
    rows = await sql.fetch(
        """select kind, key, entity from links
           where system = $1 and (kind, key) in (select * from unnest($2::text[], $3::text[]))""",
        system,
        [kind for kind, _ in pairs],
        [key for _, key in pairs],
    )
    return {(row["kind"], row["key"]): row["entity"] for row in rows}


async def versions(sql: Sql, id_: str) -> list[Row]:
    return await sql.fetch("select * from entity_versions where id = $1 order by version", id_)
