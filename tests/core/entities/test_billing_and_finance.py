"""Documents are in one currency, and the books do not contradict themselves."""

from typing import Any

import pytest
from pydantic import ValidationError

from throughline.core.entities import Entity, FiscalPeriod, FxRate, IntercompanyCharge, Timesheet, entity_kind

EUR_10 = {"amount": "10", "currency": "EUR"}
USD_10 = {"amount": "10", "currency": "USD"}
INVOICE_LINE = {"key": "1", "quantity": "1", "unit_price": EUR_10, "amount": EUR_10}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "billing_item": {
        "id": "item-1", "customer": "customer-1", "source": "time", "source_reference": "time-1", "day": "2026-06-30",
        "quantity": "1", "unit_price": EUR_10, "amount": EUR_10, "state": "approved",
    },
    "invoice": {"id": "invoice-1", "customer": "customer-1", "currency": "EUR", "state": "draft"},
    "credit_memo": {"id": "memo-1", "customer": "customer-1", "currency": "EUR", "total": EUR_10},
    "payment": {"id": "payment-1", "customer": "customer-1", "received_on": "2026-06-30", "amount": EUR_10},
    "receivables": {"id": "owed-1", "customer": "customer-1", "as_of": "2026-06-30", "outstanding": EUR_10},
    "billing_status": {
        "id": "status-1", "summary": "nothing open", "billed": EUR_10, "credited": EUR_10, "settled": EUR_10,
        "open_amount": EUR_10, "overdue": EUR_10,
    },
    "revenue_schedule": {
        "id": "schedule-1", "contract": "contract-1", "treatment": "over_time", "currency": "EUR", "total": EUR_10,
    },
}  # fmt: skip
STRANGERS: list[tuple[str, dict[str, Any]]] = [
    ("billing_item", {"unit_price": USD_10}),
    ("invoice", {"total": USD_10}),
    ("invoice", {"open_amount": USD_10}),
    ("invoice", {"lines": [{**INVOICE_LINE, "tax": USD_10}]}),
    ("invoice", {"lines": [{**INVOICE_LINE, "amount": USD_10}]}),
    ("credit_memo", {"total": USD_10}),
    ("credit_memo", {"lines": [{**INVOICE_LINE, "unit_price": USD_10}]}),
    ("payment", {"unapplied": USD_10}),
    ("payment", {"applications": [{"invoice": "invoice-1", "amount": USD_10}]}),
    ("receivables", {"overdue": USD_10}),
    ("receivables", {"backlog": USD_10}),
    ("billing_status", {"overdue": USD_10}),
    ("revenue_schedule", {"total": USD_10}),
    ("revenue_schedule", {"lines": [{"period": "2026-06", "amount": USD_10, "recognised": False}]}),
]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_in_one_currency_is_fine(kind: str) -> None:
    entity: type[Entity] = entity_kind(kind)

    assert entity.model_validate(DOCUMENTS[kind]).kind == kind


@pytest.mark.parametrize(("kind", "stranger"), STRANGERS)
def test_a_document_in_two_currencies_is_refused(kind: str, stranger: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"has amounts in USD.* though it is in EUR"):
        entity_kind(kind).model_validate({**DOCUMENTS[kind], **stranger})


def test_a_period_has_two_ends_in_order() -> None:
    june = {"id": "period-1", "name": "June", "legal_entity": "DE", "state": "open", "starts": "2026-06-01"}

    assert FiscalPeriod.model_validate({**june, "ends": "2026-06-30"}).name == "June"
    with pytest.raises(ValidationError, match="before it starts"):
        FiscalPeriod.model_validate({**june, "ends": "2026-05-30"})
    with pytest.raises(ValidationError, match=r"ends\n  Field required"):
        FiscalPeriod.model_validate(june)


def test_a_timesheet_says_where_its_approval_stands() -> None:
    sheet = Timesheet.model_validate(
        {
            "id": "sheet-1",
            "resource": "resource-1",
            "starts": "2026-06-01",
            "ends": "2026-06-07",
            "approval": {"state": "approved", "by": "pm.de@halyard.example", "at": "2026-06-08T07:00:00Z"},
        }
    )

    assert sheet.approval.state == "approved"


def test_a_company_cannot_charge_itself() -> None:
    charge = {"id": "charge-1", "provider": "DE", "period": "2026-06", "amount": EUR_10}

    assert IntercompanyCharge.model_validate({**charge, "receiver": "UK"}).receiver == "UK"
    with pytest.raises(ValidationError, match="DE cannot charge itself"):
        IntercompanyCharge.model_validate({**charge, "receiver": "DE"})


@pytest.mark.parametrize("rate", ["0", "-1.1", 1.1])
def test_an_exchange_rate_is_exact_and_above_zero(rate: object) -> None:
    with pytest.raises(ValidationError, match=r"greater than 0|not an exact number"):
        FxRate.model_validate({"id": "fx-1", "source": "EUR", "target": "USD", "day": "2026-06-30", "rate": rate})
