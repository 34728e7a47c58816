"""Access tokens, sealed, shared by all workers: one refresh serves everybody."""

from datetime import datetime, timedelta

from throughline.store.database import Row, Sql


async def one(sql: Sql, system: str) -> Row | None:
    return await sql.fetchrow("select * from tokens where system = $1", system)


async def ask(sql: Sql, system: str, *, fingerprint: str, now: datetime, lease: timedelta) -> Row | None:
    """Be the only one who asks for a token, and write down that it is asked for; None while somebody else does.

    `unanswered` counts those who asked with the same credentials before and never wrote down an answer.
    """
    return await sql.fetchrow(
        """insert into token_requests (system, fingerprint, asked_at, lease_until, unanswered)
           values ($1, $2, $3, $3::timestamptz + $4, 0)
           on conflict (system) do update set lease_until = excluded.lease_until, fingerprint = excluded.fingerprint,
             asked_at = case when token_requests.fingerprint = $2 then token_requests.asked_at else $3 end,
             unanswered = case when token_requests.fingerprint = $2 then token_requests.unanswered + 1 else 0 end
           where token_requests.lease_until <= $3
           returning asked_at, unanswered""",
        system,
        fingerprint,
        now,
        lease,
    )


async def answered(sql: Sql, system: str) -> None:
    """They said no, or were never reached: nothing is in doubt, and anybody may ask."""
    await sql.execute("delete from token_requests where system = $1", system)


async def unanswered(sql: Sql, system: str, *, now: datetime) -> None:
    """No answer that can be read: anybody may ask, and will know."""
    await sql.execute("update token_requests set lease_until = $2 where system = $1", system, now)


async def keep(sql: Sql, system: str, *, fingerprint: str, sealed: bytes, expires_at: datetime | None,
               instead_of: int, now: datetime) -> bool:  # fmt: skip
    """The next token after number `instead_of`; false if another worker has kept one since."""
    return bool(
        await sql.fetchval(
            """with done as (delete from token_requests where system = $1)
               insert into tokens (system, fingerprint, sealed, expires_at, refreshed_at, refreshes)
               values ($1, $2, $3, $4, $6, 1)
               on conflict (system) do update set fingerprint = excluded.fingerprint, sealed = excluded.sealed,
                 expires_at = excluded.expires_at, refreshed_at = excluded.refreshed_at,
                 refreshes = tokens.refreshes + 1
               where tokens.refreshes = $5
               returning true""",
            system,
            fingerprint,
            sealed,
            expires_at,
            instead_of,
            now,
        )
    )
