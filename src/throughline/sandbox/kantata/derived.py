"""What Kantata works out when it is asked: names of other records, sums, and prices for people."""

from collections.abc import Callable
from typing import Any

from throughline.sandbox.kantata import money, pricing
from throughline.sandbox.kantata.projects import project
from throughline.sandbox.kantata.reading import Reader, Record
from throughline.sandbox.kantata.rules.work import billed, is_open

type Derive = Callable[[Reader, Record], dict[str, Any]]

ACCOUNT_ID = "7001001"


def derived(name: str, reader: Reader, record: Record) -> dict[str, Any]:
    derive = DERIVATIONS.get(name)
    return derive(reader, record) if derive else {}


def _money(record: Record) -> dict[str, Any]:
    currency = record["currency"]
    return {"currency_symbol": money.SYMBOLS[currency], "currency_base_unit": money.base_unit(currency)}


def _workspace(reader: Reader, record: Record) -> dict[str, Any]:
    return {"account_id": ACCOUNT_ID, **_money(record), **project(reader, record)}


def _story(reader: Reader, record: Record) -> dict[str, Any]:
    entries = reader.by("time_entries", "story_id", record["id"])
    billable = [entry for entry in entries if entry["billable"]]
    assignments = reader.by("assignments", "story_id", record["id"])
    return {
        "sub_story_count": len(reader.by("stories", "parent_id", record["id"])),
        "assignee_ids": [each["assignee_id"] for each in assignments if each["current"]],
        "logged_billable_time_in_minutes": sum(entry["time_in_minutes"] for entry in billable),
        "logged_nonbillable_time_in_minutes": sum(e["time_in_minutes"] for e in entries if not e["billable"]),
        "budget_used_in_cents": sum(money.worth(e["time_in_minutes"], e["rate_in_cents"]) for e in billable),
    }


def _assignment(_reader: Reader, record: Record) -> dict[str, Any]:
    return {"allocated_minutes": record["estimated_minutes"] or 0}


def _resource(reader: Reader, record: Record) -> dict[str, Any]:
    role, user = reader.get("roles", record["role_id"]), reader.get("users", record["user_id"])
    workspace = reader.get("workspaces", record["workspace_id"]) or {}
    allocations = reader.by("workspace_allocations", "workspace_resource_id", record["id"])
    assignments = reader.by("assignments", "resource_id", record["id"])
    role_name = role["name"] if role else None
    account_role = reader.get("roles", user["role_id"]) if user else None
    return {
        "role_name": role_name,
        "role_initials": "".join(word[0] for word in role_name.split()) if role_name else None,
        "full_name": user["full_name"] if user else None,
        "display_label": user["full_name"] if user else record["label"],
        "account_role_name": account_role["name"] if account_role else None,
        "workspace_title": workspace.get("title"),
        "allocations_count": len(allocations),
        "assignments_count": len(assignments),
        "deletable": not allocations and not assignments,
        "total_allocated_minutes": sum(each["minutes"] for each in allocations),
        "earliest_allocation_date": min((each["start_date"] for each in allocations), default=None),
        "latest_allocation_date": max((each["end_date"] for each in allocations), default=None),
        "is_foreign_user": False,
        **_resource_rates(reader, record, workspace),
        **_participation(reader, record),
    }


def _resource_rates(reader: Reader, record: Record, workspace: Record) -> dict[str, Any]:
    card, day = workspace.get("rate_card_id"), reader.today.isoformat()
    version = pricing.effective_version(reader, card, day) if card else None
    listed = version is not None and pricing.rate_line(reader, version, record["role_id"]) is not None
    rate = pricing.hourly(reader, card, record["role_id"], day)
    return {
        "role_rate": rate,
        "role_available_on_rate_card": listed,
        "resource_bill_rate": rate if record["bill_rate"] is None else record["bill_rate"],
        "resource_cost_rate": record["cost_rate"],
    }


def _participation(reader: Reader, record: Record) -> dict[str, Any]:
    participants = reader.by("participations", "workspace_id", record["workspace_id"])
    mine = [each["id"] for each in participants if record["user_id"] and each["user_id"] == record["user_id"]]
    return {"participation_id": mine[0] if mine else None}


def _participant(_reader: Reader, _record: Record) -> dict[str, Any]:
    return {"active_role": True, "is_foreign_participant": False}


def _template(_reader: Reader, record: Record) -> dict[str, Any]:
    content = record["raw_json"] if isinstance(record["raw_json"], dict) else {}
    return {"item_count": len(content.get("stories", []))}


def _user(_reader: Reader, _record: Record) -> dict[str, Any]:
    return {"account_id": ACCOUNT_ID}


