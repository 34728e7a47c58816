"""What was worked and what is billed: time, expenses, timesheets, billing milestones, invoices."""

from throughline.sandbox.kantata.schema.shape import REFERENCES, Collection, belongs, many, words

TIME_ENTRIES = Collection(
    name="time_entries",
    singular="time_entry",
    model="TimeEntry",
    event="time_entry",
    attributes=words(
        "id created_at updated_at date_performed time_in_minutes billable notes rate_in_cents cost_rate_in_cents"
        " currency currency_symbol currency_base_unit user_can_edit approved location taxable is_invoiced"
    ),
    create=words(
        "workspace_id date_performed time_in_minutes billable notes rate_in_cents cost_rate_in_cents role_id story_id"
        " user_id location"
    ),
    update=words(
        "workspace_id date_performed time_in_minutes billable notes rate_in_cents cost_rate_in_cents role_id story_id"
        " user_id location"
    ),
    by_hand=("approved", "taxable", "active_submission_id", "recent_submission_id", "invoice_id"),
    links={
        "workspace": belongs("workspaces", "workspace_id"),
        "user": belongs("users", "user_id"),
        "story": belongs("stories", "story_id"),
        "role": belongs("roles", "role_id"),
        "active_submission": belongs("timesheet_submissions", "active_submission_id"),
        "recent_submission": belongs("timesheet_submissions", "recent_submission_id"),
        "invoice": belongs("invoices", "invoice_id"),
        **REFERENCES,
    },
    required=words("workspace_id date_performed time_in_minutes"),
    defaults={
        "billable": True,
        "notes": None,
        "cost_rate_in_cents": None,
        "role_id": None,
        "story_id": None,
        "location": None,
        "approved": False,
        "taxable": False,
        "active_submission_id": None,
        "recent_submission_id": None,
        "invoice_id": None,
    },
    searched=("notes",),
    filters=("billable", "approved", "is_invoiced", "date_performed"),
    owners=("workspace_id",),
    most=5000,
)

EXPENSES = Collection(
    name="expenses",
    singular="expense",
    model="Expense",
    event="expense",
    attributes=words(
        "id created_at updated_at date notes category amount_in_cents currency currency_symbol currency_base_unit"
        " user_can_edit is_invoiced is_billable taxable reimbursable receipt_id"
    ),
    create=words("workspace_id date category amount_in_cents notes user_id billable story_id reimbursable receipt_id"),
    update=words("date category amount_in_cents notes user_id billable story_id receipt_id"),
    by_hand=("taxable", "active_submission_id", "recent_submission_id"),
    links={
        "workspace": belongs("workspaces", "workspace_id"),
        "user": belongs("users", "user_id"),
        "story": belongs("stories", "story_id"),
        "active_submission": belongs("expense_report_submissions", "active_submission_id"),
        "recent_submission": belongs("expense_report_submissions", "recent_submission_id"),
        **REFERENCES,
    },
    required=words("workspace_id date category amount_in_cents"),
    defaults={
        "notes": None,
        "is_billable": True,
        "taxable": False,
        "reimbursable": True,
        "story_id": None,
        "receipt_id": None,
        "active_submission_id": None,
        "recent_submission_id": None,
    },
    searched=("notes", "category"),
    filters=("category", "is_billable", "is_invoiced"),
    owners=("workspace_id",),
)

BILLING_MILESTONES = Collection(
    name="billing_milestones",
    singular="billing_milestone",
    model="BillingMilestone",
    event="billing_milestone",
    attributes=words("id title date_to_invoice amount_in_cents billing_type created_at updated_at currency invoice_id"),
    create=words("title date_to_invoice amount_in_cents workspace_id story_id"),
    update=words("title date_to_invoice amount_in_cents"),
    links={
        "workspace": belongs("workspaces", "workspace_id"),
        "story": belongs("stories", "story_id"),
        "invoices": many("invoices", "invoice_ids", "billing_milestone_ids"),
        **REFERENCES,
    },
    required=words("title amount_in_cents workspace_id"),
    defaults={"date_to_invoice": None, "story_id": None},
    filters=("billing_type", "title"),
    order="created_at:desc",
    owners=("workspace_id",),
)

INVOICES = Collection(
    name="invoices",
    singular="invoice",
    model="Invoice",
    event="invoice",
    attributes=words(
        "id created_at updated_at invoice_date due_date message title draft status balance_in_cents currency"
        " currency_symbol currency_base_unit payment_schedule user_invoice_title user_invoice_number tax_rate"
        " purchase_order project_code"
    ),
    create=words(
        "time_entry_ids expense_ids workspace_id payment_schedule invoice_date user_invoice_number user_invoice_title"
        " draft message purchase_order project_code tax_rate workspace_ids billing_milestone_ids"
    ),
    update=words(
        "expense_ids time_entry_ids payment_schedule invoice_date user_invoice_number draft message user_invoice_title"
        " purchase_order project_code tax_rate billing_milestone_ids"
    ),
    by_hand=("status",),
    extras=("workspace_id",),
    links={
        "workspaces": many("workspaces", "workspace_ids"),
        "time_entries": many("time_entries", "time_entry_ids"),
        "expenses": many("expenses", "expense_ids"),
        "billing_milestones": many("billing_milestones", "billing_milestone_ids"),
        "user": belongs("users", "user_id"),
        **REFERENCES,
    },
    defaults={
        "time_entry_ids": [],
        "expense_ids": [],
        "billing_milestone_ids": [],
        "workspace_ids": [],
        "payment_schedule": 30,
        "message": None,
        "draft": False,
        "user_invoice_title": None,
        "user_invoice_number": None,
        "tax_rate": None,
        "purchase_order": None,
        "project_code": None,
    },
    filters=("status", "draft", "user_invoice_number", "purchase_order"),
    order="created_at:desc",
)

COLLECTIONS = (TIME_ENTRIES, EXPENSES, BILLING_MILESTONES, INVOICES)
