"""The arithmetic and the books: amounts, totals, tax, subsidiaries, currencies, periods, payments."""

from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Account, customer, order


async def test_lines_are_reckoned_and_added_up(account: Account) -> None:
    taxed = {"item": {"id": "101"}, "quantity": 3, "rate": 33.335, "taxCode": {"id": "202"}}
    whole = {"item": {"id": "102"}, "amount": 1000}

    shown = await account.get(
        f"salesOrder/{await account.create('salesOrder', order('501', taxed, whole))}", expandSubResources="true"
    )

    assert [line["amount"] for line in shown["item"]["items"]] == [100.01, 1000.0]
    assert shown["item"]["items"][0]["tax1Amt"] == 20.0
    assert shown["item"]["items"][1]["rate"] == 1000.0
    assert (shown["subtotal"], shown["taxTotal"], shown["total"]) == (1100.01, 20.0, 1120.01)


async def test_an_amount_that_is_not_quantity_times_rate_is_refused(account: Account) -> None:
    line = {"item": {"id": "101"}, "quantity": 2, "rate": 10, "amount": 21}

    answer = await account.rest("POST", "salesOrder", order("501", line))

    assert (answer.status, answer.code) == (400, "USER_ERROR")
    assert "21 of line 1" in answer.detail


async def test_an_order_without_lines_is_refused(account: Account) -> None:
    assert "at least one line item" in (await account.rest("POST", "salesOrder", {"entity": {"id": "501"}})).detail


async def test_an_order_gets_a_number_a_date_and_its_customers_books(account: Account) -> None:
    shown = await account.get(f"salesOrder/{await account.create('salesOrder', order('501'))}")

    assert shown["tranId"] == "SO1001"
    assert shown["tranDate"] == "2026-11-20"
    assert (shown["subsidiary"]["refName"], shown["currency"]["refName"]) == ("UK", "GBP")
    assert shown["orderStatus"] == {"id": "A", "refName": "Pending Approval"}


async def test_a_transaction_is_dated_in_the_accounts_time_zone(account: Account) -> None:
    account.clock.advance(-3 * 3600)  # 07:00 UTC is still the day before in Los Angeles

    shown = await account.get(f"salesOrder/{await account.create('salesOrder', order('501'))}")

    assert shown["tranDate"] == "2026-11-19"


MISFITS: list[tuple[dict[str, Any], str, str]] = [
    ({"subsidiary": {"id": "4"}}, "USER_ERROR", ""),
    ({"currency": {"id": "1"}}, "USER_ERROR", ""),
    ({"department": {"id": "303"}}, "INVALID_CONTENT", "department"),
    ({"item": {"items": [{"item": {"id": "101"}, "amount": 1, "taxCode": {"id": "204"}}]}},
     "INVALID_CONTENT", "item.items[0].taxCode"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "path"), MISFITS)
async def test_what_belongs_to_another_subsidiary_does_not_fit(
    account: Account, change: dict[str, Any], code: str, path: str
) -> None:
    answer = await account.rest("POST", "salesOrder", order("501", **change))

    assert (answer.status, answer.code, answer.path) == (400, code, path)


async def test_a_second_currency_of_the_customer_fits(account: Account) -> None:
    await account.rest("PATCH", "customer/501", {"currencyList": {"items": [{"currency": {"id": "4"}}]}})

    assert (await account.rest("POST", "salesOrder", order("501", currency={"id": "4"}))).status == 204


async def test_an_invoice_needs_an_open_period(account: Account) -> None:
    closed = await account.rest("POST", "invoice", order("501", tranDate="2026-03-31"))
    outside = await account.rest("POST", "invoice", order("501", tranDate="2031-01-01"))
    opened = await account.rest("POST", "invoice", order("501", tranDate="2026-04-01"))

    assert (closed.status, closed.code) == (400, "USER_ERROR")
    assert "Mar 2026" in closed.detail
    assert outside.code == "USER_ERROR"
    assert (await account.get(f"invoice/{opened.new_id}"))["postingPeriod"]["refName"] == "Apr 2026"


