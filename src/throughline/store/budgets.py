"""Rate budgets and breakers: what all workers together may ask of a system, and which endpoints are resting."""

from datetime import datetime

from throughline.store.database import Row, Sql


async def open_bucket(sql: Sql, system: str, *, burst: float, now: datetime) -> None:
    """A system we never called has a full bucket."""
    await sql.execute(
        "insert into budgets (system, tokens, refilled_at) values ($1, $2, $3) on conflict (system) do nothing",
        system,
        burst,
        now,
    )


async def lease(sql: Sql, system: str, *, wanted: int, per_second: float, burst: float, now: datetime) -> int:
    """Take up to `wanted` calls out of the shared bucket; it refills with time. Returns how many were granted."""
    return await sql.fetchval(
        """with held as (
             select system, least($4::float8, tokens + greatest(extract(epoch from $5::timestamptz - refilled_at), 0)
                                                      * $3::float8) as there
             from budgets where system = $1 for update)
           update budgets set tokens = held.there - least($2::int, floor(held.there)),
                              refilled_at = greatest(budgets.refilled_at, $5)
           from held where budgets.system = held.system
           returning least($2::int, floor(held.there))::int""",
        system,
        wanted,
        per_second,
        burst,
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
