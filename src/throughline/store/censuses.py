"""Censuses: what a system counts itself, and what we hold of it."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from throughline.core.money import plain
from throughline.store.database import Row, Sql

_MOMENT = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$"
_NUMBER = r"^-?\d+(\.\d+)?$"


@dataclass(frozen=True, slots=True)
class Taken:
    """One census: of which records, what was said, what is held."""

    system: str
    kind: str
    period: str
    since: datetime
    until: datetime
    said: int
    held: int
    said_totals: Dict[str, Decimal] | None
    held_totals: Dict[str, Decimal]
    finding: str


async def held(sql: Sql, system: str, kind: str, *, changed: str, since: datetime, until: datetime,
               control: tuple[str, str] | None) -> tuple[int, dict[str, Decimal]]:  # fmt: skip
    """How many records we hold that were last changed in a time, and what a field of theirs adds up to by currency."""
    rows = await sql.fetch(
        """select body #>> $8 as currency, count(*) as records,
                  sum(case when body #>> $7 ~ $9 then (body #>> $7)::numeric end) as total
           from records
           where system = $1 and kind = $2
             and case when body #>> $3 ~ $6
                      then (body #>> $3)::timestamptz >= $4 and (body #>> $3)::timestamptz < $5 end
           group by 1""",
        system,
        kind,
        changed.split("."),
        since,
        until,
        _MOMENT,
        control[0].split(".") if control else [],
        control[1].split(".") if control else [],
        _NUMBER,
    )
    totals = {row["currency"]: row["total"] for row in rows if control and row["currency"] and row["total"] is not None}
    return sum(row["records"] for row in rows), totals


async def keep(sql: Sql, taken: Taken, *, now: datetime) -> None:
    await sql.execute(
        """insert into censuses (system, kind, period, said, held, said_totals, held_totals, finding, since, until,
                                 differs_since, taken_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $8 <> 'complete' then $11::timestamptz end, $11)
           on conflict (system, kind, period) do update set said = excluded.said, held = excluded.held,
             said_totals = excluded.said_totals, held_totals = excluded.held_totals, finding = excluded.finding,
             until = excluded.until, taken_at = excluded.taken_at,
             differs_since = case when excluded.finding <> 'complete'
                                  then coalesce(censuses.differs_since, excluded.differs_since) end""",
        taken.system,
        taken.kind,
        taken.period,
        taken.said,
        taken.held,
        None if taken.said_totals is None else _spelled(taken.said_totals),
        _spelled(taken.held_totals),
        taken.finding,
        taken.since,
        taken.until,
        now,
    )


def _spelled(totals: Dict[str, Decimal]) -> dict[str, str]:
    return {currency: plain(totals[currency]) for currency in sorted(totals)}


async def listed(sql: Sql) -> list[Row]:
    """Newest month first."""
    return await sql.fetch("select * from censuses order by since desc, system, kind")
