"""Deals are taken as they were entered; the handoff judges them later."""

from datetime import date

import pytest
from pydantic import ValidationError

from throughline.core.entities import ChangeOrder, CommercialModel, Customer, Opportunity, Renewal, Stage
from throughline.core.money import Money


def test_the_least_a_crm_knows_of_a_deal_is_enough() -> None:
    deal = Opportunity.model_validate({"id": "opp-1", "name": "Signalling study", "stage": "prospecting"})

    assert deal.stage is Stage.PROSPECTING
    assert (deal.customer, deal.amount, deal.close_date, deal.lines) == (None, None, None, ())


def test_a_deal_that_contradicts_itself_is_still_a_deal() -> None:
    deal = Opportunity.model_validate(
        {
            "id": "opp-1",
            "name": "Signalling study",
            "stage": "won",
            "currency": "EUR",
            "amount": {"amount": "10", "currency": "GBP"},
            "starts": "2026-06-01",
            "ends": "2026-05-01",
            "lines": [{"key": "1", "quantity": "2", "amount": {"amount": "10", "currency": "USD"}}],
        }
    )

    assert deal.lines[0].amount == Money.of(10, "USD")


def test_a_line_may_be_sold_in_another_way_than_its_deal() -> None:
    deal = Opportunity.model_validate(
        {
            "id": "opp-1",
            "name": "Run the signals",
            "stage": "won",
            "commercial_model": "managed_service",
            "lines": [{"key": "1", "commercial_model": "fixed_fee"}],
        }
    )

    assert deal.commercial_model is CommercialModel.MANAGED_SERVICE
    assert deal.lines[0].commercial_model is CommercialModel.FIXED_FEE


@pytest.mark.parametrize("field", ["stage", "commercial_model", "billing_method", "revenue_treatment"])
def test_a_choice_nobody_knows_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="Input should be"):
        Opportunity.model_validate({"id": "opp-1", "name": "Study", "stage": "won", field: "Closed Won"})


@pytest.mark.parametrize(("stage", "closed"), [(stage, stage in {"won", "lost"}) for stage in Stage])
def test_only_won_and_lost_deals_are_closed(stage: Stage, closed: bool) -> None:  # a parametrized test
    assert stage.closed is closed


def test_customers_form_groups() -> None:
    child = Customer.model_validate({"id": "customer-8", "name": "Lumen Civic LLC", "parent": "customer-4"})

    assert child.parent == "customer-4"


def test_a_change_order_may_take_away() -> None:
    change = ChangeOrder.model_validate(
        {
            "id": "change-1",
            "name": "Fewer days",
            "state": "approved",
            "origin": "delivery",
            "lines": [{"key": "1", "quantity_delta": "-3", "amount_delta": {"amount": "-3600", "currency": "EUR"}}],
        }
    )

    assert change.lines[0].amount_delta == Money.of(-3600, "EUR")


def test_a_renewal_does_not_end_before_it_starts() -> None:
    term = {"id": "renewal-1", "contract": "contract-1", "state": "proposed", "starts": date(2026, 6, 1)}

    with pytest.raises(ValidationError, match="ends on 2026-05-31, before it starts on 2026-06-01"):
        Renewal.model_validate({**term, "ends": date(2026, 5, 31)})
