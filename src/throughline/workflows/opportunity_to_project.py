"""Opportunity to project: a won deal becomes a customer, a contract, and a project that people can book time on."""

from typing import Any

from throughline.core.contract_draft import billing_plan, contract
from throughline.core.customers import UPDATED, at_home, refuse_loop
from throughline.core.entities import Customer, Handoff, HandoffId, Opportunity
from throughline.core.events import DemandPublished, OpportunityWon, ProjectOpened
from throughline.core.gate import approver, refuse_incomplete, worth
from throughline.core.matching import match, side_by_side
from throughline.core.project_draft import demand, kickoff, project, tasks
from throughline.core.roles import Role
from throughline.core.workflow import Flow, Part, workflow
from throughline.workflows.opportunity_undone import opportunity_undone

APPROVED, DECLINED = "approve", "decline"


def by_opportunity(won: OpportunityWon) -> str:
    return won.opportunity


@workflow("opportunity-to-project", on=OpportunityWon, lane=by_opportunity, undo=opportunity_undone)
async def opportunity_to_project(flow: Flow, won: OpportunityWon) -> None:
    deal = await flow.get(Opportunity, won.opportunity)

    async def tell_sales(**news: Any) -> None:
        handoff = Handoff(id=HandoffId(f"handoff-of-{deal.id}"), opportunity=deal.id)
        await flow.put(handoff.model_copy(update=news), into=Role.CRM)

    # Gate: is the deal complete, and has whoever must agree to this amount agreed?
    verdict = APPROVED
    async with flow.part("gate", amount=deal.amount) as gate:
        refuse_incomplete(deal, flow.firm)
        if owner := approver(deal, flow.firm):
            name, question = f"approval of {worth(deal)}", f"Approve {deal.name} at {worth(deal)}?"
            verdict = await flow.ask(name, question, choices=(APPROVED, DECLINED), owner=owner)
    await tell_sales(gate="declined" if verdict == DECLINED else told(gate), at=flow.began)
    if not gate.done or verdict == DECLINED:
        return

    customer = await flow.get(Customer, deal.customer or "")

    # Finance: the customer, the billing plan and the contract in the ERP.
    async with flow.part("finance", amount=worth(deal)) as finance:
        await tell_sales(customer_key=await placed(flow, customer, Role.ERP, deal))
        agreed = contract(deal, customer, flow.firm)
        await flow.put(billing_plan(deal, flow.firm), into=Role.ERP)
        await tell_sales(contract_key=await flow.put(agreed, into=Role.ERP))
    await tell_sales(finance=told(finance))

    # Delivery: the project with its plan, the people it needs, and the kick-off. It does not wait for finance.
    async with flow.part("delivery", amount=worth(deal)) as delivery:
        await placed(flow, customer, Role.PSA, deal)
        opened, plan = project(deal, customer, flow.firm), tasks(deal, flow.firm)
        needed = demand(deal, plan)
        await tell_sales(project_key=await flow.put(opened, into=Role.PSA))
        for each in (*plan, *needed):
            await flow.put(each, into=Role.PSA)
        await flow.emit(DemandPublished(project=opened.id, roles=tuple(each.role for each in needed)))
        await flow.put(kickoff(deal, customer, opened, needed, flow.firm), into=Role.CHAT)
        await flow.emit(ProjectOpened(project=opened.id, opportunity=deal.id))
    await tell_sales(delivery=told(delivery))


async def placed(flow: Flow, customer: Customer, at: Role, deal: Opportunity, below: tuple[str, ...] = ()) -> str:
    """Their key of this customer, its parents first. A likeness is put before a person, never doubled."""
    refuse_loop(customer, below)
    if customer.parent:
        await placed(flow, await flow.get(Customer, customer.parent), at, deal, (*below, customer.id))
    here = at_home(customer, deal)
    found = match(here, await flow.find(Customer, at=at, like=here))
    key = found.key
    if found.doubtful:
        question = f"{here.name} looks like {len(found.doubtful)} customer(s) of the {at.upper()}. Which is it?"
        name, compared = f"{here.id}-in-{at}", side_by_side(customer, found)
        key = found.chosen(await flow.ask(name, question, choices=found.choices, candidates=compared))
    return await flow.put(here, into=at, onto=key, only=UPDATED if key else ())


def told(part: Part) -> str:
    """How a part stands, in the words of the opportunity page."""
    return "done" if part.done else f"waiting: {part.why}"[:255]
