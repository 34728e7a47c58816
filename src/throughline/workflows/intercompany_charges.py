"""Intercompany charges: who lends people to another of our companies is paid for each month of their work."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from throughline.core.billing.book import Book
from throughline.core.billing.drafting import booked, hold, some, those
from throughline.core.billing.intercompany import charge_of, intercompany
from throughline.core.billing.month import Month
from throughline.core.billing.outcome import Held
from throughline.core.cut_offs import cut_off_at
from throughline.core.delivery_events import TimeApproved, TimeCorrected, TimeUnapproved
from throughline.core.entities import (
    ApprovalState,
    Contract,
    Customer,
    Entity,
    FiscalPeriod,
    FxRate,
    IntercompanyCharge,
    Project,
    Resource,
    TimeEntry,
)
from throughline.core.errors import Hold
from throughline.core.firm import LegalEntity
from throughline.core.money import Money, total
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.core.working_days import closed_days

type Worked = TimeApproved | TimeUnapproved | TimeCorrected


def by_project_and_month(worked: Worked) -> str:
    return f"{worked.project}/{worked.day:%Y-%m}"


@workflow("intercompany-charges", on=(TimeApproved, TimeUnapproved, TimeCorrected), lane=by_project_and_month,
          gathers=True, priority="bulk", cut_off="billing")  # fmt: skip
async def intercompany_charges(flow: Flow, worked: Worked) -> None:
    project = await flow.get(Project, worked.project)
    month = Month.of(project, worked.day)
    contract = await booked(flow, project.contract) if project.contract else None
    receiver = flow.firm.legal_entity(contract.legal_entity) if contract else None
    # Without a contract there is nobody who borrows; the month's billing says what is missing.
    if contract is None or receiver is None:
        return
    entries = [each for each in await worked_in(flow, month) if approved(each)]
    people = await some(flow, Resource, sorted({each.resource for each in entries}))
    book = Book.of(flow.firm, [project, contract, *people, *await rules(flow, contract, people, receiver, month)])

    found = intercompany(entries, book, billing_day=month.last)
    left = [] if found.held else await left_over(flow, month, {each.id for each in found.charges})
    for name, why in grouped(found.held):
        await hold(flow, name, why)
    for each in left:
        await hold(flow, f"charge {each.id}", nothing_lent(each))
    if not found.charges:
        return
    await flow.wait(cut_off(flow, month, receiver))
    for charge in found.charges:
        async with flow.part(f"charge {charge.id}", amount=charge.amount):
            await flow.put(charge, into=Role.ERP)


async def worked_in(flow: Flow, month: Month) -> list[TimeEntry]:
    return await some(flow, TimeEntry, await flow.every(TimeEntry, month.days, project=month.project.id))


async def rules(
    flow: Flow, contract: Contract, people: list[Resource], receiver: LegalEntity, month: Month
) -> list[Entity]:
    """What lent work is judged by: the customer, the periods of those who lend, and the rates into the borrower's."""
    lenders = {each.legal_entity for each in people if each.legal_entity} - {receiver.code}
    if not lenders:
        return [await flow.get(Customer, contract.customer)]
    known: list[Entity] = [await flow.get(Customer, contract.customer)]
    for lender in sorted(lenders):
        known += await those(flow, FiscalPeriod, legal_entity=lender)
    year = month.first.replace(month=1, day=1), month.last.replace(month=12, day=31)
    return known + await some(flow, FxRate, await flow.every(FxRate, year, target=receiver.currency))


async def left_over(flow: Flow, month: Month, wanted: set[str]) -> list[IntercompanyCharge]:
    """Charges of this month that nothing is left of."""
    made = await those(flow, IntercompanyCharge, project=month.project.id)
    ours = charge_of(month.project.id, f"{month.first:%Y-%m}")
    return [each for each in made if each.id.startswith(f"{ours}-") and each.id not in wanted]


def approved(entry: TimeEntry) -> bool:
    return entry.approval is not None and entry.approval.state is ApprovalState.APPROVED


def cut_off(flow: Flow, month: Month, receiver: LegalEntity) -> datetime:
    """When the borrower's month is billed: both companies then book the same work."""
    rule = flow.firm.policies.cut_off("billing", legal_entity=receiver.code)
    if rule is None:
        raise Hold(
            f"Nobody has said when a month of {receiver.code} is billed",
            fix="Add a cut-off `billing` to `cut_offs` in policies.yaml; release.",
        )
    years = range(month.last.year, month.last.year + 2)
    return cut_off_at(rule, month.last, receiver, holidays=closed_days(receiver.holidays, years=years))


def grouped(held: Iterable[Held]) -> list[tuple[str, Hold]]:
    """One hold for each reason, however many lines it keeps: a missing rule is missing for all of them."""
    lines = list(held)
    times = Counter(each.why for each in lines)
    first = {each.why: each for each in reversed(lines)}
    return [
        (f"lent {number}", Hold(f"{times[why]} lines: {why}", fix=each.fix, owner=each.owner, amount=worth(lines, why)))
        for number, (why, each) in enumerate(sorted(first.items()), start=1)
    ]


def worth(held: Iterable[Held], why: str) -> Money | None:
    amounts = [each.amount for each in held if each.why == why and each.amount]
    return total(amounts, amounts[0].currency) if amounts else None


def nothing_lent(charge: IntercompanyCharge) -> Hold:
    return Hold(
        f"Nothing is left of what {charge.provider} charged {charge.receiver} for {charge.period}: {charge.amount}",
        fix="Reverse the entry in the ledger of both companies; the run goes on by itself.",
        amount=charge.amount,
    )
