"""Every way of selling in the running demo, from what happens in delivery to the draft in the ledger."""

from decimal import Decimal
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
        lambda: (
            told
            if (told := demo.ask("salesforce", "state/Opportunity")[project["opportunity"]]["Handoff_Progress__c"])
            else None
        ),
        "the progress on the deal's page",
    )
    assert page == "1 of 3 milestones reached, last Blueprint accepted"
    assert drafts(demo, "Kiln control") == made
