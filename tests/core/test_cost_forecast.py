"""What a project will still cost is the hours that are left, at what they cost whoever pays."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.core.billing.conftest import changed, entities
from throughline.core.billing.book import Book
from throughline.core.cost_forecast import forecast, hours_left
from throughline.core.entities import Assignment, CostForecast
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money

# The newest rate from pounds into euros is of the 27th.
TODAY = date(2026, 11, 28)


def put(who: str, hours: int | None = 40, starts: str | None = "2026-12-01", ends: str | None = "2026-12-10"
        ) -> Assignment:  # fmt: skip
    told = {"hours": hours, "starts": starts, "ends": ends}
    return Assignment.model_validate({"id": f"{who}-{starts}", "project": "plant", "resource": who, **told})


def expected(firm: Firm, *crew: Assignment, **changes: dict[str, Any]) -> CostForecast:
    book = Book.of(firm, changed(entities(), changes))
    return forecast(book.projects["plant"], book.contracts["frame"], crew, book, on=TODAY)


@pytest.mark.parametrize(
    ("starts", "ends", "left"),
    [
        ("2026-12-01", "2026-12-10", "40"),
        ("2026-11-28", "2026-12-07", "40"),
        ("2026-11-23", "2026-12-02", "20.00"),
        ("2026-11-19", "2026-11-28", "4.00"),
        ("2026-11-01", "2026-11-27", "0.00"),
        (None, "2026-11-27", "40"),
    ],
)
def test_of_the_hours_those_of_the_days_ahead_are_left(starts: str | None, ends: str, left: str) -> None:
    assert hours_left(put("anna", starts=starts, ends=ends), on=TODAY) == Decimal(left)


def test_hours_cost_what_the_table_says_of_the_company_and_the_role(firm: Firm) -> None:
    found = expected(firm, put("anna"), put("anna", 10, "2026-12-20", "2026-12-21"))

    assert (found.hours_to_complete, found.cost_to_complete) == (Decimal(50), Money.of(3700, "EUR"))
    assert found.as_of == TODAY


def test_who_is_borrowed_costs_the_mark_up_and_is_converted(firm: Firm) -> None:
    found = expected(firm, put("boris", 10))

    assert found.cost_to_complete == Money.of("1680.35", "EUR"), "1,350 pounds, 8 percent, at 1.1525"


def test_when_nobody_is_on_it_nothing_is_expected(firm: Firm) -> None:
    found = expected(firm, put("anna", None), put("boris", 40, "2026-10-01", "2026-10-10"))

    assert (found.hours_to_complete, found.cost_to_complete) == (Decimal(0), Money.zero("EUR"))


@pytest.mark.parametrize(
    ("who", "changes", "why"),
    [
        ("anna", {"anna": {"legal_entity": None}}, "which of our companies employs Anna"),
        ("nobody", {}, "which of our companies employs somebody"),
        ("boris", {"fx1": {"day": date(2026, 11, 20)}}, "no rate from GBP to EUR"),
    ],
)
def test_what_is_missing_is_held_and_not_guessed(
    firm: Firm, who: str, changes: dict[str, dict[str, Any]], why: str
) -> None:
    with pytest.raises(Hold, match=why):
        expected(firm, put(who), **changes)
