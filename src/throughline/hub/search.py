"""Search: whatever somebody has at hand, an id, a name, a number or an amount, and the engagements it leads to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.core import sought
from throughline.core.money import Money
from throughline.hub.engagements import NoSuchEngagement, behind, spellings
from throughline.hub.machine import Machine
from throughline.hub.telling import words
from throughline.store import search
from throughline.store.database import Row
from throughline.store.seen_by import hidden_here

LONGEST = 200
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One engagement, and by what it was found; or something we know that no deal has led to yet."""

    engagement: str | None
    name: str
    customer: str
    amount: dict[str, str] | None
    state: str
    open_holds: int
    began: datetime | None
    kind: str
    by: str


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something that fits what was typed, and why."""

    id: str
    kind: str
    fields: Mapping[str, Any]
    by: str


async def anything(machine: Machine, said: str, *, limit: int = MOST) -> tuple[Found, ...]:
    """What fits best first: an id, then words, then an amount; of those, the newest engagement first."""
    text = " ".join(said.replace("\0", " ").split())[:LONGEST]
    if not text:
        return ()
    things = await _things(machine, text, limit)
    led = await search.leading(machine.pool, list(things), each=limit)
    by: dict[str, _Thing | None] = dict.fromkeys(await _otherwise(machine, text) if not led else ())
    place = {id_: n for n, id_ in enumerate(things)}
    for row in sorted(led, key=lambda row: place[row["thing"]]):
        by.setdefault(row["engagement"], things[row["thing"]])
    ids = list(by)[:limit]
    told = {row["id"]: row for row in await search.told(machine.pool, ids)}
    leads = {row["thing"] for row in led}
    listed = [_engagement(told[id_], by[id_], text) for id_ in ids if id_ in told]
    return (*listed, *(_nowhere(thing) for thing in things.values() if thing.id not in leads))[:limit]


async def _things(machine: Machine, text: str, limit: int) -> dict[str, _Thing]:
    """By their ids, what fits best first; a thing that fits in two ways is told by the better one."""
    pool, amounts, hidden = machine.pool, sought.amounts(text), sorted(hidden_here() or ())
    by_id = await search.by_id(pool, spellings(text), limit=limit)
    by_words = await search.by_words(pool, text, hidden=hidden, limit=limit)
    by_amount = await search.by_amount(pool, amounts, hidden=hidden, limit=limit) if amounts else []
    told = [
        *((row, f"{_called(row)}, {row['key'] or row['id']}") for row in by_id),
        *((row, _called(row)) for row in by_words),
        *((row, f"{_called(row)}, {_worth(row['fields'], amounts)}") for row in by_amount),
    ]
    things: dict[str, _Thing] = {}
    for row, by in told:
        things.setdefault(row["id"], _Thing(row["id"], row["kind"], row["fields"], by))
    return things


async def _otherwise(machine: Machine, text: str) -> list[str]:
    """Ids of what is no entity: a run, a hold, an effect, an event."""
    try:
        return await behind(machine, text)
    except NoSuchEngagement:
        return []


def _engagement(row: Row, thing: _Thing | None, text: str) -> Found:
    return Found(
        engagement=row["id"],
        name=row["name"] or row["id"],
        customer=row["customer"] or "",
        amount=row["amount"],
        state=row["state"],
        open_holds=row["open_holds"],
        began=row["created_at"],
        kind=thing.kind if thing else "id",
        by=thing.by if thing else text,
    )


def _nowhere(thing: _Thing) -> Found:
    said = thing.fields
    return Found(
        engagement=None, name=said.get("name") or said.get("number") or thing.id, customer="", amount=None,
        state="no deal yet", open_holds=0, began=None, kind=thing.kind, by=thing.by,
    )  # fmt: skip


def _called(row: Row) -> str:
    """As "Invoice INV-1042" or "Customer Halden Energy"."""
    said = row["fields"]
    name = said.get("number") or said.get("name") or said.get("reference") or " ".join(
        part for part in (said.get("first_name"), said.get("last_name")) if part
    )  # fmt: skip
    return f"{words(row['kind'])} {name}".strip()


def _worth(fields: Mapping[str, Any], amounts: Iterable[Any]) -> str:
    """The amount of it that was asked for, with its currency."""
    wanted = {*amounts}
    monies = [value for value in fields.values() if isinstance(value, dict) and {*value} == {"amount", "currency"}]
    return next((str(money) for each in monies if (money := Money.model_validate(each)).amount in wanted), "")
