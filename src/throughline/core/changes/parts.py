"""Where a change order meets what happens around it: who agrees, whether its deal is through, and what hangs."""

from throughline.core.changes.effect import Effect
from throughline.core.changes.preview import MOST_WORDS, in_a_line
from throughline.core.entities import Handoff, Message, MessageId, Opportunity
from throughline.core.errors import Hold
from throughline.core.events import ChangeOrderApplied, DemandPublished
from throughline.core.firm import Firm
from throughline.core.project_draft import template_for

DONE = "done"


def approver(effect: Effect, firm: Firm) -> str | None:
    """Who must agree to a change of this size, up or down; nobody when it is within the limits of a deal."""
    approval = firm.policies.approval_needed(abs(effect.amount), legal_entity=effect.contract.legal_entity)
    return approval.owner if approval else None


def refuse_unopened(deal: Opportunity, handoff: Handoff) -> None:
    """While the deal itself is on its way, its own run would write over what a change made of it."""
    if (handoff.finance, handoff.delivery) != (DONE, DONE):
        standing = f"finance is {handoff.finance or 'not begun'}, delivery is {handoff.delivery or 'not begun'}"
        raise Hold(
            f"{deal.name} has not become a contract and a project yet: {standing}",
            fix="Release what the deal waits for; this goes on by itself.",
        )


def refuse_half_applied(effect: Effect, *, finance: bool, delivery: bool) -> None:
    """One side has the change and the other has not: both totals, in the words of whoever must bring them together."""
    if finance == delivery:
        return
    made = effect.version
    before, after = f"still at {made.before}", f"at {made.value} already"
    raise Hold(
        f"{effect.change.name} is half applied: the contract is {after if finance else before} in the ERP,"
        f" and the project {after if delivery else before} in the PSA",
        fix=f"Release the hold of {'delivery' if finance else 'finance'}; this one closes by itself.",
        amount=abs(effect.amount),
    )


def standing(effect: Effect, *, finance: bool, delivery: bool) -> str:
    """What the deal's page says of the change: which part of it hangs, and what it does."""
    hanging = [name for name, done in (("finance", finance), ("delivery", delivery)) if not done]
    how = f"{' and '.join(hanging)} waiting" if hanging else f"done, version {effect.version.number}"
    return f"{how}: {in_a_line(effect)}"[:MOST_WORDS]


def published(effect: Effect) -> DemandPublished:
    return DemandPublished(project=effect.project.id, roles=tuple(each.role for each in effect.demand))


def applied(effect: Effect) -> ChangeOrderApplied:
    change, contract, made = effect.change.id, effect.contract.id, effect.version
    return ChangeOrderApplied(change_order=change, contract=contract, version=made.number, value=made.value)


def notice(effect: Effect, firm: Firm) -> Message:
    """What the delivery team is told."""
    freed = [each.role for each in effect.staffing if each.hours < 0]
    less = f" Fewer hours of {', '.join(freed)}: take them out of the plan." if freed else ""
    text = f"{effect.change.name} for {effect.before.customer.name} is agreed. {in_a_line(effect)}.{less}"
    channel = template_for(effect.before.deal, firm).channel
    return Message(id=MessageId(f"notice-of-{effect.change.id}"), channel=channel, text=text, about=effect.project.id)
