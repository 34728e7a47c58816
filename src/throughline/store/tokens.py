"""Access tokens, sealed, shared by all workers: one refresh serves everybody."""

from datetime import datetime

from throughline.store.database import Row, Sql


async def one(sql: Sql, system: str) -> Row | None:
    return await sql.fetchrow("select * from tokens where system = $1", system)


async def alone(sql: Sql, system: str) -> None:
    """Be the only worker refreshing this system's token until the transaction ends."""
    await sql.execute("select pg_advisory_xact_lock(hashtextextended($1, 2))", system)


async def keep(sql: Sql, system: str, *, fingerprint: str, sealed: bytes, expires_at: datetime | None,
               now: datetime) -> None:  # fmt: skip
    await sql.execute(
        """insert into tokens (system, fingerprint, sealed, expires_at, refreshed_at, refreshes)
           values ($1, $2, $3, $4, $5, 1)
           on conflict (system) do update set fingerprint = excluded.fingerprint, sealed = excluded.sealed,
             expires_at = excluded.expires_at,
             refreshed_at = excluded.refreshed_at, refreshes = tokens.refreshes + 1""",
        system,
        fingerprint,
        sealed,
        expires_at,
        now,
    )
