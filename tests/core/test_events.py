"""What a change means; duplicates and echoes mean nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from throughline.core.entities import Stage
from throughline.core.events import (
    EVENTS,
    CustomerRenamed,
    Event,
    InvoiceCredited,
    InvoicePaid,
    InvoicePartPaid,
    InvoicePosted,
    InvoiceSent,
    InvoiceVoided,
    OpportunityLost,
    OpportunityWon,
    ProjectOpened,
    detect,
)
from throughline.core.money import Money

OPEN, WON, LOST = ({"id": "o-1", "stage": stage.value} for stage in (Stage.PROPOSAL, Stage.WON, Stage.LOST))


def test_a_deal_that_becomes_won_was_won() -> None:
    assert detect("opportunity", OPEN, WON) == [OpportunityWon(opportunity="o-1")]


def test_a_deal_first_heard_of_as_won_was_won() -> None:
    assert detect("opportunity", None, WON) == [OpportunityWon(opportunity="o-1")]


def test_a_deal_that_becomes_lost_was_lost() -> None:
    assert detect("opportunity", WON, LOST) == [OpportunityLost(opportunity="o-1")]


@pytest.mark.parametrize("fields", [OPEN, WON, LOST])
def test_a_duplicate_or_an_echo_means_nothing(fields: dict[str, str]) -> None:
    assert detect("opportunity", fields, {**fields, "name": "touched"}) == []


def test_a_deal_won_lost_and_won_again_is_won_twice() -> None:
    assert detect("opportunity", LOST, WON) == [OpportunityWon(opportunity="o-1")]


def test_a_customer_with_another_name_was_renamed() -> None:
    renamed = detect("customer", {"id": "c-1", "name": "Old"}, {"id": "c-1", "name": "New"})

    assert renamed == [CustomerRenamed(customer="c-1", name="New")]


@pytest.mark.parametrize("before", [None, {"id": "c-1"}, {"id": "c-1", "name": "New"}])
def test_a_name_heard_for_the_first_time_is_no_new_name(before: dict[str, str] | None) -> None:
    assert detect("customer", before, {"id": "c-1", "name": "New"}) == []


def invoiced(state: str, left: str = "100.00") -> dict[str, Any]:
    return {"id": "i-1", "state": state, "open_amount": {"amount": left, "currency": "EUR"}}


POSTED, SENT, PAID = InvoicePosted(invoice="i-1"), InvoiceSent(invoice="i-1"), InvoicePaid(invoice="i-1")
VOIDED = InvoiceVoided(invoice="i-1")


def part_paid(left: str) -> InvoicePartPaid:
    return InvoicePartPaid(invoice="i-1", open_amount=Money.of(left, "EUR"))


@pytest.mark.parametrize(
    ("before", "after", "means"),
    [
        (None, invoiced("draft"), []),
        (None, invoiced("approved"), []),
        (invoiced("approved"), invoiced("posted"), [POSTED]),
        (invoiced("posted"), invoiced("sent"), [SENT]),
        (invoiced("approved"), invoiced("sent"), [POSTED, SENT]),
        (invoiced("sent"), invoiced("partly_paid", "60.00"), [part_paid("60.00")]),
        (invoiced("partly_paid", "60.00"), invoiced("partly_paid", "59.99"), [part_paid("59.99")]),
        (invoiced("partly_paid", "60.00"), invoiced("paid", "0.00"), [PAID]),
        (None, invoiced("paid", "0.00"), [POSTED, PAID]),
        (invoiced("sent"), invoiced("disputed"), []),
        (invoiced("sent"), invoiced("void", "0.00"), [VOIDED]),
        (invoiced("draft"), invoiced("void", "0.00"), []),
    ],
)
def test_what_becomes_of_an_invoice_is_told(
    before: dict[str, Any] | None, after: dict[str, Any], means: list[Event]
) -> None:
    assert detect("invoice", before, after) == means
    assert detect("invoice", after, {**after, "memo": "touched"}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (invoiced("paid", "0.00"), invoiced("partly_paid", "40.00")),
        (invoiced("partly_paid", "40.00"), invoiced("partly_paid", "60.00")),
        (invoiced("partly_paid", "40.00"), invoiced("sent")),
    ],
)
def test_a_payment_that_is_taken_back_pays_nothing(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert detect("invoice", before, after) == []


def test_an_invoice_is_credited_once_by_each_memo() -> None:
    memo = {"id": "m-1", "invoice": "i-1", "total": {"amount": "12.00", "currency": "EUR"}}

    (credited,) = detect("credit_memo", None, memo)

    assert credited == InvoiceCredited(invoice="i-1", credit_memo="m-1", amount=Money.of("12.00", "EUR"))
    assert detect("credit_memo", memo, {**memo, "reason": "touched"}) == []
    assert detect("credit_memo", None, {**memo, "invoice": None}) == []


def test_a_memo_of_ours_is_told_when_its_total_is_known() -> None:
    memo = {"id": "m-1", "invoice": "i-1", "total": {"amount": "12.00", "currency": "EUR"}}
    without = {"id": "m-1", "invoice": "i-1"}

    assert detect("credit_memo", None, without) == []
    assert [event.type for event in detect("credit_memo", without, memo)] == ["InvoiceCredited"]


def test_a_kind_without_a_meaning_means_nothing() -> None:
    assert detect("contact", None, {"id": "c-1"}) == []


def test_an_event_knows_its_name_and_what_it_is_about() -> None:
    event = ProjectOpened(project="p-1", opportunity="o-1")

    assert (event.type, event.about()) == ("ProjectOpened", "p-1")


@pytest.mark.parametrize("event", EVENTS.values())
def test_every_event_is_about_a_field_it_has(event: type[Event]) -> None:
    assert event.subject in event.model_fields
    assert EVENTS[event.type] is event


def test_a_fact_is_not_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        OpportunityWon(opportunity="o-1").opportunity = "o-2"  # type: ignore[misc] - the assignment is what is tested
