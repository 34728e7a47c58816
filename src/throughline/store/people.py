"""People: who may come in, as what, and which legal entities they are limited to."""

from collections.abc import Sequence
from datetime import datetime

from throughline.store.database import Row, Sql


async def anybody(sql: Sql) -> bool:
    """Whether there is anyone at all: until then, the machine is its first user's alone."""
    return await sql.fetchval("select exists (select from people)")


async def one(sql: Sql, name: str) -> Row | None:
    return await sql.fetchrow("select * from people where name = $1", name)


async def listed(sql: Sql) -> list[Row]:
    """Everybody, with how many keys and how many sessions they have, and when they were last there."""
    return await sql.fetch(
        """select people.*,
                  (select count(*) from access_keys where person = people.name) as keys,
                  (select count(*) from sessions where person = people.name) as sessions,
                  (select max(seen_at) from sessions where person = people.name) as seen_at
           from people order by name"""
    )


async def add(
    sql: Sql, name: str, *, roles: Sequence[str], legal_entities: Sequence[str] | None, by: str, now: datetime
) -> bool:
    """False if they are there already."""
    return bool(
        await sql.fetchval(
            """insert into people (name, roles, legal_entities, from_directory, added_by, added_at)
               values ($1, $2, $3, false, $4, $5) on conflict (name) do nothing returning true""",
            name,
            list(roles),
            None if legal_entities is None else list(legal_entities),
            by,
            now,
        )
    )


async def from_directory(
    sql: Sql, name: str, *, roles: Sequence[str], legal_entities: Sequence[str] | None, now: datetime
) -> bool:
    """As the sign-in service says they are now; who has no role there is not kept. False when nothing changed."""
    if not roles:
        return await remove(sql, name)
    return bool(
        await sql.fetchval(
            """insert into people (name, roles, legal_entities, from_directory, added_by, added_at)
               values ($1, $2, $3, true, 'sign-in service', $4)
               on conflict (name) do update set roles = excluded.roles, legal_entities = excluded.legal_entities
                 where (people.roles, people.legal_entities) is distinct from (excluded.roles, excluded.legal_entities)
               returning true""",
            name,
            list(roles),
            None if legal_entities is None else list(legal_entities),
            now,
        )
    )


async def change(sql: Sql, name: str, *, roles: Sequence[str], legal_entities: Sequence[str] | None) -> Row | None:
    """Other roles, other limits. Returns them as they were before; None if there is nobody of that name."""
    return await sql.fetchrow(
        """with before as (select * from people where name = $1 for update)
           update people set roles = $2, legal_entities = $3, from_directory = false
           from before where people.name = before.name
           returning before.roles, before.legal_entities""",
        name,
        list(roles),
        None if legal_entities is None else list(legal_entities),
    )


async def remove(sql: Sql, name: str) -> bool:
    """With their keys and their sessions; false if there is nobody of that name."""
    await sql.execute("delete from sessions where person = $1", name)
    return bool(await sql.fetchval("delete from people where name = $1 returning true", name))
