"""Every way of selling in the running demo, from what happens in delivery to the draft in the ledger."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Demo, Run, eventually
from throughline.cli.exits import Exit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]


def sold(demo: Demo, on_demo: Run, **deal: Any) -> dict[str, Any]:
    """The project of a new deal, once people can book time on it."""
    won = demo.tell("salesforce", "deals", {"customer": "Ostwald Chemie GmbH", "legal_entity": "DE", **deal})

    def opened() -> dict[str, Any] | None:
        said = on_demo("trace", won["opportunity_id"], "--json")
        if said.code != Exit.DONE or said.document["state"] != "done":
            return None
        (found,) = (each for each in demo.ask("kantata", "state/workspaces").values() if each["title"] == deal["name"])
        return found | {"opportunity": won["opportunity_id"]}

    return eventually(opened, "the project")


def drafts(demo: Demo, name: str) -> list[tuple[str, Decimal]]:
    """What every invoice of a deal is for, and what it charges."""
    invoices = demo.ask("netsuite", "state/invoice").values()
    return sorted(
        (each["memo"], sum((Decimal(line["amount"]) for line in each["item"]), Decimal(0)))
        for each in invoices
        if each.get("memo", "").startswith(name)
    )


def test_a_milestone_completed_in_delivery_is_drafted_once_and_told_to_sales(demo: Demo, on_demo: Run) -> None:
    project = sold(demo, on_demo, name="Kiln control", contract_type="Milestone", amount="50000")
    stories = demo.ask("kantata", "state/stories").values()
    mine = {each["title"]: each["id"] for each in stories if each["workspace_id"] == project["id"]}
    assert drafts(demo, "Kiln control") == []

    demo.tell("kantata", "records/stories", {"id": mine["Blueprint accepted"], "state": "completed"})

    made = eventually(lambda: drafts(demo, "Kiln control"), "the draft of the first milestone")
    assert made == [("Kiln control, milestone: Blueprint accepted", Decimal(10000))]
    page = eventually(
        lambda: demo.ask("salesforce", "state/Opportunity")[project["opportunity"]]["Handoff_Progress__c"],
        "the progress on the deal's page",
    )
    assert page == (
        "0 of 3 roles staffed, Architect and Consultant and Project Manager missing;"
        " 1 of 3 milestones reached, last Blueprint accepted"
    )
    assert drafts(demo, "Kiln control") == made


def metered(tmp_path: Path, *rows: tuple[str, str, str, str]) -> Path:
    """A file as a meter writes it: whose, its own id, the day and how much."""
    file = tmp_path / "readings.csv"
    lines = [f"{of},{reference},{day},{quantity},each,ops@halyard.example" for of, reference, day, quantity in rows]
    file.write_text("\n".join(["of,reference,day,quantity,unit,approved_by", *lines]) + "\n", encoding="utf-8")
    return file


def line_of(demo: Demo, name: str) -> dict[str, Any]:
    """What was sold, as the ledger has it on the contract."""
    found = [each for each in demo.ask("netsuite", "state/salesOrder").values() if each.get("memo") == name]
    return found[0]["item"][0]


def test_what_was_used_in_a_month_is_drafted_at_the_price_of_the_contract(
    demo: Demo, on_demo: Run, tmp_path: Path
) -> None:
    project = sold(demo, on_demo, name="Furnace data", contract_type="Usage", start_date="2026-10-01", amount="12000")
    file = metered(
        tmp_path,
        (project["id"], "meter-7/1", "2026-10-05", "250"),
        (project["id"], "meter-7/2", "2026-10-31", "125"),
        (project["id"], "meter-7/3", "2026-11-02", "999"),
    )
    demo.tell(
        "kantata", "time", {"week": "2026-10-05", "entries": 6, "people": 2, "projects": 1, "on": [project["id"]]}
    )

    said = on_demo("usage", "take", file, "--json").document
    again = on_demo("usage", "take", file, "--json").document

    assert ([each["new"] for each in said], [each["new"] for each in again]) == ([True] * 3, [False] * 3)
    made = eventually(lambda: drafts(demo, "Furnace data, October 2026"), "the draft of the month")
    price = Decimal(line_of(demo, "Furnace data")["rate"])
    assert made == [("Furnace data, October 2026", 375 * price)]


@pytest.mark.parametrize(
    ("contract_type", "amount", "first"), [("Subscription", "24000", 24000), ("Managed Service", "12000", 1000)]
)
def test_what_is_sold_by_the_period_is_drafted_when_it_falls_due(
    demo: Demo, on_demo: Run, contract_type: str, amount: str, first: int
) -> None:
    name = f"{contract_type} for the kilns"
    sold(demo, on_demo, name=name, contract_type=contract_type, start_date="2026-10-15", amount=amount)

    made = eventually(lambda: drafts(demo, name), "the draft of the first period")

    assert [worth for _, worth in made] == [Decimal(first)]


def worked(demo: Demo, project: dict[str, Any], *days: str) -> None:
    """Eight hours a day of one person on a billable task of the project, approved."""
    users, stories = (demo.ask("kantata", f"state/{kind}").values() for kind in ("users", "stories"))
    user = next(each["id"] for each in users if each["email_address"] == "consultant.04@halyard.example")
    here = {"workspace_id": project["id"], "user_id": user}
    known = (each for each in stories if each["workspace_id"] == project["id"] and each["story_type"] == "task")
    task = next(each["id"] for each in known if each["billable"])
    place = demo.tell("kantata", "records/workspace_resources", here)["id"]
    span = {"start_date": days[0], "end_date": days[-1], "minutes": 480, "hard": True}
    demo.tell("kantata", "records/workspace_allocations", {"resource_id": place, **span})
    entries = [
        demo.tell(
            "kantata", "records/time_entries",
            {**here, "story_id": task, "date_performed": day, "time_in_minutes": 480},
        )["id"]
        for day in days
    ]  # fmt: skip
    sheet = demo.tell("kantata", "records/timesheet_submissions", {**here, "line_item_ids": entries})["id"]
    demo.tell("kantata", f"decisions/timesheet_submissions/{sheet}", {"action": "approve"})


def test_of_a_retainer_only_what_goes_beyond_it_is_drafted_at_the_end_of_the_month(demo: Demo, on_demo: Run) -> None:
    """Sixteen hours at 135 euros, of which a thousand were paid on the first."""
    project = sold(demo, on_demo, name="On call", contract_type="Retainer", start_date="2026-10-01", amount="12000")
    worked(demo, project, "2026-10-06", "2026-10-07")

    made = eventually(lambda: drafts(demo, "On call, October 2026"), "a draft of what goes beyond the retainer")

    assert made == [("On call, October 2026", Decimal(1160))]

    paid = [worth for memo, worth in drafts(demo, "On call, retainer") if "01 Oct 2026" in memo]
    assert paid == [Decimal(1000)]


def test_what_an_invoice_charges_is_marked_where_it_was_worked_once_it_is_out(demo: Demo, on_demo: Run) -> None:
    """Sixteen hours at 135 euros, and nothing of them was paid before."""
    deal = {"name": "Audit trail", "contract_type": "Time and Materials", "start_date": "2026-10-01"}
    project = sold(demo, on_demo, **deal)
    worked(demo, project, "2026-10-06", "2026-10-07")
    made = eventually(lambda: drafts(demo, "Audit trail, October 2026"), "the draft of the month")
    assert made == [("Audit trail, October 2026", Decimal(2160))]
    invoices = demo.ask("netsuite", "state/invoice").values()
    draft = next(each for each in invoices if each.get("memo") == "Audit trail, October 2026")

    demo.tell("netsuite", "records/invoice", {"id": draft["id"], "approvalStatus": {"id": "2"}})

    def marked() -> list[str]:
        entries = demo.ask("kantata", "state/time_entries").values()
        return [each["id"] for each in entries if each["workspace_id"] == project["id"] and each["invoice_id"]]

    assert len(eventually(marked, "the mark on what was billed")) == 2
    (theirs,) = (
        each for each in demo.ask("kantata", "state/invoices").values() if project["id"] in each["workspace_ids"]
    )
    assert (theirs["user_invoice_number"], theirs["status"]) == (draft["tranId"], "open")


def test_work_of_another_of_our_companies_is_charged_between_the_two_in_both_currencies(
    demo: Demo, on_demo: Run
) -> None:
    """Somebody of the British company works sixteen hours for the German one: 68 pounds an hour, and 8 percent."""
    deal = {"name": "Lent hands", "contract_type": "Time and Materials", "start_date": "2026-10-01"}
    won = sold(demo, on_demo, **deal)
    ours = on_demo("trace", won["opportunity"], "--json").document["engagement"]
    worked(demo, won, "2026-10-06", "2026-10-07")

    def charged() -> list[dict[str, Any]]:
        made = demo.ask("netsuite", "state/advInterCompanyJournalEntry").values()
        return [each for each in made if f"project-of-{ours}-2026-10-" in each.get("externalId", "")]

    (entry,) = eventually(charged, "the charge between the two companies")
    sides = {(line["lineSubsidiary"], line.get("debit"), line.get("credit")) for line in entry["line"]}
    assert {amount for _, *amounts in sides for amount in amounts if amount} == {"1175.04"}
    assert len({subsidiary for subsidiary, *_ in sides}) == 2
    rate = Decimal(next(line["lineFxRate"] for line in entry["line"] if line["lineFxRate"] != "1"))
    theirs = Decimal(entry["custbody_throughline_receiver_amount"])
    assert theirs == (Decimal("1175.04") * rate).quantize(Decimal("0.01"))


def test_sales_sees_which_roles_are_staffed_and_finance_what_they_will_cost(demo: Demo, on_demo: Run) -> None:
    project = sold(demo, on_demo, name="Kiln staffing", contract_type="Milestone", amount="50000")
    users, roles = (demo.ask("kantata", f"state/{kind}").values() for kind in ("users", "roles"))
    user = next(each["id"] for each in users if each["email_address"] == "consultant.04@halyard.example")
    role = next(each["id"] for each in roles if each["name"] == "Architect")

    here = {"workspace_id": project["id"], "user_id": user, "role_id": role}
    place = demo.tell("kantata", "records/workspace_resources", here)["id"]
    span = {"start_date": "2026-12-01", "end_date": "2026-12-31", "minutes": 4800, "hard": True}
    demo.tell("kantata", "records/workspace_allocations", {"resource_id": place, **span})

    def told() -> str | None:
        return demo.ask("salesforce", "state/Opportunity")[project["opportunity"]]["Handoff_Progress__c"]

    assert eventually(told, "the progress on the deal's page") == (
        "1 of 3 roles staffed, Consultant and Project Manager missing; 0 of 3 milestones reached"
    )

    def expected() -> dict[str, Any] | None:
        orders = demo.ask("netsuite", "state/salesOrder").values()
        order = next(each for each in orders if each.get("memo") == "Kiln staffing")
        return order if order.get("custbody_throughline_cost_to_complete") else None

    # Eighty hours of the British company at 68 pounds, and 8 percent, in euros at the rate of the day.
    order = eventually(expected, "the cost forecast on the order")
    assert (order["custbody_throughline_cost_hours"], order["custbody_throughline_cost_currency"]) == ("80", "EUR")
    pounds = Decimal(80) * 68 * Decimal("1.08")
    assert 1 < Decimal(order["custbody_throughline_cost_to_complete"]) / pounds < Decimal("1.3")
