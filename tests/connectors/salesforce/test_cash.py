"""What became of the invoices, written onto the opportunity and the account."""

from typing import Any

import pytest

from throughline.connectors.salesforce import mapping
from throughline.core.entities import BillingStatus, Receivables
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")


def amount(value: str, currency: str) -> dict[str, str]:
    return {"amount": value, "currency": currency}


def status(currency: str, summary: str = "open 12.50; INV1 sent") -> BillingStatus:
    said = {"billed": "20.00", "credited": "0.00", "settled": "7.50", "open_amount": "12.50", "overdue": "0.00"}
    amounts = {name: amount(value, currency) for name, value in said.items()}
    return BillingStatus.model_validate(
        {"id": "status-1", "opportunity": "opportunity-1", "summary": summary, **amounts}
    )


def owed(currency: str, summary: str = "open 12.50") -> Receivables:
    return Receivables.model_validate(
        {"id": "owed-1", "customer": "customer-1", "as_of": "2026-11-20", "outstanding": amount("12.50", currency),
         "overdue": amount("2.50", currency), "backlog": amount("900.00", currency), "days_sales_outstanding": "41.5",
         "summary": summary}
    )  # fmt: skip


async def sold(crm: Any) -> dict[str, Any]:
    made = await crm.control("deals", {}, status=201)
    crm.names.ids["opportunity", made["opportunity_id"]] = "opportunity-1"
    crm.names.ids["customer", made["account_id"]] = "customer-1"
    return made


async def test_what_became_of_the_invoices_is_on_the_opportunity(crm: Any) -> None:
    made = await sold(crm)

    key = await crm.put(status(made["currency"]))

    record = crm.kept("Opportunity")[made["opportunity_id"]]
    assert key == made["opportunity_id"]
    assert record["Billing_Status__c"] == "open 12.50; INV1 sent"
    said = ("Billed", "Credited", "Settled", "Open", "Overdue")
    assert [str(record[f"Billing_{name}__c"]) for name in said] == ["20.00", "0.00", "7.50", "12.50", "0.00"]


async def test_what_a_customer_owes_is_on_its_account(crm: Any) -> None:
    made = await sold(crm)
    account = crm.kept("Account")[made["account_id"]]

    key = await crm.put(owed(account["CurrencyIsoCode"]))

    record = crm.kept("Account")[made["account_id"]]
    assert (key, record["Name"]) == (made["account_id"], account["Name"])
    said = ("Receivables_Open__c", "Receivables_Overdue__c", "Backlog__c", "Days_Sales_Outstanding__c")
    assert [str(record[name]) for name in said] == ["12.50", "2.50", "900.00", "41.5"]
    assert (record["Receivables_As_Of__c"], record["Receivables_Summary__c"]) == ("2026-11-20", "open 12.50")


@pytest.mark.parametrize("proof", proofs(mapping.BILLING_STATUS), ids=lambda proof: proof.__name__)
async def test_a_billing_status_s_rung_is_true(crm: Any, proof: Proof) -> None:
    made = await sold(crm)

    def there(sent: BillingStatus) -> int:
        return sum(each["Billing_Status__c"] == sent.summary for each in crm.kept("Opportunity").values())

    def news(number: int) -> BillingStatus:
        return status(made["currency"], f"INV{number} sent")

    await proof(crm.installed("billing_status", news, there))


@pytest.mark.parametrize("proof", proofs(mapping.RECEIVABLES), ids=lambda proof: proof.__name__)
async def test_the_rung_of_what_a_customer_owes_is_true(crm: Any, proof: Proof) -> None:
    currency = crm.kept("Account")[(await sold(crm))["account_id"]]["CurrencyIsoCode"]

    def there(sent: Receivables) -> int:
        return sum(each["Receivables_Summary__c"] == sent.summary for each in crm.kept("Account").values())

    def news(number: int) -> Receivables:
        return owed(currency, f"open {number}")

    await proof(crm.installed("receivables", news, there))
