"""Sessions: a browser stays signed in until it rests for half an hour, or for twelve hours, or until it is ended."""

import hashlib
from datetime import timedelta

from throughline.hub.machine import Machine
from throughline.store import journal, sessions
from throughline.store.database import Row, Sql, transaction
from throughline.store.sessions import NewSession

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
SECRET_BYTES = 32


async def begin(machine: Machine, person: str, *, access_key: str | None = None, shared_key: str | None = None) -> str:
    """What the browser keeps. Nobody can make one up, and the database alone does not let anybody in."""
    secret, now = machine.chance.randbytes(SECRET_BYTES).hex(), machine.clock()
    new = NewSession(digest_of(secret), person, access_key, shared_key)
    async with transaction(machine.pool) as sql:
        await sessions.begin(sql, new, now=now, over=now - ABSOLUTE)
        await _note(machine, sql, person, "sign in")
    return secret


async def alive(machine: Machine, secret: str, *, active: bool) -> Row | None:
    """The session, unless there is none or it is over. Only what a person does keeps it alive."""
    if not secret:
        return None
    digest, now = digest_of(secret), machine.clock()
    row = await sessions.one(machine.pool, digest)
    if row is None or now >= row["began_at"] + ABSOLUTE or now >= row["seen_at"] + IDLE:
        return None
    if active and now >= row["seen_at"] + SEEN_EVERY:
        await sessions.seen(machine.pool, digest, now=now)
    return row


async def end(machine: Machine, secret: str, *, person: str) -> None:
    """In this browser."""
    async with transaction(machine.pool) as sql:
        await sessions.end(sql, digest_of(secret))
        await _note(machine, sql, person, "sign out")


async def end_all(machine: Machine, person: str, *, by: str) -> int:
    """In every browser; says in how many."""
    async with transaction(machine.pool) as sql:
        ended = await sessions.end_all(sql, person)
        now = machine.clock()
        await journal.note(
            sql, actor=by, action="sign out everywhere", object_=f"person {person}", detail={"ended": ended}, now=now
        )
    return ended


def digest_of(secret: str) -> str:
    """What is kept of a secret with too much chance in it to be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def _note(machine: Machine, sql: Sql, person: str, action: str) -> None:
    now = machine.clock()
    await journal.note(sql, actor=person, action=action, object_=f"person {person}", detail={}, now=now)
