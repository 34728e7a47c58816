"""What NetSuite is declared to offer is what its simulator does: upserts by our id; payments are only read."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.connectors.netsuite import ledger, mapping, receivables
from throughline.core.entities import (
    BillingFrequency,
    BillingInstalment,
    BillingPlan,
    BillingPlanId,
    BillingPlanKind,
    Contract,
    CreditMemo,
    Customer,
    CustomerId,
    IntercompanyCharge,
    Invoice,
    WriteOff,
)
from throughline.core.mapping import Mapping
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


def billed() -> dict[str, Any]:
    line = {
        "key": "1", "description": "Work", "quantity": Decimal(1), "unit_price": EUR_100, "amount": EUR_100,
        "item": "SVC-TM", "tax_code": "DE-S19",
    }  # fmt: skip
    return {"customer": "customer-1", "legal_entity": "DE", "currency": "EUR", "issued_on": date(2026, 11, 20),
            "lines": [line]}  # fmt: skip


def invoice(number: int) -> Invoice:
    return Invoice.model_validate({
        "id": f"invoice-{number}", **billed(), "state": "approved", "memo": f"Invoice {number}",
    })  # fmt: skip


def credit_memo(number: int) -> CreditMemo:
    return CreditMemo.model_validate({
        "id": f"credit_memo-{number}", **billed(), "reason": f"Memo {number}", "total": EUR_100,
        "invoice": "invoice-1",
    })  # fmt: skip


def write_off(number: int) -> WriteOff:
    return WriteOff.model_validate({
        "id": f"write_off-{number}", "customer": "customer-1", "invoice": "invoice-1",
        "amount": Money.of("0.01", "EUR"), "day": date(2026, 11, 20), "reason": f"Write-off {number}",
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


@pytest.mark.parametrize("proof", proofs(receivables.INVOICE), ids=lambda proof: proof.__name__)
async def test_an_invoice_s_rung_is_true(erp: Any, proof: Proof) -> None:
    await erp.put(customer(1))

    def there(sent: Invoice) -> int:
        return sum(each.get("memo") == sent.memo for each in erp.kept("invoice").values())

    await proof(erp.installed("invoice", invoice, there))


@pytest.mark.parametrize("proof", proofs(receivables.CREDIT_MEMO), ids=lambda proof: proof.__name__)
async def test_a_credit_memo_s_rung_is_true(erp: Any, proof: Proof) -> None:
    await erp.put(customer(1))
    await erp.put(invoice(1))

    def there(sent: CreditMemo) -> int:
        return sum(each.get("memo") == sent.reason for each in erp.kept("creditMemo").values())

    await proof(erp.installed("credit_memo", credit_memo, there))


@pytest.mark.parametrize("proof", proofs(receivables.WRITE_OFF), ids=lambda proof: proof.__name__)
async def test_a_write_off_s_rung_is_true(erp: Any, proof: Proof) -> None:
    erp.line.credentials.settings.update(write_off_account="705", receivables_account="701")
    await erp.put(customer(1))
    await erp.put(invoice(1))

    def there(sent: WriteOff) -> int:
        """An entry in the books counts, and one that is used twice counts twice."""
        kept = [each["id"] for each in erp.kept("journalEntry").values() if each.get("memo") == sent.reason]
        used = [line["doc"] for each in erp.kept("customerPayment").values() for line in each["credit"]]
        return sum(max(1, used.count(each)) for each in kept)

    await proof(erp.installed("write_off", write_off, there))


def charge(number: int) -> IntercompanyCharge:
    return IntercompanyCharge.model_validate({
        "id": f"intercompany_charge-{number}", "provider": "UK", "receiver": "DE", "project": f"project-{number}",
        "period": "Nov 2026", "amount": Money.of("10.00", "GBP"), "receiver_amount": Money.of("11.50", "EUR"),
        "fx_rate": Decimal("1.15"), "fx_day": date(2026, 11, 30),
    })  # fmt: skip


@pytest.mark.parametrize("proof", proofs(ledger.INTERCOMPANY_CHARGE), ids=lambda proof: proof.__name__)
async def test_an_intercompany_charge_s_rung_is_true(erp: Any, proof: Proof) -> None:
    erp.line.credentials.settings.update(
        intercompany_receivable_account="706", intercompany_payable_account="707",
        intercompany_revenue_account="708", intercompany_cost_account="709",
    )  # fmt: skip

    def there(sent: IntercompanyCharge) -> int:
        """An entry whose lines were added once more counts twice."""
        kept = erp.kept("advInterCompanyJournalEntry").values()
        return sum(len(each["line"]) // 4 for each in kept if each["custbody_throughline_project"] == sent.project)

    await proof(erp.installed("intercompany_charge", charge, there))


@pytest.mark.parametrize(
    "mapping_", [receivables.PAYMENT, ledger.FISCAL_PERIOD, ledger.FX_RATE, ledger.REVENUE_SCHEDULE],
    ids=lambda each: each.kind,
)  # fmt: skip
async def test_what_is_only_read_is_never_written(mapping_: Mapping) -> None:
    assert mapping_.writable() == frozenset()
