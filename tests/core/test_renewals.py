"""The next term of a contract: when it comes up, what is proposed, and what may not go on by itself."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import Contract, Opportunity, Renewal
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.policies import Renewals
from throughline.core.renewals import continues, in_hand, next_term, planned_on, proposed
from throughline.demo import FIRM
from throughline.hub.firm import load

HALYARD = load(FIRM)
RULE = Renewals.model_validate({"days_ahead": 90, "continues": ["retainer"]})


def gbp(amount: Any) -> Money:
    return Money.of(amount, "GBP")


def contract(**but: Any) -> Contract:
    told = {"id": "contract-of-opportunity-1", "name": "Advice", "customer": "customer-1", "legal_entity": "UK",
            "opportunity": "opportunity-1", "currency": "GBP", "commercial_model": "retainer",
            "billing_method": "in_advance", "revenue_treatment": "straight_line", "starts": "2026-01-01",
            "ends": "2026-12-31", "value": gbp(12000)}  # fmt: skip
    return Contract.model_validate({**told, **but})


def sold(**but: Any) -> Opportunity:
    line = {"key": "1", "quantity": Decimal(12), "unit_price": gbp(1100), "amount": gbp(13200)}
    told = {"id": "opportunity-2", "name": "Advice again", "customer": "customer-1", "stage": "won", "currency": "GBP",
            "amount": gbp(13200), "starts": "2027-01-01", "ends": "2027-12-31", "lines": [line]}  # fmt: skip
    return Opportunity.model_validate({**told, **but})


def renewal(**but: Any) -> Renewal:
    told = {"id": "renewal-1", "renews": "opportunity-1", "opportunity": "opportunity-2", "state": "confirmed"}
    return Renewal.model_validate({**told, **but})


def without_a_rule() -> Firm:
    return HALYARD.model_copy(update={"policies": HALYARD.policies.model_copy(update={"renewals": None})})


def test_a_term_is_planned_so_many_days_ahead() -> None:
    assert planned_on(date(2026, 12, 31), RULE) == datetime(2026, 10, 2, tzinfo=UTC)


def test_the_next_term_follows_without_a_gap_at_the_same_price() -> None:
    plan = proposed(contract(), date(2026, 12, 31), RULE)

    assert (plan.starts, plan.ends, plan.value) == (date(2027, 1, 1), date(2027, 12, 31), gbp(12000))
    assert (plan.renews, plan.notice_by) == ("opportunity-1", date(2026, 12, 31))


def test_a_term_of_another_length_is_for_sales_to_price() -> None:
    assert proposed(contract(ends="2027-12-31"), date(2027, 12, 31), RULE).value is None


def test_a_contract_that_is_over_or_sold_otherwise_has_no_next_term_by_itself() -> None:
    assert continues(contract(), HALYARD) is not None
    assert continues(contract(state="cancelled"), HALYARD) is None
    assert continues(contract(commercial_model="fixed_fee"), HALYARD) is None
    assert continues(contract(), without_a_rule()) is None


def test_an_answer_for_the_coming_term_is_in_hand_and_one_for_the_last_is_not() -> None:
    ends = date(2026, 12, 31)

    assert in_hand([renewal(starts="2027-01-01", state="declined")], ends)
    assert not in_hand([renewal(starts="2026-01-01")], ends)
    assert not in_hand([], ends)


def test_what_was_sold_becomes_more_lines_and_a_later_end() -> None:
    change = next_term(renewal(), sold(), contract(), HALYARD)

    assert (change.id, change.amends, change.amount_delta) == ("renewal-1", "opportunity-1", gbp(13200))
    assert (change.effective_from, change.new_end) == (date(2027, 1, 1), date(2027, 12, 31))
    assert [(line.contract_line, line.amount_delta) for line in change.lines] == [(None, gbp(13200))]


@pytest.mark.parametrize(
    ("agreed", "but", "why"),
    [
        ({"commercial_model": "fixed_fee"}, {}, "nobody has said that fixed fee goes on in the same contract"),
        ({}, {"customer": "customer-2"}, "is sold to another customer"),
        ({"ends": None}, {}, "which has no end"),
        ({}, {"starts": "2027-02-01"}, "the contract it renews ends on 2026-12-31"),
        ({}, {"starts": "2026-12-31"}, "the contract it renews ends on 2026-12-31"),
        ({}, {"ends": None}, "lasts from 2027-01-01 to None"),
    ],
)
def test_what_is_not_more_of_the_same_is_held(agreed: dict[str, Any], but: dict[str, Any], why: str) -> None:
    with pytest.raises(Hold, match=why):
        next_term(renewal(), sold(**but), contract(**agreed), HALYARD)


def test_a_term_that_was_applied_is_asked_no_more() -> None:
    version = {"number": 2, "change_order": "renewal-1", "before": gbp(12000), "value": gbp(25200)}

    change = next_term(renewal(), sold(), contract(ends="2027-12-31", versions=[version]), HALYARD)

    assert change.new_end == date(2027, 12, 31)
