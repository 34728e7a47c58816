"""The effect of a change order on everything that was agreed: worked out whole, from values alone."""

from dataclasses import dataclass

from throughline.core.changes.agreement import Agreement, delta, version_of
from throughline.core.changes.checks import refuse_unsound
from throughline.core.changes.contract import changed_contract
from throughline.core.changes.forecast import Shift, Terms, shifts
from throughline.core.changes.plan import changed_plan
from throughline.core.changes.work import Staffing, changed_project, new_demand, new_milestones, new_tasks, staffing
from throughline.core.entities import BillingPlan, ChangeOrder, Contract, Demand, Project, Task, Version
from throughline.core.firm import Firm
from throughline.core.money import Money


@dataclass(frozen=True, slots=True)
class Effect:
    """What there was, and what there will be."""

    change: ChangeOrder
    before: Agreement
    contract: Contract
    plan: BillingPlan
    project: Project
    tasks: tuple[Task, ...]
    demand: tuple[Demand, ...]
    staffing: tuple[Staffing, ...]
    forecast: tuple[Shift, ...]

    @property
    def amount(self) -> Money:
        return delta(self.change)

    @property
    def untouched(self) -> bool:
        """Whether nothing of it is done yet."""
        there = (self.before.contract.versions, self.before.plan.versions, self.before.project.versions)
        return not any(version_of(self.change, each) for each in there)

    @property
    def version(self) -> Version:
        """The version of the contract that this change makes, or made."""
        made = version_of(self.change, self.contract.versions)
        if made is None:
            raise ValueError(f"{self.change.id} made no version of {self.contract.id}")
        return made


def work_out(change: ChangeOrder, agreed: Agreement, firm: Firm) -> Effect:
    """Everything at once, or a hold that says what is in the way. What is applied already comes out as it is."""
    refuse_unsound(change, agreed)
    change = from_the_start(change, agreed.contract)
    contract, plan = changed_contract(change, agreed, firm), changed_plan(change, agreed)
    needed = staffing(change, agreed, firm)
    return Effect(
        change=change,
        before=agreed,
        contract=contract,
        plan=plan,
        project=changed_project(change, agreed),
        tasks=(*new_tasks(change, agreed, firm), *new_milestones(change, agreed, plan, firm)),
        demand=new_demand(change, agreed, needed),
        staffing=needed,
        forecast=shifts(change, Terms(agreed.contract, agreed.plan), Terms(contract, plan)),
    )


def from_the_start(change: ChangeOrder, contract: Contract) -> ChangeOrder:
    """A change that is agreed before the work begins holds from when it begins: the CRM writes the day it was asked."""
    if change.effective_from is None or change.effective_from >= contract.starts:
        return change
    return change.model_copy(update={"effective_from": contract.starts})
