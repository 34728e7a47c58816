"""What the work has taken so far, and what it costs us."""

from typing import Annotated, ClassVar

from throughline.core.entities.base import Day, Entity, Flag, Lasting, Spanning
from throughline.core.entities.ids import (
    ContractId,
    CostForecastId,
    ExpenseId,
    LabourCostId,
    ProjectId,
    ResourceId,
    SubcontractId,
    TaskId,
    TimeEntryId,
    TimesheetId,
    UsageReadingId,
)
from throughline.core.entities.sensitive import Sensitive
from throughline.core.entities.terms import Approval, ApprovalState, Unit
from throughline.core.money import Exact, Money


class Timesheet(Lasting, Entity, frozen=True):
    """A person's hours for a span of days, handed in and approved together."""

    kind: ClassVar[str] = "timesheet"

    id: TimesheetId
    resource: ResourceId
    hours: Exact | None = None
    approval: Approval


class TimeEntry(Entity, frozen=True):
    """Hours one person worked on one day."""

    kind: ClassVar[str] = "time_entry"

    id: TimeEntryId
    project: ProjectId
    resource: ResourceId
    day: Day
    hours: Exact
    task: TaskId | None = None
    timesheet: TimesheetId | None = None
    role: str | None = None
    billable: Flag
    overtime: Flag | None = None
    rate: Annotated[Money | None, Sensitive()] = None
    cost_rate: Annotated[Money | None, Sensitive()] = None
    note: str | None = None
    approval: Approval | None = None


class Expense(Entity, frozen=True):
    """Money spent on a project, perhaps passed on to the customer."""

    kind: ClassVar[str] = "expense"

    id: ExpenseId
    project: ProjectId
    resource: ResourceId | None = None
    day: Day
    category: str | None = None
    amount: Money
    tax: Money | None = None
    billable: Flag
    billable_amount: Money | None = None
    receipt: str | None = None
    note: str | None = None
    approval: Approval | None = None


class UsageReading(Entity, frozen=True):
    """How much of something a customer used on a day, as a meter said."""

    kind: ClassVar[str] = "usage_reading"

    id: UsageReadingId
    reference: str
    project: ProjectId
    # The line's key or its product; none where the contract sells one thing by usage.
    contract_line: str | None = None
    day: Day
    quantity: Exact
    unit: Unit
    note: str | None = None
    approval: Approval | None = None


class CostForecast(Entity, frozen=True):
    """What a project will have cost when it is done, as believed on a day."""

    kind: ClassVar[str] = "cost_forecast"

    id: CostForecastId
    project: ProjectId
    contract: ContractId | None = None
    as_of: Day
    cost_to_date: Money | None = None
    cost_to_complete: Money
    hours_to_complete: Exact | None = None
    revenue_to_complete: Money | None = None
    by: str | None = None


class LabourCost(Spanning, Entity, frozen=True):
    """What a person's or a role's hour costs the firm, payroll burden included."""

    kind: ClassVar[str] = "labour_cost"

    id: LabourCostId
    resource: ResourceId | None = None
    role: str | None = None
    legal_entity: str | None = None
    cost_centre: str | None = None
    hourly_cost: Annotated[Money, Sensitive()]
    payroll_share_percent: Exact | None = None


class Subcontract(Spanning, Entity, frozen=True):
    """Work or goods a project buys from someone else."""

    kind: ClassVar[str] = "subcontract"

    id: SubcontractId
    project: ProjectId
    supplier: str
    description: str | None = None
    purchase_order: str | None = None
    amount: Money
    invoiced: Money | None = None
    billable: Flag | None = None
    state: ApprovalState | None = None
