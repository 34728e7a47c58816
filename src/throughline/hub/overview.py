"""Overview: engagements and holds as lists show them, with how far each has come and what it holds up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from throughline.hub.engagements import Engagement, one
from throughline.hub.machine import Machine
from throughline.hub.replays import NoSuchReplay, Progress
from throughline.hub.seal import Broken, Seal
from throughline.hub.stages import Reached, reached
from throughline.store import captures, dead_letters, engagements, entities, figures, holds, replays, runs
from throughline.store.database import Row

type Amounts = dict[str, Decimal]


class NoSuchPlace(ValueError):
    """A cursor that is not one of ours."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One engagement of a list."""

    seq: int
    id: str
    name: str
    customer: str
    commercial_model: str
    legal_entity: str
    amount: dict[str, str] | None
    state: str
    began: datetime
    ended: datetime | None
    open_holds: int
    at_risk: Amounts
    stages: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class Slice[T]:
    """One page of a list; `next` is the sealed place where the next one begins, None at the end."""

    rows: tuple[T, ...]
    next: str | None


async def deals(machine: Machine, *, cursor: str | None = None, limit: int = 50) -> Slice[Listed]:
    """Engagements, newest first."""
    places = Places(Seal(machine.firms.key), "engagements")
    rows = await engagements.listed(machine.pool, before=places.opened(cursor), limit=limit + 1)
    ids = [row["id"] for row in rows[:limit]]
    confirmed, risk = await figures.reached(machine.pool, ids), await figures.at_risk(machine.pool, ids)
    found = await in_erp_only(machine, confirmed)
    return places.slice(
        tuple(_listed(row, found.get(row["id"], set()), _risk(risk, row["id"])) for row in rows),
        limit,
        lambda each: each.seq,
    )


async def executions(
    machine: Machine, *, workflow: str | None, state: str | None, cursor: str | None = None, limit: int = 50
) -> Slice[Row]:
    """Runs, newest first."""
    places = Places(Seal(machine.firms.key), f"runs/{workflow}/{state}")
    before = places.opened(cursor)
    rows = await runs.listed(machine.pool, workflow=workflow, state=state, before=before, limit=limit + 1)
    return places.slice(tuple(rows), limit, lambda row: row["seq"])


async def exchanges(
    machine: Machine, *, system: str | None, state: str | None, engagement: str | None, cursor: str | None = None,
    limit: int = 50,
) -> Slice[Row]:  # fmt: skip
    """Captures, newest first."""
    places = Places(Seal(machine.firms.key), f"captures/{system}/{state}/{engagement}")
    rows = await captures.listed(
        machine.pool, system=system, state=state, correlation=engagement, before=places.opened(cursor), limit=limit + 1
    )
    return places.slice(tuple(rows), limit, lambda row: row["id"])


async def unmended(
    machine: Machine, *, system: str | None, kind: str | None, cause: str | None, cursor: str | None = None,
    limit: int = 50,
) -> Slice[Row]:  # fmt: skip
    """Dead letters that are not closed, newest first."""
    places = Places(Seal(machine.firms.key), f"dead_letters/{system}/{kind}/{cause}")
    rows = await dead_letters.listed(
        machine.pool, system=system, kind=kind, cause=cause, before=places.opened(cursor), limit=limit + 1
    )
    return places.slice(tuple(rows), limit, lambda row: row["seq"])


async def replayed(machine: Machine, *, cursor: str | None = None, limit: int = 50) -> Slice[Progress]:
    """Replays, newest first, with how far each has come."""
    places = Places(Seal(machine.firms.key), "replays")
    rows = await replays.listed(machine.pool, before=places.opened(cursor), limit=limit + 1)
    told = [Progress(row, await replays.progress(machine.pool, row["id"])) for row in rows]
    return places.slice(tuple(told), limit, lambda each: each.row["seq"])


async def replay_items(machine: Machine, id_: str, *, cursor: str | None = None, limit: int = 50) -> Slice[Row]:
    """The items of a replay, in the order they are gone through."""
    if await replays.one(machine.pool, id_) is None:
        raise NoSuchReplay(f"There is no replay {id_}.")
    places = Places(Seal(machine.firms.key), f"replays/{id_}")
    after = places.opened(cursor)
    rows = await replays.items(machine.pool, id_, after=-1 if after is None else after, limit=limit + 1)
    return places.slice(tuple(rows), limit, lambda row: row["n"])