async def test_a_sales_order_posts_nothing_so_only_a_locked_period_stops_it(account: Account) -> None:
    in_closed = await account.rest("POST", "salesOrder", order("501", tranDate="2026-03-31"))
    await account.control("POST", "records/accountingPeriod", {"id": "604", "allLocked": True})
    in_locked = await account.rest("POST", "salesOrder", order("501", tranDate="2026-04-30"))

    assert (in_closed.status, in_locked.status) == (204, 400)


async def test_an_invoice_in_a_period_closed_since_is_neither_changed_nor_deleted(account: Account) -> None:
    id_ = await account.create("invoice", order("501", tranDate="2026-10-05"))
    await account.control("POST", "records/accountingPeriod", {"id": "610", "closed": True})

    assert (await account.rest("PATCH", f"invoice/{id_}", {"memo": "late"})).code == "USER_ERROR"
    assert (await account.rest("DELETE", f"invoice/{id_}")).code == "USER_ERROR"


async def test_an_invoice_is_due_by_its_customers_terms(account: Account) -> None:
    id_ = await account.create("invoice", order("501", tranDate="2026-11-20"))

    assert (await account.get(f"invoice/{id_}"))["dueDate"] == "2026-12-20"


async def test_payments_settle_invoices_and_give_them_back(account: Account) -> None:
    invoice = await account.create("invoice", order("501"))
    payment = {
        "customer": {"id": "501"},
        "payment": 1205,
        "apply": {"items": [{"doc": {"id": invoice}, "amount": 1205}]},
    }
    paying = await account.create("customerPayment", payment)
    paid = await account.get(f"invoice/{invoice}")
    await account.rest("DELETE", f"customerPayment/{paying}")
    unpaid = await account.get(f"invoice/{invoice}")

    assert (paid["status"]["refName"], paid["amountRemaining"]) == ("Paid In Full", 0.0)
    assert (unpaid["status"]["refName"], unpaid["amountRemaining"]) == ("Open", 1205.0)


async def test_more_than_the_payment_cannot_be_applied(account: Account) -> None:
    invoice = await account.create("invoice", order("501"))
    apply = {"items": [{"doc": {"id": invoice}, "amount": 2}]}

    answer = await account.rest("POST", "customerPayment", {"customer": {"id": "501"}, "payment": 1, "apply": apply})

    assert answer.code == "USER_ERROR"


async def test_a_project_takes_the_books_of_its_customer(account: Account) -> None:
    parent = await account.create("customer", customer())
    id_ = await account.create("job", {"companyName": "Rollout", "parent": {"id": parent}})

    shown = await account.get(f"job/{id_}")

    assert (shown["entityId"], shown["subsidiary"]["id"], shown["currency"]["id"]) == ("PROJ1001", "4", "4")


async def test_an_edit_that_reckons_lines_anew_is_noted(account: Account) -> None:
    taxed = {"item": {"id": "101"}, "amount": 100, "taxCode": {"id": "202"}}
    id_ = await account.create("salesOrder", order("501", taxed))
    await account.control("POST", "records/salesTaxItem", {"id": "202", "rate": 17.5})

    await account.rest("PATCH", f"salesOrder/{id_}", {"memo": "new rate"})
    notes = await account.rows("SELECT field FROM systemnote WHERE recordtype = 'salesorder' AND type = 'Change'")

    assert [note["field"] for note in notes] == ["item", "memo", "taxTotal", "total"]


async def test_changing_the_amount_alone_gives_a_new_rate(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))

    await account.rest("PATCH", f"salesOrder/{id_}", {"item": {"items": [{"line": 1, "amount": 1000}]}})
    line = (await account.get(f"salesOrder/{id_}", expandSubResources="true"))["item"]["items"][0]

    assert (line["quantity"], line["rate"], line["amount"]) == (10.0, 100.0, 1000.0)
