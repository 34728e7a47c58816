"""What is taken back: never more than was charged."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.billing.corrections import Decision, credit, write_off
from throughline.core.entities import (
    Approval,
    ApprovalState,
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


@given(amount=st.integers(-10, 119010))
def test_at_most_what_is_open_is_written_off(amount: int) -> None:
    if 0 < amount <= 119000:
        assert write_off(invoice(), euros(amount), DECISION).amount == euros(amount)
    else:
        with pytest.raises(Hold, match="cannot be written off"):
            write_off(invoice(), euros(amount), DECISION)


def test_nothing_is_taken_back_without_a_name() -> None:
    takings: list[Callable[[], object]] = [
        lambda: credit(invoice(), {"1": euros(1)}, NOBODY, before={}),
        lambda: write_off(invoice(), euros(1), NOBODY),
    ]

    for take in takings:
        with pytest.raises(Hold, match="not approved"):
            take()


def test_a_line_the_invoice_does_not_have_is_held() -> None:
    with pytest.raises(Hold, match="has 0 lines 9"):
        credit(invoice(), {"9": euros(1)}, DECISION, before={})
