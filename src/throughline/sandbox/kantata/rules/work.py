"""What Kantata insists on for time, expenses, billing milestones, invoices and timesheets."""

from collections.abc import Callable, Iterable

from throughline.sandbox.kantata import money, pricing
from throughline.sandbox.kantata.errors import Problem, invalid
from throughline.sandbox.kantata.reading import Reader, Record
from throughline.sandbox.kantata.rules.check import Check

TAKEN_BACK = frozenset({"approved", "active_submission_id", "recent_submission_id", "invoice_id", "taxable"})
BILLED = ("time_entries", "expenses", "billing_milestones")


def time_entry(check: Check) -> Iterable[Problem]:
    record, workspace = check.record, check.other("workspaces", "workspace_id") or {}
    record["user_id"] = record.get("user_id") or check.actor
    record["currency"] = workspace["currency"]
    if record["time_in_minutes"] < 0:
        yield invalid("time_in_minutes", "Time in minutes must be greater than or equal to 0")
    if workspace["require_notes_on_time_entries"] and not record["notes"]:
        yield invalid("notes", "Notes can't be blank")
    if check.creating and not workspace["time_trackable"]:
        yield invalid("workspace_id", "Time cannot be tracked in this project")
    yield from _settled(check, approved=bool(check.before and check.before["approved"]))
    yield from _strange_story(check)
    if record.get("rate_in_cents") is None:
        user = check.other("users", "user_id") or {}
        role = record["role_id"] or _role_there(check) or user.get("role_id")
        day = record["date_performed"]
        record["rate_in_cents"] = pricing.hourly(check.reader, workspace["rate_card_id"], role, day)


def _role_there(check: Check) -> str | None:
    """What they are on this project, whatever they are otherwise."""
    on_it = check.reader.by("workspace_resources", "user_id", check.record["user_id"])
    mine = (each["role_id"] for each in on_it if each["workspace_id"] == check.record["workspace_id"])
    return next((role for role in mine if role), None)


def expense(check: Check) -> Iterable[Problem]:
    record, workspace = check.record, check.other("workspaces", "workspace_id") or {}
    record["user_id"] = record.get("user_id") or check.actor
    record["currency"] = workspace["currency"]
    if "billable" in record:
        record["is_billable"] = record.pop("billable")
    yield from _settled(check, approved=approved_report(check.reader, check.before))
    yield from _strange_story(check)


def _settled(check: Check, *, approved: bool) -> Iterable[Problem]:
    """What was approved or billed stays as it is, until a person takes that back in Kantata's own pages."""
    touched = set(check.given) - TAKEN_BACK
    if touched and (approved or billed(check.reader, check.before)):
        yield invalid(min(touched), "Cannot be changed after it was approved or invoiced")


def is_open(reader: Reader, item: Record) -> bool:
    """Whether it may still be changed or deleted."""
    return not (item.get("approved") or approved_report(reader, item) or billed(reader, item))


def approved_report(reader: Reader, expense: Record | None) -> bool:
    """An expense has no flag of its own: its report is what was approved."""
    report = reader.get("expense_report_submissions", expense["active_submission_id"]) if expense else None
    return bool(report) and report["status"] == "approved"


def billed(reader: Reader, item: Record | None) -> bool:
    if not item:
        return False
    if "invoice_id" in item:
        return item["invoice_id"] is not None
    return any(bill["status"] != "canceled" for bill in reader.by("invoices", "expense_ids", item["id"]))


def billing_milestone(check: Check) -> Iterable[Problem]:
    """One is invoiced on a date, or when its task is completed."""
    record, workspace = check.record, check.other("workspaces", "workspace_id") or {}
    record["currency"] = workspace["currency"]
    record["billing_type"] = "upon_completion" if record["story_id"] else "fixed_date"
    if not record["story_id"] and not record["date_to_invoice"]:
        yield invalid("date_to_invoice", "Date to invoice can't be blank")
    yield from _strange_story(check)


