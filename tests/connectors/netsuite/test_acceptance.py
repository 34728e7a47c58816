"""What NetSuite is declared to offer is what its simulator does: upserts by our id."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.connectors.netsuite import mapping
from throughline.core.entities import (
    BillingFrequency,
    BillingInstalment,
    BillingPlan,
    BillingPlanId,
    BillingPlanKind,
    Contract,
    Customer,
    CustomerId,
)
from throughline.core.money import Money
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")

EUR_100 = Money.of("100.10", "EUR")


def customer(number: int) -> Customer:
    return Customer(
        id=CustomerId(f"customer-{number}"), name=f"Sample Company {number}", legal_entity="DE", currency="EUR"
    )


def plan(number: int) -> BillingPlan:
    due = BillingInstalment(key="1", name="Part 1", due=date(2026, 12, 1), amount=EUR_100)
    return BillingPlan.model_validate({
        "id": BillingPlanId(f"billing-plan-{number}"), "contract": f"contract-{number}", "name": f"Plan {number}",
        "plan_kind": BillingPlanKind.SCHEDULE, "frequency": BillingFrequency.MONTHLY, "currency": "EUR",
        "total": EUR_100, "instalments": (due,),
    })  # fmt: skip


def contract(number: int) -> Contract:
    line = {
        "key": "1", "commercial_model": "fixed_fee", "description": "Work", "quantity": Decimal("2.5"),
        "unit_price": Money.of("40.04", "EUR"), "amount": EUR_100, "item": "SVC-FIXED", "tax_code": "DE-S19",
        "cost_centre": "Analytics DE",
    }  # fmt: skip
    return Contract.model_validate({
        "id": f"contract-{number}", "name": f"Contract {number}", "customer": "customer-1", "legal_entity": "DE",
        "currency": "EUR", "commercial_model": "fixed_fee", "billing_method": "on_schedule",
        "revenue_treatment": "over_time", "starts": date(2026, 12, 1), "value": EUR_100, "lines": [line],
    })  # fmt: skip


@pytest.mark.parametrize("proof", proofs(mapping.CUSTOMER), ids=lambda proof: proof.__name__)
async def test_a_customer_s_rung_is_true(erp: Any, proof: Proof) -> None:
    def there(sent: Customer) -> int:
        return sum(each["companyName"] == sent.name for each in erp.kept("customer").values())

    await proof(erp.installed("customer", customer, there))


@pytest.mark.parametrize("proof", proofs(mapping.BILLING_PLAN), ids=lambda proof: proof.__name__)
async def test_a_billing_plan_s_rung_is_true(erp: Any, proof: Proof) -> None:
    def there(sent: BillingPlan) -> int:
        return sum(each["name"] == sent.name for each in erp.kept("billingSchedule").values())

    await proof(erp.installed("billing_plan", plan, there))


@pytest.mark.parametrize("proof", proofs(mapping.CONTRACT), ids=lambda proof: proof.__name__)
async def test_a_contract_s_rung_is_true(erp: Any, proof: Proof) -> None:
    await erp.put(customer(1))

    def there(sent: Contract) -> int:
        return sum(each.get("memo") == sent.name for each in erp.kept("salesOrder").values())

    await proof(erp.installed("contract", contract, there))
