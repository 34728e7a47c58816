"""What a change order does to all that was agreed: to the cent, once, and never below what was billed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.changes.conftest import EFFECTIVE, Agree, change, line, money
from throughline.core.changes.agreement import Agreement
from throughline.core.changes.effect import Effect, work_out
from throughline.core.changes.preview import in_a_line, side_by_side
from throughline.core.entities import (
    BillingFrequency,
    BillingMethod,
    ChangeOrder,
    CommercialModel,
    Contract,
    RevenueTreatment,
    TaskKind,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money, total

BILLED = {
    CommercialModel.TIME_AND_MATERIALS: (BillingMethod.ON_APPROVED_TIME, BillingFrequency.MONTHLY, "Advisory"),
    CommercialModel.FIXED_FEE: (BillingMethod.ON_SCHEDULE, BillingFrequency.QUARTERLY, "Implementation"),
    CommercialModel.MILESTONE: (BillingMethod.ON_MILESTONE, BillingFrequency.ONCE, "Implementation"),
    CommercialModel.RETAINER: (BillingMethod.IN_ADVANCE, BillingFrequency.MONTHLY, "Advisory"),
    CommercialModel.MANAGED_SERVICE: (BillingMethod.ON_SCHEDULE, BillingFrequency.MONTHLY, "Managed Services"),
}


def sold_as(model: CommercialModel, treatment: RevenueTreatment = RevenueTreatment.OVER_TIME) -> dict[str, Any]:
    method, frequency, service_line = BILLED[model]
    return {
        "commercial_model": model,
        "billing_method": method,
        "billing_frequency": frequency,
        "service_line": service_line,
        "revenue_treatment": treatment,
    }


def applied(effect: Effect) -> Agreement:
    """What is agreed when all of it was done."""
    return replace(effect.before, contract=effect.contract, plan=effect.plan, project=effect.project)


def summed(monies: list[Money]) -> Money:
    return total(monies, "EUR")


def line_total(contract: Contract) -> Money:
    return summed([each.amount for each in contract.lines])


# More


def test_more_work_is_a_new_line_and_the_rest_is_billed_with_what_is_open(agree: Agree, firm: Firm) -> None:
    more = change(line("q1", "12000.01", role="Consultant", product="IMP-DAY"), effective_from=date(2026, 5, 4))

    effect = work_out(more, agree(), firm)

    assert effect.contract.value == line_total(effect.contract) == money("72000.01")
    assert [each.amount for each in effect.plan.instalments] == [money(30000), money("42000.01")]
    assert effect.project.budget == money("72000.01")
    assert [(each.role, each.hours) for each in effect.demand] == [("Consultant", Decimal("66.75"))]
    assert [(each.budget, each.role) for each in effect.tasks] == [(money("12000.01"), "Consultant")]


def test_a_new_line_lands_in_the_books_as_the_deals_own_do(agree: Agree, firm: Firm) -> None:
    effect = work_out(change(line("q1", "100")), agree(), firm)

    sold, new = effect.contract.lines
    assert (new.item, new.tax_code, new.cost_centre) == (sold.item, sold.tax_code, sold.cost_centre)


def test_an_extension_adds_periods_and_spreads_what_is_left_over_all_that_are_open(agree: Agree, firm: Firm) -> None:
    longer = change(line("q1", "31.00"), new_end=date(2027, 1, 31), effective_from=date(2026, 5, 1))

    effect = work_out(longer, agree(), firm)

    assert [(each.due, each.amount) for each in effect.plan.instalments] == [
        (date(2026, 4, 30), money(30000)),
        (date(2026, 7, 31), money("10010.34")),
        (date(2026, 10, 31), money("10010.33")),
        (date(2027, 1, 31), money("10010.33")),
    ]
    assert (effect.contract.ends, effect.project.ends) == (date(2027, 1, 31), date(2027, 1, 31))


def test_what_comes_when_everything_is_billed_is_billed_on_its_own(agree: Agree, firm: Firm) -> None:
    late = change(line("q1", "500"), effective_from=date(2026, 7, 31))

    effect = work_out(late, agree(billed="60000"), firm)

    assert [each.amount for each in effect.plan.instalments] == [money(30000), money(30000), money(500)]
    assert len({each.key for each in effect.plan.instalments}) == 3


def test_milestones_that_are_open_carry_a_change_as_they_carried_the_deal(agree: Agree, firm: Firm) -> None:
    agreed = agree(**sold_as(CommercialModel.MILESTONE))
    shares = [each.amount.amount for each in agreed.plan.instalments]

    effect = work_out(change(line("q1", "6000"), effective_from=agreed.contract.starts), agreed, firm)

    assert [each.amount.amount for each in effect.plan.instalments] == [share * Decimal("1.1") for share in shares]
    assert {each.milestone for each in effect.plan.instalments} == {each.milestone for each in agreed.plan.instalments}


def test_what_comes_when_every_milestone_is_billed_gets_a_milestone_of_its_own(agree: Agree, firm: Firm) -> None:
    agreed = agree(billed="60000", **sold_as(CommercialModel.MILESTONE))

    effect = work_out(change(line("q1", "500"), effective_from=date(2026, 7, 31)), agreed, firm)

    assert [(each.milestone, each.amount) for each in effect.plan.instalments][-1] == ("More rollout", money(500))
    made = [each for each in effect.tasks if each.task_kind is TaskKind.MILESTONE]
    assert [(each.title, each.project) for each in made] == [("More rollout", agreed.project.id)]
    again = replace(agreed, plan=effect.plan)
    assert [each.id for each in work_out(effect.change, again, firm).tasks] == [each.id for each in effect.tasks]


def test_a_change_before_the_work_begins_holds_from_when_it_begins(agree: Agree, firm: Firm) -> None:
    early = change(line("q1", "6000", role="Consultant"), effective_from=date(2025, 12, 1))

    effect = work_out(early, agree(), firm)

    assert [each.starts for each in (*effect.tasks, *effect.demand)] == [date(2026, 2, 1)] * 2
    assert [each.amount for each in effect.plan.instalments] == [money(33000), money(33000)]


def test_time_and_materials_has_no_instalments_to_share_out(agree: Agree, firm: Firm) -> None:
    effect = work_out(change(line("q1", "6000")), agree(**sold_as(CommercialModel.TIME_AND_MATERIALS)), firm)

    assert (effect.plan.instalments, effect.plan.total) == ((), money(66000))


# Less


def test_a_partial_delivery_takes_quantity_and_amount_off_the_line(agree: Agree, firm: Firm) -> None:
    less = change(line("q1", "-15000", contract_line="1", quantity_delta=-1), effective_from=date(2026, 5, 1))

    effect = work_out(less, agree(billed="30000"), firm)

    (left,) = effect.contract.lines
    assert (left.quantity, left.amount, effect.contract.value) == (Decimal(3), money(45000), money(45000))
    assert [each.amount for each in effect.plan.instalments] == [money(30000), money(15000)]
    assert effect.tasks == ()


def test_a_cancellation_before_anything_was_billed_leaves_lines_at_nothing_and_bills_nothing(
    agree: Agree, firm: Firm
) -> None:
    off = change(line("q1", "-60000", contract_line="1", quantity_delta=-4), effective_from=date(2026, 2, 1))

    effect = work_out(off, agree(), firm)

    (left,) = effect.contract.lines
    assert (left.quantity, left.amount, effect.contract.value) == (Decimal(0), money(0), money(0))
    assert effect.plan.instalments == ()


def test_a_change_never_goes_below_what_was_billed(agree: Agree, firm: Firm) -> None:
    off = change(line("q1", "-45000", contract_line="1", quantity_delta=-3))

    with pytest.raises(Hold) as held:
        work_out(off, agree(billed="15000.01"), firm)

    assert "from 60,000.00 EUR to 15,000.00 EUR, and 15,000.01 EUR is billed already" in held.value.why
    assert held.value.amount == money("0.01")
    assert work_out(off, agree(billed="15000"), firm).contract.value == money(15000)


def test_a_change_that_was_applied_is_not_judged_again_by_what_was_billed_since(agree: Agree, firm: Firm) -> None:
    less = change(line("q1", "-15000", contract_line="1", quantity_delta=-1))
    done = applied(work_out(less, agree(), firm))

    again = work_out(less, replace(done, billed=money(60000)), firm)

    assert again.contract == done.contract


def test_fewer_hours_are_told_and_demand_no_one(agree: Agree, firm: Firm) -> None:
    less = change(line("q1", "-1800", contract_line="1", quantity_delta=0, role="Consultant"))

    effect = work_out(less, agree(), firm)

    assert [(each.role, each.hours) for each in effect.staffing] == [("Consultant", Decimal(-10))]
    assert effect.demand == ()


# Refused


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (change(line("q1", "5"), effective_from=None), "lacks day from which it holds"),
        (change(line("q1", "5"), amount_delta=money(6)), "says 6.00 EUR, and its lines add up to 5.00 EUR"),
        (change(line("q1", "5"), amount_delta=Money.of(5, "USD")), "is in USD, its contract in EUR"),
        (change(line("q1", "0.005")), "cannot be billed in whole units"),
        (change(line("q1", "0", amount_delta=None)), "lines without an amount: q1"),
        (change(line("q1", "5", contract_line="9")), "has no such line"),
        (change(line("q1", "-5")), "says of no line what it was"),
        (change(line("q1", "-60001", contract_line="1")), "takes more off q1 than there is"),
        (change(line("q1", "-5", contract_line="1", quantity_delta=-5)), "takes more off q1 than there is"),
        (change(line("q1", "5"), new_end=date(2026, 3, 1)), "ends on 2026-03-01, before it holds on 2026-04-01"),
        (change(line("q1", "5", role="Astronaut")), "no rate in EUR for Astronaut"),
    ],
)
def test_what_cannot_be_worked_out_is_held_with_the_reason(
    agree: Agree, firm: Firm, wrong: ChangeOrder, words: str
) -> None:
    with pytest.raises(Hold) as held:
        work_out(wrong, agree(), firm)

    assert words in held.value.why


# To the cent, and once

AMOUNTS = st.decimals(min_value="0.01", max_value="200000", places=2)
DAYS = st.dates(min_value=date(2026, 2, 1), max_value=date(2026, 7, 31))
ENDS = st.none() | st.dates(min_value=date(2026, 8, 1), max_value=date(2028, 12, 31))
LESS = st.decimals(min_value=0, max_value="60000", places=2)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), model=st.sampled_from(list(BILLED)), treatment=st.sampled_from(list(RevenueTreatment)))
def test_everything_adds_up_to_the_new_value_however_it_changes(
    agree: Agree, firm: Firm, data: st.DataObject, model: CommercialModel, treatment: RevenueTreatment
) -> None:
    starts = data.draw(DAYS)
    less = data.draw(LESS)
    more = data.draw(st.lists(AMOUNTS, max_size=3))
    taken = [line("q0", str(-less), contract_line="1", quantity_delta=0)]
    lines = [*taken, *(line(f"q{at}", str(each), role="Analyst") for at, each in enumerate(more, start=1))]
    billed = data.draw(st.decimals(min_value=0, max_value=Decimal(60000) - less, places=2))
    agreed = agree(billed=str(billed), **sold_as(model, treatment))

    effect = work_out(change(*lines, effective_from=starts, new_end=data.draw(ENDS)), agreed, firm)

    value = money(Decimal(60000) - less + sum(more))
    assert effect.contract.value == line_total(effect.contract) == effect.project.budget == effect.plan.total == value
    if effect.plan.instalments or agreed.plan.instalments:
        assert summed([each.amount for each in effect.plan.instalments]) == value
        assert all(each.amount.amount >= 0 for each in effect.plan.instalments)
        assert len({each.key for each in effect.plan.instalments}) == len(effect.plan.instalments)
    assert summed([each.after for each in effect.forecast]) == value
    assert summed([each.before for each in effect.forecast]) == money(60000)
    assert summed([each.budget for each in effect.tasks if each.budget]) == money(sum(more))


@given(more=AMOUNTS, further=AMOUNTS)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_change_is_applied_once_and_changes_follow_each_other(
    agree: Agree, firm: Firm, more: Decimal, further: Decimal
) -> None:
    first, second = change(line("q1", str(more))), change(line("q2", str(further)), id="change_order-2")
    once = work_out(first, agree(), firm)

    again = work_out(first, applied(once), firm)
    both = work_out(second, applied(again), firm)

    assert (again.contract, again.plan, again.project) == (once.contract, once.plan, once.project)
    assert (again.tasks, again.demand, again.version) == (once.tasks, once.demand, once.version)
    assert both.contract.value == money(60000 + more + further)
    assert [each.number for each in both.contract.versions] == [2, 3]
    assert [each.before for each in both.project.versions] == [money(60000), money(60000 + more)]
    assert work_out(first, applied(both), firm).contract == both.contract


def test_a_later_change_may_change_a_line_that_an_earlier_one_brought(agree: Agree, firm: Firm) -> None:
    first = work_out(change(line("q1", "900", quantity_delta=9, unit_price=money(100))), agree(), firm)

    back = change(line("q2", "-100", contract_line="q1", quantity_delta=-1), id="change_order-2")
    second = work_out(back, applied(first), firm)

    assert [(each.key, each.quantity, each.amount) for each in second.contract.lines[1:]] == [
        ("q1", Decimal(8), money(800))
    ]


# Shown


def test_the_months_before_a_change_holds_stay_as_they_were(agree: Agree, firm: Firm) -> None:
    effect = work_out(change(line("q1", "12200")), agree(), firm)

    moved = {each.period: each.after != each.before for each in effect.forecast}
    assert {period for period, moves in moved.items() if not moves} == {"2026-02", "2026-03"}
    assert EFFECTIVE.isoformat()[:7] in moved


def test_a_preview_shows_now_and_then_with_amounts(agree: Agree, firm: Firm) -> None:
    effect = work_out(
        change(line("q1", "1800", role="Consultant", description="More design"), new_end=date(2026, 10, 31)),
        agree(billed="30000"),
        firm,
    )

    now, then = side_by_side(effect)

    assert list(now) == list(then)
    assert (now["contract value"], then["contract value"]) == ("60,000.00 EUR", "61,800.00 EUR")
    assert (now["line More design"], then["line More design"]) == ("none", "1 at 1,800.00 EUR")
    assert (now["baseline"], then["baseline"]) == ("1, until 2026-07-31", "2, until 2026-10-31")
    assert then["hours of Consultant"] == "+10"
    assert (now["billed"], then["billed"]) == ("30,000.00 EUR", "30,000.00 EUR")
    assert in_a_line(effect) == (
        "+1,800.00 EUR: contract 60,000.00 EUR to 61,800.00 EUR, until 2026-10-31, Consultant +10 h"
    )
