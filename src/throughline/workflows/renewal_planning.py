"""Renewal planning: some time before a contract ends, its next term is put before sales, once."""

from throughline.core.billing.drafting import those
from throughline.core.entities import Contract, Renewal
from throughline.core.events import ContractBooked, RenewalPlanned
from throughline.core.renewals import continues, in_hand, planned_on, proposed
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow


def by_contract(booked: ContractBooked) -> str:
    return booked.contract


@workflow("renewal-planning", on=ContractBooked, lane=by_contract, gathers=True)
async def renewal_planning(flow: Flow, booked: ContractBooked) -> None:
    contract = await flow.get(Contract, booked.contract)
    rule = continues(contract, flow.firm)
    if rule is None or contract.ends is None or contract.opportunity is None:
        return
    # A change order that moves the end lets this pass again, and wait for another day.
    await flow.wait(planned_on(contract.ends, rule))
    if in_hand(await those(flow, Renewal, renews=contract.opportunity), contract.ends):
        return
    plan = proposed(contract, contract.ends, rule)
    await flow.put(plan, into=Role.CRM)
    until = plan.ends or plan.notice_by
    await flow.emit(RenewalPlanned(contract=contract.id, renews=plan.renews, ends=plan.notice_by, until=until))
