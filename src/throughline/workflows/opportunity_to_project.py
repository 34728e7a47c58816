"""Opportunity to project: a won deal becomes a customer, a contract, and a project that people can book time on."""

from typing import Any

from throughline.core.contract_draft import billing_plan, contract
from throughline.core.customers import UPDATED, at_home, refuse_loop
from throughline.core.entities import Customer, Entity, Handoff, HandoffId, Message, MessageId, Opportunity
from throughline.core.events import ContractBooked, CustomerPlaced, DemandPublished, OpportunityWon, ProjectOpened
from throughline.core.gate import APPROVED, DECLINED, approver, refuse_incomplete, worth
from throughline.core.matching import match, side_by_side
from throughline.core.project_draft import demand, kickoff, project, tasks, template_for
from throughline.core.roles import Role
from throughline.core.workflow import Flow, Part, workflow

MARK, CLOSED = "CANCELLED", "all of it is closed"


def by_opportunity(won: OpportunityWon) -> str:
    return won.opportunity


async def undo_opportunity_to_project(flow: Flow, won: OpportunityWon) -> None:
    """Marks what was made as cancelled, and tells a person what is left, by its keys.

    No vendor takes back a customer, a contract or a project that others may have worked with since: none is deleted.
    """
    deal = await flow.get(Opportunity, won.opportunity)
    customer = await flow.get(Customer, deal.customer or "")
    left: list[str] = []

    # Sales: the deal says that nothing more will come of it.
    handoff = Handoff(id=HandoffId(f"handoff-of-{deal.id}"), opportunity=deal.id)
    await flow.put(handoff.model_copy(update={"gate": "cancelled"}), into=Role.CRM)

    # Delivery: nobody plans with the project any more, and the team is told, if it ever heard of it.
    async with flow.part("delivery", amount=worth(deal)) as delivery:
        opened = project(deal, customer, flow.firm)
        if key := await marked(flow, opened, deal, at=Role.PSA):
            left.append(f"project {key} with its tasks in the {Role.PSA.upper()}")
            channel = template_for(deal, flow.firm).channel
            text = f"{deal.name} for {customer.name} is cancelled. Please stop work on project {key}."
            notice = Message(id=MessageId(f"cancelled-of-{deal.id}"), channel=channel, text=text, about=opened.id)
            await flow.put(notice, into=Role.CHAT)

    # Finance: nobody bills the contract any more.
    async with flow.part("finance", amount=worth(deal)) as finance:
        if key := await marked(flow, contract(deal, customer, flow.firm), deal, at=Role.ERP):
            left.append(f"contract {key} in the {Role.ERP.upper()}")
        if key := await there(flow, billing_plan(deal, flow.firm), at=Role.ERP):
            left.append(f"billing plan {key} in the {Role.ERP.upper()}")

    # What no vendor lets us take back, a person closes: that, and nothing else, is what this hold is about.
    if delivery.done and finance.done and left:
        question = f"{deal.name} is marked as cancelled. Left to close by hand: {'; '.join(left)}."
        await flow.ask("left-over", question, choices=(CLOSED,))


@workflow("opportunity-to-project", on=OpportunityWon, lane=by_opportunity, undo=undo_opportunity_to_project)
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
        await flow.emit(CustomerPlaced(customer=customer.id, opportunity=deal.id))
        agreed = contract(deal, customer, flow.firm)
        await flow.put(billing_plan(deal, flow.firm), into=Role.ERP)
        await tell_sales(contract_key=await flow.put(agreed, into=Role.ERP))
        await flow.emit(ContractBooked(contract=agreed.id))
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


async def marked(flow: Flow, entity: Entity, deal: Opportunity, *, at: Role) -> str | None:
    """Their key of what was made for this deal, now called cancelled; None when it never came to be."""
    key = await there(flow, entity, at=at)
    if key is None:
        return None
    return await flow.put(entity.model_copy(update={"name": f"{MARK} {deal.name}"}), into=at, onto=key, only=("name",))


async def there(flow: Flow, entity: Entity, *, at: Role) -> str | None:
    """Their key of this very entity: asked there, for what was sent last may not be remembered."""
    return next((each.key for each in await flow.find(type(entity), at=at, like=entity) if each.id == entity.id), None)
