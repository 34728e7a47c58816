"""The clockwork's own place in the event log, and what it counts on the way."""

from collections.abc import Mapping as Dict
from datetime import date, datetime

from throughline.store.database import Row, Sql


async def begin(sql: Sql, *, now: datetime) -> None:
    """From now on clocks are watched; what was late before is history."""
    await sql.execute(
        """insert into clockwork (one, place, since, firm_version) values (true, 0, $1, 0)
           on conflict do nothing""",
        now,
    )


async def claim(sql: Sql) -> Row | None:
    """Held until the transaction ends; None while another worker has it."""
    return await sql.fetchrow("select place, since, firm_version from clockwork for update skip locked")


async def since(sql: Sql) -> datetime | None:
    return await sql.fetchval("select since from clockwork")


async def advance(sql: Sql, place: int) -> None:
    await sql.execute("update clockwork set place = $1", place)


async def worked_out_for(sql: Sql, firm_version: int) -> None:
    await sql.execute("update clockwork set firm_version = $1", firm_version)


async def count(sql: Sql, happened: Dict[tuple[date, str], int]) -> None:
    await sql.execute(
        """insert into event_days (day, type, events) select * from unnest($1::date[], $2::text[], $3::bigint[])
           on conflict (day, type) do update set events = event_days.events + excluded.events""",
        [day for day, _ in happened],
        [type_ for _, type_ in happened],
        list(happened.values()),
    )
