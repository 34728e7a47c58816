"""Idempotency keys: what was answered to a request that may come again."""

from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql


async def alone(sql: Sql, key: str) -> bool:
    """Be the only one with this key until the transaction ends; false if somebody else is."""
    return await sql.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 3))", key)


async def one(sql: Sql, key: str) -> Row | None:
    return await sql.fetchrow("select request, status, body from idempotency_keys where key = $1", key)


async def keep(sql: Sql, key: str, *, request: str, status: int, body: dict[str, Any], now: datetime) -> None:
    await sql.execute(
        "insert into idempotency_keys (key, request, status, body, at) values ($1, $2, $3, $4, $5)",
        key,
        request,
        status,
        body,
        now,
    )
