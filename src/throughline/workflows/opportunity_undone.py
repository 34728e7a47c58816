"""Undoing opportunity to project: what can be marked as cancelled is marked, and a person is told what is left, by id.

No vendor lets us take back a customer, a contract or a project that others may have worked with since, so none is
deleted. Their names say that they are cancelled, and whoever owns them closes what is left.
"""

from throughline.core.contract_draft import billing_plan, contract
from throughline.core.entities import Customer, Entity, Handoff, HandoffId, Message, MessageId, Opportunity
from throughline.core.events import OpportunityWon
from throughline.core.gate import worth
from throughline.core.project_draft import project, template_for
from throughline.core.roles import Role
from throughline.core.workflow import Flow

MARK, CLOSED = "CANCELLED", "all of it is closed"


async def opportunity_undone(flow: Flow, won: OpportunityWon) -> None:
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


async def marked(flow: Flow, entity: Entity, deal: Opportunity, *, at: Role) -> str | None:
    """Their key of what was made for this deal, now called cancelled; None when it never came to be."""
    key = await there(flow, entity, at=at)
    if key is None:
        return None
    return await flow.put(entity.model_copy(update={"name": f"{MARK} {deal.name}"}), into=at, onto=key, only=("name",))


async def there(flow: Flow, entity: Entity, *, at: Role) -> str | None:
    """Their key of this very entity: asked there, for what was sent last may not be remembered."""
    return next((each.key for each in await flow.find(type(entity), at=at, like=entity) if each.id == entity.id), None)
