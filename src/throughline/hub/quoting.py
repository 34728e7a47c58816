"""Answers while somebody quotes: credit, price, template, and whether the deal would provision; with their age."""

import asyncio
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from throughline.core import quoting
from throughline.core.entities import Customer, Opportunity, Stage
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.firm import Firm
from throughline.core.quoting import Said
from throughline.core.roles import Role
from throughline.hub import accounts, plan
from throughline.hub.engagements import spellings
from throughline.hub.machine import Machine
from throughline.store import accounts as stored
from throughline.store import cursors, entities
from throughline.store.database import Row

# Somebody waits for this with a quote open; a system that takes longer is as good as away.
PATIENCE_SECONDS = 2.0
ALL = ("credit", "price", "template", "provision")


class NoSuchDeal(LookupError):
    """No deal has this id, or none that we have heard of yet."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something an answer rests on: who said it, and how long ago that was last asked. Not known is None."""

    name: str
    source: str
    as_of: datetime | None
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, its answer and reasons, and what it rests on."""

    question: str
    said: Said
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Quoting:
    """Everything that can be said of a deal before it is won."""

    deal: str
    name: str
    customer: str
    at: datetime
    answers: tuple[Answered, ...]


async def of(machine: Machine, any_id: str) -> Quoting:
    """Of the deal with this id of ours or of any system's."""
    found = await stored.called(machine.pool, "opportunity", spellings(any_id))
    row = (await entities.many(machine.pool, found[:1])).get(found[0]) if found else None
    if row is None:
        raise NoSuchDeal(f"No deal is known as {any_id}. One that was entered a moment ago is known at the next poll.")
    applied = await machine.firms.current()
    firm = applied.firm
    ages = _Ages(await _asked(machine), applied.version, firm, machine.clock())
    deal, unread = _deal(row)
    if deal is None:
        nobody = tuple(Answered(each, Said.unknown(unread), (ages.deal,)) for each in ALL)
        return Quoting(row["id"], row["fields"].get("name", ""), "", machine.clock(), nobody)
    customer = await _customer(machine, deal)
    answers = (
        await _credit(machine, deal, customer, ages),
        Answered("price", quoting.price(deal, firm), (ages.deal, ages.folder)),
        Answered("template", quoting.template(deal, firm), (ages.deal, ages.folder)),
        Answered(
            "provision", await _provision(machine, deal), (ages.deal, ages.folder, ages.now("systems, asked now"))
        ),
    )
    return Quoting(deal.id, deal.name, customer.name if customer else "", machine.clock(), answers)


@dataclass(frozen=True, slots=True)
class _Ages:
    """When each system was last asked for each kind; the folder is read as it is now."""

    asked: Dict[tuple[str, str], datetime]
    version: int
    firm: Firm
    at: datetime

    @property
    def deal(self) -> Fact:
        return self.of("deal", Role.CRM, "opportunity")

    @property
    def folder(self) -> Fact:
        return self._fact("prices and templates", f"the firm's folder, version {self.version}", self.at)

    def of(self, name: str, role: Role, kind: str) -> Fact:
        systems = self.firm.systems_playing(role, kind=kind)
        moments = [self.asked.get((each.name, kind)) for each in systems]
        # Of several systems the one that was asked longest ago; and of one that never was, nobody knows.
        oldest = None if None in moments else min((each for each in moments if each), default=None)
        return self._fact(name, ", ".join(each.name for each in systems), oldest)

    def now(self, name: str) -> Fact:
        return self._fact(name, "asked for this answer", self.at)

    def _fact(self, name: str, source: str, as_of: datetime | None) -> Fact:
        return Fact(name, source, as_of, None if as_of is None else (self.at - as_of).total_seconds())


async def _asked(machine: Machine) -> dict[tuple[str, str], datetime]:
    """A poll that did not get through learnt nothing."""
    rows: Sequence[Row] = await cursors.listed(machine.pool)
    return {(row["system"], row["kind"]): row["polled_at"] for row in rows if row["polled_at"] and not row["why"]}


def _deal(row: Row) -> tuple[Opportunity | None, str]:
    if row["unread"]:
        return None, f"the deal cannot be read: {'; '.join(row['unread'].values())}"
    try:
        return Opportunity.model_validate(row["fields"]), ""
    except ValidationError as error:
        return None, f"the deal is not complete: {error.errors()[0]['msg']}"


async def _customer(machine: Machine, deal: Opportunity) -> Customer | None:
    row = (await entities.many(machine.pool, [deal.customer])).get(deal.customer) if deal.customer else None
    try:
        return Customer.model_validate(row["fields"]) if row else None
    except ValidationError:
        return None


async def _credit(machine: Machine, deal: Opportunity, customer: Customer | None, ages: _Ages) -> Answered:
    facts = (ages.deal, ages.of("credit limit", Role.ERP, "customer"), ages.of("invoices", Role.ERP, "invoice"))
    if customer is None:
        return Answered("credit", Said.unknown(f"the customer of {deal.name} is not known"), facts)
    try:
        owed = await accounts.positions_of(machine, customer.id)
    except Hold as unsaid:
        return Answered("credit", Said.unknown(unsaid.why), facts)
    return Answered("credit", quoting.credit(deal, customer, owed), facts)


async def _provision(machine: Machine, deal: Opportunity) -> Said:
    if deal.stage is Stage.LOST:
        return Said.no(f"{deal.name} is lost")
    if deal.amended_contract or deal.renewed_contract:
        return Said.unknown("it changes or continues a contract: ask for the plan of its change order or renewal")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            previews = await plan.of_event(machine, OpportunityWon(opportunity=deal.id))
    except TimeoutError:
        return Said.unknown(f"the systems that were asked did not all answer within {PATIENCE_SECONDS:g} s")
    if faults := tuple(f"{each.workflow}: {each.defect}" for each in previews if each.defect):
        return Said.unknown(*faults)
    stops = [why for each in previews for why in each.stops]
    unwell = [why for each in previews for why in each.unwell]
    assumed = [why for each in previews for why in each.assumed]
    return quoting.provision(stops, unwell, assumed, sum(len(each.effects) for each in previews))
