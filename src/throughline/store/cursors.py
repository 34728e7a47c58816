"""Cursors: how far each poll has read."""

from datetime import datetime, timedelta

from throughline.store.database import Row, Sql


async def claim(sql: Sql, system: str, kind: str, *, now: datetime, every: timedelta, lease: timedelta) -> Row | None:
    """Take a poll that is due; one worker at a time. `lease_until` is what its other statements are believed by."""
    return await sql.fetchrow(
        """insert into cursors (system, kind, lease_until) values ($1, $2, $3::timestamptz + $5)
           on conflict (system, kind) do update set lease_until = excluded.lease_until
           where (cursors.lease_until is null or cursors.lease_until < $3)
             and (cursors.polled_at is null or cursors.polled_at + $4 <= $3)
           returning cursor, lease_until""",
        system,
        kind,
        now,
        every,
        lease,
    )


async def advance(sql: Sql, system: str, kind: str, cursor: str | None, *, held: datetime, now: datetime,
                  lease: timedelta) -> datetime | None:  # fmt: skip
    """Move on and hold on; None when the lease `held` is over and somebody else has come in since."""
    return await sql.fetchval(
        """update cursors set cursor = coalesce($3, cursor), lease_until = $4::timestamptz + $5
           where system = $1 and kind = $2 and lease_until = $6 returning lease_until""",
        system,
        kind,
        cursor,
        now,
        lease,
        held,
    )


async def rest(sql: Sql, system: str, kind: str, *, held: datetime, now: datetime, why: str | None) -> None:
    """Leave, unless somebody else has come in since."""
    await sql.execute(
        """update cursors set lease_until = null, polled_at = $3, why = $4
           where system = $1 and kind = $2 and lease_until = $5""",
        system,
        kind,
        now,
        why,
        held,
    )


async def listed(sql: Sql) -> list[Row]:
    return await sql.fetch("select * from cursors order by system, kind")
