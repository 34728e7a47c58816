"""Revenue schedule check: what the books are going to recognise for a contract is what the contract promises."""

from throughline.core.entities import Contract, RevenueSchedule
from throughline.core.revenue_events import RevenueScheduleChanged
from throughline.core.scheduled_revenue import is_scheduled, refuse_difference
from throughline.core.workflow import Flow, workflow


def by_contract(changed: RevenueScheduleChanged) -> str:
    return changed.contract


@workflow("revenue-schedule-check", on=RevenueScheduleChanged, lane=by_contract, gathers=True)
async def revenue_schedule_check(flow: Flow, changed: RevenueScheduleChanged) -> None:
    # Finance owns whatever is wrong here. Either side may be corrected: this passes again when one of them changes.
    async with flow.part("finance", amount=changed.total):
        contract = await flow.get(Contract, changed.contract)
        known = await flow.every(RevenueSchedule, contract=contract.id)
        schedules = [await flow.get(RevenueSchedule, each) for each in known]
        if is_scheduled(contract):
            refuse_difference(schedules, contract)
