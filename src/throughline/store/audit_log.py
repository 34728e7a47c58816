"""The audit log: leaves in the order they were given, the subtrees above them, and the signed checkpoints."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, cast

import asyncpg

from throughline.core.merkle import Node
from throughline.store.database import Pool, Row, Sql

ALONE = 0x74687270  # the advisory lock that lets one sequencer at a time give places


@asynccontextmanager
async def alone(pool: Pool) -> AsyncGenerator[Sql | None]:
    """A connection of one's own, and no other sequencer meanwhile; None when there is one."""
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


@asynccontextmanager
async def standing_still(pool: Pool) -> AsyncGenerator[Sql]:
    """Everything as it is at one moment, however long reading it takes."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield cast(Sql, connection)


async def append(sql: Sql, *, first: int, entries: Sequence[str], hashes: Sequence[bytes]) -> None:
    await sql.execute(
        """insert into audit_log (seq, entry, hash)
           select $1::bigint + n - 1, entry, hash
           from unnest($2::text[], $3::bytea[]) with ordinality as t(entry, hash, n) order by n""",
        first,
        list(entries),
        list(hashes),
    )


async def keep_nodes(sql: Sql, nodes: Sequence[Node]) -> None:
    await sql.execute(
        """insert into audit_nodes (level, number, hash)
           select level, number, hash from unnest($1::int[], $2::bigint[], $3::bytea[]) as t(level, number, hash)""",
        [node.level for node in nodes],
        [node.number for node in nodes],
        [node.hash for node in nodes],
    )


async def hashes(sql: Sql, level: int, *, first: int, count: int) -> list[bytes]:
    """Hashes next to each other: of leaves, or of the subtrees that are kept."""
    said = "seq" if level == 0 else "number"
    where = "audit_log where" if level == 0 else "audit_nodes where level = $3 and"
    rows = await sql.fetch(
        f"select hash from {where} {said} >= $1 and {said} < $2 order by {said}",  # noqa: S608 - our own words
        first,
        first + count,
        *([level] if level else []),
    )
    return [row["hash"] for row in rows]


async def page(sql: Sql, *, first: int, limit: int, end: int | None = None) -> list[Row]:
    return await sql.fetch(
        "select * from audit_log where seq >= $1 and ($3::bigint is null or seq < $3) order by seq limit $2",
        first,
        limit,
        end,
    )


async def one(sql: Sql, seq: int) -> Row | None:
    return await sql.fetchrow("select * from audit_log where seq = $1", seq)


# By what leaves are looked for; each has an index with the moment behind it, or an engagement's few leaves.
ASKED = ("actor", "action", "object", "engagement")


async def newest_leaves(
    sql: Sql,
    said: Mapping[str, str],
    *,
    since: str | None = None,
    until: str | None = None,
    before: tuple[str, int] | None = None,
    limit: int,
) -> list[Row]:
    """Of all leaves, or of those that say so, the newest first; the statement names only what was asked."""
    if unknown := said.keys() - {*ASKED}:
        raise ValueError(
            f"no leaf is found by its {', '.join(sorted(unknown))}; there is an index for {', '.join(ASKED)}"
        )
    where: list[str] = []
    values: list[Any] = []
    for name, value in said.items():
        values.append(value)
        where.append(f"entry::jsonb ->> '{name}' = ${len(values)}")
    for sign, moment in ((">=", since), ("<", until)):
        if moment is not None:
            values.append(moment)
            where.append(f"entry::jsonb ->> 'at' {sign} ${len(values)}")
    if before is not None:
        values += before
        where.append(f"(entry::jsonb ->> 'at', seq) < (${len(values) - 1}, ${len(values)})")
    return await sql.fetch(
        f"""select *, entry::jsonb ->> 'at' as at from audit_log where {" and ".join(where) or "true"}
            order by entry::jsonb ->> 'at' desc, seq desc limit ${len(values) + 1}""",  # noqa: S608 - our own words
        *values,
        limit,
    )


async def of_engagement(sql: Sql, engagement: str, *, before: int | None = None, limit: int = 10_000) -> list[Row]:
    """Newest first."""
    return await sql.fetch(
        """select * from audit_log
           where entry::jsonb ->> 'engagement' = $1 and ($2::bigint is null or seq < $2) order by seq desc limit $3""",
        engagement,
        before,
        limit,
    )


async def places_within(sql: Sql, since: str, until: str) -> tuple[int, int] | None:
    """The first and the last place of what happened in a time. Between them may be a few of just before or after."""
    row = await sql.fetchrow(
        """select min(seq) as first, max(seq) as last from audit_log
           where entry::jsonb ->> 'at' >= $1 and entry::jsonb ->> 'at' < $2""",
        since,
        until,
    )
    return (row["first"], row["last"]) if row and row["first"] is not None else None


async def checkpoint(sql: Sql, *, size: int, frontier: bytes, note: str, now: datetime) -> None:
    await sql.execute(
        "insert into audit_checkpoints (size, at, frontier, note) values ($1, $2, $3, $4)", size, now, frontier, note
    )


async def newest_checkpoint(sql: Sql) -> Row | None:
    return await sql.fetchrow("select * from audit_checkpoints order by seq desc limit 1")


async def checkpoints_after(sql: Sql, seq: int, *, limit: int) -> list[Row]:
    return await sql.fetch("select * from audit_checkpoints where seq > $1 order by seq limit $2", seq, limit)


async def told_places(sql: Sql) -> list[Row]:
    """The places outside, and how many leaves the last checkpoint had that each has taken."""
    return await sql.fetch(
        """select place, size from audit_anchored join audit_checkpoints on audit_checkpoints.seq = checkpoint
           order by place"""
    )


async def anchored(sql: Sql, place: str) -> int:
    """The last checkpoint a place outside has taken."""
    return await sql.fetchval("select max(checkpoint) from audit_anchored where place = $1", place) or 0


async def anchor(sql: Sql, place: str, checkpoint: int) -> None:
    await sql.execute(
        """insert into audit_anchored (place, checkpoint) values ($1, $2)
           on conflict (place) do update set checkpoint = excluded.checkpoint""",
        place,
        checkpoint,
    )