def _strange_story(check: Check) -> Iterable[Problem]:
    story = check.other("stories", "story_id")
    if story and story["workspace_id"] != check.record["workspace_id"]:
        yield invalid("story_id", "Story must be in the same project")


def invoice(check: Check) -> Iterable[Problem]:
    record = check.record
    if check.given.get("workspace_id"):
        record["workspace_ids"] = [*dict.fromkeys([check.given["workspace_id"], *record["workspace_ids"]])]
    workspaces = [each for id_ in record["workspace_ids"] if (each := check.reader.get("workspaces", id_))]
    if not workspaces or len(workspaces) != len(record["workspace_ids"]):
        yield invalid("workspace_id", "Workspace must exist")
        return
    record.setdefault("user_id", check.actor)
    record.setdefault("status", "draft" if record["draft"] else "open")
    record["currency"] = workspaces[0]["currency"]
    record["invoice_date"] = record.get("invoice_date") or check.reader.today.isoformat()
    record["due_date"] = record.get("due_date") or record["invoice_date"]
    yield from _strange_items(check)
    record["balance_in_cents"] = 0 if record["status"] == "canceled" else total(check.reader, record)


def _strange_items(check: Check) -> Iterable[Problem]:
    """Everything billed is of the projects billed, and on no other live invoice."""
    for name in BILLED:
        key = KEYS[name]
        for item in (check.reader.get(name, id_) or {} for id_ in check.record[key]):
            bills = check.reader.by("invoices", key, item["id"])
            elsewhere = [bill for bill in bills if bill["id"] != check.record.get("id")]
            if item["workspace_id"] not in check.record["workspace_ids"]:
                yield invalid(key, f"{item['id']} is not in a project of this invoice")
            elif any(bill["status"] != "canceled" for bill in elsewhere):
                yield invalid(key, f"{item['id']} is already invoiced")


KEYS = {"time_entries": "time_entry_ids", "expenses": "expense_ids", "billing_milestones": "billing_milestone_ids"}


def total(reader: Reader, record: Record) -> int:
    entries = [reader.get("time_entries", id_) or {} for id_ in record["time_entry_ids"]]
    others = [reader.get(name, id_) or {} for name in BILLED[1:] for id_ in record[KEYS[name]]]
    worked = sum(money.worth(each["time_in_minutes"], each["rate_in_cents"]) for each in entries)
    return worked + sum(each["amount_in_cents"] for each in others)


def sheet(items: str, title: str) -> Callable[[Check], Iterable[Problem]]:
    def rule(check: Check) -> Iterable[Problem]:
        record, workspace = check.record, check.other("workspaces", "workspace_id") or {}
        record["user_id"] = record.get("user_id") or check.actor
        record["currency"] = workspace["currency"]
        record["title"] = record.get("title") or f"{title} for {workspace['title']}"
        lines = check.given.get("line_item_ids", [])
        if check.creating and not lines:
            yield invalid("line_item_ids", "Line items can't be blank")
        for id_ in lines:
            yield from _strange_line(check, items, id_)

    return rule


def _strange_line(check: Check, items: str, id_: str) -> Iterable[Problem]:
    """What is handed in together is of one project and one person, and in nobody else's hands."""
    item, record, name = check.reader.get(items, id_), check.record, NAMES[items]
    if not item or item["workspace_id"] != record["workspace_id"]:
        yield invalid("line_item_ids", f"{name} {id_} is not in this project")
    elif item["user_id"] != record["user_id"]:
        yield invalid("line_item_ids", f"{name} {id_} is not this person's")
    elif item["active_submission_id"]:
        yield invalid("line_item_ids", f"{name} {id_} is already submitted")


NAMES = {"time_entries": "Time entry", "expenses": "Expense"}

RULES: dict[str, Callable[[Check], Iterable[Problem]]] = {
    "time_entries": time_entry,
    "expenses": expense,
    "billing_milestones": billing_milestone,
    "invoices": invoice,
    "timesheet_submissions": sheet("time_entries", "Timesheet"),
    "expense_report_submissions": sheet("expenses", "Expense report"),
}
