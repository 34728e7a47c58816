"""Access keys: what programs, and people without a sign-in service, come in with. Only their digests are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key for a program, or, with a person, one that may never do more than they."""

    id: str
    name: str
    person: str | None
    rights: tuple[str, ...]
    legal_entities: tuple[str, ...] | None
    digest: str
    expires_at: datetime


async def add(sql: Sql, new: NewKey, *, by: str, now: datetime) -> None:
    await sql.execute(
        """insert into access_keys
             (id, name, person, rights, legal_entities, digest, made_by, made_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        new.id,
        new.name,
        new.person,
        list(new.rights),
        None if new.legal_entities is None else list(new.legal_entities),
        new.digest,
        by,
        now,
        new.expires_at,
    )


async def one(sql: Sql, id_: str) -> Row | None:
    """With the roles and limits of its person, as they are now."""
    return await sql.fetchrow(
        """select access_keys.*, people.roles as person_roles, people.legal_entities as person_legal_entities
           from access_keys left join people on people.name = access_keys.person where access_keys.id = $1""",
        id_,
    )


async def listed(sql: Sql) -> list[Row]:
    return await sql.fetch("select * from access_keys order by made_at desc, id")


async def used(sql: Sql, id_: str, *, now: datetime) -> None:
    await sql.execute("update access_keys set used_at = $2 where id = $1", id_, now)


async def remove(sql: Sql, id_: str) -> Sequence[str]:
    """The name of the key that is gone now; empty if there was none."""
    return [row["name"] for row in await sql.fetch("delete from access_keys where id = $1 returning name", id_)]
