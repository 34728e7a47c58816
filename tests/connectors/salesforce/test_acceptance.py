"""What Salesforce is declared to offer is what its simulator does: upserts, by our id or onto a record there is."""

from typing import Any

import pytest

from throughline.connectors.salesforce import mapping
from throughline.core.entities import Customer, CustomerId, Handoff, HandoffId, Opportunity, OpportunityId, Stage
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")


def customer(number: int) -> Customer:
    return Customer(id=CustomerId(f"customer-{number}"), name=f"Sample Company {number}", country="GB")


def deal(number: int) -> Opportunity:
    told = {"id": f"opportunity-{number}", "name": f"Sample deal {number}", "stage": Stage.PROPOSAL}
    return Opportunity.model_validate({**told, "close_date": "2026-12-31", "currency": "EUR"})


def handoff(number: int) -> Handoff:
    id_, onto = HandoffId(f"handoff-{number}"), OpportunityId("opportunity-1")
    return Handoff(id=id_, opportunity=onto, gate=f"waiting: line {number}")


@pytest.mark.parametrize("proof", proofs(mapping.CUSTOMER), ids=lambda proof: proof.__name__)
async def test_a_customer_s_rung_is_true(crm: Any, proof: Proof) -> None:
    def there(sent: Customer) -> int:
        return sum(each["Name"] == sent.name for each in crm.kept("Account").values())

    await proof(crm.installed("customer", customer, there))


@pytest.mark.parametrize("proof", proofs(mapping.OPPORTUNITY), ids=lambda proof: proof.__name__)
async def test_a_deal_s_rung_is_true(crm: Any, proof: Proof) -> None:
    def there(sent: Opportunity) -> int:
        return sum(each["Name"] == sent.name for each in crm.kept("Opportunity").values())

    await proof(crm.installed("opportunity", deal, there))


@pytest.mark.parametrize("proof", proofs(mapping.HANDOFF), ids=lambda proof: proof.__name__)
async def test_a_handoff_s_rung_is_true(crm: Any, proof: Proof) -> None:
    key = (await crm.control("deals", {}, status=201))["opportunity_id"]
    crm.names.ids["opportunity", key] = "opportunity-1"

    def there(sent: Handoff) -> int:
        return sum(each["Handoff_Gate__c"] == sent.gate for each in crm.kept("Opportunity").values())

    await proof(crm.installed("handoff", handoff, there))
