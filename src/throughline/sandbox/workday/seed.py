"""The tenant on its first day with us: people who have worked here for a while, and changes that are still to come."""

from datetime import datetime, timedelta
from typing import Any

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import firm
from throughline.sandbox.workday.history import History

AGE = timedelta(days=400)


def seed(shelf: Shelf, history: History, now: datetime) -> None:
    _organizations(shelf, now - AGE)
    for person in firm.people():
        hired = now - AGE
        history.hire(person.number, person.changes, effective=hired.date(), contingent=person.contingent, entered=hired)
    _to_come(history, now)


def _to_come(history: History, now: datetime) -> None:
    """Entered a week ago, in effect later: a transfer, a leaver and a joiner."""
    entered, today = now - timedelta(days=7), now.date()
    numbers = {worker["number"]: worker for worker in history.workers()}
    moved, leaving = numbers["21106"], numbers["21109"]
    there = {"company": "DE", "cost_centre": "CC_303", "location": "Frankfurt", "hours": "38.5", "manager": "21003"}
    history.enter(moved, "Change Job", there, effective=today + timedelta(days=10), entered=entered)
    history.enter(leaving, "Terminate Employee", {}, effective=today + timedelta(days=14), entered=entered)
    email, starts = "newcomer@halyard.example", today + timedelta(days=5)
    joining = firm.Person("21901", "Sample", "Newcomer", email, "Analyst", "UK", "Analytics", "21002")
    history.hire(joining.number, joining.changes, effective=starts, contingent=False, entered=entered)


def _organizations(shelf: Shelf, updated: datetime) -> None:
    for code, name in firm.COMPANIES.items():
        _keep(shelf, "organizations", f"COMPANY_{code}", name=name, code=code, updated=updated.isoformat())
    for id_, name, company in firm.cost_centres():
        code = id_.removeprefix("CC_")
        _keep(shelf, "cost_centers", id_, name=name, code=code, company=company, updated=updated.isoformat())


def _keep(shelf: Shelf, kind: str, id_: str, **fields: Any) -> None:
    shelf.create(kind, id_, {"wid": firm.wid(kind, id_), "id": id_, "active": True, **fields})
