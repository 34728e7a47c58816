"""Renewal: a customer goes on for another term, and the contract and the project there are go on with it."""

from functools import partial
from typing import Any

from throughline.core.changes.asking import DECLINED, agreement, shown, told
from throughline.core.changes.effect import Effect, work_out
from throughline.core.changes.parts import notice, published, refuse_half_applied, standing
from throughline.core.entities import Handoff, HandoffId, Opportunity, Renewal
from throughline.core.events import ContractBooked, ContractRenewed, RenewalConfirmed
from throughline.core.renewals import next_term
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow


def by_renewed_deal(confirmed: RenewalConfirmed) -> str:
    # One lane for all terms of a contract: the one after the next waits for the next.
    return confirmed.renews


@workflow("renewal", on=RenewalConfirmed, lane=by_renewed_deal)
async def renewal(flow: Flow, confirmed: RenewalConfirmed) -> None:
    term = await flow.get(Renewal, confirmed.renewal)
    deal = await flow.get(Opportunity, confirmed.renews)
    sold = await flow.get(Opportunity, term.opportunity or "")
    tell_sales = partial(tell, flow, sold)

    # Gate: is it more of the same, does it follow without a gap, and has whoever must agree to this amount agreed?
    verdict = DECLINED
    async with flow.part("gate", amount=sold.amount) as gate:
        agreed = await agreement(flow, deal)
        effect = work_out(next_term(term, sold, agreed.contract, flow.firm), agreed, flow.firm)
        verdict = await shown(flow, effect, tell_sales)
    await tell_sales(gate="declined" if gate.done and verdict == DECLINED else told(gate), at=flow.began)
    if not gate.done or verdict == DECLINED:
        return

    # Finance: the contract there is, with a later end and the next term's lines and instalments.
    async with flow.part("finance", amount=effect.amount) as finance:
        await flow.put(effect.plan, into=Role.ERP)
        await tell_sales(contract_key=await flow.put(effect.contract, into=Role.ERP))
        await flow.emit(ContractBooked(contract=effect.contract.id))

    # Delivery: the project there is goes on, with the next term's work.
    async with flow.part("delivery", amount=effect.amount) as delivery:
        await tell_sales(project_key=await flow.put(effect.project, into=Role.PSA))
        for each in (*effect.tasks, *effect.demand):
            await flow.put(each, into=Role.PSA)
        if effect.demand:
            await flow.emit(published(effect))
        await flow.put(notice(effect, flow.firm), into=Role.CHAT)

    there = {"finance": finance.done, "delivery": delivery.done}
    await tell_sales(finance=told(finance), delivery=told(delivery), change=standing(effect, **there))
    refuse_half_applied(effect, **there)
    if all(there.values()):
        await tell(flow, deal, contract_value=effect.contract.value)
        await flow.emit(renewed(effect, term))


async def tell(flow: Flow, deal: Opportunity, /, **news: Any) -> None:
    await flow.put(Handoff(id=HandoffId(f"handoff-of-{deal.id}"), opportunity=deal.id, **news), into=Role.CRM)


def renewed(effect: Effect, term: Renewal) -> ContractRenewed:
    contract = effect.contract
    return ContractRenewed(
        contract=contract.id,
        project=effect.project.id,
        renewal=term.id,
        ends=contract.ends or contract.starts,
        value=contract.value,
    )
