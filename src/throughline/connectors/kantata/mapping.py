"""Our words and Kantata's: one row per field.

Paths such as `primary_maven.email` name a person, role or rate card as a human does; `names` looks up the id.
"""

from throughline.core.entities import BilledWork, BillingMilestone, Customer, Demand, Project, Task
from throughline.core.forms import Amount, Choice, Day, Fixed, Flag, Instant, Lookup, MinorUnits, Minutes, Ref
from throughline.core.lists import Many, One
from throughline.core.mapping import Mapping, Row, Rung

# POST has no idempotency key. An external reference goes in with the record and can be searched: rung C. The settle
# time covers our deadline (25 s), the longest late answer seen and the lag of their search index.
LATE_SECONDS, LAG_SECONDS, SETTLE_SECONDS = 30, 30, 90

# Of an invoice's states only whether it stands is ours to say.
VOID = Flag(yes="canceled", no="open")

CUSTOMER = Mapping(
    Customer,
    resource="workspace_groups",
    key="id",
    rung=Rung.MARKER,
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("name", "name"),
        Row("", "company", Fixed(value=True)),
        Row("email", "email"),
        Row("phone", "phone_number"),
        Row("website", "website"),
    ),
)

PROJECT = Mapping(
    Project,
    resource="workspaces",
    key="id",
    changed="updated_at",
    rung=Rung.MARKER,
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("name", "title"),
        Row("", "creator_role", Fixed("maven")),
        Row("", "budgeted", Fixed(value=True)),
        Row("customer", "workspace_group_ids", One(Ref("customer"))),
        Row("currency", "currency"),
        # Read in cents: `price` is shown as text, cut off. Written in whole units: cents are not taken.
        Row("budget", "price_in_cents", MinorUnits(currency="currency"), flow="in"),
        Row("budget", "price", Amount(currency="currency", as_text=True), flow="out"),
        Row("rate_card", "rate_card.title", flow="out"),
        Row("manager", "primary_maven.email", flow="out"),
        Row("starts", "start_date", Day()),
        Row("ends", "due_date", Day()),
    ),
)

TASK = Mapping(
    Task,
    resource="stories",
    key="id",
    changed="updated_at",
    rung=Rung.MARKER,
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("project", "workspace_id", Ref("project")),
        Row("title", "title"),
        Row(
            "task_kind",
            "story_type",
            Choice({"deliverable": "phase", "task": "task", "milestone": "milestone"}),
        ),
        Row("parent", "parent_id", Ref("task")),
        Row("starts", "start_date", Day()),
        Row("ends", "due_date", Day()),
        Row("estimate_hours", "time_estimate_in_minutes", Minutes()),
        Row("budget", "budget_estimate_in_cents", MinorUnits(currency="currency"), flow="out"),
        Row("billable", "billable", Flag()),
        # Of its states only the last is told; when it came to it, and through whom, `joining` puts there.
        Row("completed", "done", Flag(), flow="in"),
        Row("completed_at", "completed.at", Instant(), flow="in"),
        Row("completed_by", "completed.by", flow="in"),
    ),
)

DEMAND = Mapping(
    Demand,
    resource="workspace_resources",
    key="id",
    rung=Rung.MARKER,
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("project", "workspace_id", Ref("project")),
        Row("role", "role.name", Lookup("roles", "psa_role", self_column="role"), flow="out"),
    ),
)

BILLED_WORK = Mapping(
    BilledWork,
    resource="invoices",
    key="id",
    rung=Rung.MARKER,
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("project", "workspace_id", Ref("project"), flow="out"),
        Row("number", "user_invoice_number"),
        Row("issued_on", "invoice_date", Day()),
        Row("time_entries", "time_entry_ids", Many(Ref("time_entry"))),
        Row("expenses", "expense_ids", Many(Ref("expense"))),
        Row("void", "status", VOID, flow="out"),
        Row("", "draft", Fixed(value=False)),
    ),
)

BILLING_MILESTONE = Mapping(
    BillingMilestone,
    resource="billing_milestones",
    key="id",
    rung=Rung.MARKER,
    settle_seconds=SETTLE_SECONDS,
    late_seconds=LATE_SECONDS,
    lag_seconds=LAG_SECONDS,
    rows=(
        Row("project", "workspace_id", Ref("project")),
        Row("name", "title"),
        Row("due", "date_to_invoice", Day()),
        Row("amount", "amount_in_cents", MinorUnits(currency="currency"), flow="out"),
    ),
)
