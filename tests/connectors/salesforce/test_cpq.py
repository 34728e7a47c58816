"""Change orders and renewals, read from the simulator of an org with the CPQ package; and from one without it."""

from typing import Any

import pytest

from throughline.core.entities import Handoff, HandoffId, OpportunityId

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = [
    {"product": "ADV-DAY", "quantity": 40, "unit_price": 1000, "role": "Consultant"},
    {"product": "ADV-DAY", "quantity": 8, "unit_price": 1200.25, "role": "Architect"},
]


async def sold(crm: Any) -> str:
    given = {"customer": "Meridian Rail Ltd", "legal_entity": "UK", "contract_type": "Time and Materials"}
    deal = await crm.control("deals", {**given, "lines": LINES, "start_date": "2026-12-01"}, status=201)
    crm.names.ids["opportunity", deal["opportunity_id"]] = "opportunity-1"
    return deal["opportunity_id"]


async def amended(crm: Any, **spec: Any) -> dict[str, Any]:
    told = await crm.control("amendments", {"opportunity": await sold(crm), **spec}, status=201)
    crm.names.ids["opportunity", told["opportunity_id"]] = "opportunity-2"
    crm.advance(3)
    return told


async def test_an_amendment_is_read_as_a_change_order_with_what_changes_on_each_line(crm: Any) -> None:
    told = await amended(
        crm,
        lines=[{"line": 2, "quantity": 6}, {"product": "ANA-DAY", "quantity": 5, "unit_price": 900, "role": "Analyst"}],
        end_date="2027-09-30",
        effective="2027-01-01",
        notes="More analysis",
    )

    (record,) = await crm.find("change_order", key=told["quote_id"])
    claim = crm.read("change_order", record)

    assert claim.unread == {}
    gbp = "GBP"
    fields = claim.fields
    assert (fields["origin"], fields["state"], fields["reason"]) == ("sales", "submitted", "More analysis")
    assert (fields["amends"], fields["opportunity"]) == ("opportunity-1", "opportunity-2")
    assert fields["amount_delta"] == {"amount": "2099.50", "currency": gbp}
    assert (fields["effective_from"], fields["new_end"]) == ("2027-01-01", "2027-09-30")
    kept, less, more = fields["lines"]
    assert (kept["quantity_delta"], kept["amount_delta"]) == ("0", {"amount": "0.00", "currency": gbp})
    assert (less["quantity_delta"], less["amount_delta"]) == ("-2", {"amount": "-2400.50", "currency": gbp})
    assert (more["role"], more.get("contract_line")) == ("Analyst", None)


async def test_a_change_names_the_line_of_the_deal_it_changes(crm: Any) -> None:
    told = await amended(crm, lines=[{"line": 1, "quantity": 41}])
    key = next(key for (_, key), ours in reversed(crm.names.ids.items()) if ours == "opportunity-1")
    (deal,) = await crm.find("opportunity", key=key)
    crm.names.ids["customer", deal["AccountId"]] = "customer-1"

    (record,) = await crm.find("change_order", key=told["quote_id"])

    changed = [line["contract_line"] for line in crm.read("change_order", record).fields["lines"]]
    assert changed == [line["quote_line"] for line in crm.read("opportunity", deal).fields["lines"]]
    assert all(changed)


async def test_the_deal_of_an_amendment_says_that_it_follows_a_contract(crm: Any) -> None:
    told = await amended(crm, lines=[])
    (record,) = await crm.find("opportunity", key=told["opportunity_id"])
    crm.names.ids["customer", record["AccountId"]] = "customer-1"

    assert crm.read("opportunity", record).fields["amended_contract"] == told["contract_id"]


async def test_an_accepted_amendment_is_an_approved_change_order(crm: Any) -> None:
    told = await amended(crm, cancel=True)
    await crm.control("decisions", {"quote": told["quote_id"]}, status=201)

    (record,) = await crm.find("change_order", key=told["quote_id"])

    fields = crm.read("change_order", record).fields
    assert fields["state"] == "approved"
    assert fields["amount_delta"] == {"amount": "-49602.00", "currency": "GBP"}


async def test_a_quote_is_not_read_before_its_prices_are_calculated(crm: Any) -> None:
    told = await crm.control("amendments", {"opportunity": await sold(crm), "lines": []}, status=201)

    before = await crm.changes("change_order")
    crm.advance(3)
    after = await crm.changes("change_order")

    keys = [[record["Id"] for page in pages for record in page] for pages in (before, after)]
    assert told["quote_id"] not in keys[0]
    assert told["quote_id"] in keys[1]


async def test_the_quote_of_a_plain_deal_is_no_change_order(crm: Any) -> None:
    await sold(crm)
    crm.advance(3)

    types = {record["SBQQ__Type__c"] for page in await crm.changes("change_order") for record in page}

    assert types <= {"Amendment"}


async def test_a_renewal_is_read_from_its_opportunity(crm: Any) -> None:
    deal = await sold(crm)
    told = await crm.control("renewals", {"opportunity": deal, "months": 12, "uplift_percent": 10}, status=201)
    crm.names.ids["opportunity", told["opportunity_id"]] = "opportunity-3"

    (record,) = await crm.find("renewal", key=told["opportunity_id"])
    crm.names.ids["customer", record["AccountId"]] = "customer-1"
    claim = crm.read("renewal", record)

    assert claim.unread == {}
    fields = claim.fields
    assert (fields["renews"], fields["opportunity"], fields["state"]) == ("opportunity-1", "opportunity-3", "proposed")
    assert fields["value"] == {"amount": "54562.24", "currency": "GBP"}
    assert (fields["starts"], fields["ends"]) == ("2027-06-01", "2028-05-31")


async def test_what_became_of_a_change_is_written_onto_its_own_deal(crm: Any) -> None:
    told = await amended(crm, lines=[])
    id_ = HandoffId("handoff-of-opportunity-2")
    handoff = Handoff(id=id_, opportunity=OpportunityId("opportunity-2"), finance="done", delivery="waiting: no rate")

    await crm.put(handoff, key=told["opportunity_id"])

    kept = crm.kept("Opportunity")[told["opportunity_id"]]
    assert (kept["Handoff_Finance__c"], kept["Handoff_Delivery__c"]) == ("done", "waiting: no rate")


async def test_an_org_without_the_package_is_not_asked_for_its_fields(crm: Any) -> None:
    await sold(crm)
    crm.line.credentials.settings["cpq"] = "no"
    try:
        deals = await crm.changes("opportunity")
        assert await crm.changes("change_order") == []
        assert await crm.changes("renewal") == []
        assert await crm.find("change_order", key="a0nHs00000KIX1cYAH") == []
    finally:
        del crm.line.credentials.settings["cpq"]

    records = [record for page in deals for record in page]
    lines = [line for record in records for line in record["OpportunityLineItems"]["records"]]
    assert records
    assert lines
    assert {name for record in (*records, *lines) for name in record if name.startswith("SBQQ__")} == set()
