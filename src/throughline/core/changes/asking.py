"""What a process asks that changes what was agreed: what is so now, what is billed of it, and who says yes."""

from collections.abc import Awaitable, Callable

from throughline.core.candidates import Candidate
from throughline.core.changes.agreement import Agreement
from throughline.core.changes.billed import billed, invoice_of, memo_of
from throughline.core.changes.effect import Effect
from throughline.core.changes.parts import approver, refuse_unopened
from throughline.core.changes.preview import in_a_line, side_by_side, signed
from throughline.core.entities import (
    BillingPlan,
    Contract,
    CreditMemo,
    Customer,
    Handoff,
    Invoice,
    Opportunity,
    Project,
)
from throughline.core.gate import APPROVED, DECLINED
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.workflow import Flow, Part


async def agreement(flow: Flow, deal: Opportunity) -> Agreement:
    """What became of the deal, as it is now, and what the ledger says is billed of it."""
    refuse_unopened(deal, await flow.get(Handoff, f"handoff-of-{deal.id}"))
    contract = await flow.get(Contract, f"contract-of-{deal.id}")
    plan = await flow.get(BillingPlan, f"billing-plan-of-{deal.id}")
    project = await flow.get(Project, f"project-of-{deal.id}")
    customer = await flow.get(Customer, contract.customer)
    return Agreement(deal, customer, contract, plan, project, await billed_of(flow, contract))


async def billed_of(flow: Flow, contract: Contract) -> Money:
    invoices = await flow.find(Invoice, at=Role.ERP, like=invoice_of(contract))
    memos: list[Candidate] = []
    for number in [each.id for each in invoices if each.id]:
        memos += await flow.find(CreditMemo, at=Role.ERP, like=memo_of(contract, number))
    return billed(invoices, memos, contract.currency)


async def shown(flow: Flow, effect: Effect, tell_sales: Callable[..., Awaitable[None]]) -> str:
    """What whoever must agree to this amount says, having seen how it is and how it would be."""
    if effect.untouched:
        await tell_sales(change=in_a_line(effect))
    owner = approver(effect, flow.firm)
    if owner is None:
        return APPROVED
    name, question = f"approval of {signed(effect.amount)}", f"Approve {effect.change.name}: {in_a_line(effect)}?"
    both = side_by_side(effect)
    return await flow.ask(name, question, choices=(APPROVED, DECLINED), owner=owner, candidates=both)


def told(part: Part) -> str:
    return "done" if part.done else f"waiting: {part.why}"[:255]
