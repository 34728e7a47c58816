"""An approved entry becomes one charge; anything else says which line, why and what to do."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.billing.book import Book
from throughline.core.billing.outcome import Held, NotCharged, Outcome
from throughline.core.billing.time import time_charge
from throughline.core.entities import (
    Approval,
    ApprovalState,
    BillingItem,
    BillingSource,
    CommercialModel,
    PeriodState,
    ProjectState,
    TimeEntry,
    Unit,
)
from throughline.core.money import Money
from throughline.core.rows import BillingRuleRow, LateApprovalRow, LedgerAccountRow, TaxCodeRow, WriteDownRow
from throughline.core.tables import Table

type Entries = Callable[..., TimeEntry]
type Books = Callable[..., Book]
type Tables = Callable[..., Table[Any]]


def charged(found: Outcome) -> BillingItem:
    assert isinstance(found, BillingItem), found
    return found


def held(found: Outcome) -> Held:
    assert isinstance(found, Held), found
    return found


def test_an_approved_entry_is_one_charge_with_everything_finance_asks_for(book: Book, entry: Entries) -> None:
    item = charged(time_charge(entry(note="Reactor"), book))

    assert (item.id, item.source, item.source_reference) == ("billing-item-of-t1", BillingSource.TIME, "t1")
    assert (item.quantity, item.unit, item.unit_price) == (Decimal(8), Unit.HOUR, Money.of(180, "EUR"))
    assert item.amount == Money.of(1440, "EUR")
    assert (item.tax_code, item.period, item.revenue_treatment) == ("DE-S19", "2026-11", "as_invoiced")
    assert item.ledger is not None
    assert (item.ledger.account, item.ledger.cost_centre, item.ledger.item) == ("4000", "Advisory DE", "SVC-TM")
    assert (item.customer, item.contract, item.project, item.person) == ("chemie", "frame", "plant", "anna")
    assert item.approval is not None
    assert item.approval.by == "pm.de@halyard.example"


UNAPPROVED = [
    None,
    Approval(state=ApprovalState.SUBMITTED, by="x"),
    Approval(state=ApprovalState.REJECTED, by="x"),
    Approval(state=ApprovalState.APPROVED),
]


@pytest.mark.parametrize("approval", UNAPPROVED)
def test_what_nobody_approved_is_held(book: Book, entry: Entries, approval: Approval | None) -> None:
    found = held(time_charge(entry(approval=approval), book))

    assert "approved" in found.why
    assert found.reference == "t1"
    assert found.fix


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"project": "nowhere"}, {}, "There is no project nowhere"),
    ({"task": "gone"}, {}, "Task gone is not there"),
    ({"task": "other"}, {}, "Task other is a task of x"),
    ({"resource": "nobody"}, {}, "There is nobody called nobody"),
    ({"resource": "boris", "task": None}, {}, "Boris is assigned to other tasks"),
    ({"day": date(2025, 12, 31)}, {}, "outside Frame contract"),
    ({"hours": Decimal(0)}, {}, "0 hours"),
    ({"hours": Decimal("24.25")}, {}, "24.25 hours"),
    ({"hours": Decimal(-2)}, {}, "-2 hours"),
    ({"day": date(2026, 12, 1)}, {}, "2026-12, which DE has not opened yet"),
    ({}, {"a1": {"starts": date(2026, 11, 11)}}, "Anna is not assigned to plant on 2026-11-10"),
    ({}, {"a1": {"ends": date(2026, 11, 9)}}, "Anna is not assigned to plant on 2026-11-10"),
    ({}, {"plant": {"state": ProjectState.CANCELLED}}, "Plant rollout is cancelled"),
    ({}, {"plant": {"contract": None}}, "Plant rollout has no contract"),
    ({}, {"plant": {"contract": "torn"}}, "There is no contract torn"),
    ({}, {"plant": {"ends": date(2026, 11, 9)}}, "outside Plant rollout"),
    ({}, {"plant": {"currency": "USD"}}, "is in USD, and its contract in EUR"),
    ({}, {"plant": {"rate_card": None}}, "Plant rollout has no rate card"),
    ({}, {"frame": {"state": "paused"}}, "Frame contract is paused"),
    ({}, {"frame": {"state": "draft"}}, "Frame contract is draft"),
    ({}, {"frame": {"customer": "ghost"}}, "customer ghost, whom we do not know"),
    ({}, {"anna": {"role": None}}, "Anna has no role"),
    ({}, {"anna": {"role": "Astronaut"}}, "no rate in EUR for Astronaut on 2026-11-10"),
    ({}, {"chemie": {"country": "BR"}}, "No tax code for DE"),
    ({}, {"frame": {"cost_centre": None}, "plant": {"service_line": None}}, "No cost centre"),
    ({}, {"DE-2026-11": {"starts": date(2026, 11, 11)}}, "is in no fiscal period of DE"),
    ({}, {"DE-2026-10": {"ends": date(2026, 11, 15)}}, "2026-10 and 2026-11 of DE"),
]


@pytest.mark.parametrize(("line", "changes", "why"), WRONG, ids=[why for _, _, why in WRONG])
def test_whatever_is_wrong_is_a_named_reason(
    book_with: Books, entry: Entries, line: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    found = held(time_charge(entry(**line), book_with(**changes)))

    assert why in found.why
    assert len(found.fix) > 15


@pytest.mark.parametrize("row", [BillingRuleRow, LedgerAccountRow], ids=lambda row: row.table)
def test_a_rule_that_is_missing_is_never_guessed(
    book_with: Books, table: Tables, entry: Entries, row: type[BillingRuleRow | LedgerAccountRow]
) -> None:
    found = held(time_charge(entry(), book_with(tables=[table(row)])))

    assert f"tables/{row.table}.csv" in found.fix


def test_two_rows_that_fit_equally_well_hold_the_line(book_with: Books, rates: Tables, entry: Entries) -> None:
    more = rates(
        {
            "role": "Consultant",
            "person": "anna@halyard.example",
            "currency": "EUR",
            "effective_from": date(2026, 1, 1),
            "hourly_rate": "1",
        }
    )

    found = held(time_charge(entry(), book_with(tables=[more])))

    assert "equally well" in found.why


RATES: list[tuple[str, dict[str, Any], str]] = [
    ("the person's own", {"person": "anna@halyard.example"}, "200"),
    ("the region's", {"region": "DACH"}, "200"),
    ("another person's", {"person": "boris"}, "180"),
    ("another region's", {"region": "Nordics"}, "180"),
    ("one from tomorrow on", {"person": "anna@halyard.example", "effective_from": date(2026, 11, 11)}, "180"),
    ("one from that day on", {"person": "anna@halyard.example", "effective_from": date(2026, 11, 10)}, "200"),
    ("one in another currency", {"person": "anna@halyard.example", "currency": "USD"}, "180"),
]


@pytest.mark.parametrize(("row", "rate"), [each[1:] for each in RATES], ids=[each[0] for each in RATES])
def test_the_most_specific_rate_of_that_day_wins(
    book_with: Books, rates: Tables, entry: Entries, row: dict[str, Any], rate: str
) -> None:
    more = rates({"rate_card": "Standard EUR", "role": "Consultant", "currency": "EUR", "hourly_rate": "200"} | row)

    item = charged(time_charge(entry(), book_with(tables=[more])))

    assert item.unit_price == Money.of(rate, "EUR")


def test_what_the_line_itself_says_it_costs_is_not_believed(book: Book, entry: Entries) -> None:
    item = charged(time_charge(entry(rate=Money.of(999, "EUR")), book))

    assert item.unit_price == Money.of(180, "EUR")


def test_the_role_of_the_line_comes_before_the_assignment_s_and_the_person_s(book_with: Books, entry: Entries) -> None:
    of_assignment = book_with(a1={"role": "Architect"})

    roles = [charged(time_charge(each, of_assignment)).role for each in (entry(), entry(role="Analyst"))]

    assert roles == ["Architect", "Analyst"]


def test_overtime_costs_what_the_rule_says(book: Book, entry: Entries) -> None:
    item = charged(time_charge(entry(overtime=True, hours=Decimal(2)), book))

    assert (item.unit_price, item.amount) == (Money.of(225, "EUR"), Money.of(450, "EUR"))


def test_overtime_without_a_rule_is_held(book_with: Books, table: Tables, entry: Entries) -> None:
    silent = table(BillingRuleRow, {"combine_by": "project", "round_at": "item", "rounding": "half_up"})

    found = held(time_charge(entry(overtime=True), book_with(tables=[silent])))

    assert "overtime_percent" in found.fix


def test_a_write_down_comes_off_the_price(book_with: Books, table: Tables, entry: Entries) -> None:
    row = {"project": "P-1", "role": "Consultant", "percent": "12.5"}

    item = charged(time_charge(entry(hours=Decimal(1)), book_with(tables=[table(WriteDownRow, row)])))

    assert item.amount == Money.of("157.50", "EUR")


@pytest.mark.parametrize("said", ["half_up item 0.13", "half_even item 0.12", "half_up line 0.125"])
def test_an_amount_is_rounded_where_and_as_the_rule_says(
    book_with: Books, table: Tables, rates: Tables, entry: Entries, said: str
) -> None:
    rounding, round_at, amount = said.split()
    rule = table(BillingRuleRow, {"combine_by": "project", "round_at": round_at, "rounding": rounding})
    cent = rates({"rate_card": "Cheap", "role": "Consultant", "currency": "EUR", "hourly_rate": "0.125"})

    item = charged(time_charge(entry(hours=1), book_with(plant={"rate_card": "Cheap"}, tables=[rule, cent])))

    assert item.amount == Money.of(amount, "EUR")


@pytest.mark.parametrize("line", [{"billable": False}, {"task": "travel"}])
def test_work_that_is_not_billable_is_no_charge_and_no_hold(book: Book, entry: Entries, line: dict[str, Any]) -> None:
    found = time_charge(entry(**line), book)

    assert isinstance(found, NotCharged)
    assert "not billable" in found.why


@pytest.mark.parametrize("model", list(CommercialModel))
def test_raw_time_is_billed_only_where_hours_are_what_was_sold(
    book_with: Books, entry: Entries, model: CommercialModel
) -> None:
    found = time_charge(entry(), book_with(frame={"commercial_model": model}))

    sold = {CommercialModel.TIME_AND_MATERIALS, CommercialModel.RETAINER}
    assert isinstance(found, BillingItem if model in sold else NotCharged)


@pytest.mark.parametrize("state", [PeriodState.CLOSED, PeriodState.CLOSING])
@pytest.mark.parametrize("policy_says", ["next_period 2026-12", "reopen Reopen", "hold Decide"])
def test_late_work_goes_by_the_policy_of_the_legal_entity(
    book_with: Books, table: Tables, entry: Entries, state: PeriodState, policy_says: str
) -> None:
    late, becomes = policy_says.split()
    policy = table(LateApprovalRow, {"legal_entity": "DE", "late": late}, {"late": "hold"})
    states = {"DE-2026-11": {"state": state}, "DE-2026-12": {"state": PeriodState.OPEN}}

    found = time_charge(entry(), book_with(tables=[policy], **states))

    said = found.period if isinstance(found, BillingItem) else held(found).fix
    assert said is not None
    assert said.startswith(becomes)


def test_late_work_without_a_policy_is_held(book_with: Books, table: Tables, entry: Entries) -> None:
    closed = book_with(tables=[table(LateApprovalRow)], **{"DE-2026-11": {"state": PeriodState.CLOSED}})

    assert "tables/late_approvals.csv" in held(time_charge(entry(), closed)).fix


def test_a_tax_table_without_the_case_holds_the_line(book_with: Books, table: Tables, entry: Entries) -> None:
    assert "No tax code" in held(time_charge(entry(), book_with(tables=[table(TaxCodeRow)]))).why
