"""How things that happened are put into words: titles and one-sentence details, in the reader's language."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

CREATED = {
    "customer": "Customer created",
    "billing_plan": "Billing plan created",
    "contract": "Contract created",
    "project": "Project opened",
    "task": "Task created",
    "demand": "Role asked for",
    "message": "Kick-off announced",
    "handoff": "Status written back",
    "billing_milestone": "Billing milestone created",
    "billing_status": "Billing status told",
    "receivables": "Receivables told",
}
BURSTS = {
    "task": "{n} tasks created",
    "demand": "{n} roles asked for",
    "handoff": "Status written back, {n} times",
    "billing_milestone": "{n} billing milestones created",
}
# What is told onto a record that was there already, the first time and every time after.
TOLD = {"handoff", "billing_status", "receivables"}
# What is worth saying of each kind, in this order; the rest is in the exchange.
SAID = {
    "customer": ("name", "tax_id", "legal_entity", "currency"),
    "billing_plan": ("total", "plan_kind", "frequency", "instalments"),
    "contract": ("lines", "legal_entity", "starts", "ends", "purchase_order", "revenue_treatment"),
    "project": ("name", "budget", "rate_card", "manager", "starts", "ends"),
    "task": ("title",),
    "demand": ("role",),
    "message": ("channel", "text"),
    "billing_milestone": ("name", "amount", "due"),
    "billing_status": ("summary",),
    "receivables": ("summary",),
    "DemandPublished": ("roles",),
    "ProjectOpened": ("project",),
}


def words(name: str) -> str:
    """`OpportunityWon` is "Opportunity won", `billing_plan` is "Billing plan"."""
    spaced = "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip().replace("_", " ")
    return f"{spaced[:1].upper()}{spaced[1:]}"


def title_of(kind: str, operation: str, state: str) -> str:
    """What became of an effect; of a burst, `state` is how many."""
    if operation == "burst":
        return BURSTS[kind].format(n=state)
    if state != "confirmed":
        return f"{words(kind)}: {operation} {state}"
    if operation == "create" or kind in TOLD:
        return CREATED.get(kind, f"{words(kind)} created")
    return f"{words(kind)} updated"


def told(kind: str, fields: dict[str, Any]) -> str:
    """The fields worth saying, as one line."""
    if kind == "handoff":
        return ", ".join(
            f"{words(name.removesuffix('_key')).lower()} {short(value)}"
            for name, value in fields.items()
            if name not in {"at", "opportunity"}
        )
    if kind == "ProjectOpened":
        return "People can book time on it."
    if kind == "DemandPublished":
        return f"Staffing may begin: {', '.join(fields.get('roles', ()))}."
    names = SAID.get(kind) or tuple(fields)
    return ", ".join(_said(name, fields[name]) for name in names if fields.get(name) not in (None, "", []))


def _said(name: str, value: Any) -> str:
    if isinstance(value, list):
        many = len(value)
        return f"{many} {name.removesuffix('s') if many == 1 else name}"
    if name in {"starts", "ends"}:
        return f"{name} {value}"
    return short(value).replace("_", " ") if name in {"plan_kind", "revenue_treatment"} else short(value)


def about(deal: dict[str, Any]) -> str:
    """A deal in one line."""
    lines = deal.get("lines") or ()
    said = [
        short(deal["amount"]) if deal.get("amount") else "",
        f"{len(lines)} {'line' if len(lines) == 1 else 'lines'}" if lines else "",
        words(deal["commercial_model"]).lower() if deal.get("commercial_model") else "",
        f"starts {deal['starts']}" if deal.get("starts") else "",
    ]
    return ", ".join(each for each in said if each)


def short(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['currency']} {Decimal(value['amount']):,}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"({len(value)})"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
