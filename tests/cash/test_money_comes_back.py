"""What becomes of an invoice in the ledger is seen in the CRM and the PSA: on the simulators, over real HTTP."""

from decimal import Decimal

from tests.cash.till import Till
from throughline.hub.engagements import behind


async def test_an_invoice_is_followed_from_the_draft_to_the_last_payment(till: Till) -> None:
    deal = await till.sold()
    invoice = till.invoice()
    name, total = invoice["tranId"], Decimal(invoice["total"])
    assert till.deal(deal)["Billing_Status__c"] is None, "a draft is nobody's debt"

    await till.tell("netsuite", "invoices", {"invoice": name, "do": "send"})
    await till.settle()
    sent = till.deal(deal)
    assert f"{name} sent" in sent["Billing_Status__c"]
    assert Decimal(sent["Billing_Open__c"]) == Decimal(sent["Billing_Billed__c"]) == total
    assert [f"{name} sent" in each for each in till.shown_to_delivery()] == [True]
    assert Decimal(till.account(deal)["Receivables_Open__c"]) == total

    await till.tell("netsuite", "payments", {"invoice": name, "amount": "100.00"})
    await till.settle()
    part = till.deal(deal)
    assert f"{name} partly paid" in part["Billing_Status__c"]
    assert (Decimal(part["Billing_Settled__c"]), Decimal(part["Billing_Open__c"])) == (100, total - 100)

    await till.tell("netsuite", "credits", {"invoice": name, "amount": "50.00"})
    await till.settle()
    credited = Decimal(till.deal(deal)["Billing_Credited__c"])
    assert credited == Decimal("60.00"), "with tax"

    await till.tell("netsuite", "payments", {"invoice": name})
    await till.settle()
    paid, account = till.deal(deal), till.account(deal)
    assert paid["Billing_Status__c"] == f"nothing open; {name} paid"
    assert (Decimal(paid["Billing_Open__c"]), Decimal(paid["Billing_Settled__c"])) == (0, total)
    assert (Decimal(account["Receivables_Open__c"]), Decimal(account["Days_Sales_Outstanding__c"])) == (0, 0)
    assert [f"nothing open; {name} paid" == each for each in till.shown_to_delivery()] == [True]
    assert await till.holds() == []


async def test_an_invoice_nobody_paid_is_late_the_day_after_it_was_due(till: Till) -> None:
    deal = await till.sold()
    name = till.invoice()["tranId"]
    await till.tell("netsuite", "invoices", {"invoice": name, "do": "send"})
    await till.settle()

    await till.tell("netsuite", "records/invoice", {"id": till.invoice()["id"], "dueDate": "2026-11-01"})
    await till.settle()

    assert "overdue since 2026-11-01" in till.deal(deal)["Billing_Status__c"]
    assert till.deal(deal)["Billing_Overdue__c"] == till.deal(deal)["Billing_Open__c"]
    assert till.account(deal)["Receivables_Overdue__c"] == till.account(deal)["Receivables_Open__c"]
    assert await behind(till.scene.machine, till.invoice()["id"])
