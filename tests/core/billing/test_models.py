"""Every way of selling: what is due, what waits, what is drawn down, what is beyond a cap, what is passed on."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core.billing.book import Book
from throughline.core.billing.caps import within_cap
from throughline.core.billing.combine import combine
from throughline.core.billing.expenses import expense_charge, subcontract_charge
from throughline.core.billing.outcome import Held, NotCharged
from throughline.core.billing.plan import instalments, taken_back
from throughline.core.billing.retainers import draw_down, end_of_period
from throughline.core.billing.usage import usage_charge
from throughline.core.entities import (
    Approval,
    ApprovalState,
    BillingInstalment,
    BillingItem,
    BillingItemState,
    BillingPlan,
    BillingPlanId,
    BillingPlanKind,
    BillingSource,
    CommercialModel,
    ContractId,
    ContractLine,
    Expense,
    ProjectId,
    Subcontract,
    SubcontractId,
    Task,
    TaskId,
    TaskKind,
    Unit,
    UsageReading,
)
from throughline.core.errors import Hold
from throughline.core.money import Money, total
from throughline.core.rows import BillingRuleRow
from throughline.core.tables import Table

type Books = Callable[..., Book]
type Tables = Callable[..., Table[Any]]
type Items = Callable[..., BillingItem]

FRAME = ContractId("frame")
APPROVED = Approval(state=ApprovalState.APPROVED, by="pm")
CENTS = st.integers(0, 100_000)
AMOUNTS = st.lists(st.tuples(CENTS, st.integers(1, 30)), max_size=12)


def euros(cents: int) -> Money:
    return Money.from_minor(cents, "EUR")


def charges(item: Items, amounts: list[tuple[int, int]]) -> list[BillingItem]:
    return [item(f"i{n}", str(euros(cents).amount), day=date(2026, 11, day)) for n, (cents, day) in enumerate(amounts)]


def worth(items: tuple[BillingItem, ...]) -> Money:
    return total((each.amount for each in items), "EUR")


# Caps


@given(amounts=AMOUNTS, cap=CENTS, before=CENTS)
def test_a_cap_is_never_exceeded_and_nothing_beyond_it_is_lost(
    book: Book, item: Items, amounts: list[tuple[int, int]], cap: int, before: int
) -> None:
    items = charges(item, amounts)
    contract = book.contracts["frame"].model_copy(update={"not_to_exceed": euros(cap)})

    capped = within_cap(items, contract, billed_before=euros(before))

    assert worth(capped.billed) <= euros(max(cap - before, 0))
    assert worth(capped.billed) + worth(capped.withheld) == worth(tuple(items))
    assert all(each.withheld_because and each.state is BillingItemState.WITHHELD for each in capped.withheld)
    assert sum((each.quantity for each in (*capped.billed, *capped.withheld)), Decimal(0)) == len(items)


@given(amounts=AMOUNTS, cap=CENTS, order=st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing_under_a_cap(
    book: Book, item: Items, amounts: list[tuple[int, int]], cap: int, order: Any
) -> None:
    items = charges(item, amounts)
    contract = book.contracts["frame"].model_copy(update={"not_to_exceed": euros(cap)})
    shuffled = list(items)
    order.shuffle(shuffled)

    nothing = euros(0)
    assert within_cap(items, contract, billed_before=nothing) == within_cap(shuffled, contract, billed_before=nothing)


def test_work_without_a_cap_is_billed(book: Book, item: Items) -> None:
    capped = within_cap([item("i1", "120")], book.contracts["frame"], billed_before=euros(10**9))

    assert (len(capped.billed), capped.withheld) == (1, ())


# Retainers


@given(amounts=AMOUNTS, balance=CENTS, order=st.randoms(use_true_random=False))
def test_a_retainer_never_falls_below_nothing_and_what_is_beyond_it_is_billed(
    item: Items, amounts: list[tuple[int, int]], balance: int, order: Any
) -> None:
    items = charges(item, amounts)
    order.shuffle(items)

    drawn = draw_down(items, euros(balance))

    covered = total((draw.amount for draw in drawn.draws), "EUR")
    assert drawn.left >= euros(0)
    assert drawn.left + covered == euros(balance)
    assert covered + worth(drawn.billed) == worth(tuple(items))
    assert not (drawn.billed and drawn.left > euros(0))


def test_what_is_left_of_a_retainer_goes_by_the_rule_and_without_one_is_held(table: Tables) -> None:
    row = {"combine_by": "project", "round_at": "item", "rounding": "half_up"}
    carry, expire, silent = table(
        BillingRuleRow, row | {"retainer_unused": "carry"}, row | {"retainer_unused": "expire"}, row
    ).rows

    assert end_of_period(euros(500), carry).carried == euros(500)
    assert end_of_period(euros(500), expire).expired == euros(500)
    with pytest.raises(Hold, match="does not say what becomes of it"):
        end_of_period(euros(500), silent)


# Plans and milestones


def plan(*dues: tuple[str, date, int], whole: int | None = None, **other: Any) -> BillingPlan:
    parts = tuple(
        BillingInstalment(key=key, name=f"Part {key}", due=due, amount=euros(cents)) for key, due, cents in dues
    )
    return BillingPlan(
        id=BillingPlanId("plan"), contract=FRAME, name="The plan", plan_kind=BillingPlanKind.SCHEDULE, currency="EUR",
        total=euros(sum(cents for _, _, cents in dues) if whole is None else whole), instalments=parts, **other,
    )  # fmt: skip


FIRST, SECOND = ("1", date(2026, 11, 15), 60000), ("2", date(2026, 12, 15), 40000)


def test_an_instalment_is_billed_on_its_day_for_its_own_amount_and_once(book: Book) -> None:
    due, later = instalments(plan(FIRST, SECOND), book, on=date(2026, 11, 20), billed=set())

    assert isinstance(due, BillingItem)
    assert (due.amount, due.source, due.source_reference) == (euros(60000), BillingSource.INSTALMENT, "plan-1")
    assert isinstance(later, NotCharged)
    assert instalments(plan(FIRST), book, on=date(2026, 11, 20), billed={"plan-1"}) == ()


def test_a_plan_that_does_not_add_up_is_held_whole(book: Book) -> None:
    found = instalments(plan(FIRST, SECOND, whole=100001), book, on=date(2026, 12, 31), billed=set())

    assert all(isinstance(each, Held) and "1,000.00 EUR, not 1,000.01 EUR" in each.why for each in found)
    assert len(found) == 2


GO_LIVE = {"id": TaskId("golive"), "project": ProjectId("plant"), "title": "Go-live", "task_kind": TaskKind.MILESTONE,
           "position": 9, "billable": True}  # fmt: skip
REACHED = {"completed": True, "completed_at": datetime(2026, 11, 11, 23, 30, tzinfo=UTC), "completed_by": "pm@x"}


def waiting(**other: Any) -> BillingPlan:
    """A plan with one part that waits for the go-live, which is planned for the end of the month."""
    due = {"key": "1", "name": "Go-live", "due": date(2026, 11, 30), "amount": euros(250000), "milestone": "Go-live"}
    return plan().model_copy(
        update={"total": None, "instalments": (BillingInstalment.model_validate(due | other),)}
    )  # fmt: skip


def at_milestone(book_with: Books, golive: dict[str, Any], *others: Task, on: date = date(2026, 11, 20)) -> Any:
    known = Task.model_validate(GO_LIVE | golive)
    (found,) = instalments(waiting(), book_with(known, *others), on=on, billed=set())
    return found


def test_a_milestone_that_is_not_reached_waits_however_late_it_is(book_with: Books) -> None:
    assert isinstance(at_milestone(book_with, {}), NotCharged)
    assert isinstance(at_milestone(book_with, {}, on=date(2026, 12, 24)), NotCharged)


def test_a_milestone_that_is_reached_is_billed_once_on_the_day_it_was_where_the_company_is(book_with: Books) -> None:
    found = at_milestone(book_with, REACHED)

    assert isinstance(found, BillingItem)
    assert (found.amount, found.source, found.day) == (euros(250000), BillingSource.MILESTONE, date(2026, 11, 12))
    assert (found.source_reference, found.project) == ("plan-1", "plant")
    book = book_with(Task.model_validate(GO_LIVE | REACHED))
    assert instalments(waiting(), book, on=date(2026, 11, 20), billed={"plan-1"}) == ()


def test_a_milestone_is_missed_only_when_it_should_be_there(book: Book) -> None:
    (early,) = instalments(waiting(), book, on=date(2026, 11, 29), billed=set())
    (late,) = instalments(waiting(), book, on=date(2026, 11, 30), billed=set())

    assert isinstance(early, NotCharged)
    assert isinstance(late, Held)
    assert "no milestones of that name" in late.why
    assert late.amount == euros(250000)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"completed_by": None}, "by nobody in particular"),
        ({"completed_at": None}, "on no day that was told"),
        ({"completed_at": datetime(2026, 10, 5, tzinfo=UTC)}, "which DE has closed"),
    ],
)
def test_a_milestone_that_is_not_in_order_is_held(book_with: Books, wrong: dict[str, Any], why: str) -> None:
    found = at_milestone(book_with, REACHED | wrong)

    assert isinstance(found, Held)
    assert why in found.why


def test_of_two_milestones_of_one_name_neither_is_billed(book_with: Books) -> None:
    found = at_milestone(book_with, REACHED, Task.model_validate(GO_LIVE | REACHED | {"id": "another"}))

    assert isinstance(found, Held)
    assert "2 milestones of that name" in found.why


@pytest.mark.parametrize("amount", [Money.of(10, "USD"), Money.of("0.001", "EUR")])
def test_an_amount_that_cannot_be_billed_is_held(book: Book, amount: Money) -> None:
    strange = waiting(milestone=None, due=date(2026, 11, 15), amount=amount)
    (found,) = instalments(
        strange.model_copy(update={"currency": amount.currency}), book, on=date(2026, 11, 20), billed=set()
    )

    assert isinstance(found, Held)
    assert "whole units of EUR" in found.why


def test_what_was_billed_for_a_milestone_is_in_doubt_once_it_is_taken_back(book_with: Books) -> None:
    reached, reopened = (book_with(Task.model_validate(GO_LIVE | more)) for more in (REACHED, {"completed": False}))

    assert taken_back(waiting(), reached, billed={"plan-1"}) == ()
    assert taken_back(waiting(), reopened, billed=set()) == ()
    assert taken_back(waiting(), reopened, billed={"plan-1"}) == waiting().instalments


# Usage


def reading(**other: Any) -> UsageReading:
    given: dict[str, Any] = {
        "id": "u1", "reference": "meter-7", "project": "plant", "contract_line": "api", "day": date(2026, 11, 10),
        "quantity": Decimal(1234), "unit": Unit.EACH, "approval": APPROVED,
    }  # fmt: skip
    return UsageReading.model_validate(given | other)


@pytest.fixture(scope="module")
def metered(book_with: Books) -> Book:
    line = ContractLine(
        key="api", description="Calls", commercial_model=CommercialModel.USAGE, quantity=Decimal(0), unit=Unit.EACH,
        unit_price=Money.of("0.0075", "EUR"), amount=euros(0),
    )  # fmt: skip
    return book_with(frame={"lines": (line,)})


def test_usage_is_charged_at_the_price_of_its_line(metered: Book) -> None:
    found = usage_charge(reading(), metered)

    assert isinstance(found, BillingItem)
    assert (found.amount, found.unit_price) == (Money.of("9.26", "EUR"), Money.of("0.0075", "EUR"))
    assert (found.source, found.contract_line, found.project) == (BillingSource.USAGE, "api", "plant")


def test_nothing_used_is_no_charge(metered: Book) -> None:
    assert isinstance(usage_charge(reading(quantity=Decimal(0)), metered), NotCharged)


def test_two_meters_of_one_price_are_two_lines_of_the_invoice(book_with: Books) -> None:
    lines = [ContractLine(
        key=key, description=key, commercial_model=CommercialModel.USAGE, quantity=Decimal(0), unit=Unit.EACH,
        unit_price=euros(5), amount=euros(0),
    ) for key in ("calls", "mails")]  # fmt: skip
    book = book_with(frame={"lines": tuple(lines)})
    used = [reading(id=f"u{n}", contract_line=key) for n, key in enumerate(("calls", "mails", "calls"))]
    items = [each for one in used if isinstance(each := usage_charge(one, book), BillingItem)]

    found = {each.line.contract_line: each.line.quantity for each in combine(items, book)}

    assert found == {"calls": Decimal(2468), "mails": Decimal(1234)}


@pytest.mark.parametrize("wrong", [{"day": date(2026, 10, 5)}, {"day": date(2027, 1, 5)}, {"unit": Unit.HOUR}])
def test_usage_that_is_held_says_what_it_is_worth_where_it_has_a_price(metered: Book, wrong: dict[str, Any]) -> None:
    found = usage_charge(reading(**wrong), metered)

    assert isinstance(found, Held)
    assert found.amount == Money.of("9.26", "EUR")


@pytest.mark.parametrize(
    "wrong",
    [{"contract_line": "x"}, {"unit": Unit.HOUR}, {"quantity": Decimal(-1)}, {"approval": None}, {"project": "x"}],
)
def test_usage_that_fits_no_line_is_held(metered: Book, wrong: dict[str, Any]) -> None:
    assert isinstance(usage_charge(reading(**wrong), metered), Held)


# Passing on


def marked_up(table: Tables, percent: str | None) -> Table[Any]:
    rule = {"combine_by": "project", "round_at": "item", "rounding": "half_up"}
    more = {"expense_markup_percent": percent, "subcontract_markup_percent": percent} if percent else {}
    return table(BillingRuleRow, rule | more)


def test_an_expense_is_passed_on_with_the_mark_up(
    book_with: Books, table: Tables, expense: Callable[..., Expense]
) -> None:
    found = expense_charge(expense(), book_with(tables=[marked_up(table, "2.5")]), billing_day=date(2026, 11, 30))

    assert isinstance(found, BillingItem)
    assert (found.amount, found.spent, found.fx_rate) == (Money.of("103.01", "EUR"), Money.of("100.50", "EUR"), None)
    assert found.ledger is not None
    assert found.ledger.account == "4300"


def test_a_foreign_expense_keeps_both_amounts_the_rate_and_its_day(
    book_with: Books, table: Tables, expense: Callable[..., Expense]
) -> None:
    dollars = expense(amount=Money.of(200, "USD"), billable_amount=Money.of(999, "USD"))

    found = expense_charge(dollars, book_with(tables=[marked_up(table, "10")]), billing_day=date(2026, 11, 30))

    assert isinstance(found, BillingItem)
    assert (found.spent, found.amount) == (Money.of(200, "USD"), Money.of("189.49", "EUR"))
    assert (found.fx_rate, found.fx_day) == (Decimal("0.8613"), date(2026, 11, 9))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"amount": Money.of(200, "CHF")}, "no rate from CHF to EUR on 2026-11-10"),
        ({"amount": Money.of(200, "USD"), "day": date(2026, 11, 15)}, "no rate from USD to EUR on 2026-11-15"),
        ({"approval": None}, "approved"),
        ({"resource": "nobody"}, "nobody called nobody"),
        ({"day": date(2025, 1, 1)}, "outside"),
    ],
)
def test_an_expense_that_cannot_be_judged_is_held(
    book: Book, expense: Callable[..., Expense], line: dict[str, Any], why: str
) -> None:
    found = expense_charge(expense(**line), book, billing_day=date(2026, 11, 30))

    assert isinstance(found, Held)
    assert why in found.why


def test_a_mark_up_nobody_wrote_is_not_nought(book_with: Books, table: Tables, expense: Callable[..., Expense]) -> None:
    found = expense_charge(expense(), book_with(tables=[marked_up(table, None)]), billing_day=date(2026, 11, 30))

    assert isinstance(found, Held)
    assert "expense_markup_percent" in found.fix


def test_an_expense_that_is_not_billable_is_no_charge(book: Book, expense: Callable[..., Expense]) -> None:
    assert isinstance(expense_charge(expense(billable=False), book, billing_day=date(2026, 11, 30)), NotCharged)


def subcontract(**other: Any) -> Subcontract:
    given: dict[str, Any] = {
        "id": SubcontractId("s1"), "project": ProjectId("plant"), "supplier": "Weld AG", "amount": euros(1000000),
        "invoiced": euros(300000), "billable": True, "state": ApprovalState.APPROVED,
    }  # fmt: skip
    return Subcontract.model_validate(given | other)


def test_a_subcontractor_is_passed_on_as_far_as_they_have_invoiced(book: Book) -> None:
    found = subcontract_charge(subcontract(), book, day=date(2026, 11, 20), passed_on=euros(100000))

    assert isinstance(found, BillingItem)
    assert found.amount == euros(220000)


@pytest.mark.parametrize(
    ("other", "passed_on", "kind"),
    [
        ({}, 300000, NotCharged),
        ({"billable": False}, 0, NotCharged),
        ({}, 300001, Held),
        ({"state": ApprovalState.SUBMITTED}, 0, Held),
    ],
)
def test_a_subcontractor_is_never_passed_on_twice(
    book: Book, other: dict[str, Any], passed_on: int, kind: type
) -> None:
    found = subcontract_charge(subcontract(**other), book, day=date(2026, 11, 20), passed_on=euros(passed_on))

    assert isinstance(found, kind)


# Combining


@pytest.fixture(scope="module")
def unrounded(book_with: Books, table: Tables) -> Callable[[str], Book]:
    """A book that rounds once per line of an invoice, combined by these words."""
    rule = {"round_at": "line", "rounding": "half_up"}
    return lambda by: book_with(tables=[table(BillingRuleRow, rule | {"combine_by": by})])


@given(
    amounts=st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 3), st.sampled_from("ab")), max_size=15),
    by=st.sampled_from(["project", "person", "role day", "project person task role day"]),
    seed=st.integers(),
)
def test_allocations_sum_to_their_line_and_the_order_of_lines_changes_nothing(
    unrounded: Callable[[str], Book], item: Items, amounts: list[tuple[int, int, str]], by: str, seed: int
) -> None:
    book = unrounded(by)
    items = [
        item(f"i{n}", "100", day=date(2026, 11, day), person=who).model_copy(
            update={"amount": Money.of(Decimal(parts) / 100000, "EUR")}
        )
        for n, (parts, day, who) in enumerate(amounts)
    ]
    shuffled = list(items)
    Random(seed).shuffle(shuffled)

    lines = combine(items, book)

    assert combine(shuffled, book) == lines
    assert sorted(each.id for line in lines for each in line.items) == sorted(each.id for each in items)
    for line in lines:
        assert worth(line.items) == line.line.amount == line.line.amount.rounded()
        exactly = total((each.amount for each in items if each.id in line.line.covers), "EUR")
        assert abs((exactly - line.line.amount).amount) <= Decimal("0.005")
        assert line.line.covers == tuple(each.id for each in line.items)


@pytest.mark.parametrize(
    ("by", "lines"), [("project", 1), ("person", 2), ("role", 2), ("task", 2), ("day", 3), ("person day", 4)]
)
def test_lines_are_combined_as_the_contract_says(
    book_with: Books, table: Tables, item: Items, by: str, lines: int
) -> None:
    rule = table(BillingRuleRow, {"combine_by": by, "round_at": "item", "rounding": "half_up"})
    days = [date(2026, 11, day) for day in (2, 2, 3, 4)]
    items = [
        item("1", "5", person="a", role="X", task="build", day=days[0]),
        item("2", "5", person="b", role="X", task="travel", day=days[1]),
        item("3", "5", person="b", role="Y", task="travel", day=days[2]),
        item("4", "5", person="b", role="Y", task="travel", day=days[3]),
    ]

    assert len(combine(items, book_with(tables=[rule]))) == lines


@pytest.mark.parametrize("other", [{"unit_price": euros(1)}, {"tax_code": "X"}, {"period": "2026-12"}])
def test_prices_taxes_and_periods_are_never_mixed(book: Book, item: Items, other: dict[str, Any]) -> None:
    assert len(combine([item("1", "5"), item("2", "5", **other)], book)) == 2
