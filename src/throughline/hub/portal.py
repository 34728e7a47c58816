"""Portal: the few answers a customer's or an account manager's page needs, in words that do not change."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from throughline.core.money import Money
from throughline.hub.engagements import Engagement, one, spellings
from throughline.hub.machine import Machine
from throughline.store import effects, invoices, search
from throughline.store.database import Row

# What a run's state means to somebody who does not know what a run is.
STATUS = {"done": "complete", "held": "waiting", "defect": "waiting", "cancelled": "cancelled"}
SLA_NAMES = {"project_open": "Won to project open"}


class NoSuchInvoice(LookupError):
    """No invoice has this id or number."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What an engagement waits for: in one sentence, and who decides."""

    why: str
    owner: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How an engagement stands: in progress, waiting, complete or cancelled."""

    id: str
    name: str
    customer: str
    status: str
    won_at: datetime
    project_opened_at: datetime | None
    waiting_for: tuple[Waits, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """One invoice, as the ledger last said; what it has not said is None."""

    id: str
    number: str | None
    state: str | None
    issued_on: date | None
    due_on: date | None
    overdue_days: int
    total: Money | None
    open: Money | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise of the firm's policies: running, met or missed; `ended_at` is None while it runs."""

    name: str
    title: str
    status: str
    within_seconds: int
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None


async def status(machine: Machine, id_: str) -> Status:
    told = await one(machine, id_)
    opened = [hold for hold in told.holds if hold["state"] == "open"]
    return Status(
        id=told.id,
        name=told.deal.get("name") or told.id,
        customer=told.customer.get("name") or "",
        status="waiting" if opened else STATUS.get(told.state, "in progress"),
        won_at=told.began,
        project_opened_at=await _project_opened(machine, told),
        waiting_for=tuple(Waits(hold["why"], hold["owner"], hold["opened_at"]) for hold in opened),
    )


async def billed(machine: Machine, id_: str) -> tuple[Billed, ...]:
    """The invoices of an engagement, newest first."""
    return tuple(_billed(row, machine) for row in await invoices.of_deal(machine.pool, id_))


async def invoice(machine: Machine, any_id: str) -> Billed:
    """By its number, our id, or the ledger's."""
    text = any_id.replace("\0", "").strip()
    found = await search.by_id(machine.pool, spellings(text), limit=search.FEW)
    found += [
        row
        for row in await search.by_words(machine.pool, text, limit=search.FEW)
        if row["fields"].get("number") == text
    ]
    row = next((row for row in found if row["kind"] == "invoice"), None)
    if row is None:
        raise NoSuchInvoice(f"There is no invoice {text}. Give its number, or any system's id of it.")
    return _billed(row, machine)


async def promises(machine: Machine, id_: str) -> tuple[Promise, ...]:
    """What the firm promised for this engagement, whether it was kept; a promise in working hours is not told here."""
    told, firm = await one(machine, id_), (await machine.firms.current()).firm
    ends = {"project_open": await _project_opened(machine, told)}
    return tuple(
        _promise(name, sla.within, told.began, ends[name], machine.clock())
        for name, sla in firm.policies.slas.items()
        if name in ends and sla.clock == "always" and sla.within
    )


def _promise(name: str, within: timedelta, began: datetime, ended: datetime | None, now: datetime) -> Promise:
    due = began + within
    kept = (ended or now) <= due
    return Promise(
        name=name,
        title=SLA_NAMES[name],
        status=("met" if kept else "missed") if ended else ("running" if kept else "missed"),
        within_seconds=int(within.total_seconds()),
        started_at=began,
        due_at=due,
        ended_at=ended,
    )


async def _project_opened(machine: Machine, told: Engagement) -> datetime | None:
    done = await effects.of_runs(machine.pool, [run["id"] for run in told.runs])
    return min((row["at"] for row in done if row["kind"] == "project" and row["state"] == "confirmed"), default=None)


def _billed(row: Row, machine: Machine) -> Billed:
    said: dict[str, Any] = row["fields"]
    due, left = _day(said.get("due_on")), _money(said.get("open_amount"))
    owed = left is not None and not left.is_zero and said.get("state") not in {"void", "paid"}
    return Billed(
        id=row["id"],
        number=said.get("number"),
        state=said.get("state"),
        issued_on=_day(said.get("issued_on")),
        due_on=due,
        overdue_days=max((machine.clock().date() - due).days, 0) if due and owed else 0,
        total=_money(said.get("total")),
        open=left,
        updated_at=row["updated_at"],
    )


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _money(said: dict[str, str] | None) -> Money | None:
    return Money.model_validate(said) if said else None
