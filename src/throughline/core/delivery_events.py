"""What happens while work is delivered, and how a change of an entity means it: approvals, people, plan and budget."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from throughline.core.entities import ApprovalState, TaskKind
from throughline.core.entities.base import Day
from throughline.core.event import Detector, Event, Fields
from throughline.core.money import Money


class TimeApproved(Event):
    """Hours may be billed. `day` and `at` together say whether that came late."""

    subject: ClassVar[str] = "time_entry"
    time_entry: str
    project: str
    day: Day
    at: datetime | None


class TimeUnapproved(Event):
    """Hours were approved, and are so no longer: what was charged for them is in doubt."""

    subject: ClassVar[str] = "time_entry"
    time_entry: str
    project: str
    day: Day


class TimeCorrected(Event):
    """Hours that were approved, and still are, are not what they were. Moved, they are told of at both places."""

    subject: ClassVar[str] = "time_entry"
    time_entry: str
    project: str
    day: Day


class ExpenseApproved(Event):
    """An expense may be billed. `day` and `at` together say whether that came late."""

    subject: ClassVar[str] = "expense"
    expense: str
    project: str
    day: Day
    at: datetime | None


class ExpenseUnapproved(Event):
    """An expense was approved, and is so no longer: what was charged for it is in doubt."""

    subject: ClassVar[str] = "expense"
    expense: str
    project: str
    day: Day


class ExpenseCorrected(Event):
    """An expense that was approved, and still is, is not what it was. Moved, it is told of at both places."""

    subject: ClassVar[str] = "expense"
    expense: str
    project: str
    day: Day


class UsageApproved(Event):
    """What was used may be billed. `day` and `at` together say whether that came late."""

    subject: ClassVar[str] = "usage_reading"
    usage_reading: str
    project: str
    day: Day
    at: datetime | None


class UsageUnapproved(Event):
    """What was used was approved to be billed, and is so no longer: what was charged for it is in doubt."""

    subject: ClassVar[str] = "usage_reading"
    usage_reading: str
    project: str
    day: Day


class UsageCorrected(Event):
    """A reading that was approved, and still is, is not what it was. Moved, it is told of at both places."""

    subject: ClassVar[str] = "usage_reading"
    usage_reading: str
    project: str
    day: Day


type Approved = type[TimeApproved | ExpenseApproved | UsageApproved]
type Unapproved = type[TimeUnapproved | ExpenseUnapproved | UsageUnapproved]
type Corrected = type[TimeCorrected | ExpenseCorrected | UsageCorrected]


class AssignmentChanged(Event):
    """Somebody was put on a project, or is on it otherwise than before."""

    subject: ClassVar[str] = "assignment"
    assignment: str
    project: str
    resource: str


class MilestoneReached(Event):
    """The work reached a point it had to reach."""

    subject: ClassVar[str] = "milestone"
    milestone: str
    project: str


class MilestoneReopened(Event):
    """A point that was reached is not reached any more: what was billed for it is in doubt."""

    subject: ClassVar[str] = "milestone"
    milestone: str
    project: str


class BudgetChanged(Event):
    """A project may cost more, or less, than was said before."""

    subject: ClassVar[str] = "project"
    project: str
    before: Money
    budget: Money


class ProjectRebaselined(Event):
    """A project that had its dates got others."""

    subject: ClassVar[str] = "project"
    project: str
    starts: Day | None
    ends: Day | None


PLACE = ("project", "day")
BILLED_BY = ("project", "resource", "day", "hours", "task", "role", "billable", "overtime", "rate")
SPENT_BY = ("project", "resource", "day", "category", "amount", "tax", "billable", "billable_amount")
USED_BY = ("project", "contract_line", "day", "quantity", "unit")
PUT_BY = ("project", "resource", "task", "role", "hours", "percent", "starts", "ends", "confirmed")


def _approved(kind: str, means: Approved) -> Detector:
    def detector(before: Fields, after: Fields) -> Event | None:
        if not _is_approved(after) or _is_approved(before) or not _named(after, "project", "day"):
            return None
        about: dict[str, Any] = {kind: after["id"], "at": after["approval"].get("at")}
        return means(**about, project=after["project"], day=after["day"])

    return detector


def _unapproved(kind: str, means: Unapproved) -> Detector:
    def detector(before: Fields, after: Fields) -> Event | None:
        if not _is_approved(before) or _is_approved(after) or not _named(before, *PLACE):
            return None
        return _at(before, means, {kind: after["id"]})

    return detector


def _corrected(kind: str, means: Corrected, fields: tuple[str, ...]) -> Detector:
    def detector(before: Fields, after: Fields) -> Event | None:
        both = _is_approved(before) and _is_approved(after)
        if not both or not _differ(before, after, fields) or not _named(before, *PLACE):
            return None
        return _at(before, means, {kind: after["id"]})

    return detector


def _moved(kind: str, means: Corrected) -> Detector:
    """Where it is now, when that is another day or project than before."""

    def detector(before: Fields, after: Fields) -> Event | None:
        both = _is_approved(before) and _is_approved(after)
        if not both or not _differ(before, after, PLACE) or not _named(after, *PLACE):
            return None
        return _at(after, means, {kind: after["id"]})

    return detector


def _at(fields: Fields, means: Callable[..., Event], about: dict[str, Any]) -> Event:
    return means(**about, project=fields["project"], day=fields["day"])


def _put(before: Fields, after: Fields) -> Event | None:
    if not _named(after, "project", "resource") or not _differ(before, after, PUT_BY):
        return None
    return AssignmentChanged(assignment=after["id"], project=after["project"], resource=after["resource"])


def _reached(done: Callable[[Fields], bool]) -> Detector:
    def detector(before: Fields, after: Fields) -> Event | None:
        if not done(after) or done(before) or not _named(after, "project"):
            return None
        return MilestoneReached(milestone=after["id"], project=after["project"])

    return detector


def _reopened(done: Callable[[Fields], bool]) -> Detector:
    def detector(before: Fields, after: Fields) -> Event | None:
        if not done(before) or done(after) or not _named(after, "project"):
            return None
        return MilestoneReopened(milestone=after["id"], project=after["project"])

    return detector


def _budget(before: Fields, after: Fields) -> Event | None:
    """A budget heard of for the first time is none that changed."""
    old, new = before.get("budget"), after.get("budget")
    if not old or not new or old == new:
        return None
    return BudgetChanged(project=after["id"], before=Money.model_validate(old), budget=Money.model_validate(new))


def _rebaselined(before: Fields, after: Fields) -> Event | None:
    moved = [name for name in ("starts", "ends") if before.get(name) and before[name] != after.get(name)]
    if not moved:
        return None
    return ProjectRebaselined(project=after["id"], starts=after.get("starts"), ends=after.get("ends"))


def _is_approved(fields: Fields) -> bool:
    return (fields.get("approval") or {}).get("state") == ApprovalState.APPROVED


def _is_completed(fields: Fields) -> bool:
    return fields.get("task_kind") == TaskKind.MILESTONE and bool(fields.get("completed"))


def _is_accepted(fields: Fields) -> bool:
    return bool(fields.get("completed_on"))


def _named(fields: Fields, *names: str) -> bool:
    """Whether enough is known to tell of it."""
    return all(fields.get(name) for name in names)


def _differ(before: Fields, after: Fields, names: tuple[str, ...]) -> bool:
    return any(before.get(name) != after.get(name) for name in names)


DETECTORS: dict[str, tuple[Detector, ...]] = {
    "time_entry": (
        _approved("time_entry", TimeApproved),
        _unapproved("time_entry", TimeUnapproved),
        _corrected("time_entry", TimeCorrected, BILLED_BY),
        _moved("time_entry", TimeCorrected),
    ),
    "expense": (
        _approved("expense", ExpenseApproved),
        _unapproved("expense", ExpenseUnapproved),
        _corrected("expense", ExpenseCorrected, SPENT_BY),
        _moved("expense", ExpenseCorrected),
    ),
    "usage_reading": (
        _approved("usage_reading", UsageApproved),
        _unapproved("usage_reading", UsageUnapproved),
        _corrected("usage_reading", UsageCorrected, USED_BY),
        _moved("usage_reading", UsageCorrected),
    ),
    "assignment": (_put,),
    "milestone": (_reached(_is_accepted), _reopened(_is_accepted)),
    "task": (_reached(_is_completed), _reopened(_is_completed)),
    "project": (_budget, _rebaselined),
}
