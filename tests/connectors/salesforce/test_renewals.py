"""A next term put before sales: an opportunity that names the contract it renews, and that the package goes on with."""

from typing import Any

import pytest

from throughline.connectors.salesforce import renewals
from throughline.core.entities import RenewalPlan
from throughline.core.errors import Hold
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")


def plan(number: int = 1) -> RenewalPlan:
    return RenewalPlan.model_validate(
        {"id": f"renewal_plan-of-contract-{number}", "name": f"Renewal {number}", "renews": "opportunity-1",
         "contract": "contract-1", "customer": "customer-1", "currency": "GBP", "notice_by": "2027-10-31",
         "value": {"amount": "58800.00", "currency": "GBP"}, "starts": "2027-11-01", "ends": "2028-10-31"}
    )  # fmt: skip


async def sold(crm: Any, *, contracted: bool = True) -> dict[str, Any]:
    wanted = {"customer": "Castellan Bank plc", "contract_type": "Retainer", "start_date": "2026-11-01"}
    made = await crm.control("deals", wanted, status=201)
    if contracted:
        made |= await crm.control("contracts", {"opportunity": made["opportunity_id"]}, status=201)
    crm.names.ids["opportunity", made["opportunity_id"]] = "opportunity-1"
    crm.names.ids["customer", made["account_id"]] = "customer-1"
    return made


async def test_it_names_the_contract_and_not_the_deal_it_renews(crm: Any) -> None:
    made = await sold(crm)

    key = await crm.put(plan())

    record = crm.kept("Opportunity")[key]
    assert (record["SBQQ__RenewedContract__c"], record["SBQQ__Renewal__c"]) == (made["contract_id"], True)
    assert (record["Name"], record["AccountId"], record["StageName"]) == (
        "Renewal 1",
        made["account_id"],
        "Prospecting",
    )
    assert (record["Start_Date__c"], record["End_Date__c"], record["CloseDate"]) == (
        "2027-11-01", "2028-10-31", "2027-10-31",
    )  # fmt: skip
    assert (record["CurrencyIsoCode"], str(record["Amount"])) == ("GBP", "58800.00")


async def test_it_is_read_back_as_a_renewal_that_is_upcoming(crm: Any) -> None:
    await sold(crm)
    key = await crm.put(plan())
    crm.names.ids["opportunity", key] = "opportunity-2"

    (record,) = await crm.find("renewal", key=key)

    fields = crm.read("renewal", record).fields
    assert (fields["renews"], fields["state"], fields["starts"]) == ("opportunity-1", "upcoming", "2027-11-01")


async def test_the_package_goes_on_with_it_instead_of_making_a_second(crm: Any) -> None:
    made = await sold(crm)
    key = await crm.put(plan())

    told = await crm.control("renewals", {"opportunity": made["opportunity_id"], "months": 12}, status=201)

    assert told["opportunity_id"] == key
    assert crm.kept("Opportunity")[key]["StageName"] == "Negotiation/Review"


async def test_a_deal_without_a_contract_in_the_crm_is_for_a_person(crm: Any) -> None:
    await sold(crm, contracted=False)
    before = len(crm.kept("Opportunity"))

    with pytest.raises(Hold, match="has no contract in the CRM") as held:
        await crm.put(plan())

    assert "Check *Contracted*" in held.value.fix
    assert len(crm.kept("Opportunity")) == before


async def test_an_org_that_cannot_say_what_is_renewed_gets_no_opportunity_that_would_open_a_project(crm: Any) -> None:
    await sold(crm)
    before = len(crm.kept("Opportunity"))
    crm.line.credentials.settings["cpq"] = "no"

    try:
        with pytest.raises(Hold, match="cannot say which contract it renews"):
            await crm.put(plan())
    finally:
        del crm.line.credentials.settings["cpq"]
    assert len(crm.kept("Opportunity")) == before


@pytest.mark.parametrize("proof", proofs(renewals.RENEWAL_PLAN), ids=lambda proof: proof.__name__)
async def test_its_rung_is_true(crm: Any, proof: Proof) -> None:
    await sold(crm)

    def there(sent: RenewalPlan) -> int:
        return sum(each["Name"] == sent.name for each in crm.kept("Opportunity").values())

    await proof(crm.installed("renewal_plan", plan, there))
