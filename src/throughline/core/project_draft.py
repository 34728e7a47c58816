"""From a deal to its project: the right template, its tasks and milestones in time, its budget, the people it needs."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from throughline.core.entities import (
    ContractId,
    Customer,
    Demand,
    DemandId,
    Message,
    MessageId,
    Opportunity,
    Project,
    ProjectId,
    Task,
    TaskId,
    TaskKind,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.gate import worth
from throughline.core.money import Money
from throughline.core.rows import ProjectTemplateRow, RateRow, TemplateTaskRow

HOUR = Decimal("0.25")


def template_for(deal: Opportunity, firm: Firm) -> ProjectTemplateRow:
    """The most specific row for what was sold, how, and by whom."""
    row = firm.table(ProjectTemplateRow).lookup(
        service_line=deal.service_line, commercial_model=deal.commercial_model, legal_entity=deal.legal_entity
    )
    if row is None:
        raise Hold(
            f"No project template for {deal.service_line}, {deal.commercial_model} in {deal.legal_entity}",
            fix="Add a row to tables/project_templates.csv; release.",
        )
    return row


def template_tasks(template: str, firm: Firm) -> list[TemplateTaskRow]:
    return sorted(firm.table(TemplateTaskRow).find(template=template), key=lambda row: row.position)


def project(deal: Opportunity, customer: Customer, firm: Firm) -> Project:
    template = template_for(deal, firm)
    tasks = template_tasks(template.template, firm)
    budget = worth(deal)
    longest = max((row.start_day + row.days for row in tasks), default=0)
    return Project(
        id=ProjectId(f"project-of-{deal.id}"),
        name=deal.name,
        customer=customer.id,
        opportunity=deal.id,
        contract=ContractId(f"contract-of-{deal.id}"),
        template=template.template,
        legal_entity=deal.legal_entity,
        service_line=deal.service_line,
        commercial_model=deal.commercial_model,
        manager=deal.project_manager,
        currency=budget.currency,
        budget=budget,
        rate_card=template.rate_card,
        starts=deal.starts,
        ends=deal.ends or (deal.starts and deal.starts + timedelta(days=longest)),
    )


def tasks(deal: Opportunity, firm: Firm) -> list[Task]:
    """The template's plan, moved to the day the work starts, with the budget shared out to the cent."""
    template = template_for(deal, firm)
    rows = template_tasks(template.template, firm)
    budgets = _budgets(rows, worth(deal))
    return [
        Task(
            id=_task_id(deal, row.position),
            project=ProjectId(f"project-of-{deal.id}"),
            title=row.title,
            task_kind=TaskKind(row.kind.value),
            position=row.position,
            parent=_task_id(deal, row.parent_position) if row.parent_position else None,
            starts=_day(deal, row.start_day),
            ends=_day(deal, row.start_day + row.days),
            estimate_hours=_hours(budgets.get(row.position), row, template.rate_card, deal, firm),
            budget=budgets.get(row.position),
            role=row.role,
            billable=row.billable == "yes",
        )
        for row in rows
    ]


def demand(deal: Opportunity, plan: list[Task]) -> list[Demand]:
    """The people a plan needs: one line per role, from its first day to its last."""
    by_role: dict[str, list[Task]] = defaultdict(list)
    for task in plan:
        if task.role:
            by_role[task.role].append(task)
    return [
        Demand(
            id=DemandId(f"demand-of-{deal.id}-{role.lower().replace(' ', '-')}"),
            project=ProjectId(f"project-of-{deal.id}"),
            role=role,
            hours=sum((task.estimate_hours or Decimal(0) for task in needed), Decimal(0)),
            starts=min((task.starts for task in needed if task.starts), default=None),
            ends=max((task.ends for task in needed if task.ends), default=None),
        )
        for role, needed in sorted(by_role.items())
    ]


def kickoff(deal: Opportunity, customer: Customer, opened: Project, needed: list[Demand], firm: Firm) -> Message:
    """What the delivery team is told."""
    people = ", ".join(f"{each.role} {each.hours:f} h" if each.hours else each.role for each in needed) or "nobody yet"
    text = (
        f"{deal.name} for {customer.name} is won: {worth(deal)}, starts {opened.starts}. "
        f"Project manager {opened.manager}. Needed: {people}."
    )
    return Message(
        id=MessageId(f"kickoff-of-{deal.id}"), channel=template_for(deal, firm).channel, text=text, about=opened.id
    )


def _budgets(rows: list[TemplateTaskRow], value: Money) -> dict[int, Money]:
    shared = [row for row in rows if row.share_percent and row.kind != "milestone"]
    shared = shared or [row for row in rows if row.billable == "yes" and row.kind == "task"]
    if not shared:
        return {}
    weights = [row.share_percent or Decimal(max(row.days, 1)) for row in shared]
    return {row.position: part for row, part in zip(shared, value.allocate(weights), strict=True)}


def _hours(budget: Money | None, row: TemplateTaskRow, rate_card: str, deal: Opportunity, firm: Firm) -> Decimal | None:
    """What the budget buys of the role, to the quarter of an hour."""
    if budget is None or row.role is None or deal.starts is None:
        return None
    rate = firm.table(RateRow).lookup(day=deal.starts, rate_card=rate_card, role=row.role, currency=budget.currency)
    if rate is None:
        raise Hold(
            f"Rate card {rate_card} has no rate in {budget.currency} for {row.role} on {deal.starts}",
            fix="Add a row to tables/rate_cards.csv; release.",
        )
    return (budget.amount / rate.hourly_rate / HOUR).quantize(Decimal(1), ROUND_HALF_UP) * HOUR


def _task_id(deal: Opportunity, position: int) -> TaskId:
    return TaskId(f"task-of-{deal.id}-{position:02d}")


def _day(deal: Opportunity, after: int) -> date | None:
    return deal.starts + timedelta(days=after) if deal.starts else None
