"""Archives: what was taken out of the tables into files, each with its certificate; and what is about to be."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import asyncpg

from throughline.store import months
from throughline.store.database import Pool, Row, Sql
from throughline.store.leaves import DIGEST
from throughline.store.months import NEEDED

EVENTS = "events"
ALONE = 0x7468726E  # the advisory lock that lets one worker at a time take things out


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is in an archive, from when to when, how many rows, their digest; who took it out, and by which policy."""

    id: str
    kind: str
    part: str
    first: int
    last: int
    since: datetime
    until: datetime
    rows: int
    bytes: int
    digest: str
    worker: str
    firm_version: int
    days: int
    at: datetime


@asynccontextmanager
async def alone(pool: Pool) -> AsyncGenerator[Sql | None]:
    """A connection of one's own, and nobody else who takes things out meanwhile; None when somebody does."""
    async with pool.acquire() as connection:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", ALONE):
            yield None
            return
        try:
            yield cast(Sql, connection)
        finally:
            if not connection.is_closed():
                await connection.execute("select pg_advisory_unlock($1)", ALONE)


def together(sql: Sql) -> AbstractAsyncContextManager[Any]:
    """What follows on this connection is one transaction."""
    return cast(asyncpg.Connection, sql).transaction()


async def open_engagements(sql: Sql) -> list[str]:
    """Engagements with a run that is not done or a hold that is open: nothing of theirs is taken away."""
    rows = await sql.fetch(
        """select correlation from runs where state <> 'done'
           union select correlation from holds where state = 'open' and correlation is not null"""
    )
    return sorted(row["correlation"] for row in rows)


async def undelivered(sql: Sql) -> int:
    """The oldest event that somebody who follows the events has not been given yet; nothing from there on may go."""
    return await sql.fetchval(
        """select least((select min(place) + 1 from subscriptions where state <> 'off'),
                        (select min(seq) from deliveries where state in ('due', 'behind', 'failed')), $1)""",
        NEWEST,
    )


async def rows(sql: Sql, part: str, open_: Sequence[str], *, after: int, limit: int) -> list[Row]:
    """What could leave a part, oldest first, each as one line of JSON."""
    key, needed = _shape(part)
    return await sql.fetch(
        f"""select {key} as key, at, row_to_json(part)::text as line from {part} part
            where {key} > $2 and not {needed} order by {key} limit $3""",  # noqa: S608 - names of our own
        list(open_),
        after,
        limit,
    )


async def leaving(sql: Sql, part: str, open_: Sequence[str], *, up_to: int) -> int:
    """How many rows would leave a part that is read up to here."""
    key, needed = _shape(part)
    return await sql.fetchval(
        f"select count(*) from {part} where {key} <= $2 and not {needed}",  # noqa: S608 - names of our own
        list(open_),
        up_to,
    )


async def held_still(sql: Sql, part: str) -> None:
    """Nobody writes into a part until the transaction ends. Whoever is in the way is not waited for long."""
    await sql.execute("set local lock_timeout = '500ms'")
    if part != EVENTS:  # what is old is never changed there, and what is new must not wait
        await sql.execute(f"lock table {part} in share mode")


async def remove(sql: Sql, part: str, open_: Sequence[str], *, up_to: int) -> None:
    """Take out what is in the archive by now."""
    if part == EVENTS:
        await sql.execute(f"delete from events where seq <= $2 and not {_OPEN}", list(open_), up_to)  # noqa: S608 - same
    elif await months.needed(sql, part, open_):
        await months.leave_only(sql, part, open_)
    else:
        await months.take_away(sql, part)


NEWEST = 2**63 - 1
_OPEN = "correlation = any($1)"


def _shape(part: str) -> tuple[str, str]:
    return ("seq", _OPEN) if part == EVENTS else ("id", NEEDED)


_TOLD = DIGEST.format("jsonb_build_array(kind, part, first, last, rows, digest, firm_version, days)")


async def certify(sql: Sql, certificate: Certificate) -> None:
    said = [getattr(certificate, name) for name in Certificate.__slots__]
    places = ", ".join(f"${n}" for n in range(1, len(said) + 1))
    await sql.execute(
        f"""with certified as (
              insert into archives ({", ".join(Certificate.__slots__)}) values ({places}) returning *)
            insert into audit_waiting (at, actor, action, object, digest)
            select at, worker, 'archived', id, {_TOLD} from certified""",  # noqa: S608 - same
        *said,
    )


async def uncertified(sql: Sql) -> list[Row]:
    """Archives whose certificate has not been put beside their file yet."""
    return await sql.fetch("select * from archives where certified_at is null order by seq")


async def certified(sql: Sql, id_: str, *, now: datetime) -> None:
    await sql.execute("update archives set certified_at = $2 where id = $1", id_, now)


async def made_of(sql: Sql, part: str) -> int:
    """How many archives were made of a part."""
    return await sql.fetchval("select count(*) from archives where part = $1", part)


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from archives where id = $1", id_)


async def listed(sql: Sql, *, kind: str | None = None, before: int | None = None, limit: int = 50) -> list[Row]:
    """Newest first."""
    return await sql.fetch(
        """select * from archives where ($1::text is null or kind = $1) and ($2::bigint is null or seq < $2)
           order by seq desc limit $3""",
        kind,
        before,
        limit,
    )


async def that_may_hold(sql: Sql, capture: int) -> list[Row]:
    """Archives of the month a capture belongs to, whose range its number is in."""
    month = f"captures_{months.number_of(capture):d}"
    return await sql.fetch(
        "select * from archives where part = any($1) and last >= $2 and first <= $2 order by seq",
        [month, f"{month}_in", f"{month}_out"],
        capture,
    )


async def forget(sql: Sql, *, notices_before: datetime, keys_before: datetime, limit: int) -> int:
    """Repeats are told from first times for so long only; returns how many were forgotten."""
    return await sql.fetchval(
        """with old_notices as (
             delete from notices where (system, id) in (
               select system, id from notices where at < $1 order by at limit $3 for update skip locked) returning 1),
           old_keys as (
             delete from idempotency_keys where key in (
               select key from idempotency_keys where at < $2 order by at limit $3 for update skip locked) returning 1)
           select (select count(*) from old_notices) + (select count(*) from old_keys)""",
        notices_before,
        keys_before,
        limit,
    )
