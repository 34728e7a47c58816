"""What becomes of an invoice: paid in part and whole, credited, written off; and the books that say so to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Account, order

# 10 x 120.50 net with 20 % tax is 1446.00
TAXED = {"item": {"id": "101"}, "quantity": 10, "rate": 120.5, "taxCode": {"id": "202"}}


async def invoiced(account: Account, **changes: Any) -> str:
    return await account.create("invoice", order("501", TAXED, **changes))


async def credited(account: Account, invoice: str, amount: str, **changes: Any) -> str:
    line = {"item": {"id": "101"}, "amount": amount, "taxCode": {"id": "202"}}
    apply = {"items": [{"doc": {"id": invoice}}]}
    return await account.create("creditMemo", order("501", line, createdFrom={"id": invoice}, apply=apply, **changes))


def journal(amount: str, **changes: Any) -> dict[str, Any]:
    lines = [
        {"account": {"id": "705"}, "debit": amount},
        {"account": {"id": "701"}, "credit": amount, "entity": {"id": "501"}},
    ]
    return {"subsidiary": {"id": "3"}, "line": {"items": lines}, **changes}


async def pay(account: Account, invoice: str, payment: str, *lines: dict[str, Any], **more: Any) -> Any:
    apply = {"items": list(lines) or [{"doc": {"id": invoice}}]}
    body = {"customer": {"id": "501"}, "payment": payment, "apply": apply, **more}
    return await account.rest("POST", "customerPayment", body)


async def status(account: Account, invoice: str) -> tuple[str, float, float]:
    shown = await account.get(f"invoice/{invoice}")
    return shown["status"]["refName"], shown["amountPaid"], shown["amountRemaining"]


async def test_a_part_payment_leaves_an_invoice_open_and_the_rest_closes_it(account: Account) -> None:
    invoice = await invoiced(account)

    await pay(account, invoice, "446.01")
    part = await status(account, invoice)
    await pay(account, invoice, "999.99")

    assert part == ("Open", 446.01, 999.99)
    assert await status(account, invoice) == ("Paid In Full", 1446.0, 0.0)


async def test_a_payment_that_says_no_amount_is_used_as_far_as_it_goes(account: Account) -> None:
    first, second = await invoiced(account), await invoiced(account)

    answer = await pay(account, first, "2000", {"doc": {"id": first}}, {"doc": {"id": second}})
    shown = await account.get(f"customerPayment/{answer.new_id}", expandSubResources="true")

    assert [line["amount"] for line in shown["apply"]["items"]] == [1446.0, 554.0]
    assert (shown["applied"], shown["unapplied"]) == (2000.0, 0.0)


async def test_more_than_is_due_is_not_applied(account: Account) -> None:
    invoice = await invoiced(account)

    answer = await pay(account, invoice, "1500", {"doc": {"id": invoice}, "amount": "1446.01"})

    assert (answer.status, answer.code) == (400, "USER_ERROR")
    assert "exceeds the amount due (1446)" in answer.detail
    assert await status(account, invoice) == ("Open", 0.0, 1446.0)


async def test_an_invoice_of_another_customer_is_not_paid(account: Account) -> None:
    invoice = await account.create("invoice", order("503", TAXED))

    assert "another customer" in (await pay(account, invoice, "10")).detail


async def test_a_credit_memo_is_numbered_taxed_and_applied(account: Account) -> None:
    invoice = await invoiced(account)

    memo = await account.get(f"creditMemo/{await credited(account, invoice, '100.00')}", expandSubResources="true")

    assert (memo["tranId"], memo["total"], memo["taxTotal"]) == ("CM1001", 120.0, 20.0)
    assert (memo["status"]["refName"], memo["amountRemaining"]) == ("Fully Applied", 0.0)
    assert memo["postingPeriod"]["refName"] == "Nov 2026"
    assert await status(account, invoice) == ("Open", 120.0, 1326.0)


async def test_a_deleted_credit_memo_gives_its_amount_back(account: Account) -> None:
    invoice = await invoiced(account)
    memo = await credited(account, invoice, "1205.00")
    closed = await status(account, invoice)

    await account.rest("DELETE", f"creditMemo/{memo}")

    assert closed == ("Paid In Full", 1446.0, 0.0)
    assert await status(account, invoice) == ("Open", 0.0, 1446.0)


async def test_a_credit_memo_in_a_closed_period_is_refused(account: Account) -> None:
    invoice = await invoiced(account)
    line = {"item": {"id": "101"}, "amount": "1"}

    answer = await account.rest("POST", "creditMemo", order("501", line, tranDate="2026-03-31"))

    assert (answer.status, answer.code) == (400, "USER_ERROR")
    assert "Mar 2026" in answer.detail
    assert await status(account, invoice) == ("Open", 0.0, 1446.0)


async def test_a_journal_entry_must_balance(account: Account) -> None:
    body = journal("10")
    body["line"]["items"][0]["debit"] = "10.01"

    answer = await account.rest("POST", "journalEntry", body)

    assert (answer.code, "must balance" in answer.detail) == ("USER_ERROR", True)


async def test_what_a_journal_writes_off_settles_an_invoice_through_an_empty_payment(account: Account) -> None:
    invoice = await invoiced(account)
    entry = await account.create("journalEntry", journal("46.00"))

    answer = await pay(account, invoice, "0", credit={"items": [{"doc": {"id": entry}}]})
    again = await pay(account, invoice, "0", credit={"items": [{"doc": {"id": entry}, "amount": "0.01"}]})

    assert answer.status == 204, answer.text
    assert await status(account, invoice) == ("Open", 46.0, 1400.0)
    assert "exceeds what is left of it (0)" in again.detail


async def test_an_invoice_that_was_paid_is_not_deleted(account: Account) -> None:
    invoice = await invoiced(account)
    await pay(account, invoice, "1")

    assert "dependent records" in (await account.rest("DELETE", f"invoice/{invoice}")).detail


async def test_suiteql_shows_what_changed_of_every_kind(account: Account) -> None:
    invoice = await invoiced(account)
    account.clock.advance(60)
    await credited(account, invoice, "100.00")
    await pay(account, invoice, "26.00")

    rows = await account.rows(
        "SELECT type, BUILTIN.DF(status) AS status, foreignamountunpaid AS due FROM transaction"
        " WHERE SYS_EXTRACT_UTC(lastmodifieddate) >= TO_TIMESTAMP('2026-11-20 10:01:00', 'YYYY-MM-DD HH24:MI:SS')"
        " ORDER BY id"
    )

    assert [(row["type"], row["status"], row.get("due")) for row in rows] == [
        ("CustInvc", "Invoice : Open", "1300"),
        ("CustCred", "Credit Memo : Fully Applied", "0"),
        ("CustPymt", "Payment : Not Deposited", None),
    ]


async def test_the_lines_of_a_journal_add_up_to_nothing(account: Account) -> None:
    entry = await account.create("journalEntry", journal("46.10"))

    rows = await account.rows(
        f"SELECT account, foreignamount AS amount FROM transactionline WHERE transaction = {entry}"
    )

    assert rows == [{"account": "705", "amount": "46.1"}, {"account": "701", "amount": "-46.1"}]


async def test_invoices_come_in_bulk_and_each_has_its_own_outcome(account: Account) -> None:
    good = {**order("501", TAXED), "externalId": "invoice-1"}
    closed = {**order("501", TAXED, tranDate="2026-02-01"), "externalId": "invoice-2"}
    headers = {
        "Prefer": "respond-async",
        "Content-Type": "application/vnd.oracle.resource+json; type=collection",
        "X-NetSuite-Idempotency-Key": "run-1",
    }
    await account.rest("PUT", "invoice", {"items": [good, closed]}, headers)
    answer = await account.rest("PUT", "invoice", {"items": [good, closed]}, headers)
    job = answer.headers["Location"]
    while not (await account.call("GET", job)).body["completed"]:
        pass
    results = [await account.call("GET", f"{job}/task/{task}/result") for task in (1, 2)]

    assert (answer.status, answer.code) == (400, "IDEMPOTENCY_ERROR")
    assert [result.status for result in results] == [204, 400]
    assert "Feb 2026" in results[1].detail
    assert [each["externalId"] for each in account.netsuite.shelf.all("invoice").values()] == ["invoice-1"]


async def test_the_control_interface_takes_a_payment_by_the_number_of_the_invoice(account: Account) -> None:
    await invoiced(account)

    part = await account.control("POST", "payments", {"invoice": "INV1001", "amount": "446.00"})
    rest = await account.control("POST", "payments", {"invoice": "INV1001"})

    assert (part.status, part.body["remaining"]) == (201, "1000")
    assert (rest.body["amount"], rest.body["currency"], rest.body["remaining"]) == ("1000", "GBP", "0")


@pytest.mark.parametrize(
    ("told", "why"),
    [({"invoice": "INV9"}, "no invoice INV9"), ({"invoice": "INV1001", "amount": "2000"}, "exceeds the amount due")],
)
async def test_a_payment_that_cannot_be_is_refused_and_says_why(
    account: Account, told: dict[str, str], why: str
) -> None:
    await invoiced(account)

    answer = await account.control("POST", "payments", told)

    assert (answer.status, why in answer.body["error"]) == (422, True)


async def test_the_books_tie_to_the_cent(account: Account) -> None:
    invoice = await invoiced(account)
    await credited(account, invoice, "33.33")
    entry = await account.create("journalEntry", journal("0.07", custbody_throughline_write_off="w-1"))
    await pay(account, invoice, "0", credit={"items": [{"doc": {"id": entry}}]})
    await account.control("POST", "payments", {"invoice": invoice, "amount": "500.01"})

    (row,) = (await account.control("GET", "books")).body

    assert (row["subsidiary"], row["currency"]) == ("UK", "GBP")
    counted = {name: Decimal(row[name]) for name in row.keys() - {"subsidiary", "currency"}}
    assert counted["invoiced"] == counted["net"] + counted["tax"] == Decimal("1446.00")
    settled = counted["credited"] + counted["received"] + counted["written_off"] - counted["unapplied"]
    assert (counted["credited"], counted["written_off"]) == (Decimal("40.00"), Decimal("0.07"))
    assert counted["open"] == counted["invoiced"] - settled == Decimal("905.92")


# What the clerks do, and the customers


async def test_an_invoice_that_waits_is_approved_and_marked_as_sent_through_the_api(account: Account) -> None:
    invoice = await invoiced(account, approvalStatus={"id": "1"})

    approved = await account.rest("PATCH", f"invoice/{invoice}", {"approvalStatus": {"id": "2"}})
    sent = await account.rest("PATCH", f"invoice/{invoice}", {"custbody_throughline_sent_on": "2026-11-20"})

    shown = await account.get(f"invoice/{invoice}")
    assert (approved.status, sent.status) == (204, 204)
    assert (shown["approvalStatus"]["id"], shown["custbody_throughline_sent_on"]) == ("2", "2026-11-20")


async def test_the_clerks_let_one_invoice_go_or_all_that_wait(account: Account) -> None:
    first, second = [await invoiced(account, approvalStatus={"id": "1"}) for _ in range(2)]

    one = (await account.control("POST", "invoices", {"invoice": first, "do": "send"})).body["invoices"]
    rest = (await account.control("POST", "invoices", {"do": "approve"})).body["invoices"]

    assert [each["id"] for each in one] == [first]
    assert [each["id"] for each in rest] == [second]
    shown = [await account.get(f"invoice/{each}") for each in (first, second)]
    assert [each["approvalStatus"]["id"] for each in shown] == ["2", "2"]
    # The account's day: in Los Angeles it is still early on the 20th.
    assert [each.get("custbody_throughline_sent_on") for each in shown] == ["2026-11-20", None]


async def test_a_credit_takes_back_a_part_of_an_invoice_or_what_is_left_of_it(account: Account) -> None:
    invoice = await invoiced(account)

    part = (await account.control("POST", "credits", {"invoice": invoice, "amount": "205"})).body
    shown = await status(account, invoice)
    rest = (await account.control("POST", "credits", {"invoice": invoice, "amount": "1000"})).body

    assert (part["amount"], part["remaining"]) == ("246", "1200")
    assert shown == ("Open", 246.0, 1200.0)
    assert (rest["amount"], rest["remaining"]) == ("1200", "0")
    assert (await status(account, invoice))[0] == "Paid In Full"


async def test_more_than_an_invoice_charges_is_not_credited(account: Account) -> None:
    invoice = await invoiced(account)

    refused = await account.control("POST", "credits", {"invoice": invoice, "amount": "1205.01"})

    assert refused.status == 422
    assert "1205.01 cannot be credited of 1205 before tax." in refused.body["error"]


async def test_nobody_knows_how_to_lose_an_invoice(account: Account) -> None:
    refused = await account.control("POST", "invoices", {"invoice": await invoiced(account), "do": "lose"})

    assert refused.status == 422
