"""A month's approved work becomes the draft of an invoice at the cut-off: each line once, and none that is in doubt."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.core.billing.conftest import APPROVED, PLANT, changed, entities
from throughline.core.delivery_events import TimeApproved, UsageApproved
from throughline.core.entities import (
    BillingPlan,
    CreditMemo,
    Expense,
    Invoice,
    InvoiceState,
    TimeEntry,
    UsageReading,
)
from throughline.core.events import InvoiceDrafted
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.work_to_invoice import work_to_invoice

HALYARD = load(FIRM)
MIDDLE = datetime(2026, 11, 17, 9, tzinfo=UTC)
# The second working day of December at six in the evening in Berlin.
CUT_OFF = datetime(2026, 12, 2, 17, tzinfo=UTC)
WORKED = TimeApproved(time_entry="t1", project=PLANT, day=date(2026, 11, 10), at=None)
INVOICE = "invoice-of-plant-2026-11"


def entry(id_: str = "t1", **other: Any) -> TimeEntry:
    given: dict[str, Any] = {
        "id": id_, "project": PLANT, "resource": "anna", "day": date(2026, 11, 10), "hours": Decimal(8),
        "task": "build", "billable": True, "approval": APPROVED,
    }  # fmt: skip
    return TimeEntry.model_validate(given | other)


@pytest.fixture
def world() -> World:
    world = World(HALYARD, now=MIDDLE)
    world.knows(*entities())
    return world


def knows_otherwise(world: World, **changes: dict[str, Any]) -> None:
    world.knows(*(each for each in changed(entities(), changes) if each.id in changes))


async def passes(world: World, *, at: datetime = CUT_OFF) -> str:
    world.now = at
    return await world.run(work_to_invoice, WORKED)


def drafted(world: World) -> dict[str, dict[str, Any]]:
    """The invoices in the ERP, by our id."""
    return world.system(Role.ERP).ours("invoice")


def amounts(world: World) -> dict[str, list[str]]:
    return {id_: [line["amount"]["amount"] for line in each["lines"]] for id_, each in drafted(world).items()}


def is_out(world: World, id_: str = INVOICE, state: InvoiceState = InvoiceState.POSTED) -> None:
    """Finance let the draft go."""
    fields = drafted(world)[id_]
    world.knows(Invoice.model_validate({**fields, "id": id_, "state": state, "number": "INV-7"}))


async def test_nothing_is_invoiced_before_the_cut_off(world: World) -> None:
    world.knows(entry())

    assert await passes(world, at=CUT_OFF - timedelta(seconds=1)) == "waiting"
    assert drafted(world) == {}


async def test_at_the_cut_off_the_months_lines_are_one_draft(world: World) -> None:
    world.knows(entry(), entry("t2", day=date(2026, 11, 30), hours=Decimal("1.5")))

    assert await passes(world) == "done"

    assert amounts(world) == {INVOICE: ["1710.00"]}
    (draft,) = drafted(world).values()
    assert draft["issued_on"] == "2026-11-30"
    assert draft["lines"][0]["covers"] == ["billing-item-of-t1", "billing-item-of-t2"]
    assert [each.amount for each in world.events if isinstance(each, InvoiceDrafted)] == [Money.of("1710.00", "EUR")]


async def test_a_second_pass_changes_nothing(world: World) -> None:
    world.knows(entry())
    await passes(world)
    steps = list(world.steps)

    assert await passes(world) == "done"
    assert world.steps == steps


async def test_what_is_approved_late_is_added_to_the_draft(world: World) -> None:
    world.knows(entry())
    await passes(world)
    world.knows(entry("t2", hours=Decimal(2)))
    await passes(world)

    assert amounts(world) == {INVOICE: ["1800.00"]}


async def test_what_is_approved_after_the_invoice_is_out_is_an_invoice_of_its_own(world: World) -> None:
    world.knows(entry())
    await passes(world)
    is_out(world)
    world.knows(entry("t2", hours=Decimal(2)))

    assert await passes(world) == "done"
    assert amounts(world) == {INVOICE: ["1440.00"], f"{INVOICE}-2": ["360.00"]}


@pytest.mark.parametrize("state", ["submitted", "rejected", "draft"])
async def test_what_is_not_approved_waits_without_a_word(world: World, state: str) -> None:
    world.knows(entry(), entry("t2", approval={"state": state}), entry("t3", approval=None))

    assert await passes(world) == "done"
    assert amounts(world) == {INVOICE: ["1440.00"]}
    assert world.holds == []


async def test_a_bad_line_is_held_at_once_and_the_good_ones_are_invoiced(world: World) -> None:
    rate = {"amount": "100", "currency": "EUR"}
    world.knows(entry(), entry("t2", resource="nobody", rate=rate), entry("t3", hours=Decimal(30)))

    assert await passes(world, at=MIDDLE) == "held"
    first, second = world.holds
    assert (first.part, first.owner, first.amount) == ("line t2", "Finance operations", Money.of(800, "EUR"))
    assert "8 h of 2026-11-10, t2: There is nobody called nobody" in first.why
    assert second.amount is None
    assert drafted(world) == {}

    assert await passes(world) == "held"
    assert amounts(world) == {INVOICE: ["1440.00"]}


async def test_a_held_line_that_was_corrected_joins_the_draft(world: World) -> None:
    world.knows(entry(), entry("t2", resource="nobody"))
    await passes(world)
    world.knows(entry("t2"))

    assert await passes(world) == "done"
    assert amounts(world) == {INVOICE: ["2880.00"]}
    assert world.holds == []


async def test_only_days_of_the_month_are_looked_at(world: World) -> None:
    world.knows(entry(), entry("t2", day=date(2026, 10, 31)), entry("t3", day=date(2026, 12, 1)))
    await passes(world)

    assert amounts(world) == {INVOICE: ["1440.00"]}


async def test_what_lands_in_a_later_period_is_invoiced_there(world: World) -> None:
    """The company has closed November, and its rule for late approvals says: the next period."""
    knows_otherwise(
        world,
        **{
            "frame": {"legal_entity": "US", "currency": "USD", "value": Money.of(1, "USD")},
            "plant": {"legal_entity": "US", "currency": "USD", "rate_card": "Standard USD"},
            "US-2026-11": {"state": "closed"},
            "US-2026-12": {"state": "open"},
        },
    )
    world.knows(entry())
    late = datetime(2026, 12, 9, 9, tzinfo=UTC)

    assert await passes(world, at=late) == "done"
    ((id_, invoice),) = drafted(world).items()
    assert id_ == f"{INVOICE}-in-2026-12"
    assert invoice["issued_on"] == "2026-12-09"


async def test_work_beyond_the_cap_is_held_with_its_amount(world: World) -> None:
    knows_otherwise(world, frame={"not_to_exceed": Money.of(2000, "EUR")})
    world.knows(entry(), entry("t2", day=date(2026, 11, 11)))

    assert await passes(world) == "held"
    (held,) = world.holds
    assert (held.part, held.amount) == ("cap", Money.of(880, "EUR"))
    assert sum(Decimal(each) for each in amounts(world)[INVOICE]) == 2000


async def test_the_cap_counts_what_other_months_have_charged(world: World) -> None:
    knows_otherwise(world, frame={"not_to_exceed": Money.of(2000, "EUR")})
    world.knows(
        Invoice.model_validate(
            {
                "id": "invoice-of-plant-2026-09", "customer": "chemie", "contract": "frame", "currency": "EUR",
                "state": "paid",
                "lines": [{"key": "a", "quantity": "1", "unit_price": {"amount": "900", "currency": "EUR"},
                           "amount": {"amount": "900", "currency": "EUR"}}],
            }
        ),
        entry(),
    )  # fmt: skip
    await passes(world)

    assert sum(Decimal(each) for each in amounts(world)[INVOICE]) == 1100


async def test_work_that_was_corrected_after_the_invoice_was_sent_is_asked_about(world: World) -> None:
    world.knows(entry())
    await passes(world)
    is_out(world)
    world.knows(entry(hours=Decimal(6)))

    assert await passes(world) == "held"
    (held,) = world.holds
    assert held.amount == Money.of(360, "EUR")
    assert held.why == (
        "Invoice INV-7 charges 1,440.00 EUR, and the work on it comes to 1,080.00 EUR now."
        " Correct the work, credit the difference of 360.00 EUR, or leave it."
    )
    world.answer(held.name, "leave it as invoiced")
    assert await passes(world) == "done"
    assert amounts(world) == {INVOICE: ["1440.00"]}


async def came_to_more(world: World) -> str:
    """Eight hours are out, and were ten. Returns the name of the question."""
    world.knows(entry())
    await passes(world)
    is_out(world)
    world.knows(entry(hours=Decimal(10)))
    assert await passes(world) == "held"
    (asked,) = world.holds
    assert (asked.amount, asked.choices) == (Money.of(360, "EUR"), ("invoice the rest", "leave it as invoiced"))
    return asked.name


async def test_work_that_came_to_more_is_invoiced_on_top_once_finance_says_so(world: World) -> None:
    world.answer(await came_to_more(world), "invoice the rest")

    assert await passes(world) == "done"

    assert amounts(world) == {INVOICE: ["1440.00"], f"{INVOICE}-2": ["360.00"]}
    (line,) = drafted(world)[f"{INVOICE}-2"]["lines"]
    assert (line["quantity"], line["tax_code"]) == ("1", "DE-S19")
    steps = list(world.steps)
    await passes(world)
    assert world.steps == steps


async def test_what_was_invoiced_on_top_is_settled_once_it_is_out(world: World) -> None:
    world.answer(await came_to_more(world), "invoice the rest")
    await passes(world)
    is_out(world, f"{INVOICE}-2")

    assert await passes(world) == "done"
    assert amounts(world) == {INVOICE: ["1440.00"], f"{INVOICE}-2": ["360.00"]}


async def test_work_that_came_to_still_more_is_asked_about_again_for_what_is_missing(world: World) -> None:
    world.answer(await came_to_more(world), "invoice the rest")
    await passes(world)
    is_out(world, f"{INVOICE}-2")
    world.knows(entry(hours=Decimal(11)))

    assert await passes(world) == "held"
    (asked,) = world.holds
    assert asked.amount == Money.of(180, "EUR")
    world.answer(asked.name, "invoice the rest")
    await passes(world)

    assert amounts(world)[f"{INVOICE}-3"] == ["180.00"]


async def test_what_came_to_more_and_is_left_is_not_invoiced(world: World) -> None:
    world.answer(await came_to_more(world), "leave it as invoiced")

    assert await passes(world) == "done"
    assert list(amounts(world)) == [INVOICE]


async def test_a_credit_of_the_difference_settles_it(world: World) -> None:
    world.knows(entry())
    await passes(world)
    is_out(world)
    world.knows(entry(hours=Decimal(6)))
    await passes(world)
    world.knows(
        CreditMemo.model_validate(
            {
                "id": "credit-1", "customer": "chemie", "invoice": INVOICE, "currency": "EUR",
                "total": {"amount": "428.40", "currency": "EUR"}, "tax": {"amount": "68.40", "currency": "EUR"},
            }
        )
    )  # fmt: skip

    assert await passes(world) == "done"


async def test_an_approval_taken_back_after_the_invoice_was_sent_is_asked_about(world: World) -> None:
    world.knows(entry(), entry("t2", hours=Decimal(2)))
    await passes(world)
    is_out(world)
    world.knows(entry("t2", hours=Decimal(2), approval={"state": "rejected"}))

    assert await passes(world) == "held"
    assert [each.amount for each in world.holds] == [Money.of(360, "EUR")]


async def test_a_draft_with_nothing_left_on_it_is_held(world: World) -> None:
    world.knows(entry())
    await passes(world)
    world.knows(entry(approval={"state": "rejected"}))

    assert await passes(world) == "held"
    (held,) = world.holds
    assert (held.part, held.amount) == (f"draft {INVOICE}", Money.of(1440, "EUR"))


async def test_a_draft_whose_lines_are_in_doubt_is_not_said_to_be_empty(world: World) -> None:
    world.knows(entry())
    await passes(world)
    world.knows(entry(resource="nobody"))

    assert await passes(world) == "held"
    assert [each.part for each in world.holds] == ["line t1"]


async def test_a_draft_that_was_let_go_a_moment_ago_is_left_alone(world: World) -> None:
    """The ledger knows it already, and we have not heard of it yet."""
    world.knows(entry())
    await passes(world)
    (key,) = world.system(Role.ERP).records("invoice")
    world.system(Role.ERP).write("invoice", {"state": "posted"}, id_=INVOICE, key=key)
    world.knows(entry("t2"))

    assert await passes(world) == "retrying"
    assert amounts(world) == {INVOICE: ["1440.00"]}


async def test_what_a_void_invoice_charged_is_charged_anew(world: World) -> None:
    world.knows(entry())
    await passes(world)
    is_out(world, state=InvoiceState.VOID)
    await passes(world)

    assert amounts(world) == {INVOICE: ["1440.00"], f"{INVOICE}-2": ["1440.00"]}


async def test_expenses_are_on_the_same_invoice(world: World) -> None:
    spent = {
        "id": "e1", "project": PLANT, "day": date(2026, 11, 12), "category": "Travel", "billable": True,
        "amount": {"amount": "119.00", "currency": "EUR"}, "approval": APPROVED, "resource": "anna",
    }  # fmt: skip
    world.knows(entry(), Expense.model_validate(spent))
    await passes(world)

    assert sorted(amounts(world)[INVOICE]) == ["119.00", "1440.00"]


async def test_a_month_that_is_closed_after_its_invoice_is_out_makes_nothing_of_it_late(world: World) -> None:
    """In Germany late work is held: what was invoiced in time is not, nor what nobody is charged for."""
    world.knows(entry(), entry("t2", billable=False))
    await passes(world)
    is_out(world)
    knows_otherwise(world, **{"DE-2026-11": {"state": "closed"}})

    assert await passes(world) == "done"

    world.knows(entry("t3"))
    assert await passes(world) == "held"
    (hold,) = world.holds
    assert "t3" in hold.why
    assert set(drafted(world)) == {INVOICE}


async def test_only_what_goes_beyond_a_retainer_is_billed(world: World) -> None:
    """Two months of 1,000 each were paid in advance; what October left expires with it in Germany."""
    plan = {
        "id": "plan", "contract": "frame", "name": "Retainer", "plan_kind": "schedule", "currency": "EUR",
        "instalments": [
            {"key": "1", "name": "October", "due": "2026-10-01", "amount": {"amount": "1000", "currency": "EUR"}},
            {"key": "2", "name": "November", "due": "2026-11-01", "amount": {"amount": "1000", "currency": "EUR"}},
        ],
    }  # fmt: skip
    knows_otherwise(
        world,
        **{
            "frame": {"commercial_model": "retainer", "billing_method": "in_advance", "billing_plan": "plan"},
            "DE-2026-10": {"state": "open"},
        },
    )
    world.knows(BillingPlan.model_validate(plan), entry("t0", day=date(2026, 10, 5), hours=Decimal(2)), entry())

    assert await passes(world) == "done"
    assert sum(Decimal(each) for each in amounts(world)[INVOICE]) == 440

    is_out(world)
    knows_otherwise(world, **{"DE-2026-10": {"state": "closed"}, "DE-2026-11": {"state": "closed"}})
    assert await passes(world) == "done"

    world.knows(entry("t9", hours=Decimal(1)))
    assert await passes(world) == "held"


async def test_a_project_without_a_contract_is_one_hold(world: World) -> None:
    knows_otherwise(world, plant={"contract": None})
    world.knows(entry(), entry("t2"))

    assert await passes(world) == "held"
    assert [each.why for each in world.holds] == ["Plant rollout has no contract"]


async def test_a_company_without_a_cut_off_is_held(world: World) -> None:
    world.firm = HALYARD.model_copy(update={"policies": HALYARD.policies.model_copy(update={"cut_offs": ()})})
    world.knows(entry())

    assert await passes(world) == "held"
    assert "until when a month of DE takes time entries" in world.holds[0].why


async def test_fixed_fees_are_not_billed_by_the_hour(world: World) -> None:
    knows_otherwise(world, frame={"commercial_model": "fixed_fee"})
    world.knows(entry())

    assert await passes(world) == "done"
    assert drafted(world) == {}


def metered(id_: str = "u1", **other: Any) -> UsageReading:
    given: dict[str, Any] = {
        "id": id_, "reference": id_, "project": PLANT, "contract_line": "calls", "day": date(2026, 11, 12),
        "quantity": Decimal(1000), "unit": "each", "approval": APPROVED,
    }  # fmt: skip
    return UsageReading.model_validate(given | other)


def sells_usage(world: World) -> None:
    price, nothing = ({"amount": amount, "currency": "EUR"} for amount in ("0.12", "0"))
    line = {"key": "calls", "description": "Calls", "commercial_model": "usage", "quantity": "0", "unit": "each",
            "unit_price": price, "amount": nothing}  # fmt: skip
    knows_otherwise(world, frame={"commercial_model": "usage", "lines": [line]})


async def uses(world: World, *, at: datetime = CUT_OFF) -> str:
    world.now = at
    used = UsageApproved(usage_reading="u1", project=PLANT, day=date(2026, 11, 12), at=None)
    return await world.run(work_to_invoice, used)


async def test_what_was_used_is_on_the_months_draft_and_its_hours_are_not(world: World) -> None:
    sells_usage(world)
    world.knows(metered(), metered("u2", day=date(2026, 11, 30), quantity=Decimal(500)), entry())

    assert await uses(world) == "done"

    assert amounts(world) == {INVOICE: ["180.00"]}
    (draft,) = drafted(world).values()
    assert (draft["lines"][0]["contract_line"], draft["lines"][0]["quantity"]) == ("calls", "1500")


async def test_usage_of_another_month_and_usage_nobody_approved_wait(world: World) -> None:
    sells_usage(world)
    world.knows(metered("u2", day=date(2026, 12, 1)), metered("u3", approval=None))

    assert await uses(world) == "done"
    assert drafted(world) == {}


async def test_usage_without_a_price_is_held_and_the_rest_is_drafted(world: World) -> None:
    sells_usage(world)
    world.knows(metered(), metered("u2", contract_line="mails"))

    assert await uses(world) == "held"

    (held,) = world.holds
    assert "1000 each of mails" in held.why
    assert amounts(world) == {INVOICE: ["120.00"]}


async def test_a_reading_corrected_after_its_invoice_is_out_is_put_before_finance(world: World) -> None:
    sells_usage(world)
    world.knows(metered())
    await uses(world)
    is_out(world)
    world.knows(metered(quantity=Decimal(900)))

    assert await uses(world) == "held"
    assert [each.amount for each in world.holds] == [Money.of("12.00", "EUR")]
