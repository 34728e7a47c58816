"""What a source line must be before it is charged: approved, on a task of its project, by someone assigned to it."""

from datetime import date
from decimal import Decimal

from throughline.core.billing.book import Book
from throughline.core.entities import Approval, ApprovalState, Assignment, Resource, Task
from throughline.core.errors import Hold

LONGEST_DAY = Decimal(24)


def refuse_unapproved(approval: Approval | None) -> None:
    if approval is None or approval.state is not ApprovalState.APPROVED or not approval.by:
        said = approval.state.value if approval else "not handed in"
        why = "approved by nobody in particular" if said == ApprovalState.APPROVED else f"{said}, not approved"
        raise Hold(f"The line is {why}", fix="Have it approved in the PSA; it goes on by itself.")


def refuse_hours(hours: Decimal) -> None:
    """Hours taken back are a correction of a charge, and have a process of their own."""
    if not 0 < hours <= LONGEST_DAY:
        raise Hold(
            f"{hours} hours on one day are not between nothing and {LONGEST_DAY}",
            fix="Correct the hours in the PSA. To take back what was charged, credit it.",
        )


def task_of(task_id: str | None, project_id: str, book: Book) -> Task | None:
    if task_id is None:
        return None
    task = book.tasks.get(task_id)
    if task is None or task.project != project_id:
        where = f"is a task of {task.project}" if task else "is not there"
        raise Hold(
            f"Task {task_id} {where}, and the line is on {project_id}",
            fix="Correct the task of the line in the PSA; it goes on by itself.",
        )
    return task


def person_of(resource_id: str, book: Book) -> Resource:
    person = book.resources.get(resource_id)
    if person is None:
        raise Hold(f"There is nobody called {resource_id}", fix="Bring the person in, then release.")
    return person


def assignment_of(project_id: str, person: Resource, *, day: date, task: str | None, book: Book) -> Assignment:
    """The first assignment that covers this day and task; one without a task covers all of them."""
    covering = assignments_on(project_id, person, day=day, book=book)
    found = next((each for each in covering if each.task in {None, task}), None)
    if found is None:
        raise Hold(
            f"{person.name} is assigned to other tasks of {project_id} on {day}{f', not to {task}' if task else ''}",
            fix="Correct the task of the line, or the assignment, in the PSA; it goes on by itself.",
        )
    return found


def assignments_on(project_id: str, person: Resource, *, day: date, book: Book) -> list[Assignment]:
    known = book.assignments.get((project_id, person.id), ())
    covering = [each for each in known if (each.starts or day) <= day <= (each.ends or day)]
    if not covering:
        raise Hold(
            f"{person.name} is not assigned to {project_id} on {day}",
            fix="Correct the line, or assign the person for that day in the PSA; it goes on by itself.",
        )
    return covering


def role_of(said: str | None, assignment: Assignment, person: Resource) -> str:
    """What the line says, else the assignment, else the person."""
    role = said or assignment.role or person.role
    if role is None:
        raise Hold(
            f"{person.name} has no role on this line, on the assignment or otherwise",
            fix="Enter the role on the assignment in the PSA; it goes on by itself.",
        )
    return role
