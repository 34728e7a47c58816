"""What is taken back: never more than was charged, and a credit with its re-bill nets to the difference."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.billing.corrections import Decision, credit, rebill, waive, write_off
from throughline.core.entities import (
    Approval,
    ApprovalState,
    BillingItem,
    BillingItemState,
    CustomerId,
    Invoice,
    InvoiceId,
    InvoiceLine,
    InvoiceState,
)
from throughline.core.errors import Hold
from throughline.core.money import Money, total

DECISION = Decision(1, date(2026, 11, 20), "Wrong rate", Approval(state=ApprovalState.APPROVED, by="controller"))
NOBODY = Decision(1, date(2026, 11, 20), "Wrong rate", None)


def euros(cents: int) -> Money:
    return Money.from_minor(cents, "EUR")


def invoice(cents: int = 100000, tax: int = 19000, **other: Any) -> Invoice:
    line = InvoiceLine(key="1", quantity=Decimal(10), unit_price=euros(cents), amount=euros(cents), tax=euros(tax))
    given: dict[str, Any] = {
        "id": InvoiceId("inv"), "number": "R-7", "customer": CustomerId("chemie"), "currency": "EUR",
        "state": InvoiceState.SENT, "open_amount": euros(cents + tax), "lines": (line,),
    }  # fmt: skip
    return Invoice.model_validate(given | other)


@given(parts=st.lists(st.integers(1, 5000), min_size=1, max_size=8), tax=st.integers(0, 9999))
def test_credits_of_a_line_add_up_to_the_line_and_its_tax(parts: list[int], tax: int) -> None:
    billed, before, memos = invoice(sum(parts), tax), euros(0), []

    for part in parts:
        memos.append(credit(billed, {"1": euros(part)}, DECISION, before={"1": before}))
        before += euros(part)

    assert total((memo.total for memo in memos), "EUR") == euros(sum(parts) + tax)
    assert total((memo.tax for memo in memos if memo.tax), "EUR") == euros(tax)
    assert all(memo.tax is not None and memo.tax >= euros(0) for memo in memos)


@given(before=st.integers(0, 100000), taken=st.integers(-10, 100010))
def test_never_more_is_taken_back_than_was_charged(before: int, taken: int) -> None:
    def take() -> Money:
        return credit(invoice(), {"1": euros(taken)}, DECISION, before={"1": euros(before)}).lines[0].amount

    if 0 < taken <= 100000 - before:
        assert take() == euros(taken)
    else:
        with pytest.raises(Hold, match="cannot be taken back"):
            take()


@given(cents=st.integers(1, 10**8), again=st.lists(st.integers(0, 10**7), max_size=4), before=st.integers(0, 10**8))
def test_a_credit_and_re_bill_nets_to_the_difference(
    item: Callable[..., BillingItem], cents: int, again: list[int], before: int
) -> None:
    before %= cents
    items = tuple(item(f"i{n}", str(euros(part).amount)) for n, part in enumerate(again))

    found = rebill(invoice(cents, 0), "1", items, DECISION, before={"1": euros(before)})

    assert found.difference == euros(sum(again) - (cents - before))
    assert total((each.amount for each in found.items), "EUR") - found.credit.total == found.difference
    assert not {each.id for each in found.items} & {each.id for each in items}


@given(amount=st.integers(-10, 119010))
def test_at_most_what_is_open_is_written_off(amount: int) -> None:
    if 0 < amount <= 119000:
        assert write_off(invoice(), euros(amount), DECISION).amount == euros(amount)
    else:
        with pytest.raises(Hold, match="cannot be written off"):
            write_off(invoice(), euros(amount), DECISION)


def test_a_charge_that_is_waived_stays_and_its_write_off_says_who_decided(item: Callable[..., BillingItem]) -> None:
    waived, given_up = waive(item("i1", "120"), DECISION)

    assert waived.state is BillingItemState.WRITTEN_OFF
    assert given_up.approval is not None
    assert (given_up.amount, given_up.billing_item, given_up.approval.by) == (euros(12000), "i1", "controller")


@pytest.mark.parametrize("state", [BillingItemState.INVOICED, BillingItemState.WRITTEN_OFF])
def test_what_is_invoiced_or_given_up_is_not_waived(item: Callable[..., BillingItem], state: BillingItemState) -> None:
    with pytest.raises(Hold, match="already"):
        waive(item("i1", "120", state=state), DECISION)


def test_nothing_is_taken_back_without_a_name(item: Callable[..., BillingItem]) -> None:
    takings: list[Callable[[], object]] = [
        lambda: credit(invoice(), {"1": euros(1)}, NOBODY, before={}),
        lambda: rebill(invoice(), "1", (), NOBODY, before={}),
        lambda: write_off(invoice(), euros(1), NOBODY),
        lambda: waive(item("i1", "120"), NOBODY),
    ]

    for take in takings:
        with pytest.raises(Hold, match="not approved"):
            take()


def test_a_line_the_invoice_does_not_have_is_held() -> None:
    with pytest.raises(Hold, match="has 0 lines 9"):
        credit(invoice(), {"9": euros(1)}, DECISION, before={})
