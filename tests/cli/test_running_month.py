"""A month that is worked in the running demo is drafted in its ledger, to the minute and to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from tests.cli.conftest import Demo, Run, eventually
from throughline.cli.exits import Exit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

# A month whose cut-off has passed, and whose period is open.
DEAL = {
    "name": "Autumn works", "customer": "Ostwald Chemie GmbH", "legal_entity": "DE",
    "contract_type": "Time and Materials", "start_date": "2026-10-01",
}  # fmt: skip
WEEK: dict[str, Any] = {"week": "2026-10-05", "entries": 24, "people": 3, "projects": 1, "expenses": 4}


def opened(demo: Demo, on_demo: Run, opportunity: str) -> dict[str, Any] | None:
    """The project with all its tasks, once people can book time on it."""
    said = on_demo("trace", opportunity, "--json")
    if said.code != Exit.DONE or said.document["state"] != "done":
        return None
    (found,) = (each for each in demo.ask("kantata", "state/workspaces").values() if each["title"] == DEAL["name"])
    return found


def billable_hours(demo: Demo, project: str) -> Decimal:
    """Of what was worked: neither the line nor its task may be free of charge."""
    stories, entries = (demo.ask("kantata", f"state/{kind}") for kind in ("stories", "time_entries"))
    charged = [
        each["time_in_minutes"]
        for each in entries.values()
        if each["workspace_id"] == project and each["billable"] and stories[str(each["story_id"])]["billable"]
    ]
    assert 0 < len(charged) < WEEK["entries"]
    return Decimal(sum(charged)) / 60


def hours_and_expenses(invoice: dict[str, Any]) -> tuple[Decimal, Decimal]:
    of_expense = [line for line in invoice["item"] if "/ expense /" in line["custcol_throughline_line"]]
    of_time = [line for line in invoice["item"] if line not in of_expense]
    return sum_of(of_time, "quantity"), sum_of(of_expense, "amount")


def sum_of(lines: list[dict[str, Any]], field: str) -> Decimal:
    return sum((Decimal(line[field]) for line in lines), Decimal(0))


def test_what_was_worked_and_spent_is_on_one_draft_to_the_minute_and_to_the_cent(demo: Demo, on_demo: Run) -> None:
    won = demo.tell("salesforce", "deals", DEAL)["opportunity_id"]
    project = eventually(lambda: opened(demo, on_demo, won), "the project")
    worked = demo.tell("kantata", "time", WEEK | {"on": [project["id"]]})
    expected = billable_hours(demo, project["id"]), Decimal(worked["expense_cents"]["EUR"]) / 100

    def drafted() -> dict[str, Any] | None:
        of_project = [each for each in demo.ask("netsuite", "state/invoice").values() if is_of(each)]
        whole = [each for each in of_project if hours_and_expenses(each) == expected]
        return whole[0] if whole else None

    def is_of(invoice: dict[str, Any]) -> bool:
        return invoice.get("memo") == "Autumn works, October 2026"

    invoice = eventually(drafted, f"a draft over {expected}")

    assert [each["id"] for each in demo.ask("netsuite", "state/invoice").values() if is_of(each)] == [invoice["id"]]
    assert (invoice["approvalStatus"], invoice["tranDate"]) == ("1", "2026-10-31")
    for line in invoice["item"]:
        assert Decimal(line["quantity"]) * Decimal(line["rate"]) == Decimal(line["amount"])
        assert Decimal(line["taxRate1"]) == 19