def _membership(_reader: Reader, record: Record) -> dict[str, Any]:
    permission, enabled = record["permission"] or "", record["disabled_at"] is None
    administrator = permission == "Account Administrator"
    return {
        "is_administrator": administrator,
        "is_project_lead": permission == "Project Lead",
        "is_punch_clock_user": permission == "Punch Clock User",
        "can_create_workspace": administrator or permission in ("Project Lead", "Project Creator"),
        "can_view_reports": administrator or permission.startswith("Reports Viewer"),
        "can_log_in": enabled,
    }


def _organization(reader: Reader, record: Record) -> dict[str, Any]:
    ancestors: list[str] = []
    parent = reader.get("organizations", record["parent_id"])
    while parent:
        ancestors.append(parent["id"])
        parent = reader.get("organizations", parent["parent_id"])
    return {"ancestor_ids": ancestors}


def _card_set(reader: Reader, record: Record) -> dict[str, Any]:
    cards = reader.by("rate_cards", "rate_card_set_id", record["id"])
    in_use = [card for card in cards if reader.by("workspaces", "rate_card_id", card["id"])]
    currencies = sorted({card["currency"] for card in cards})
    return {
        "active_currencies": currencies,
        "default_currencies": currencies if record["account_default"] else [],
        "destroyable": not record["account_default"] and not in_use,
    }


def _card_set_version(reader: Reader, record: Record) -> dict[str, Any]:
    versions = reader.by("rate_card_versions", "rate_card_set_version_id", record["id"])
    cards = [reader.get("rate_cards", version["rate_card_id"]) for version in versions]
    return {"used_currencies": sorted({card["currency"] for card in cards if card})}


def _card(reader: Reader, record: Record) -> dict[str, Any]:
    version = pricing.effective_version(reader, record["id"], reader.today.isoformat())
    return {
        "uses": len(reader.by("workspaces", "rate_card_id", record["id"])),
        "effective_rate_card_version_id": version["id"] if version else None,
    }


def _time_entry(_reader: Reader, record: Record) -> dict[str, Any]:
    invoiced = record["invoice_id"] is not None
    return {**_money(record), "is_invoiced": invoiced, "user_can_edit": not (invoiced or record["approved"])}


def _expense(reader: Reader, record: Record) -> dict[str, Any]:
    return {**_money(record), "is_invoiced": billed(reader, record), "user_can_edit": is_open(reader, record)}


def _milestone(reader: Reader, record: Record) -> dict[str, Any]:
    bills = reader.by("invoices", "billing_milestone_ids", record["id"])
    live = [bill["id"] for bill in bills if bill["status"] != "canceled"]
    return {"invoice_id": live[0] if live else None}


def _invoice(_reader: Reader, record: Record) -> dict[str, Any]:
    number = record["user_invoice_number"] or record["id"]
    return {**_money(record), "title": f"{'Draft ' if record['draft'] else ''}Invoice #{number}"}


def _timesheet(reader: Reader, record: Record) -> dict[str, Any]:
    entries = reader.by("time_entries", "recent_submission_id", record["id"])
    total = sum(money.worth(entry["time_in_minutes"], entry["rate_in_cents"]) for entry in entries)
    days = [entry["date_performed"] for entry in entries]
    return {
        **_money(record),
        "start_date": min(days, default=None),
        "end_date": max(days, default=None),
        "line_item_total_in_cents": total,
        "line_item_total_formatted": money.spoken(total, record["currency"]),
    }


def _report(reader: Reader, record: Record) -> dict[str, Any]:
    total = sum(each["amount_in_cents"] for each in reader.by("expenses", "recent_submission_id", record["id"]))
    return {
        **_money(record),
        "line_item_total_in_cents": total,
        "line_item_total_formatted": money.spoken(total, record["currency"]),
    }


def _custom_field(reader: Reader, record: Record) -> dict[str, Any]:
    count = len(reader.by("custom_field_values", "custom_field_id", record["id"]))
    return {"values_count": count, "has_values": count > 0}


def _field_value(reader: Reader, record: Record) -> dict[str, Any]:
    field = reader.get("custom_fields", record["custom_field_id"]) or {}
    shown = record["value"]
    return {
        "account_id": ACCOUNT_ID,
        "can_edit": True,
        "type": field.get("value_type"),
        "custom_field_name": field.get("name"),
        "display_value": " ".join(map(str, shown)) if isinstance(shown, list) else str(shown),
    }


DERIVATIONS: dict[str, Derive] = {
    "workspaces": _workspace,
    "stories": _story,
    "assignments": _assignment,
    "workspace_resources": _resource,
    "participations": _participant,
    "project_templates": _template,
    "users": _user,
    "account_memberships": _membership,
    "organizations": _organization,
    "rate_card_sets": _card_set,
    "rate_card_set_versions": _card_set_version,
    "rate_cards": _card,
    "time_entries": _time_entry,
    "expenses": _expense,
    "billing_milestones": _milestone,
    "invoices": _invoice,
    "timesheet_submissions": _timesheet,
    "expense_report_submissions": _report,
    "custom_fields": _custom_field,
    "custom_field_values": _field_value,
}
