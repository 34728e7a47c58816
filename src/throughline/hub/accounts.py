"""Accounts: how a customer and each of its contracts stand now, worked out from what is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import ValidationError

from throughline.core.accounts import ContractStands, Position, Worked, contract_stands, positions
from throughline.core.entities import BillingPlan, Contract, CreditMemo, Entity, Invoice
from throughline.core.errors import Hold
from throughline.core.money import Money
from throughline.hub.engagements import spellings
from throughline.hub.machine import Machine
from throughline.store import accounts, entities
from throughline.store.database import Pool, Row
from throughline.store.seen_by import working_out


class NoSuchAccount(LookupError):
    """No customer has this id, in no system."""


class SeveralAccounts(LookupError):
    """An id that customers of several systems share."""

    def __init__(self, any_id: str, ids: Sequence[str]) -> None:
        super().__init__(f"{any_id} is the id of {len(ids)} customers: {', '.join(ids)}")
        self.ids = list(ids)


@dataclass(frozen=True, slots=True)
class Account:
    """`unknown` says why its figures cannot be told, when they cannot."""

    id: str
    name: str
    as_of: date
    positions: tuple[Position, ...] = ()
    contracts: tuple[ContractStands, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class _Books:
    """What is settled of a customer's contracts."""

    contracts: tuple[Contract, ...]
    invoices: tuple[Invoice, ...]
    memos: tuple[CreditMemo, ...]
    plans: dict[str, BillingPlan]
    worked: dict[str, Worked]

    def positions(self, today: date) -> tuple[Position, ...]:
        return positions(self.contracts, self.invoices, self.memos, today=today)


async def one(machine: Machine, any_id: str) -> Account:
    """By any id of ours or of any system."""
    found = await accounts.called(machine.pool, "customer", spellings(any_id))
    if not found:
        raise NoSuchAccount(f"No customer is known as {any_id}. Give an id of ours, or any system's id of a customer.")
    if len(found) > 1:
        raise SeveralAccounts(any_id, found)
    today = machine.clock().date()
    row = (await entities.many(machine.pool, found)).get(found[0])
    name = row["fields"].get("name", "") if row else ""
    try:
        books = await _books(machine.pool, found[0])
        stands = tuple(_stands(each, books, today) for each in books.contracts)
        return Account(found[0], name, today, books.positions(today), stands)
    except Hold as unsaid:
        return Account(found[0], name, today, unknown=unsaid.why)


async def positions_of(machine: Machine, customer: str) -> tuple[Position, ...]:
    """What a customer of ours owes, in each currency; a hold where nobody can say."""
    return (await _books(machine.pool, customer)).positions(machine.clock().date())


async def of_contract(machine: Machine, id_: str) -> ContractStands | None:
    """How one contract stands; None where there is none, or nobody can say."""
    pool, today = machine.pool, machine.clock().date()
    contracts = await _all(pool, Contract, [id_])
    if not contracts:
        return None
    invoices = await _naming(pool, Invoice, "contract", id_)
    memos = [memo for each in invoices for memo in await _naming(pool, CreditMemo, "invoice", each.id)]
    try:
        return _stands(contracts[0], await _with(pool, contracts, invoices, memos), today)
    except Hold:
        return None


def _stands(contract: Contract, books: _Books, today: date) -> ContractStands:
    worked = books.worked.get(contract.id, Worked(Money.zero(contract.currency)))
    plan = books.plans.get(contract.billing_plan or "")
    return contract_stands(contract, books.invoices, books.memos, plan=plan, worked=worked, today=today)


async def _books(pool: Pool, customer: str) -> _Books:
    contracts = await _naming(pool, Contract, "customer", customer)
    invoices = await _naming(pool, Invoice, "customer", customer)
    return await _with(pool, contracts, invoices, await _naming(pool, CreditMemo, "customer", customer))


async def _with(
    pool: Pool, contracts: Sequence[Contract], invoices: Sequence[Invoice], memos: Sequence[CreditMemo]
) -> _Books:
    plans = await _all(pool, BillingPlan, [each.billing_plan for each in contracts if each.billing_plan])
    lines = await accounts.not_billed(pool, [each.id for each in contracts])
    currencies: dict[str, str] = {each.id: each.currency for each in contracts}
    worked = {id_: _worked([row for row in lines if row["contract"] == id_], currencies[id_]) for id_ in currencies}
    return _Books(tuple(contracts), tuple(invoices), tuple(memos), {each.id: each for each in plans}, worked)


def _worked(rows: Sequence[Row], currency: str) -> Worked:
    """Work in another currency than the contract's has no price in it yet."""
    own = sum((row["amount"] or Decimal(0) for row in rows if row["currency"] == currency), Decimal(0))
    foreign = sum(row["currency"] not in {currency, None} for row in rows)
    return Worked(Money.of(own, currency), sum(row["unpriced"] for row in rows) + foreign)


async def _naming[E: Entity](pool: Pool, kind: type[E], field: str, id_: str) -> list[E]:
    return await _all(pool, kind, await entities.naming(pool, kind.kind, field, id_, since=None, until=None))


async def _all[E: Entity](pool: Pool, kind: type[E], ids: Sequence[str]) -> list[E]:
    with working_out():
        rows = await entities.many(pool, ids)
    try:
        return [kind.model_validate(rows[id_]["fields"]) for id_ in ids if id_ in rows]
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise Hold(f"A {kind.kind.replace('_', ' ')} is not complete: {wrong}", fix="Complete it.") from error
