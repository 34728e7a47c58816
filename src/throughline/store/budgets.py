"""Rate budgets and breakers: what all workers together may ask of a system, and which endpoints are resting."""

from datetime import datetime
from typing import Any

from throughline.store.database import Row, Sql


async def read(sql: Sql, system: str, credential: str) -> Row | None:
    return await sql.fetchrow(
        "select state, version from call_budgets where system = $1 and credential = $2", system, credential
    )


async def swap(sql: Sql, system: str, credential: str, state: dict[str, Any], *, version: int, now: datetime
               ) -> int | None:  # fmt: skip
    """Write what follows from the version that was read; None when somebody else has been quicker."""
    return await sql.fetchval(
        """insert into call_budgets (system, credential, state, version, at) values ($1, $2, $3, 1, $5)
           on conflict (system, credential) do update
           set state = excluded.state, version = call_budgets.version + 1, at = excluded.at
           where call_budgets.version = $4 returning version""",
        system,
        credential,
        state,
        version,
        now,
    )


async def breakers(sql: Sql, *, now: datetime) -> list[Row]:
    """Endpoints that rest now."""
    return await sql.fetch("select * from breakers where open_until > $1", now)


async def tripped(sql: Sql, system: str) -> list[Row]:
    """Endpoints of a system that rest, or wait for one call to try them."""
    return await sql.fetch("select * from breakers where system = $1", system)


async def try_one(sql: Sql, system: str, endpoint: str, *, now: datetime, until: datetime) -> bool:
    """Whether the caller is the one who tries an endpoint whose rest is over; everybody else rests on until then."""
    return bool(
        await sql.fetchval(
            """update breakers set open_until = $4 where system = $1 and endpoint = $2 and open_until <= $3
               returning true""",
            system,
            endpoint,
            now,
            until,
        )
    )


async def trip(sql: Sql, system: str, endpoint: str, *, until: datetime, why: str, now: datetime) -> None:
    await sql.execute(
        """insert into breakers (system, endpoint, failures, open_until, why, at) values ($1, $2, 1, $3, $4, $5)
           on conflict (system, endpoint) do update set failures = breakers.failures + 1,
             open_until = excluded.open_until, why = excluded.why, at = excluded.at""",
        system,
        endpoint,
        until,
        why,
        now,
    )


async def untried(sql: Sql, system: str, endpoint: str, *, now: datetime) -> None:
    """The trying call came to nothing: the next one may try."""
    await sql.execute("update breakers set open_until = $3 where system = $1 and endpoint = $2", system, endpoint, now)


async def reset(sql: Sql, system: str, endpoint: str) -> None:
    await sql.execute("delete from breakers where system = $1 and endpoint = $2", system, endpoint)
