"""Our words and Kantata's for people and what they work. All of it is read; of it, people are written.

`approval`, `role.name`, `user_id` of an allocation, and `updated_at` and `manager_id` of a user are put there by
`joining`.
"""

from throughline.connectors.kantata.mapping import LAG_SECONDS, LATE_SECONDS, SETTLE_SECONDS
from throughline.core.entities import Assignment, DeliveryRole, Expense, Resource, TimeEntry, Timesheet
from throughline.core.forms import Choice, Day, Fixed, Flag, Instant, Lookup, MinorUnits, Minutes, Ref
from throughline.core.lists import Line, Part
from throughline.core.mapping import Mapping, Row, Rung

ROLE = Lookup("roles", "psa_role", self_column="role")
# What is not approved any more, whatever became of it, is a draft: nobody may bill it.
STATES = Choice(
    {
        "approved": "approved",
        "submitted": "submitted",
        "rejected": "rejected",
        "cancelled": "draft",
        "not handed in": "draft",
        "taken back": "draft",
        "deleted": "draft",
    }
)
APPROVAL = Row(
    "approval",
    "approval",
    Part((Line("state", "status", STATES), Line("by", "by"), Line("at", "at", Instant()), Line("note", "note"))),
    flow="in",
)

# Neither roles nor users show when they were changed: their lists are read whole, and what differs counts.
DELIVERY_ROLE = Mapping(
    DeliveryRole, resource="roles", key="id", changed="updated_at", rows=(Row("name", "name", flow="in"),)
)

RESOURCE = Mapping(
    Resource,
    resource="users",
    key="id",
    changed="updated_at",
    # No two users have one address, and an invitation carries no mark of ours that could be searched: rung D.
    rung=Rung.NATURAL_KEY,
    natural_key=("email",),
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("name", "full_name"),
        Row("email", "email_address"),
        Row("manager", "manager_id", Ref("resource")),
        Row("", "permission", Fixed("Collaborator")),
        Row("role", "role.name", ROLE, flow="in"),
        Row("active", "disabled", Flag(yes=False, no=True), flow="in"),
    ),
)

ASSIGNMENT = Mapping(
    Assignment,
    resource="workspace_allocations",
    key="id",
    changed="updated_at",
    rows=(
        Row("project", "workspace_id", Ref("project"), flow="in"),
        Row("resource", "user_id", Ref("resource"), flow="in"),
        Row("role", "role.name", ROLE, flow="in"),
        Row("hours", "minutes", Minutes(), flow="in"),
        Row("starts", "start_date", Day(), flow="in"),
        Row("ends", "end_date", Day(), flow="in"),
        Row("confirmed", "hard", Flag(), flow="in"),
    ),
)

TIMESHEET = Mapping(
    Timesheet,
    resource="timesheet_submissions",
    key="id",
    changed="updated_at",
    rows=(
        Row("resource", "user_id", Ref("resource"), flow="in"),
        Row("starts", "start_date", Day(), flow="in"),
        Row("ends", "end_date", Day(), flow="in"),
        APPROVAL,
    ),
)

TIME_ENTRY = Mapping(
    TimeEntry,
    resource="time_entries",
    key="id",
    changed="updated_at",
    rows=(
        Row("project", "workspace_id", Ref("project"), flow="in"),
        Row("resource", "user_id", Ref("resource"), flow="in"),
        Row("day", "date_performed", Day(), flow="in"),
        Row("hours", "time_in_minutes", Minutes(), flow="in"),
        Row("task", "story_id", Ref("task"), flow="in"),
        Row("timesheet", "recent_submission_id", Ref("timesheet"), flow="in"),
        Row("role", "role.name", ROLE, flow="in"),
        Row("billable", "billable", Flag(), flow="in"),
        Row("rate", "rate_in_cents", MinorUnits(currency="currency"), flow="in"),
        Row("cost_rate", "cost_rate_in_cents", MinorUnits(currency="currency"), flow="in"),
        Row("note", "notes", flow="in"),
        APPROVAL,
    ),
)

EXPENSE = Mapping(
    Expense,
    resource="expenses",
    key="id",
    changed="updated_at",
    rows=(
        Row("project", "workspace_id", Ref("project"), flow="in"),
        Row("resource", "user_id", Ref("resource"), flow="in"),
        Row("day", "date", Day(), flow="in"),
        Row("category", "category", flow="in"),
        Row("amount", "amount_in_cents", MinorUnits(currency="currency"), flow="in"),
        Row("billable", "is_billable", Flag(), flow="in"),
        Row("receipt", "receipt_id", flow="in"),
        Row("note", "notes", flow="in"),
        APPROVAL,
    ),
)
