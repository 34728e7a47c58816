"""What a project says of itself beyond its own row: budget, progress, status, and what the asker may do."""

from typing import Any

from throughline.sandbox.kantata import money, pricing
from throughline.sandbox.kantata.reading import Reader, Record

STATUSES = {
    100: ("grey", "Estimate"),
    120: ("grey", "In Setup"),
    300: ("green", "Active"),
    401: ("yellow", "On Hold"),
    501: ("red", "Cancelled"),
    600: ("blue", "Completed"),
}
PERMISSIONS = {
    "can_upload_files": True,
    "can_private_message": True,
    "can_join": False,
    "is_participant": True,
    "access_level": "admin",
    "team_lead": False,
    "user_is_client": False,
    "can_change_price": True,
    "can_change_story_billable": True,
    "can_post": True,
    "can_edit": True,
    "restricted": False,
    "can_see_financials": True,
}


def project(reader: Reader, record: Record) -> dict[str, Any]:
    color, message = STATUSES[record["status_key"]]
    rate = pricing.hourly(reader, record["rate_card_id"], None, reader.today.isoformat())
    submissions = reader.by("timesheet_submissions", "workspace_id", record["id"])
    return {
        "status": {"color": color, "key": record["status_key"], "message": message},
        "effective_due_date": record["due_date"],
        "default_rate": money.rate_text(rate, record["currency"]),
        "can_create_line_items": True,
        "can_invite": True,
        "has_budget_access": True,
        "permissions": PERMISSIONS,
        "has_active_timesheet_submissions": any(each["status"] == "submitted" for each in submissions),
        "participant_ids": [each["user_id"] for each in reader.by("participations", "workspace_id", record["id"])],
        **_progress(reader, record),
        **_budget(reader, record),
    }


def _budget(reader: Reader, record: Record) -> dict[str, Any]:
    entries = [entry for entry in reader.by("time_entries", "workspace_id", record["id"]) if entry["billable"]]
    expenses = sum(each["amount_in_cents"] for each in reader.by("expenses", "workspace_id", record["id"]))
    used = sum(money.worth(entry["time_in_minutes"], entry["rate_in_cents"]) for entry in entries)
    used += expenses if record["expenses_in_burn_rate"] else 0
    price, currency = record["price_in_cents"], record["currency"]
    return {
        "price": money.spoken(price, currency),
        "budget_used": money.spoken(used, currency),
        "budget_used_in_cents": used,
        "budget_remaining": None if price is None else money.spoken(price - used, currency),
        "over_budget": price is not None and used > price,
        "percent_of_budget_used": used * 100 // price if price else 0,
        "total_expenses_in_cents": expenses,
    }


def _progress(reader: Reader, record: Record) -> dict[str, Any]:
    stories = [each for each in reader.by("stories", "workspace_id", record["id"]) if not each["archived"]]
    open_milestones = [each for each in stories if each["story_type"] == "milestone" and each["state"] != "completed"]
    first = min(open_milestones, key=lambda each: (each["due_date"] or "9999", int(each["id"])), default=None)
    return {
        "percentage_complete": sum(each["percentage_complete"] for each in stories) // len(stories) if stories else 0,
        "next_uncompleted_milestone_id": first["id"] if first else None,
    }
