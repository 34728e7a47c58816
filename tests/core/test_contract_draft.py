"""From a deal to its contract and billing plan: amounts always add up, and periods have no gaps."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from throughline.core.contract_draft import MONTHS, billing_plan, contract, tax_code
from throughline.core.entities import (
    BillingFrequency,
    BillingMethod,
    BillingPlanKind,
    CommercialModel,
    Customer,
    Opportunity,
    OpportunityLine,
)
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money, total
from throughline.core.rows import CostCentreRow, ServiceItemRow, TaxCodeRow, TemplateTaskRow
from throughline.core.tables import Row, Table

AMOUNTS = st.integers(1, 10**11).map(lambda cents: Money.from_minor(cents, "EUR"))
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
SCHEDULED = st.sampled_from(
    [
        CommercialModel.FIXED_FEE,
        CommercialModel.RETAINER,
        CommercialModel.SUBSCRIPTION,
        CommercialModel.MANAGED_SERVICE,
    ]
)


def sold(deal: Opportunity, value: Money, **but: Any) -> Opportunity:
    line = OpportunityLine(key="1", product="X", amount=value)
    return deal.model_copy(update={"lines": (line,), "amount": value, "currency": value.currency, **but})


def emptied(firm: Firm, row: type[Row]) -> Firm:
    return firm.model_copy(update={"tables": {**firm.tables, row.table: Table.of(row)}})


# Billing plans


@given(
    value=AMOUNTS, model=SCHEDULED, frequency=st.sampled_from(BillingFrequency), starts=DAYS, days=st.integers(0, 4000)
)
def test_instalments_always_add_up_to_the_value(
    *,
    deal: Opportunity,
    firm: Firm,
    value: Money,
    model: CommercialModel,
    frequency: BillingFrequency,
    starts: date,
    days: int,
) -> None:
    ends = starts + timedelta(days=days)
    plan = billing_plan(
        sold(deal, value, commercial_model=model, billing_frequency=frequency, starts=starts, ends=ends), firm
    )

    amounts = [each.amount for each in plan.instalments]
    assert total(amounts, "EUR") == value == plan.total
    assert all(amount == amount.rounded() for amount in amounts)
    assert max(amounts) - min(amounts) <= Money.from_minor(1, "EUR")


@given(st.sampled_from(sorted(MONTHS)), DAYS, st.integers(0, 4000))
def test_periods_follow_each_other_without_a_gap_or_an_overlap(
    deal: Opportunity, firm: Firm, frequency: BillingFrequency, starts: date, days: int
) -> None:
    ends = starts + timedelta(days=days)
    value, terms = Money.of(1200, "EUR"), {"billing_frequency": frequency, "starts": starts, "ends": ends}

    begun = billing_plan(sold(deal, value, billing_method=BillingMethod.IN_ADVANCE, **terms), firm).instalments
    ended = billing_plan(sold(deal, value, **terms), firm).instalments

    assert (begun[0].due, ended[-1].due) == (starts, ends)
    assert [each.due + timedelta(days=1) for each in ended[:-1]] == [each.due for each in begun[1:]]
    assert all(first.due <= last.due for first, last in zip(begun, ended, strict=True))


@given(st.sampled_from(sorted(MONTHS)), st.integers(1, 60), DAYS)
def test_a_term_of_whole_periods_has_exactly_so_many(
    deal: Opportunity, firm: Firm, frequency: BillingFrequency, periods: int, starts: date
) -> None:
    assume(starts.day <= 28)
    months = starts.year * 12 + starts.month - 1 + periods * MONTHS[frequency]
    ends = date(months // 12, months % 12 + 1, starts.day) - timedelta(days=1)
    terms = {"billing_frequency": frequency, "starts": starts, "ends": ends}

    assert len(billing_plan(sold(deal, Money.of(1200, "EUR"), **terms), firm).instalments) == periods


def test_a_contract_from_the_last_of_a_month_is_billed_on_the_last_of_short_ones(deal: Opportunity, firm: Firm) -> None:
    terms = {"starts": date(2026, 1, 31), "ends": date(2026, 4, 30), "billing_frequency": BillingFrequency.MONTHLY}
    plan = billing_plan(deal.model_copy(update={**terms, "billing_method": BillingMethod.IN_ADVANCE}), firm)

    assert [f"{each.due:%d %b}" for each in plan.instalments] == ["31 Jan", "28 Feb", "31 Mar", "30 Apr"]
    assert plan.instalments[1].name == "28 Feb 2026 to 30 Mar 2026"


def test_what_is_billed_once_falls_due_at_the_end_or_at_the_start(deal: Opportunity, firm: Firm) -> None:
    once = deal.model_copy(update={"billing_frequency": BillingFrequency.ONCE})

    at_the_end = billing_plan(once, firm).instalments
    at_the_start = billing_plan(once.model_copy(update={"billing_method": BillingMethod.IN_ADVANCE}), firm).instalments

    assert [(each.due, each.amount) for each in at_the_end] == [(deal.ends, deal.amount)]
    assert [each.due for each in at_the_start] == [deal.starts]


@given(AMOUNTS)
def test_milestones_are_billed_in_the_shares_of_the_template(deal: Opportunity, firm: Firm, value: Money) -> None:
    plan = billing_plan(sold(deal, value, commercial_model=CommercialModel.MILESTONE), firm)

    assert plan.plan_kind is BillingPlanKind.MILESTONE
    assert [(each.name, each.milestone) for each in plan.instalments] == [
        (name, name) for name in ("Blueprint accepted", "First release accepted", "Full release accepted")
    ]
    assert total([each.amount for each in plan.instalments], "EUR") == value
    for each, share in zip(plan.instalments, (20, 40, 40), strict=True):
        assert abs(each.amount.amount - value.amount * share / 100) < Decimal("0.01")


def test_a_milestone_falls_due_when_its_template_says(deal: Opportunity, firm: Firm) -> None:
    plan = billing_plan(deal.model_copy(update={"commercial_model": CommercialModel.MILESTONE}), firm)

    assert [(each.due - date(2026, 2, 1)).days for each in plan.instalments] == [25, 55, 85]


def test_milestones_without_shares_are_a_question_for_the_firm(deal: Opportunity, firm: Firm) -> None:
    with pytest.raises(Hold, match="Template Milestone delivery has no milestones to bill Plant rollout by"):
        billing_plan(
            deal.model_copy(update={"commercial_model": CommercialModel.MILESTONE}), emptied(firm, TemplateTaskRow)
        )


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (CommercialModel.TIME_AND_MATERIALS, BillingPlanKind.TIME_AND_MATERIALS),
        (CommercialModel.USAGE, BillingPlanKind.USAGE),
    ],
)
def test_time_and_usage_are_billed_as_they_come(
    model: CommercialModel, kind: BillingPlanKind, deal: Opportunity, firm: Firm
) -> None:
    plan = billing_plan(deal.model_copy(update={"commercial_model": model, "ends": None}), firm)

    assert (plan.plan_kind, plan.instalments, plan.total) == (kind, (), deal.amount)


@pytest.mark.parametrize(
    ("but", "why"),
    [
        ({"ends": None}, "is billed quarterly and has no end date"),
        ({"billing_frequency": None}, "has no billing frequency"),
        ({"ends": date(9999, 12, 31)}, "more than 600 instalments"),
    ],
)
def test_a_schedule_that_cannot_be_drawn_is_held(but: dict[str, Any], why: str, deal: Opportunity, firm: Firm) -> None:
    with pytest.raises(Hold, match=why):
        billing_plan(deal.model_copy(update=but), firm)


def test_fifty_years_of_months_are_still_drawn(deal: Opportunity, firm: Firm) -> None:
    long = {"billing_frequency": BillingFrequency.MONTHLY, "ends": date(2076, 1, 31)}

    assert len(billing_plan(deal.model_copy(update=long), firm).instalments) == 600


# Contracts


def test_a_contract_says_what_was_sold_line_by_line(deal: Opportunity, customer: Customer, firm: Firm) -> None:
    drafted = contract(deal, customer, firm)

    (line,) = drafted.lines
    assert (drafted.id, drafted.billing_plan) == ("contract-of-opportunity-1", "billing-plan-of-opportunity-1")
    assert (drafted.value, drafted.cost_centre, drafted.customer) == (deal.amount, "Implementation DE", customer.id)
    assert (line.item, line.tax_code, line.cost_centre) == ("SVC-FIXED", "DE-S19", "Implementation DE")
    assert (line.quantity, line.unit_price, line.amount) == (4, Money.of(15000, "EUR"), Money.of(60000, "EUR"))


@pytest.mark.parametrize("half", [{"quantity": None}, {"unit_price": None}])
def test_half_a_price_is_none_so_quantity_times_price_stays_the_amount(
    half: dict[str, Any], deal: Opportunity, customer: Customer, firm: Firm
) -> None:
    lines = (deal.lines[0].model_copy(update=half),)

    (line,) = contract(deal.model_copy(update={"lines": lines}), customer, firm).lines

    assert line.unit_price * line.quantity == line.amount


def test_a_line_sold_in_another_way_is_booked_in_that_way(deal: Opportunity, customer: Customer, firm: Firm) -> None:
    lines = (deal.lines[0].model_copy(update={"commercial_model": CommercialModel.RETAINER}),)

    drafted = contract(deal.model_copy(update={"lines": lines}), customer, firm)

    assert (drafted.commercial_model, drafted.lines[0].item) == (CommercialModel.FIXED_FEE, "SVC-RETAINER")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (TaxCodeRow, "No tax code for DE selling to Ostwald Chemie GmbH in DE"),
        (CostCentreRow, "No cost centre for Implementation in DE"),
        (ServiceItemRow, "No service item for fixed_fee in Implementation"),
    ],
)
def test_a_row_the_firm_does_not_have_is_asked_for(
    row: type[Row], why: str, deal: Opportunity, customer: Customer, firm: Firm
) -> None:
    with pytest.raises(Hold, match=why) as held:
        contract(deal, customer, emptied(firm, row))

    assert f"tables/{row.table}.csv" in held.value.fix


@pytest.mark.parametrize(
    ("country", "tax_id", "registered", "code"),
    [
        ("FR", "FR03552081317", None, "DE-RC"),
        ("FR", None, None, "DE-S19"),
        ("FR", "FR03552081317", False, "DE-S19"),
        ("FR", None, True, "DE-RC"),
        ("DE", None, None, "DE-S19"),
        ("US", None, None, "DE-EXP"),
    ],
)
def test_the_firms_table_decides_the_tax(
    country: str, tax_id: str | None, *, registered: bool | None, code: str, customer: Customer, firm: Firm
) -> None:
    taxed = customer.model_copy(update={"country": country, "tax_id": tax_id, "registered_for_tax": registered})

    assert tax_code("DE", taxed, firm) == code


def test_a_country_we_do_not_know_is_said_to_be_unknown(customer: Customer, firm: Firm) -> None:
    with pytest.raises(Hold, match="in an unknown country"):
        tax_code("DE", customer.model_copy(update={"country": None}), firm)


def test_a_deal_that_came_past_the_gate_incomplete_is_a_defect(
    deal: Opportunity, customer: Customer, firm: Firm
) -> None:
    incomplete = deal.model_copy(update={"commercial_model": None})

    with pytest.raises(ValueError, match="came past the gate incomplete"):
        contract(incomplete, customer, firm)
    with pytest.raises(ValueError, match="came past the gate incomplete"):
        billing_plan(incomplete, firm)
