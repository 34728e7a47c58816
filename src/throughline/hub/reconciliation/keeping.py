"""Keeping breaks: which opened, which are still there, which are gone, and whose each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from throughline.core import exact
from throughline.core.firm import Firm
from throughline.core.money import plain
from throughline.core.reconciliation.breaks import Break, Cell, Comparison, Sort, at_stake
from throughline.core.reconciliation.standing import UNRECONCILED, BreakState, Standing, seen
from throughline.store import breaks, entities, leaves
from throughline.store.breaks import Seen
from throughline.store.database import Pool, Row, Sql, transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found. `first`: nobody compared before. `upto`: the last key that was looked at, where not all were."""

    found: Sequence[Break]
    now: datetime
    first: bool
    upto: str | None


async def keep(pool: Pool, firm: Firm, comparison: Comparison, kept: Kept) -> tuple[int, int, int, int]:
    """How many opened, how many closed, how many are unreconciled now, and how many are watched. Twice is once."""
    ids = [break_id(comparison, each) for each in kept.found]
    async with transaction(pool) as sql:
        rows = await breaks.standing(sql, comparison.name, ids)
        before = {row["id"]: row for row in rows}
        about = await _engagements(sql, [_about(each) for each in kept.found])
        now_seen = [
            _seen(firm, comparison, each, _stands(comparison, firm, each, before.get(id_), kept), about)
            for id_, each in zip(ids, kept.found, strict=True)
        ]
        gone = [row["id"] for row in rows if _is_gone(row, set(ids), kept.upto)]
        opened = [each.id for each in now_seen if each.times > (before[each.id]["times"] if each.id in before else 0)]
        closed = [id_ for id_ in gone if before[id_]["state"] in UNRECONCILED]
        await breaks.keep(sql, now_seen, now=kept.now)
        await breaks.close(sql, gone, now=kept.now)
        await _told(sql, comparison, opened, closed, now=kept.now)
    states = [each.state for each in now_seen]
    return len(opened), len(closed), sum(each in UNRECONCILED for each in states), states.count(BreakState.WATCHED)


def break_id(comparison: Comparison, found: Break) -> str:
    """Made of what it is, so that the same one is never there twice."""
    return f"break-{exact.digest(comparison.name, found.key, found.sort.value)[:12].lower()}"


def _stands(comparison: Comparison, firm: Firm, found: Break, row: Row | None, kept: Kept) -> Standing:
    before = Standing(BreakState(row["state"]), row["since"], row["times"]) if row else None
    sla = firm.policies.slas.get(comparison.sla or "")
    within = (sla.within if sla else None) or comparison.within
    return seen(before, now=kept.now, within=within, history=kept.first and found.sort is Sort.ORPHAN)


def _seen(firm: Firm, comparison: Comparison, found: Break, stands: Standing, engagements: dict[str, str]) -> Seen:
    worth = at_stake(comparison, found)
    about = _about(found)
    return Seen(
        id=break_id(comparison, found), comparison=comparison.name, key=found.key, sort=found.sort.value, about=about,
        engagement=engagements.get(about), period=found.key.partition("|")[2] or None, fields=found.fields,
        left=_said(comparison, found.left), right=_said(comparison, found.right),
        owner=firm.policies.hold_owner(comparison.part), amount=worth.amount if worth else None,
        currency=worth.currency if worth else None, state=stands.state.value, times=stands.times, since=stands.since,
    )  # fmt: skip


def _said(comparison: Comparison, said: tuple[Cell, ...] | None) -> dict[str, str | None] | None:
    if said is None:
        return None
    spelled = (plain(each) if not isinstance(each, str | None) else each for each in said)
    return {field.name: each for field, each in zip(comparison.fields, spelled, strict=True)}


def _about(found: Break) -> str:
    return found.key.partition("|")[0]


async def _engagements(sql: Sql, ids: Sequence[str]) -> dict[str, str]:
    """The engagement each belongs to: a deal itself, what came of it, or what points at what came of it."""
    known = await entities.many(sql, list(set(ids)))
    pointed = {str(row["fields"].get(name)) for row in known.values() for name in ("contract", "project")}
    above = await entities.many(sql, sorted(pointed))
    found = {id_: _deal(row, above) for id_, row in known.items()}
    return {id_: deal for id_, deal in found.items() if deal}


def _deal(row: Row, above: dict[str, Row]) -> str | None:
    if row["kind"] == "opportunity":
        return row["id"]
    over = (above.get(str(row["fields"].get(name))) for name in ("contract", "project"))
    return next((deal for each in (row, *over) if each and (deal := each["fields"].get("opportunity"))), None)


def _is_gone(row: Row, found: set[str], upto: str | None) -> bool:
    """Keys are looked at byte by byte in their order; behind the last one nobody looked."""
    return row["state"] != BreakState.CLOSED and row["id"] not in found and (upto is None or row["key"] <= upto)


async def _told(sql: Sql, comparison: Comparison, opened: list[str], closed: list[str], *, now: datetime) -> None:
    if opened or closed:
        await leaves.add(
            sql, actor=leaves.OURSELVES, action="reconciled", object_=f"comparison/{comparison.name}",
            content={"opened": opened, "closed": closed}, now=now,
        )  # fmt: skip
