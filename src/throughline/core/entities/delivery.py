"""Projects: the work we promised, its plan, and how it is doing."""

from enum import StrEnum
from typing import ClassVar

from throughline.core.entities.base import Count, Day, Entity, Flag, Instant, Key, Spanning, Value
from throughline.core.entities.changes import Version
from throughline.core.entities.ids import (
    BaselineId,
    BillingMilestoneId,
    ContractId,
    CustomerId,
    MessageId,
    MilestoneId,
    OpportunityId,
    ProjectId,
    ProjectStatusId,
    ProjectTemplateId,
    TaskId,
)
from throughline.core.entities.terms import Approval, CommercialModel
from throughline.core.money import Currency, Exact, Money


class ProjectState(StrEnum):
    """Where the work stands."""

    PLANNED = "planned"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Project(Spanning, Entity, frozen=True):
    """The work for a customer, with a budget and someone who answers for it."""

    kind: ClassVar[str] = "project"

    id: ProjectId
    name: str
    customer: CustomerId
    opportunity: OpportunityId | None = None
    contract: ContractId | None = None
    code: str | None = None
    template: str | None = None
    legal_entity: str | None = None
    service_line: str | None = None
    cost_centre: str | None = None
    commercial_model: CommercialModel | None = None
    manager: str | None = None
    currency: Currency
    budget: Money | None = None
    budget_hours: Exact | None = None
    rate_card: str | None = None
    state: ProjectState | None = None
    versions: tuple[Version, ...] = ()


class TaskKind(StrEnum):
    """What a line of the plan is."""

    PHASE = "phase"
    TASK = "task"
    MILESTONE = "milestone"


class Task(Spanning, Entity, frozen=True):
    """A line of a project's plan."""

    kind: ClassVar[str] = "task"

    id: TaskId
    project: ProjectId
    title: str
    # Not `kind`: that is what every entity calls itself.
    task_kind: TaskKind
    position: Count
    parent: TaskId | None = None
    estimate_hours: Exact | None = None
    budget: Money | None = None
    role: str | None = None
    billable: Flag
    completed: Flag | None = None
    completed_at: Instant | None = None
    completed_by: str | None = None


class Milestone(Entity, frozen=True):
    """A point the work must reach, accepted by the customer or by us."""

    kind: ClassVar[str] = "milestone"

    id: MilestoneId
    project: ProjectId
    name: str
    task: TaskId | None = None
    billing_milestone: BillingMilestoneId | None = None
    due: Day | None = None
    completed_on: Day | None = None
    approval: Approval | None = None


class TemplateTask(Value, frozen=True):
    """A line a template puts into a new project's plan."""

    key: Key
    title: str
    task_kind: TaskKind
    position: Count
    parent: str | None = None
    role: str | None = None
    share_of_hours: Exact | None = None
    starts_after_days: Count | None = None
    lasts_days: Count | None = None
    billable: Flag


class ProjectTemplate(Entity, frozen=True):
    """The plan a kind of work starts from."""

    kind: ClassVar[str] = "project_template"

    id: ProjectTemplateId
    name: str
    service_line: str | None = None
    commercial_model: CommercialModel | None = None
    legal_entity: str | None = None
    tasks: tuple[TemplateTask, ...] = ()


class Baseline(Spanning, Entity, frozen=True):
    """What was promised for a project at one moment, kept to compare with."""

    kind: ClassVar[str] = "baseline"

    id: BaselineId
    project: ProjectId
    version: Count
    taken_at: Instant
    reason: str | None = None
    budget: Money | None = None
    hours: Exact | None = None
    cost: Money | None = None
    approval: Approval | None = None


class Health(StrEnum):
    """How a project is doing."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"


class ProjectStatus(Entity, frozen=True):
    """What the manager reports about a project on a day."""

    kind: ClassVar[str] = "project_status"

    id: ProjectStatusId
    project: ProjectId
    as_of: Day
    health: Health
    percent_complete: Exact | None = None
    margin_percent: Exact | None = None
    note: str | None = None
    by: str | None = None


class Message(Entity, frozen=True):
    """A notice to people in a channel, such as the kickoff of a project."""

    kind: ClassVar[str] = "message"

    id: MessageId
    channel: str
    text: str
    about: str | None = None
