"""What is open, late and still to bill; exact, and never guessed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.accounts import positions
from throughline.core.entities import Contract, CreditMemo, Invoice
from throughline.core.errors import Hold
from throughline.core.money import Money
from throughline.core.receivables import backlog, days_sales_outstanding, in_words, standing

TODAY = date(2026, 6, 30)


def gbp(amount: Any) -> Money:
    return Money.of(amount, "GBP")


def invoice(number: int, total: str, open_amount: str = "0", **more: Any) -> Invoice:
    money = [Money.of(each, more.get("currency", "GBP")) for each in (total, total, open_amount)]
    told = {"id": f"invoice-{number}", "number": f"INV{number}", "customer": "customer-1", "contract": "contract-1",
            "currency": "GBP", "state": "sent", "issued_on": TODAY - timedelta(days=number), "due_on": TODAY,
            **dict(zip(("net", "total", "open_amount"), money, strict=True))}  # fmt: skip
    return Invoice.model_validate({**told, **more})


def memo(invoice: int, total: str, tax: str | None = "0", **more: Any) -> CreditMemo:
    told = {"id": f"memo-{invoice}", "customer": "customer-1", "invoice": f"invoice-{invoice}", "currency": "GBP",
            "issued_on": TODAY, "total": gbp(total), "tax": tax and gbp(tax)}  # fmt: skip
    return CreditMemo.model_validate({**told, **more})


def contract(value: str, **more: Any) -> Contract:
    told = {"id": "contract-1", "name": "Timetable review", "customer": "customer-1", "legal_entity": "UK",
            "currency": "GBP", "commercial_model": "fixed_fee", "billing_method": "on_schedule",
            "revenue_treatment": "over_time", "starts": "2026-01-01", "value": gbp(value)}  # fmt: skip
    return Contract.model_validate({**told, **more})


def test_what_is_billed_is_open_or_settled() -> None:
    found = standing([invoice(1, "1200", "1200"), invoice(2, "600", "100")], [memo(2, "200")], currency="GBP",
                     today=TODAY)  # fmt: skip

    assert (found.billed, found.credited, found.open_amount) == (gbp(1800), gbp(200), gbp(1300))
    assert found.settled == gbp(500)


@pytest.mark.parametrize("state", ["draft", "approved", "void", None])
def test_what_is_not_out_is_nobodys_debt(state: str | None) -> None:
    found = standing([invoice(1, "1200", "1200", state=state)], [memo(1, "10")], currency="GBP", today=TODAY)

    assert (found.billed, found.credited, found.open_amount, found.overdue) == (gbp(0),) * 4


def test_the_due_day_itself_is_in_time() -> None:
    late = [
        invoice(1, "10", "10", due_on=TODAY - timedelta(days=1)),
        invoice(2, "5", "5"),
        invoice(3, "2", due_on=None),
    ]

    assert standing(late, [], currency="GBP", today=TODAY).overdue == gbp(10)


def test_an_invoice_without_amounts_is_held_and_not_taken_for_nothing() -> None:
    with pytest.raises(Hold, match="INV1 is out and shows no open amount"):
        standing([invoice(1, "10").model_copy(update={"open_amount": None})], [], currency="GBP", today=TODAY)


def test_days_sales_outstanding_are_what_is_open_in_days_of_the_last_quarters_sales() -> None:
    known = [invoice(30, "9000", "2000"), invoice(89, "900"), invoice(90, "5000", "1000")]

    assert days_sales_outstanding(known, [memo(30, "900")], currency="GBP", today=TODAY) == Decimal("30.0")


def test_nobody_can_say_it_of_a_customer_that_was_billed_nothing_lately() -> None:
    assert days_sales_outstanding([invoice(200, "10", "10")], [], currency="GBP", today=TODAY) is None


def test_the_backlog_is_what_is_contracted_and_not_billed_before_tax() -> None:
    billed = [invoice(1, "1200", net=gbp(1000)), invoice(2, "600", net=gbp(500), state="draft")]

    assert backlog(contract("5000"), billed, [memo(1, "240", "40")]) == gbp(4200)
    assert backlog(contract("900"), billed, []) == gbp(0), "more was billed than agreed: nothing is left"
    assert backlog(contract("5000", state="cancelled"), billed, []) == gbp(0)


def test_a_credit_memo_that_hides_its_tax_is_held() -> None:
    with pytest.raises(Hold, match="shows no tax"):
        backlog(contract("5000"), [invoice(1, "1200")], [memo(1, "240", None)])


def test_a_line_of_words_names_what_is_open_and_late_and_each_invoice() -> None:
    known = [invoice(9, "10", "10", due_on=date(2026, 1, 31)), invoice(1, "20", state="paid"),
             invoice(5, "9", "4", state="partly_paid"), invoice(2, "7", state="draft")]  # fmt: skip
    found = standing(known, [], currency="GBP", today=TODAY)

    assert in_words(known, found, today=TODAY) == (
        "open 14.00 GBP, overdue 10.00 GBP; INV1 paid; INV5 partly paid; INV9 overdue since 2026-01-31"
    )
    assert in_words([known[1]], standing([known[1]], [], currency="GBP", today=TODAY), today=TODAY) == (
        "nothing open; INV1 paid"
    )


def test_an_account_stands_in_each_of_its_currencies_apart() -> None:
    euros = invoice(1, "10", "4", currency="EUR", contract=None)

    eur, pounds = positions([contract("5000")], [euros, invoice(2, "1000", "1000")], [], today=TODAY)

    assert (eur.currency, eur.stands.open_amount) == ("EUR", Money.of(4, "EUR"))
    assert (pounds.backlog, pounds.stands.open_amount) == (gbp(4000), gbp(1000))
    assert pounds.in_words == "open 1,000.00 GBP, overdue 0.00 GBP, backlog 4,000.00 GBP, DSO 90.0 days"


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6), st.sampled_from(["sent", "paid", "draft"]))))
def test_every_cent_billed_is_open_or_settled(amounts: list[tuple[int, int, str]]) -> None:
    known = [
        invoice(number, str(Decimal(total) / 100), str(Decimal(min(left, total)) / 100), state=state)
        for number, (total, left, state) in enumerate(amounts)
    ]

    found = standing(known, [], currency="GBP", today=TODAY)

    assert found.settled + found.open_amount == found.billed
    assert found.overdue <= found.open_amount
