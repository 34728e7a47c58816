"""A contract that ends soon is put before sales, and goes on when the customer does: on the simulators, over HTTP."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.cash.till import Till


def a_year() -> tuple[date, date]:
    """A year's retainer that began seven months ago: what is older than that, the books are closed for."""
    month = datetime.now(UTC).year * 12 + datetime.now(UTC).month - 1 - 7
    begins = date(month // 12, month % 12 + 1, 1)
    return begins, begins.replace(year=begins.year + 1) - timedelta(days=1)


def renewals(till: Till) -> list[dict[str, Any]]:
    return [each for each in till.kept("salesforce", "Opportunity").values() if each["SBQQ__Renewal__c"]]


async def test_a_retainer_that_ends_soon_is_renewed_in_the_contract_and_the_project_it_has(till: Till) -> None:
    begins, ends = a_year()
    deal = await till.sold(start_date=begins.isoformat(), amount="58800")
    await till.tell("salesforce", "contracts", {"opportunity": deal})
    assert renewals(till) == []
    till.scene.time_passes(datetime.combine(ends - timedelta(days=80), time(), UTC) - datetime.now(UTC))
    await till.settle()
    orders, projects = (len(till.kept(*where)) for where in (("netsuite", "salesOrder"), ("kantata", "workspaces")))
    (planned,) = renewals(till)
    assert (planned["StageName"], Decimal(planned["Amount"])) == ("Prospecting", 58800)
    assert planned["Start_Date__c"] == (ends + timedelta(days=1)).isoformat()

    quoted = await till.tell("salesforce", "renewals", {"opportunity": deal, "months": 12, "uplift_percent": 10})
    assert quoted["opportunity_id"] == planned["Id"]
    await till.tell("salesforce", "decisions", {"quote": quoted["quote_id"], "accepted": True})
    await till.settle()

    assert (len(till.kept("netsuite", "salesOrder")), len(till.kept("kantata", "workspaces"))) == (orders, projects)
    (order,) = (each for each in till.kept("netsuite", "salesOrder").values() if each.get("externalId"))
    assert Decimal(order["subtotal"]) == Decimal(58800) + Decimal(str(quoted["amount"]))
    last = till.deal(planned["Id"])["End_Date__c"]
    assert order["endDate"] == last
    assert last in {each["due_date"] for each in till.kept("kantata", "workspaces").values()}
    page = till.deal(planned["Id"])
    assert (page["Handoff_Gate__c"], page["Handoff_Finance__c"], page["Handoff_Delivery__c"]) == ("done",) * 3
    assert page["Handoff_Contract__c"] == order["id"]
    assert await till.holds() == []
    assert len(renewals(till)) == 1
