"""What a deal must bring, and who must agree to it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.entities import Opportunity, OpportunityLine
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.gate import MANDATORY, approver, refuse_incomplete, worth
from throughline.core.money import Money


def line(amount: str | None, currency: str = "EUR", **fields: Any) -> OpportunityLine:
    return OpportunityLine(key="1", amount=Money.of(amount, currency) if amount else None, **fields)


def worth_of(deal: Opportunity, amount: str, currency: str = "EUR") -> Opportunity:
    lines, total = (line(amount, currency),), Money.of(amount, currency)
    return deal.model_copy(update={"lines": lines, "amount": total, "currency": currency})


def why(deal: Opportunity, firm: Firm) -> str:
    with pytest.raises(Hold) as held:
        refuse_incomplete(deal, firm)
    assert "the run goes on by itself" in held.value.fix
    return held.value.why


def test_a_complete_deal_passes(deal: Opportunity, firm: Firm) -> None:
    refuse_incomplete(deal, firm)


@pytest.mark.parametrize("field", ["amount", "ends", "purchase_order", "close_date"])
def test_what_is_not_mandatory_may_be_missing(field: str, deal: Opportunity, firm: Firm) -> None:
    refuse_incomplete(deal.model_copy(update={field: None}), firm)


@pytest.mark.parametrize(("field", "words"), MANDATORY.items())
def test_what_is_mandatory_may_not(field: str, words: str, deal: Opportunity, firm: Firm) -> None:
    nothing = () if field == "lines" else None

    assert why(deal.model_copy(update={field: nothing}), firm) == f"Plant rollout lacks {words}"


def test_everything_missing_is_named_at_once(deal: Opportunity, firm: Firm) -> None:
    empty = deal.model_copy(update={field: () if field == "lines" else None for field in MANDATORY})

    assert why(empty, firm) == f"Plant rollout lacks {', '.join(MANDATORY.values())}"


def test_a_line_is_named_by_the_best_word_it_has(deal: Opportunity, firm: Firm) -> None:
    unpriced = (line(None, description="Design"), line(None, product="IMP-DAY"), line(None))

    assert why(deal.model_copy(update={"lines": unpriced}), firm).endswith("without an amount: Design, IMP-DAY, 1")


def test_a_deal_of_one_day_is_a_deal(deal: Opportunity, firm: Firm) -> None:
    refuse_incomplete(deal.model_copy(update={"ends": deal.starts}), firm)


def test_a_deal_that_ends_the_day_before_is_not(deal: Opportunity, firm: Firm) -> None:
    assert "before it starts" in why(deal.model_copy(update={"ends": date(2026, 1, 31)}), firm)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6), st.integers(-5, 5))
def test_a_deal_passes_only_if_its_lines_add_up(deal: Opportunity, firm: Firm, cents: list[int], off: int) -> None:
    lines = tuple(OpportunityLine(key=str(n), amount=Money.from_minor(c, "EUR")) for n, c in enumerate(cents))
    sold = deal.model_copy(update={"lines": lines, "amount": Money.from_minor(sum(cents) + off, "EUR")})

    assert worth(sold) == Money.from_minor(sum(cents), "EUR")
    if off:
        assert "its lines add up to" in why(sold, firm)
    else:
        refuse_incomplete(sold, firm)


@pytest.mark.parametrize("odd", [line("10", "USD"), line("10.005"), line("100.5", "JPY")])
def test_a_line_that_cannot_be_billed_is_refused_not_a_defect(
    odd: OpportunityLine, deal: Opportunity, firm: Firm
) -> None:
    assert "cannot be billed in whole units" in why(deal.model_copy(update={"lines": (odd,), "amount": None}), firm)


@pytest.mark.parametrize(
    ("amount", "currency", "owner"),
    [
        ("230000.00", "EUR", None),
        ("230000.01", "EUR", "Finance operations lead"),
        ("200000.00", "GBP", None),
        ("200000.01", "GBP", "Finance operations lead"),
        ("0.01", "USD", None),
    ],
)
def test_a_deal_above_the_limit_of_its_currency_needs_somebody(
    amount: str, currency: str, owner: str | None, deal: Opportunity, firm: Firm
) -> None:
    assert approver(worth_of(deal, amount, currency), firm) == owner


def test_a_currency_without_a_limit_is_a_question_for_the_firm(deal: Opportunity, firm: Firm) -> None:
    with pytest.raises(Hold, match="No approval limit") as held:
        approver(worth_of(deal, "1", "CHF"), firm)

    assert held.value.amount == Money(amount=Decimal(1), currency="CHF")
