"""From a deal to its project: a plan in time, a budget shared out to the cent, and the people it needs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.entities import CommercialModel, Customer, Opportunity, OpportunityLine, TaskKind
from throughline.core.errors import Hold
from throughline.core.firm import Firm
from throughline.core.money import Money, total
from throughline.core.project_draft import demand, kickoff, project, tasks, template_for
from throughline.core.rows import ProjectTemplateRow, RateRow
from throughline.core.tables import Row, Table

SERVICE_LINES = st.sampled_from(["Advisory", "Implementation", "Analytics", "Managed Services"])
ENTITIES = st.sampled_from([("US", "USD"), ("UK", "GBP"), ("DE", "EUR")])


def emptied(firm: Firm, row: type[Row]) -> Firm:
    return firm.model_copy(update={"tables": {**firm.tables, row.table: Table.of(row)}})


def test_a_project_is_the_deal_as_delivery_sees_it(deal: Opportunity, customer: Customer, firm: Firm) -> None:
    opened = project(deal, customer, firm)

    assert (opened.id, opened.name, opened.customer) == ("project-of-opportunity-1", deal.name, customer.id)
    assert (opened.budget, opened.currency) == (deal.amount, "EUR")
    assert (opened.template, opened.rate_card) == ("Implementation", "Standard EUR")
    assert (opened.manager, opened.starts, opened.ends) == (deal.project_manager, deal.starts, deal.ends)


def test_without_an_end_it_lasts_as_long_as_its_template(deal: Opportunity, customer: Customer, firm: Firm) -> None:
    opened = project(deal.model_copy(update={"ends": None}), customer, firm)

    assert opened.ends == date(2026, 2, 1) + timedelta(days=70)


@given(
    model=st.sampled_from(CommercialModel), service_line=SERVICE_LINES, sold_by=ENTITIES, cents=st.integers(0, 10**11)
)
def test_the_budgets_of_the_tasks_sum_to_the_budget_of_the_project(
    *, deal: Opportunity, firm: Firm, model: CommercialModel, service_line: str, sold_by: tuple[str, str], cents: int
) -> None:
    entity, currency = sold_by
    value = Money.from_minor(cents, currency)
    what = {"commercial_model": model, "service_line": service_line, "legal_entity": entity, "currency": currency}
    plan = tasks(deal.model_copy(update={**what, "lines": (OpportunityLine(key="1", amount=value),)}), firm)

    budgets = [task.budget for task in plan if task.budget is not None]
    assert total(budgets, currency) == value
    assert all(budget == budget.rounded() and not budget < Money.zero(currency) for budget in budgets)
    assert all(task.billable and task.task_kind is TaskKind.TASK for task in plan if task.budget is not None)


@given(st.dates(date(2024, 1, 1), date(2090, 1, 1)), st.sampled_from(CommercialModel))
def test_the_plan_moves_with_the_day_the_work_starts(
    deal: Opportunity, firm: Firm, starts: date, model: CommercialModel
) -> None:
    sold = deal.model_copy(update={"commercial_model": model, "starts": starts, "ends": None})
    by_id = {task.id: task for task in tasks(sold, firm)}

    assert min(task.starts for task in by_id.values() if task.starts) == starts
    for task in by_id.values():
        assert task.starts and task.ends and task.starts <= task.ends
        if task.parent:
            parent = by_id[task.parent]
            assert parent.starts and parent.starts <= task.starts


def test_parents_come_before_their_children(deal: Opportunity, firm: Firm) -> None:
    seen: set[str] = set()
    for task in tasks(deal, firm):
        assert task.parent is None or task.parent in seen
        seen.add(task.id)


@given(st.integers(0, 10**9))
def test_hours_are_what_the_budget_buys_to_the_quarter(deal: Opportunity, firm: Firm, cents: int) -> None:
    lines = (OpportunityLine(key="1", amount=Money.from_minor(cents, "EUR")),)
    rates = {"Consultant": 180, "Architect": 240, "Analyst": 150, "Project Manager": 210}

    for task in tasks(deal.model_copy(update={"lines": lines}), firm):
        if task.budget is None or task.role is None:
            assert task.estimate_hours is None
            continue
        assert task.estimate_hours is not None
        assert task.estimate_hours % Decimal("0.25") == 0
        assert abs(task.estimate_hours * rates[task.role] - task.budget.amount) <= Decimal("0.125") * rates[task.role]


def test_the_rate_is_the_one_of_the_day_the_work_starts(deal: Opportunity, firm: Firm) -> None:
    before = {
        task.role: task.estimate_hours for task in tasks(deal.model_copy(update={"starts": date(2025, 12, 31)}), firm)
    }
    after = {
        task.role: task.estimate_hours for task in tasks(deal.model_copy(update={"starts": date(2026, 1, 1)}), firm)
    }

    assert (before["Analyst"] or 0) > (after["Analyst"] or 0) > 0


def test_a_role_without_a_rate_is_asked_for(deal: Opportunity, firm: Firm) -> None:
    with pytest.raises(Hold, match="Rate card Standard EUR has no rate in EUR for Consultant on 2026-02-01"):
        tasks(deal, emptied(firm, RateRow))


def test_a_service_without_a_template_is_asked_for(deal: Opportunity, firm: Firm) -> None:
    with pytest.raises(Hold, match="No project template for Implementation, fixed_fee in DE"):
        template_for(deal, emptied(firm, ProjectTemplateRow))


def test_demand_is_one_line_per_role_over_all_its_tasks(deal: Opportunity, firm: Firm) -> None:
    plan = tasks(deal, firm)
    needed = {each.role: each for each in demand(deal, plan)}

    assert list(needed) == ["Analyst", "Architect", "Consultant", "Project Manager"]
    consultant = [task for task in plan if task.role == "Consultant"]
    assert needed["Consultant"].hours == sum(task.estimate_hours or 0 for task in consultant)
    assert needed["Consultant"].starts == date(2026, 2, 1)
    assert needed["Consultant"].ends == date(2026, 2, 1) + timedelta(days=60)
    assert needed["Project Manager"].id == "demand-of-opportunity-1-project-manager"


@given(st.sampled_from(CommercialModel))
def test_no_hour_is_lost_between_the_plan_and_the_demand(deal: Opportunity, firm: Firm, model: CommercialModel) -> None:
    plan = tasks(deal.model_copy(update={"commercial_model": model}), firm)

    demanded = sum(each.hours or 0 for each in demand(deal, plan))

    assert demanded == sum(task.estimate_hours or 0 for task in plan)


def test_the_kickoff_says_what_was_won_for_whom_and_whom_it_needs(
    deal: Opportunity, customer: Customer, firm: Firm
) -> None:
    plan = tasks(deal, firm)
    message = kickoff(deal, customer, project(deal, customer, firm), demand(deal, plan), firm)

    assert (message.channel, message.about) == ("#delivery-de", "project-of-opportunity-1")
    assert message.text.startswith(
        "Plant rollout for Ostwald Chemie GmbH is won: 60,000.00 EUR, starts 2026-02-01. "
        "Project manager pm.de@halyard.example. Needed: Analyst "
    )


def test_a_plan_without_roles_says_so(deal: Opportunity, customer: Customer, firm: Firm) -> None:
    assert kickoff(deal, customer, project(deal, customer, firm), [], firm).text.endswith("Needed: nobody yet.")
