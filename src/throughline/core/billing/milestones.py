"""An instalment that waits for a milestone: owed from the day somebody says the milestone of the plan is reached."""

from datetime import date
from zoneinfo import ZoneInfo

from throughline.core.billing.book import Book
from throughline.core.entities import BillingInstalment, BillingPlan, Task, TaskKind
from throughline.core.errors import Hold


def milestone_of(due: BillingInstalment, plan: BillingPlan, book: Book, *, on: date) -> Task | None:
    """The one milestone of the contract's projects it is named after. None while the work is still being planned."""
    found = named(due, plan, book)
    if len(found) == 1:
        return found[0]
    if not found and due.due > on:
        return None
    raise Hold(
        f"{plan.name} bills {due.amount} when {due.milestone} is reached, and the plan of the work has"
        f" {len(found) or 'no'} milestones of that name",
        fix="Give one milestone of the project that name, or correct the billing plan; then release.",
        amount=due.amount,
    )


def reached_on(milestone: Task, due: BillingInstalment, zone: ZoneInfo) -> date:
    """The day it was reached, where the contract's company is. A completion nobody answers for bills nothing."""
    if milestone.completed_at is None or not milestone.completed_by:
        said = "by nobody in particular" if milestone.completed_at else "on no day that was told"
        raise Hold(
            f"{milestone.title} was completed {said}",
            fix="Set the milestone back in the PSA and complete it again; it goes on by itself.",
            amount=due.amount,
        )
    return milestone.completed_at.astimezone(zone).date()


def named(due: BillingInstalment, plan: BillingPlan, book: Book) -> list[Task]:
    """The milestones of the contract's projects that have the name it waits for."""
    of_contract = {each.id for each in book.projects.values() if each.contract == plan.contract}
    return [
        each
        for each in book.tasks.values()
        if each.project in of_contract and each.task_kind is TaskKind.MILESTONE and each.title == due.milestone
    ]
