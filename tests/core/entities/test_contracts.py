"""A contract is in one currency and ends after it starts."""

from typing import Any

import pytest
from pydantic import ValidationError

from throughline.core.entities import BillingPlan, Contract, RateCard

EUR_10 = {"amount": "10", "currency": "EUR"}
USD_10 = {"amount": "10", "currency": "USD"}
LINE = {"key": "1", "commercial_model": "fixed_fee", "quantity": 1, "unit_price": EUR_10, "amount": EUR_10}
CONTRACT = {
    "id": "contract-1",
    "name": "Signalling study",
    "customer": "customer-1",
    "legal_entity": "DE",
    "currency": "EUR",
    "commercial_model": "fixed_fee",
    "billing_method": "on_schedule",
    "revenue_treatment": "over_time",
    "starts": "2026-06-01",
    "value": EUR_10,
}
PLAN = {"id": "plan-1", "contract": "contract-1", "name": "Thirds", "plan_kind": "schedule", "currency": "EUR"}
RATE = {"role": "Consultant", "unit": "hour", "rate": EUR_10, "effective_from": "2026-01-01"}


def test_a_contract_may_last_one_day_and_need_not_end() -> None:
    assert Contract.model_validate(CONTRACT).ends is None
    assert Contract.model_validate({**CONTRACT, "ends": "2026-06-01"}).ends is not None


def test_a_contract_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="ends on 2026-05-31, before it starts on 2026-06-01"):
        Contract.model_validate({**CONTRACT, "ends": "2026-05-31"})


@pytest.mark.parametrize(
    "stranger",
    [{"value": USD_10}, {"not_to_exceed": USD_10}, {"lines": [{**LINE, "amount": USD_10, "unit_price": USD_10}]}],
)
def test_a_contract_is_in_one_currency(stranger: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="has amounts in USD though it is in EUR"):
        Contract.model_validate({**CONTRACT, **stranger})


def test_a_contract_line_is_in_one_currency() -> None:
    with pytest.raises(ValidationError, match="has amounts in USD though it is in EUR"):
        Contract.model_validate({**CONTRACT, "lines": [{**LINE, "unit_price": USD_10}]})


@pytest.mark.parametrize("field", ["legal_entity", "commercial_model", "billing_method", "value", "starts"])
def test_what_a_contract_cannot_be_without_is_never_assumed(field: str) -> None:
    with pytest.raises(ValidationError, match=rf"{field}\n  Field required"):
        Contract.model_validate({name: value for name, value in CONTRACT.items() if name != field})


@pytest.mark.parametrize(
    "stranger",
    [{"total": USD_10}, {"instalments": [{"key": "1", "name": "First", "due": "2026-07-01", "amount": USD_10}]}],
)
def test_a_billing_plan_is_in_one_currency(stranger: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="has amounts in USD though it is in EUR"):
        BillingPlan.model_validate({**PLAN, **stranger})


def test_a_rate_card_is_in_one_currency() -> None:
    card = {"id": "card-1", "name": "Standard EUR", "currency": "EUR"}

    with pytest.raises(ValidationError, match="has amounts in USD though it is in EUR"):
        RateCard.model_validate({**card, "lines": [RATE, {**RATE, "rate": USD_10}]})


def test_a_rate_is_not_over_before_it_begins() -> None:
    card = {"id": "card-1", "name": "Standard EUR", "currency": "EUR"}

    with pytest.raises(ValidationError, match="before it starts"):
        RateCard.model_validate({**card, "lines": [{**RATE, "effective_to": "2025-12-31"}]})


def test_a_rate_is_never_a_float() -> None:
    with pytest.raises(ValidationError, match=r"120\.5 is not an exact number"):
        Contract.model_validate({**CONTRACT, "lines": [{**LINE, "quantity": 120.5}]})
