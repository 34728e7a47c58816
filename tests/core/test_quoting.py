"""What is said of a deal before it is won: yes, no, or that nobody knows."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.accounts import Position
from throughline.core.entities import Customer, Opportunity
from throughline.core.money import Money
from throughline.core.quoting import Answer, credit, price, provision, template
from throughline.core.receivables import Standing
from throughline.demo import FIRM
from throughline.hub.firm import load

HALYARD = load(FIRM)


def gbp(amount: Any) -> Money:
    return Money.of(amount, "GBP")


def deal(**but: Any) -> Opportunity:
    line = {"key": "1", "product": "IMP-FIX", "role": "Consultant", "quantity": Decimal(1), "unit_price": gbp(48000),
            "amount": gbp(48000)}  # fmt: skip
    told = {"id": "opportunity-1", "name": "Timetable review", "customer": "customer-1", "stage": "proposal",
            "amount": gbp(48000), "currency": "GBP", "commercial_model": "fixed_fee", "legal_entity": "UK",
            "service_line": "Implementation", "starts": date(2026, 2, 1), "ends": date(2026, 7, 31),
            "lines": [line]}  # fmt: skip
    return Opportunity.model_validate({**told, **but})


def customer(**but: Any) -> Customer:
    told = {"id": "customer-1", "name": "Meridian Rail Ltd", "credit_limit": gbp(100000)}
    return Customer.model_validate({**told, **but})


def owes(amount: str, overdue: str = "0", currency: str = "GBP") -> Position:
    nothing, open_amount = Money.zero(currency), Money.of(amount, currency)
    stands = Standing(open_amount, nothing, open_amount, Money.of(overdue, currency))
    return Position(stands, nothing, None)


def test_what_stays_within_the_limit_is_fine_to_the_last_penny() -> None:
    assert credit(deal(), customer(), [owes("52000.00")]).answer is Answer.YES
    beyond = credit(deal(), customer(), [owes("52000.01", "10")])

    assert beyond.answer is Answer.NO
    assert beyond.why == (
        "52,000.01 GBP open and 48,000.00 GBP sold, of a limit of 100,000.00 GBP",
        "10.00 GBP is overdue",
    )


@pytest.mark.parametrize("status", ["blocked", "inactive"])
def test_a_customer_we_may_not_sell_to_is_refused_whatever_the_limit(status: str) -> None:
    assert credit(deal(), customer(status=status), []).answer is Answer.NO


@pytest.mark.parametrize(
    ("sold", "who", "owed", "why"),
    [
        ({}, {"credit_limit": None}, [], "no credit limit"),
        ({"amount": None, "lines": []}, {}, [], "no amount yet"),
        ({}, {"credit_limit": Money.of(1, "EUR")}, [], "amounts in GBP"),
        ({}, {}, [owes("1", currency="EUR")], "amounts in EUR"),
    ],
)
def test_what_nobody_can_say_of_credit_is_unknown(
    sold: dict[str, Any], who: dict[str, Any], owed: list[Position], why: str
) -> None:
    said = credit(deal(**sold), customer(**who), owed)

    assert said.answer is Answer.UNKNOWN
    assert why in said.why[0]


def test_a_settled_debt_in_another_currency_does_not_matter() -> None:
    assert credit(deal(), customer(), [owes("0", currency="EUR")]).answer is Answer.YES


def test_prices_hold_where_each_role_has_a_rate_on_the_first_day() -> None:
    said = price(deal(), HALYARD)

    assert said.answer is Answer.YES
    assert said.why[0].startswith("Consultant: ")
    assert " GBP an hour on 2026-02-01" in said.why[0]


def test_a_role_without_a_rate_and_lines_that_do_not_add_up_are_a_no() -> None:
    line = deal().lines[0]
    stranger = price(deal(lines=[line.model_copy(update={"role": "Astronaut"})]), HALYARD)

    assert (stranger.answer, "no rate in GBP for Astronaut" in stranger.why[0]) == (Answer.NO, True)
    assert price(deal(amount=gbp(1)), HALYARD).answer is Answer.NO


def test_a_deal_that_somebody_must_agree_to_says_who() -> None:
    line = deal().lines[0].model_copy(update={"amount": gbp(200001), "unit_price": gbp(200001)})

    said = price(deal(amount=gbp(200001), lines=[line]), HALYARD)

    assert said.why[-1] == "Finance operations lead must agree to 200,001.00 GBP"


@pytest.mark.parametrize("missing", ["starts", "currency"])
def test_without_a_day_or_a_currency_nobody_knows_the_price(missing: str) -> None:
    assert price(deal(**{missing: None}), HALYARD).answer is Answer.UNKNOWN


def test_a_template_is_there_missing_or_not_to_be_said() -> None:
    assert template(deal(), HALYARD).answer is Answer.YES
    assert template(deal(), HALYARD.model_copy(update={"tables": {}})).answer is Answer.NO
    assert template(deal(service_line=None), HALYARD).answer is Answer.UNKNOWN


def test_what_a_system_that_is_away_hides_is_unknown_and_not_a_no() -> None:
    assert provision(["no tax code", "netsuite is away"], ["netsuite is away"], [], 3).answer is Answer.UNKNOWN
    assert provision(["no tax code"], [], [], 3).answer is Answer.NO
    assert provision([], [], ["approval: approve"], 3).why == (
        "3 things would be written",
        "taken for granted: approval: approve",
    )
