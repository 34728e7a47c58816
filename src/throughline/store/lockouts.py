"""Systems that do not let us in: the one open hold each of them has, who waits for it, and what that holds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from throughline.store.database import Row, Sql
from throughline.store.holds import OPENED

# The first to come back finds out whether the others may.
HEAD_START = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class SystemHold:
    """Why nobody may call a system; `refused` is the fingerprint of the credentials it did not accept."""

    id: str
    system: str
    why: str
    fix: str
    owner: str
    refused: str


async def open_(sql: Sql, hold: SystemHold, *, now: datetime) -> bool:
    """Open the system's hold; false if somebody did already."""
    return bool(
        await sql.fetchval(
            f"""with opened as (
                  insert into holds (id, system, subject, name, kind, why, fix, owner, refused, waiting, choices,
                                     candidates, state, opened_at)
                  values ($1, $2, $2, 'credentials', 'hold', $3, $4, $5, $6, 0, '{{}}', '[]', 'open', $7)
                  on conflict (system) where state = 'open' and system is not null do nothing returning *)
                {OPENED.format("$7")} returning true""",  # noqa: S608 - our own words
            hold.id,
            hold.system,
            hold.why,
            hold.fix,
            hold.owner,
            hold.refused,
            now,
        )
    )


async def hold_of(sql: Sql, system: str) -> Row | None:
    return await sql.fetchrow("select * from holds where system = $1 and state = 'open'", system)


async def listed(sql: Sql) -> list[Row]:
    return await sql.fetch("select * from holds where state = 'open' and system is not null order by system")


async def still(sql: Sql, systems: Sequence[str]) -> set[str]:
    """Which of these do not let us in until our transaction ends: whoever lets them go sees what we write."""
    rows = await sql.fetch(
        "select system from holds where system = any($1::text[]) and state = 'open' for share", list(systems)
    )
    return {row["system"] for row in rows}


async def held_up(sql: Sql, about: str) -> list[Row]:
    """Per currency: how many runs wait, and what they are worth; of each run the part that is worth the most."""
    return await sql.fetch(
        """select currency, count(*)::int as runs, sum(amount) as amount from (
             select distinct on (runs.id) part ->> 'currency' as currency, (part ->> 'amount')::numeric as amount
             from runs left join lateral jsonb_array_elements(parts) as part on true
             where state in ('held', 'waiting', 'retrying', 'defect') and reads @> array[$1::text]
             order by runs.id, (part ->> 'amount')::numeric desc nulls last) each
           group by currency order by sum(amount) desc nulls last""",
        about,
    )


async def retell(sql: Sql, hold: Row, held_up: Sequence[Row]) -> None:
    """Keep a hold's figures true. The queue sorts by one amount: that of the currency most is held up in."""
    waiting = sum(row["runs"] for row in held_up)
    amount, currency = (held_up[0]["amount"], held_up[0]["currency"]) if held_up else (None, None)
    if (hold["waiting"], hold["amount"], hold["currency"]) != (waiting, amount, currency):
        await sql.execute(
            "update holds set waiting = $2, amount = $3, currency = $4 where id = $1 and state = 'open'",
            hold["id"],
            waiting,
            amount,
            currency,
        )


async def wake(sql: Sql, about: str, *, now: datetime, apart: timedelta) -> None:
    """Make due whatever waits: the oldest run's lane at once, the others after it, as fast as they can be served."""
    await sql.execute(
        """insert into lanes (key, due_at, fence)
           select lane, case when n = 1 then $2::timestamptz else $2::timestamptz + $3 + (n - 2) * $4::interval end, 0
           from (select lane, row_number() over (order by min(seq)) as n from runs
                 where state in ('held', 'waiting', 'retrying', 'defect') and reads @> array[$1::text]
                 group by lane) each
           on conflict (key) do update set due_at = least(lanes.due_at, excluded.due_at)""",
        about,
        now,
        HEAD_START,
        apart,
    )
