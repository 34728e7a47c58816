"""The exception queue, cut as a person asks for it, and what the whole of that cut comes to."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from throughline.store.database import Row, Sql

# An amount nobody knows is no amount: it comes last, and is never taken for nothing.
RISK = "coalesce(amount, '-infinity')"
# By money at risk, then by clock. Both fall, so that an index is read from any place on.
MOST_FIRST = f"{RISK} desc, -seq desc"
NOBODY = "nobody"

STATES = {
    "open": "state = 'open' and snoozed_until is null",
    "snoozed": "state = 'open' and snoozed_until is not null",
    "regressed": "state = 'open' and regressed and snoozed_until is null",
    "closed": "state = 'closed'",
}
# Each way to cut it, beside the value it is cut by.
CUTS = {
    "owner": "owner = {}",
    "assignee": "assignee = {}",
    "system": "at_system = {}",
    "workflow": "workflow = {}",
    "cause": "cause = {}",
    "currency": "currency = {}",
    "at_least": "amount >= {}",
    "opened_before": "opened_at < {}",
    "ids": "id = any({})",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which holds. What is not said does not matter; `unknown` wants only those whose amount nobody knows.

    `assignee` may be "nobody". `at_least` counts in each hold's own currency: say `currency` with it.
    """

    state: str = "open"
    owner: str | None = None
    assignee: str | None = None
    system: str | None = None
    workflow: str | None = None
    cause: str | None = None
    currency: str | None = None
    at_least: Decimal | None = None
    unknown: bool = False
    opened_before: datetime | None = None
    ids: tuple[str, ...] = ()

    @property
    def said(self) -> dict[str, Any]:
        """Only what was said, as it can be kept."""
        told = {name: value for name, value in asdict(self).items() if value}
        return {name: str(v) if isinstance(v, Decimal | datetime) else v for name, v in told.items()}


async def page(sql: Sql, wanted: Wanted, *, after: tuple[Decimal | None, int] | None = None, limit: int = 50
               ) -> list[Row]:  # fmt: skip
    """By money at risk, then by clock: the first page is what to do first."""
    where, said = cut(wanted)
    if after:
        said += [Decimal("-Infinity") if after[0] is None else after[0], -after[1]]
        where += f" and ({RISK}, -seq) < (${len(said) - 1}::numeric, ${len(said)}::bigint)"
    said.append(limit)
    return await sql.fetch(
        f"select * from holds where {where} order by {MOST_FIRST} limit ${len(said)}",  # noqa: S608 - our own words
        *said,
    )


# Each engagement's money once, however many of its holds are open; a system's hold belongs to none.
_EACH = """select {by} currency, correlation, count(*) as holds, count(*) - count(amount) as unknown,
      max(amount) as amount, min(opened_at) as since
    from holds where {where} group by {by} currency, correlation, case when correlation is null then at_system end"""


async def totals(sql: Sql, wanted: Wanted) -> list[Row]:
    """Per currency: how many holds, what they hold up, and of how many nobody knows what that is."""
    where, said = cut(wanted)
    return await sql.fetch(
        f"""select currency, sum(holds)::int as holds, sum(unknown)::int as unknown, sum(amount) as amount
            from ({_EACH.format(by="", where=where)}) each group by currency order by currency""",  # noqa: S608 - same
        *said,
    )


async def grouped(sql: Sql, wanted: Wanted, *, limit: int) -> list[Row]:
    """Per cause and currency, what it holds up, most first: how many, how much, and since when."""
    where, said = cut(wanted)
    each = _EACH.format(by="cause,", where=f"{where} and cause is not null")
    return await sql.fetch(
        f"""select cause, currency, sum(holds)::int as holds, sum(unknown)::int as unknown, sum(amount) as amount,
                   min(since) as since
            from ({each}) each group by cause, currency
            order by sum(amount) desc nulls last, min(since), cause limit ${len(said) + 1}""",  # noqa: S608 - same
        *said,
        limit,
    )


async def owners(sql: Sql) -> dict[str, int]:
    """Who has how many to do, most first."""
    rows = await sql.fetch(
        """select owner, count(*) as n from holds where state = 'open' and snoozed_until is null
           group by owner order by n desc, owner"""
    )
    return {row["owner"]: row["n"] for row in rows}


async def standing(sql: Sql) -> list[Row]:
    """How many are open, snoozed, and come back."""
    return await sql.fetch(
        """select count(*) filter (where snoozed_until is null) as open,
                  count(*) filter (where snoozed_until is not null) as snoozed,
                  count(*) filter (where regressed and snoozed_until is null) as regressed
           from holds where state = 'open'"""
    )


def cut(wanted: Wanted) -> tuple[str, list[Any]]:
    """The conditions of a cut, each with its value. Only those that are said: so an index fits what is asked."""
    said: list[Any] = []
    where = [STATES[wanted.state]] if not wanted.ids else ["state = 'open'"]
    for name, condition in CUTS.items():
        value = getattr(wanted, name)
        if name == "assignee" and value == NOBODY:
            where.append("assignee is null")
        elif value:
            said.append(list(value) if isinstance(value, tuple) else value)
            where.append(condition.format(f"${len(said)}"))
    if wanted.unknown:
        where.append("amount is null")
    return " and ".join(where), said
