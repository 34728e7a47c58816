"""What a change order makes of the work: the project's budget and end, new tasks, and people needed or set free."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from throughline.core.changes.agreement import Agreement, delta, next_version, version_of
from throughline.core.changes.checks import amount_of
from throughline.core.entities import (
    BillingPlan,
    ChangeOrder,
    ChangeOrderLine,
    ChangeOrigin,
    Demand,
    DemandId,
    Project,
    Task,
    TaskId,
    TaskKind,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.project_draft import HOUR, template_for, template_tasks
from throughline.core.rows import RateRow

# Behind the lines a template gave the plan, change by change.
FIRST_POSITION = 100


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many hours of a role are needed more, or less."""

    role: str
    hours: Decimal


def changed_project(change: ChangeOrder, agreed: Agreement) -> Project:
    """The project on its new baseline, once; the one before stays among its versions."""
    project = agreed.project
    if version_of(change, project.versions):
        return project
    before = project.budget or agreed.contract.value
    made = {
        "budget": before + delta(change),
        "ends": change.new_end or project.ends,
        "versions": (*project.versions, next_version(change, project.versions, before)),
    }
    return project.model_copy(update=made)


def staffing(change: ChangeOrder, agreed: Agreement, firm: Firm) -> tuple[Staffing, ...]:
    """By role. A line says its hours, or its amount buys them at the role's rate."""
    by_role: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in change.lines:
        if line.role and (hours := _hours(line, change, agreed, firm)):
            by_role[line.role] += hours
    return tuple(Staffing(role, hours) for role, hours in sorted(by_role.items()) if hours)


def new_tasks(change: ChangeOrder, agreed: Agreement, firm: Firm) -> tuple[Task, ...]:
    """One for each line that brings work. What is taken away is the manager's to take out of the plan."""
    if change.origin is ChangeOrigin.DELIVERY:
        return ()  # the task that asked for the change is the work
    version = version_of(change, agreed.project.versions)
    position = FIRST_POSITION * (version.number if version else len(agreed.project.versions) + 2)
    bringing = [line for line in change.lines if amount_of(line, agreed.contract.currency).amount > 0]
    return tuple(
        Task(
            id=TaskId(f"task-of-{change.id}-{number:02d}"),
            project=agreed.project.id,
            title=f"{line.description or line.product or change.name} ({change.number or change.name})"[:200],
            task_kind=TaskKind.TASK,
            position=position + number,
            starts=change.effective_from,
            ends=change.new_end or agreed.contract.ends,
            estimate_hours=_hours(line, change, agreed, firm) if line.role else None,
            budget=line.amount_delta,
            role=line.role,
            billable=True,
        )
        for number, line in enumerate(bringing, start=1)
    )


def new_milestones(change: ChangeOrder, agreed: Agreement, plan: BillingPlan, firm: Firm) -> tuple[Task, ...]:
    """What the changed plan waits for and the work had no milestone for: the change is reached when it is delivered."""
    planned = {row.title for row in template_tasks(agreed.project.template or "", firm)}
    version = version_of(change, agreed.project.versions)
    position = FIRST_POSITION * (version.number if version else len(agreed.project.versions) + 2)
    return tuple(
        Task(
            id=TaskId(f"task-of-{change.id}-milestone"),
            project=agreed.project.id,
            title=change.name,
            task_kind=TaskKind.MILESTONE,
            position=position,
            starts=each.due,
            ends=each.due,
            billable=True,
        )
        for each in plan.instalments
        if each.milestone == change.name and each.milestone not in planned
    )


def new_demand(change: ChangeOrder, agreed: Agreement, needed: tuple[Staffing, ...]) -> tuple[Demand, ...]:
    return tuple(
        Demand(
            id=DemandId(f"demand-of-{change.id}-{each.role.lower().replace(' ', '-')}"),
            project=agreed.project.id,
            role=each.role,
            hours=each.hours,
            starts=change.effective_from,
            ends=change.new_end or agreed.contract.ends,
        )
        for each in needed
        if each.hours > 0
    )


def _hours(line: ChangeOrderLine, change: ChangeOrder, agreed: Agreement, firm: Firm) -> Decimal:
    if line.hours_delta is not None:
        return line.hours_delta
    amount = amount_of(line, agreed.contract.currency)
    if amount.is_zero:
        return Decimal(0)
    card = agreed.project.rate_card or template_for(agreed.deal, firm).rate_card
    rates = firm.table(RateRow)
    rate = rates.lookup(day=change.effective_from, rate_card=card, role=line.role, currency=amount.currency)
    if rate is None:
        raise Hold(
            f"Rate card {card} has no rate in {amount.currency} for {line.role} on {change.effective_from}",
            fix="Add a row to tables/rate_cards.csv; release.",
        )
    return (amount.amount / rate.hourly_rate / HOUR).quantize(Decimal(1), ROUND_HALF_UP) * HOUR
