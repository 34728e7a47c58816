"""Project staffed: sales sees which roles have somebody, and finance what the people on it will still cost."""

from datetime import timedelta

from throughline.core.billing.book import Book
from throughline.core.billing.drafting import booked, some, those
from throughline.core.cost_forecast import forecast
from throughline.core.delivery_events import AssignmentChanged
from throughline.core.entities import Assignment, Contract, Entity, FxRate, Project, Resource, Task
from throughline.core.errors import Retry
from throughline.core.events import ContractBooked
from throughline.core.progress import tell_progress
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

RATES_BEFORE, NEXT_LOOK = timedelta(days=31), timedelta(seconds=30)


def by_project(moved: AssignmentChanged) -> str:
    return moved.project


@workflow("project-staffed", on=AssignmentChanged, lane=by_project, gathers=True, priority="bulk")
async def project_staffed(flow: Flow, moved: AssignmentChanged) -> None:
    # A project that was not opened here has no plan of ours, and nobody who sold it through us.
    if not await flow.every(Task, project=moved.project):
        return
    project = await flow.get(Project, moved.project)
    if project.opportunity:
        await tell_progress(flow, project, project.opportunity)
    if project.contract:
        async with flow.part("finance", amount=project.budget):
            contract = await booked(flow, project.contract)
            found = await flow.find(Contract, at=Role.ERP, like=contract)
            if all(each.id != contract.id for each in found):
                # The people are there before the books are.
                await flow.wait(ContractBooked, about=contract.id)
                raise Retry(f"{contract.name} is booked, and the ledger does not show it yet", after=NEXT_LOOK)
            crew = await those(flow, Assignment, project=project.id)
            book = Book.of(flow.firm, [project, contract, *await costs(flow, contract, crew)])
            expected = forecast(project, contract, crew, book, on=flow.today)
            await flow.put(expected, into=Role.ERP)


async def costs(flow: Flow, contract: Contract, crew: list[Assignment]) -> list[Entity]:
    """Who they are, and the rates of the last month into the currency of the contract's company."""
    people = await some(flow, Resource, sorted({each.resource for each in crew}))
    payer = flow.firm.legal_entity(contract.legal_entity)
    if payer is None or all(each.legal_entity == payer.code for each in people):
        return list[Entity](people)
    days = flow.today - RATES_BEFORE, flow.today
    return [*people, *await some(flow, FxRate, await flow.every(FxRate, days, target=payer.currency))]
