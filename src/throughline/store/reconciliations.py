"""Reconciliations: when each comparison is due, who is at it, and what its two sides came to."""

from datetime import datetime, timedelta
from typing import Any

from throughline.store.database import Row, Sql


async def claim(sql: Sql, comparison: str, *, now: datetime, lease: timedelta, early: bool) -> Row | None:
    """Take a comparison that is due, or one that somebody wants `early`; one worker at a time."""
    return await sql.fetchrow(
        """insert into reconciliations (comparison, due_at, lease_until, began_at, left_said, right_said)
           values ($1, $2, $2::timestamptz + $3, $2, '{}', '{}')
           on conflict (comparison) do update set lease_until = excluded.lease_until, began_at = excluded.began_at
           where (reconciliations.lease_until is null or reconciliations.lease_until < $2)
             and (reconciliations.due_at <= $2 or $4)
           returning comparison, lease_until, first_at""",
        comparison,
        now,
        lease,
        early,
    )


async def finish(sql: Sql, comparison: str, *, held: datetime, now: datetime, due: datetime, said: tuple[Any, Any],
                 why: str | None) -> bool:  # fmt: skip
    """What both sides came to, unless the lease was over and somebody else came in."""
    found = await sql.fetchval(
        """update reconciliations set lease_until = null, first_at = coalesce(first_at, $3), finished_at = $3,
             due_at = $4, left_said = $5, right_said = $6, why = $7
           where comparison = $1 and lease_until = $2 returning comparison""",
        comparison,
        held,
        now,
        due,
        *said,
        why,
    )
    return found is not None


async def leave(sql: Sql, comparison: str, *, held: datetime, due: datetime, why: str) -> None:
    """It could not be made this time, and why."""
    await sql.execute(
        """update reconciliations set lease_until = null, due_at = $3, why = $4
           where comparison = $1 and lease_until = $2""",
        comparison,
        held,
        due,
        why,
    )


async def listed(sql: Sql) -> list[Row]:
    return await sql.fetch("select * from reconciliations order by comparison")


async def read_whole(sql: Sql, system: str, kind: str) -> bool:
    """Whether the first read of a kind has come to its end."""
    return await sql.fetchval("select cursor is not null from cursors where system = $1 and kind = $2", system, kind)
