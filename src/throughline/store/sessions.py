"""Sessions: browsers in which somebody has signed in. Only the digest of what a browser keeps is kept here."""

from dataclasses import dataclass
from datetime import datetime

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class NewSession:
    """Who signed in, and with what: a key of theirs, the shared key, or neither when a sign-in service knows them."""

    digest: str
    person: str
    access_key: str | None = None
    shared_key: str | None = None


async def begin(sql: Sql, new: NewSession, *, now: datetime, over: datetime) -> None:
    """What began before `over` is over for good, and goes."""
    await sql.execute("delete from sessions where began_at < $1", over)
    await sql.execute(
        """insert into sessions (digest, person, access_key, shared_key, began_at, seen_at)
           values ($1, $2, $3, $4, $5, $5)""",
        new.digest,
        new.person,
        new.access_key,
        new.shared_key,
        now,
    )


async def one(sql: Sql, digest: str) -> Row | None:
    """With the roles and limits of its person, as they are now."""
    return await sql.fetchrow(
        """select sessions.*, people.name as known, people.roles, people.legal_entities
           from sessions left join people on people.name = sessions.person where digest = $1""",
        digest,
    )


async def seen(sql: Sql, digest: str, *, now: datetime) -> None:
    await sql.execute("update sessions set seen_at = $2 where digest = $1", digest, now)


async def end(sql: Sql, digest: str) -> None:
    await sql.execute("delete from sessions where digest = $1", digest)


async def end_all(sql: Sql, person: str) -> int:
    """Everywhere; says how many there were."""
    return len(await sql.fetch("delete from sessions where person = $1 returning digest", person))
