"""Change order: what somebody wants changed is worked out and shown, agreed to, and then done in every system."""

from datetime import timedelta
from functools import partial
from typing import Any

from throughline.core.changes.asking import agreement, shown, told
from throughline.core.changes.effect import work_out
from throughline.core.changes.parts import (
    applied,
    notice,
    published,
    refuse_half_applied,
    standing,
)
from throughline.core.changes.scope import as_change_order
from throughline.core.entities import (
    ApprovalState,
    ChangeOrder,
    Handoff,
    HandoffId,
    Opportunity,
    Project,
    ScopeChange,
)
from throughline.core.events import ChangeOrderApproved, ChangeOrderProposed, ContractBooked
from throughline.core.gate import APPROVED, DECLINED
from throughline.core.roles import Role
from throughline.core.workflow import Flow, Part, workflow

LONG = timedelta(days=30)
WAITING = "agreed to here, waiting for the customer"
# Of a change without a page of its own, the page of its deal says this; the rest there is about the deal.
OF_ANOTHER = ("change", "contract_value")


def by_change(proposed: ChangeOrderProposed) -> str:
    return proposed.change_order


@workflow("change-order", on=ChangeOrderProposed, lane=by_change)
async def change_order(flow: Flow, proposed: ChangeOrderProposed) -> None:
    change = await wanted(flow, proposed)
    deal = await flow.get(Opportunity, change.amends or "")
    tell_sales = partial(tell, flow, change, deal)
    if change.state is ApprovalState.REJECTED:
        await tell_sales(gate="rejected", change=f"{change.name} was rejected")
        return

    # Gate: what would it do to all that was agreed, and has whoever must agree to this amount agreed?
    verdict = APPROVED
    async with flow.part("gate", amount=change.amount_delta and abs(change.amount_delta)) as gate:
        effect = work_out(change, await agreement(flow, deal), flow.firm)
        verdict = await shown(flow, effect, tell_sales)
    await tell_sales(gate=said(gate, change, verdict), at=flow.began)
    if not gate.done or verdict == DECLINED:
        return

    # The customer agrees where sales works.
    if change.state is not ApprovalState.APPROVED:
        await flow.wait(ChangeOrderApproved, about=change.id)
        await flow.wait(flow.now + LONG)  # they took it back: what they decide next wakes the run before that

    # Finance: the billing plan and the contract, as they are from now on.
    async with flow.part("finance", amount=abs(effect.amount)) as finance:
        await flow.put(effect.plan, into=Role.ERP)
        await tell_sales(contract_key=await flow.put(effect.contract, into=Role.ERP))
        await flow.emit(ContractBooked(contract=effect.contract.id))

    # Delivery: the project on its new baseline, the work that comes with the change, the people, and word to the team.
    async with flow.part("delivery", amount=abs(effect.amount)) as delivery:
        await tell_sales(project_key=await flow.put(effect.project, into=Role.PSA))
        for each in (*effect.tasks, *effect.demand):
            await flow.put(each, into=Role.PSA)
        if effect.demand:
            await flow.emit(published(effect))
        await flow.put(notice(effect, flow.firm), into=Role.CHAT)

    # Half of a change is worse than none of it: the CRM says which part hangs, and the queue names both totals.
    there = {"finance": finance.done, "delivery": delivery.done}
    await tell_sales(finance=told(finance), delivery=told(delivery), change=standing(effect, **there))
    refuse_half_applied(effect, **there)
    if all(there.values()):
        await tell(flow, change, deal, at_home=False, contract_value=effect.contract.value)
        await flow.emit(applied(effect))


async def wanted(flow: Flow, proposed: ChangeOrderProposed) -> ChangeOrder:
    """What sales wrote down, or what delivery asks for on a task of the plan."""
    if proposed.scope_change is None:
        return await flow.get(ChangeOrder, proposed.change_order)
    scope = await flow.get(ScopeChange, proposed.scope_change)
    return as_change_order(scope, await flow.get(Project, scope.project))


async def tell(flow: Flow, change: ChangeOrder, deal: Opportunity, /, *, at_home: bool = True, **news: Any) -> None:
    """On the page of the deal the change is sold by; one that began in delivery has only its contract's deal."""
    page = change.opportunity if change.opportunity and at_home else deal.id
    kept = news if page != deal.id else {name: news[name] for name in OF_ANOTHER if name in news}
    if kept:
        await flow.put(Handoff(id=HandoffId(f"handoff-of-{page}"), opportunity=page, **kept), into=Role.CRM)


def said(gate: Part, change: ChangeOrder, verdict: str) -> str:
    """How the gate stands, in the words of the opportunity page."""
    if verdict == DECLINED:
        return "declined"
    return WAITING if gate.done and change.state is not ApprovalState.APPROVED else told(gate)
