"""What somebody hands in to be approved: the time of a project, and its expenses."""

from throughline.sandbox.kantata.schema.shape import REFERENCES, Collection, belongs, many, words

UNDECIDED = {
    "comment": None,
    "status": "submitted",
    "current_resolution_description": None,
    "current_resolution_creator_id": None,
    "current_resolution_created_at_date": None,
}

TIMESHEET_SUBMISSIONS = Collection(
    name="timesheet_submissions",
    singular="timesheet_submission",
    model="TimesheetSubmission",
    event="timesheet",
    attributes=words(
        "id start_date end_date created_at updated_at status title comment line_item_total_in_cents"
        " line_item_total_formatted currency currency_symbol currency_base_unit current_resolution_description"
        " current_resolution_creator_id current_resolution_created_at_date"
    ),
    create=words("title comment workspace_id user_id line_item_ids"),
    extras=("line_item_ids",),
    links={
        "user": belongs("users", "user_id"),
        "workspace": belongs("workspaces", "workspace_id"),
        "time_entries": many("time_entries", "time_entry_ids", "recent_submission_id"),
        **REFERENCES,
    },
    required=("workspace_id",),
    defaults=UNDECIDED,
    filters=("status",),
    owners=("workspace_id",),
)

EXPENSE_REPORT_SUBMISSIONS = Collection(
    name="expense_report_submissions",
    singular="expense_report_submission",
    model="ExpenseReportSubmission",
    event="expense_report",
    attributes=words(
        "id created_at updated_at status title comment line_item_total_in_cents line_item_total_formatted currency"
        " currency_symbol currency_base_unit current_resolution_description current_resolution_creator_id"
        " current_resolution_created_at_date"
    ),
    create=words("title comment workspace_id user_id line_item_ids"),
    extras=("line_item_ids",),
    links={
        "user": belongs("users", "user_id"),
        "workspace": belongs("workspaces", "workspace_id"),
        "expenses": many("expenses", "expense_ids", "recent_submission_id"),
    },
    required=("workspace_id",),
    defaults=UNDECIDED,
    filters=("status",),
    owners=("workspace_id",),
)

HANDED_IN = {"timesheet_submissions": "time_entries", "expense_report_submissions": "expenses"}
"""What is in each of them."""

COLLECTIONS = (TIMESHEET_SUBMISSIONS, EXPENSE_REPORT_SUBMISSIONS)