async def stages(machine: Machine, engagement: Engagement) -> tuple[Reached, ...]:
    """How far one engagement has come."""
    confirmed = await in_erp_only(machine, await figures.reached(machine.pool, [engagement.id]))
    return reached(state=engagement.state, parts=engagement.parts, confirmed=confirmed.get(engagement.id, set()))


async def in_erp_only(machine: Machine, confirmed: dict[str, set[tuple[str, str]]]) -> dict[str, set[str]]:
    """The kinds that are confirmed. A customer is reached when the ERP has it: the CRM had it all along."""
    firm = (await machine.firms.current()).firm
    erps = {system.name for system in firm.systems if "erp" in system.roles}
    return {
        id_: {kind for system, kind in pairs if kind != "customer" or system in erps}
        for id_, pairs in confirmed.items()
    }


async def totals(machine: Machine) -> tuple[int, int, Amounts]:
    """How many engagements, how many open holds, and the money they hold up, each engagement's once."""
    money = {row["currency"]: row["amount"] for row in await figures.held_money(machine.pool)}
    return await engagements.counted(machine.pool), await holds.open_count(machine.pool), money


@dataclass(frozen=True, slots=True)
class Places:
    """Where lists go on, sealed: a place of one list, or of another filter, is not accepted by this one."""

    seal: Seal
    of: str

    def opened(self, cursor: str | None) -> Any:
        if cursor is None:
            return None
        try:
            return self.seal.open(f"place/{self.of}", cursor)
        except Broken as error:
            raise NoSuchPlace("This cursor is not one of this list: begin again without it.") from error

    def slice[T](self, rows: tuple[T, ...], limit: int, place: Callable[[T], Any]) -> Slice[T]:
        """One more row than wanted was asked for: if it is there, there is a next page."""
        kept = rows[:limit]
        more = len(rows) > limit
        return Slice(kept, self.seal.close(f"place/{self.of}", place(kept[-1])) if more else None)


def _listed(row: Row, confirmed: set[str], at_risk: Amounts) -> Listed:
    return Listed(
        seq=row["seq"],
        id=row["id"],
        name=row["name"] or row["id"],
        customer=row["customer"] or "",
        commercial_model=row["commercial_model"] or "",
        legal_entity=row["legal_entity"] or "",
        amount=row["amount"],
        state=row["state"],
        began=row["created_at"],
        ended=row["finished_at"],
        open_holds=row["open_holds"],
        at_risk=at_risk,
        stages=reached(state=row["state"], parts=row["parts"], confirmed=confirmed),
    )


def _risk(rows: list[Row], id_: str) -> Amounts:
    return {row["currency"]: row["amount"] for row in rows if row["correlation"] == id_}


async def some(machine: Machine, ids: list[str]) -> tuple[Listed, ...]:
    """A few engagements by their ids, as the list shows them."""
    confirmed = await in_erp_only(machine, await figures.reached(machine.pool, ids))
    risk = await figures.at_risk(machine.pool, ids)
    return tuple([_found(await one(machine, id_), confirmed.get(id_, set()), _risk(risk, id_)) for id_ in ids])


def _found(engagement: Engagement, confirmed: set[str], at_risk: Amounts) -> Listed:
    deal = engagement.deal
    return Listed(
        seq=0,
        id=engagement.id,
        name=deal.get("name") or engagement.id,
        customer=engagement.customer.get("name") or "",
        commercial_model=deal.get("commercial_model") or "",
        legal_entity=deal.get("legal_entity") or "",
        amount=deal.get("amount"),
        state=engagement.state,
        began=engagement.began,
        ended=engagement.ended,
        open_holds=sum(hold["state"] == "open" for hold in engagement.holds),
        at_risk=at_risk,
        stages=reached(state=engagement.state, parts=engagement.parts, confirmed=confirmed),
    )


async def names(machine: Machine, ids: list[str]) -> dict[str, str]:
    """What the deals behind these engagements are called."""
    known = await entities.many(machine.pool, ids)
    return {id_: row["fields"].get("name") or id_ for id_, row in known.items()}
