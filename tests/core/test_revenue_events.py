"""What a change of a revenue schedule means; echoes and repeats mean nothing."""

from typing import Any

from throughline.core.events import detect
from throughline.core.money import Money
from throughline.core.revenue_events import RevenueRecognised, RevenueScheduleChanged


def part(period: str, amount: str, *, recognised: bool = False, **more: Any) -> dict[str, Any]:
    return {"period": period, "amount": gbp(amount), "recognised": recognised, **more}


def gbp(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}


def schedule(*lines: dict[str, Any], total: str = "90.00", **more: Any) -> dict[str, Any]:
    told = {"id": "s-1", "contract": "c-1", "currency": "GBP", "total": gbp(total), "lines": list(lines)}
    return {**told, **more}


PLANNED = schedule(part("Nov 2026", "30.00"), part("Dec 2026", "60.00"))
NOVEMBER = schedule(part("Nov 2026", "30.00", recognised=True, journal="j-1"), part("Dec 2026", "60.00"))
CHANGED = RevenueScheduleChanged(revenue_schedule="s-1", contract="c-1", total=Money.of("90.00", "GBP"))


def test_a_schedule_that_is_new_is_told_with_its_total() -> None:
    assert detect("revenue_schedule", None, PLANNED) == [CHANGED]


def test_what_becomes_revenue_is_told_with_its_periods_and_amount_and_changes_no_schedule() -> None:
    (event,) = detect("revenue_schedule", PLANNED, NOVEMBER)

    assert event == RevenueRecognised(
        revenue_schedule="s-1", contract="c-1", periods=("Nov 2026",), amount=Money.of("30.00", "GBP")
    )


def test_lines_of_one_period_are_told_of_together_and_one_that_was_recognised_before_is_not() -> None:
    before = schedule(
        part("Nov 2026", "10.00", recognised=True, contract_line="a"), part("Nov 2026", "20.00", contract_line="b"),
        part("Dec 2026", "60.00", contract_line="b"),
    )  # fmt: skip
    after = schedule(
        part("Nov 2026", "10.00", recognised=True, contract_line="a"),
        part("Nov 2026", "20.00", recognised=True, contract_line="b"),
        part("Dec 2026", "60.00", recognised=True, contract_line="b"),
    )  # fmt: skip

    (event,) = detect("revenue_schedule", before, after)

    assert isinstance(event, RevenueRecognised)
    assert (event.periods, event.amount) == (("Nov 2026", "Dec 2026"), Money.of("80.00", "GBP"))


def test_both_are_about_the_contract_by_which_people_know_it() -> None:
    (new,), (recognised,) = detect("revenue_schedule", None, PLANNED), detect("revenue_schedule", PLANNED, NOVEMBER)

    assert new.about() == recognised.about() == "c-1"


def test_a_repeat_means_nothing() -> None:
    assert detect("revenue_schedule", NOVEMBER, NOVEMBER) == []


def test_the_order_of_the_lines_and_how_a_part_is_split_mean_nothing() -> None:
    split = schedule(part("Dec 2026", "20.00"), part("Nov 2026", "30.00"), part("Dec 2026", "40.00"))

    assert detect("revenue_schedule", PLANNED, split) == []


def test_an_amount_that_moves_to_another_period_changes_the_schedule() -> None:
    moved = schedule(part("Nov 2026", "30.00"), part("Jan 2027", "60.00"))

    assert detect("revenue_schedule", PLANNED, moved) == [CHANGED]


def test_another_total_changes_the_schedule() -> None:
    (event,) = detect("revenue_schedule", PLANNED, {**PLANNED, "total": gbp("91.00")})

    assert isinstance(event, RevenueScheduleChanged)
    assert event.total == Money.of("91.00", "GBP")


def test_revenue_that_is_taken_back_changes_the_schedule_and_is_not_recognised() -> None:
    assert detect("revenue_schedule", NOVEMBER, PLANNED) == [CHANGED]


def test_a_schedule_nobody_knows_the_contract_of_is_not_told_of_until_it_is_known() -> None:
    homeless = {**PLANNED, "contract": None}

    assert detect("revenue_schedule", None, homeless) == []
    assert detect("revenue_schedule", homeless, PLANNED) == [CHANGED]
