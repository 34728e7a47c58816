"""The judge: what is wrong after a life, seen from the systems and from what people did. Our own tables are not asked.

With three exceptions: the log of events says in which order things happened, a run that is still open must have
somebody or something that will go on with it, and what we believe that a system agreed to must be what it holds: a
wrong belief harms nobody until that value is wanted again, and then nothing is sent.
"""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tests.simulation.estate import Estate, Kept
from tests.simulation.firm import DESKS, MADE
from tests.simulation.people import People
from throughline.store.database import Sql

ENTERED = ("customers", "deals")
NAMED = {"invoices": "memo", "bookings": "opportunity", "projects": "name", "milestones": "name", "messages": "text"}


async def wrong(estate: Estate, people: People, sql: Sql) -> list[str]:
    """Every sentence is something that must never be."""
    deals = await _deals(sql)
    made = {(resource, _deal(resource, each, deals)): each for resource in MADE for each in _all(estate, resource)}
    return [
        *_lost(people, made),
        *_doubled(estate, deals),
        *_stale(estate, people),
        *_books(estate, people),
        *_order(estate, deals),
        *await _misbelieved(estate, sql),
        *await _forgotten(sql),
    ]


async def at_rest(estate: Estate, sql: Sql) -> bool:
    """Whether there is nothing left to do: everything that people entered was heard, and no run is open."""
    rows = await sql.fetch("select key, body ->> 'changed' as changed from records where system = 'north'")
    heard = {row["key"]: row["changed"] for row in rows}
    said = {kept.key: kept.body["changed"] for resource in ENTERED for kept in _all(estate, resource, "north")}
    left = "(select count(*) from runs where state <> 'done') + (select count(*) from captures where state = 'new')"
    return heard == said and not await sql.fetchval(f"select {left}")


async def asked(sql: Sql, began: datetime, before: float) -> list[tuple[str, str]]:
    """Questions whether something arrived that were open at that time, and the deals they are about."""
    rows = await sql.fetch(
        """select h.id, e.fields ->> 'name' as deal from holds h join entities e on e.id = h.subject
           where h.state = 'open' and h.kind = 'unknown' and h.opened_at < $1 order by h.seq""",
        began + timedelta(seconds=before),
    )
    return [(row["id"], row["deal"]) for row in rows]


def _lost(people: People, made: dict[tuple[str, str], Kept]) -> list[str]:
    return [
        f"{deal} has none of {resource}" for deal in people.sold for resource in MADE if (resource, deal) not in made
    ]


def _doubled(estate: Estate, deals: dict[str, str]) -> list[str]:
    counted = Counter((resource, _deal(resource, each, deals)) for resource in MADE for each in _all(estate, resource))
    counted.update(("customers", str(each.body["ours"])) for each in _all(estate, "customers", "south"))
    return [f"{name} has {n} of {resource}" for (resource, name), n in counted.items() if n > 1]


def _stale(estate: Estate, people: People) -> list[str]:
    """A customer who was renamed is called so in the ledger, by the last name."""
    ledger = {str(each.body["phone"]): str(each.body["name"]) for each in _all(estate, "customers", "south")}
    now = {
        body["phone"]: body["name"]
        for key in people.customers
        if (body := estate.shelf("north", "customers")[key].body)
    }
    return [
        f"{name} is {ledger.get(phone, 'unknown')} in the ledger"
        for phone, name in now.items()
        if ledger.get(phone, f"Firm {phone}") != name
    ]


def _books(estate: Estate, people: People) -> list[str]:
    billed = sum((Decimal(str(each.body["total"])) for each in _all(estate, "invoices")), Decimal())
    sold = Decimal(sum(people.sold.values())) / 100
    return [] if billed == sold else [f"{sold} was sold, and {billed} is billed"]


def _order(estate: Estate, deals: dict[str, str]) -> list[str]:
    """In a lane, the first thing done for a deal comes after the last thing made for the one before."""
    at: dict[str, list[float]] = {}
    for resource in MADE:
        for each in _all(estate, resource):
            at.setdefault(_deal(resource, each, deals), []).append(each.made_at)
    lanes: dict[int, list[str]] = {}
    for id_, name in deals.items():
        if name in at:
            lanes.setdefault(int(id_.rpartition("-")[2]) % DESKS, []).append(name)
    return [
        f"{later} was begun before {earlier} was done"
        for lane in lanes.values()
        for earlier, later in pairwise(lane)
        if min(at[later]) < max(at[earlier])
    ]


async def _misbelieved(estate: Estate, sql: Sql) -> list[str]:
    rows = await sql.fetch("select key, sent from links where system = 'south' and kind = 'customer' order by key")
    held = {kept.key: kept.body for kept in _all(estate, "customers", "south")}
    return [
        f"{row['key']} is believed to hold {value} as its {name}, and holds {held[row['key']].get(name)}"
        for row in rows
        for name, value in sorted(row["sent"].items())
        if row["key"] in held and held[row["key"]].get(name) != value
    ]


async def _forgotten(sql: Sql) -> list[str]:
    rows = await sql.fetch(
        """select r.id, r.state, r.why from runs r left join lanes l on l.key = r.lane where r.state <> 'done'
             and l.due_at is null and l.lease_until is null
             and not exists (select from holds h where h.run = r.id and h.state = 'open') order by r.seq"""
    )
    left = await sql.fetch("select id, state, why from runs where state <> 'done' order by seq")
    return [f"{row['id']} is {row['state']} ({row['why']}) and nobody will go on with it" for row in rows] + [
        f"{row['id']} is still {row['state']}: {row['why']}" for row in left
    ]


async def _deals(sql: Sql) -> dict[str, str]:
    """The deals that were won, in the order in which that was heard: our id, and the name everybody knows."""
    rows = await sql.fetch(
        """select v.subject, e.fields ->> 'name' as name from events v join entities e on e.id = v.subject
           where v.type = 'OpportunityWon' order by v.seq"""
    )
    return {row["subject"]: row["name"] for row in rows}


def _deal(resource: str, kept: Kept, deals: dict[str, str]) -> str:
    said: Any = kept.body[NAMED[resource]]
    return deals.get(said, str(said))


def _all(estate: Estate, resource: str, system: str | None = None) -> list[Kept]:
    return [
        kept
        for (where, what), shelf in estate.shelves.items()
        if what == resource and system in {None, where}
        for kept in shelf.values()
    ]
