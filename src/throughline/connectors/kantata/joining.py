"""What Kantata keeps in a record beside: who approved it and when, which role, whose allocation it is."""

from typing import Any

from throughline.connectors.kantata import progress, scope
from throughline.connectors.kantata.pages import records
from throughline.connectors.kantata.people import learn
from throughline.core.connector import Http
from throughline.core.forms import Record, dig

# What must be included for a record to be whole.
INCLUDED = {
    "users": "role,account_membership",
    "stories": "story_state_changes",
    "workspace_allocations": "workspace_resource",
    "time_entries": "role,recent_submission",
    "expenses": "recent_submission",
}
SHEETS = {"time_entries": "timesheet_submissions", "expenses": "expense_report_submissions"}
NOT_HANDED_IN, UNSEEN, TAKEN_BACK = "not handed in", "in a sheet that is not shown", "taken back"


async def whole(http: Http, resource: str, body: Record, people: dict[str, str]) -> list[Record]:
    """The records of a page, each with what it needs of others. `people` are the addresses learnt so far."""
    found = list(records(body))
    if resource == "custom_field_values":
        return await scope.asked(http, found)
    if resource == "stories":
        return await progress.told(http, found, body, people)
    if resource not in {*SHEETS, "timesheet_submissions"}:
        return [each for record in found if (each := tidy(resource, record, body))]
    sheets = body.get(SHEETS.get(resource, resource), {})
    deciders = {str(each["current_resolution_creator_id"] or "") for each in sheets.values()} - {"", *people}
    await learn(http, deciders, people)
    return [tidied | {"approval": approval(resource, each, body, people)}
            for each in found if (tidied := tidy(resource, each, body))]  # fmt: skip


def tidy(resource: str, record: Record, body: Record) -> Record | None:
    """With the role's name beside its id. An allocation of nobody in particular is demand, and is left out."""
    if resource == "users":
        member = _beside(body, "account_memberships", record.get("account_membership_id"))
        record = {**record, "updated_at": member.get("updated_at"), "manager_id": member.get("manager_id")}
    if resource == "workspace_allocations":
        held = _beside(body, "workspace_resources", record.get("workspace_resource_id"))
        if not held.get("user_id"):
            return None
        return {**record, "user_id": held["user_id"], "role": {"name": held.get("role_name")}}
    if "role_id" not in record:
        return record
    return {**record, "role": {"name": _beside(body, "roles", record["role_id"]).get("name")}}


def approval(resource: str, record: Record, body: Record, people: dict[str, str]) -> Record:
    """Where it stands, and who said so when. A sheet is last changed when it is decided: they tell only the day."""
    sheet = _sheet(resource, record, body)
    status = _status(resource, record, sheet)
    if not sheet or status != sheet["status"] or status not in {"approved", "rejected"}:
        return {"status": status, "by": None, "at": None, "note": None}
    return {
        "status": status,
        "by": people.get(str(sheet["current_resolution_creator_id"])),
        "at": sheet["updated_at"],
        "note": sheet["current_resolution_description"],
    }


def _status(resource: str, record: Record, sheet: Record) -> str:
    """Time says itself whether it is approved, and is believed. An expense is what the report says it is in."""
    said = sheet.get("status") if sheet else (UNSEEN if record.get("recent_submission_id") else NOT_HANDED_IN)
    if resource == "time_entries" and record["approved"]:
        return "approved"
    stays = resource == "expenses" and record.get("active_submission_id") == record.get("recent_submission_id")
    if said == "approved" and resource != "timesheet_submissions" and not stays:
        return TAKEN_BACK
    return str(said)


def _sheet(resource: str, record: Record, body: Record) -> Record:
    if resource not in SHEETS:
        return record
    return _beside(body, SHEETS[resource], record.get("recent_submission_id"))


def _beside(body: Record, name: str, id_: Any) -> Record:
    return dig(body, name)[1].get(str(id_), {}) if id_ and name in body else {}
