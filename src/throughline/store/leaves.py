"""Leaves that wait for their place in the audit log. One is written in the transaction of its action, or neither is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.core.leaves import OURSELVES
from throughline.store.database import Row, Sql

__all__ = ["DIGEST", "OURSELVES", "Waiting", "add", "sources", "take", "waiting"]

# What is behind a digest: PostgreSQL's own spelling of a JSON value, which is one for each value.
DIGEST = "encode(sha256(convert_to({}::text, 'UTF8')), 'hex')"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many leaves have no place yet, and since when the oldest waits."""

    leaves: int
    since: datetime | None


async def add(sql: Sql, *, actor: str, action: str, object_: str, content: Any, now: datetime) -> None:
    """For what has no statement of its own that could write it along."""
    await sql.execute(
        f"""insert into audit_waiting (at, actor, action, object, digest)
            values ($1, $2, $3, $4, {DIGEST.format("$5::jsonb")})""",  # noqa: S608 - our own words
        now,
        actor,
        action,
        object_,
        content,
    )


async def take(sql: Sql, *, limit: int) -> list[Row]:
    """The oldest of those whose actions are committed, with the engagement their run belongs to."""
    return await sql.fetch(
        """with oldest as materialized (select id from audit_waiting order by id limit $1),
             taken as (
               delete from audit_waiting using oldest where audit_waiting.id = oldest.id returning audit_waiting.*)
           select taken.id, taken.at, actor, action, object, run, source, digest,
                  coalesce(engagement, runs.correlation) as engagement
           from taken left join runs on runs.id = taken.run order by taken.id""",
        limit,
    )


async def waiting(sql: Sql) -> Waiting:
    row = await sql.fetchrow("select count(*) as leaves, min(at) as since from audit_waiting")
    return Waiting(row["leaves"], row["since"]) if row else Waiting(0, None)


async def sources(sql: Sql) -> set[str]:
    """Which rows of other tables have a leaf that waits."""
    rows = await sql.fetch("select source from audit_waiting where source is not null")
    return {row["source"] for row in rows}
