"""A comparison made again and again: what does not agree opens, lasts, closes by itself, and regresses."""

import asyncio
from typing import Any

import pytest

from throughline.core.events import OpportunityWon
from throughline.core.reconciliation.definitions import UNDER_WAY, comparison
from throughline.core.reconciliation.sides import Measure
from throughline.hub.reconciliation.making import EVERY, LEASE, all_due, make
from throughline.store import behind

CONTRACT = {"name": "Frame", "customer": "customer-1", "currency": "EUR", "opportunity": "deal-1"}
LONG = UNDER_WAY.total_seconds()


async def contracts(world: Any) -> Any:
    made = await make(world.machine, comparison("contract-erp"), early=True)
    assert made
    assert made.why is None
    return made


async def breaks(world: Any) -> list[tuple[str, str, str]]:
    rows = await world.pool.fetch("select key, sort, state from breaks order by seq")
    return [(row["key"], row["sort"], row["state"]) for row in rows]


async def test_two_sides_that_agree_have_no_break(world: Any, settle: Any, agree: Any) -> None:
    await settle("contract", "contract-1", **CONTRACT)
    await agree("south", "contract", "contract-1", name="Frame", currency="EUR")

    made = await contracts(world)

    assert (made.left, made.right, await breaks(world)) == (1, 1, [])


async def test_a_difference_is_watched_until_it_is_older_than_its_clock(world: Any, settle: Any) -> None:
    await settle("contract", "contract-1", **CONTRACT)

    await contracts(world)
    assert await breaks(world) == [("contract-1", "missing", "watched")]
    world.clock.advance(LONG)
    await contracts(world)

    assert await breaks(world) == [("contract-1", "missing", "open")]


async def opened(world: Any, settle: Any) -> None:
    await settle("contract", "contract-1", **CONTRACT)
    await contracts(world)
    world.clock.advance(LONG)
    await contracts(world)


async def test_made_once_more_it_doubles_nothing_and_opens_nothing(world: Any, settle: Any) -> None:
    await opened(world, settle)

    made = await contracts(world)

    assert (made.opened, made.unreconciled, len(await breaks(world))) == (0, 1, 1)


async def test_what_agrees_again_closes_by_itself_and_what_comes_back_is_regressed(
    world: Any, settle: Any, agree: Any
) -> None:
    await opened(world, settle)
    await agree("south", "contract", "contract-1", name="Frame", currency="EUR")
    await contracts(world)
    assert await breaks(world) == [("contract-1", "missing", "closed")]

    await world.pool.execute("delete from links")
    await contracts(world)
    assert await breaks(world) == [("contract-1", "missing", "watched")]
    world.clock.advance(LONG)
    await contracts(world)

    assert await breaks(world) == [("contract-1", "missing", "regressed")]


async def test_what_was_only_under_way_leaves_no_trace(world: Any, settle: Any, agree: Any) -> None:
    await settle("contract", "contract-1", **CONTRACT)
    await contracts(world)
    await agree("south", "contract", "contract-1", name="Frame", currency="EUR")

    await contracts(world)

    assert await breaks(world) == []


async def test_a_break_says_whose_it_is_and_what_it_is_about(world: Any, settle: Any, agree: Any) -> None:
    await settle("contract", "contract-1", **CONTRACT)
    await agree("south", "contract", "contract-1", name="Frame", currency="USD")

    await contracts(world)

    row = await world.pool.fetchrow("select * from breaks")
    assert (row["sort"], row["fields"], row["owner"], row["about"]) == (
        "currency",
        ["currency"],
        "Finance",
        "contract-1",
    )
    assert (row["engagement"], row["left_said"]["currency"], row["right_said"]["currency"]) == ("deal-1", "EUR", "USD")


async def test_a_break_that_opened_or_closed_is_a_leaf_of_the_audit_log(world: Any, settle: Any) -> None:
    await opened(world, settle)

    rows = await world.pool.fetch("select action, object from audit_waiting where action = 'reconciled'")
    assert [row["object"] for row in rows] == ["comparison/contract-erp"]


async def test_an_orphan_that_was_there_before_us_is_history_and_a_later_one_is_not(world: Any, agree: Any) -> None:
    await agree("south", "contract", "contract-old", name="Old")
    await contracts(world)
    await agree("south", "contract", "contract-new", name="New")
    await contracts(world)
    world.clock.advance(LONG)

    await contracts(world)

    assert await breaks(world) == [("contract-old", "orphan", "history"), ("contract-new", "orphan", "open")]


async def test_nothing_is_compared_with_what_was_read_in_part(world: Any, settle: Any, read_whole: Any) -> None:
    await settle("contract", "contract-1", **CONTRACT)
    await settle("customer", "customer-1", name="Ostwald")

    made = await make(world.machine, comparison("customer-crm"))
    assert made
    assert made.why == "the first read of customers in north is not over"

    await read_whole("north", "customer")
    made = await make(world.machine, comparison("customer-crm"), early=True)
    assert made
    assert (made.why, made.watched) == (None, 1)


async def test_what_a_system_says_of_a_thing_is_compared_as_it_said_it_last(world: Any, settle: Any, read_whole: Any
                                                                            ) -> None:  # fmt: skip
    await read_whole("north", "customer")
    record = {
        "id": "C1",
        "ours": "customer-1",
        "changed": world.clock().isoformat(),
        "name": "Ostwald",
        "country": "DE",
    }
    await world.heard("north", "customer", record)
    await settle("contract", "contract-1", **CONTRACT)
    await make(world.machine, comparison("customer-crm"))
    assert await breaks(world) == []

    await settle("customer", "customer-1", name="Ostwald Chemie", country="DE")
    await make(world.machine, comparison("customer-crm"), early=True)

    row = await world.pool.fetchrow("select * from breaks")
    assert (row["sort"], row["fields"], row["right_said"]["name"]) == ("stale", ["name"], "Ostwald")


async def test_two_records_that_say_they_are_one_customer_are_doubled(world: Any, settle: Any, read_whole: Any) -> None:
    await read_whole("north", "customer")
    for key in ("C1", "C2"):
        record = {"id": key, "ours": "customer-1", "changed": world.clock().isoformat(), "name": "Ostwald"}
        await world.heard("north", "customer", record)
    await settle("contract", "contract-1", **CONTRACT)

    await make(world.machine, comparison("customer-crm"))

    assert await breaks(world) == [("customer-1", "doubled", "watched")]


async def test_a_customer_nobody_has_a_contract_with_need_not_be_everywhere(world: Any, settle: Any) -> None:
    await settle("customer", "customer-1", name="Ostwald")

    made = await make(world.machine, comparison("customer-erp"))

    assert made
    assert (made.left, made.why) == (0, None)


async def test_one_worker_at_a_time_makes_a_comparison_and_not_before_it_is_due(world: Any) -> None:
    one, other = await asyncio.gather(*(make(world.machine, comparison("contract-erp")) for _ in range(2)))

    assert (one is None) != (other is None)
    assert await make(world.machine, comparison("contract-erp")) is None
    world.clock.advance(EVERY.total_seconds())
    assert await make(world.machine, comparison("contract-erp")) is not None


async def test_a_comparison_whose_worker_died_is_made_by_another_when_its_lease_is_over(world: Any) -> None:
    await make(world.machine, comparison("contract-erp"))
    now = world.clock()
    await world.pool.execute("update reconciliations set lease_until = $1, due_at = $2", now + LEASE, now)

    assert await make(world.machine, comparison("contract-erp")) is None
    world.clock.advance(LEASE.total_seconds() + 1)
    assert await make(world.machine, comparison("contract-erp")) is not None


async def test_a_fault_in_one_comparison_leaves_the_others_to_be_made(world: Any, settle: Any) -> None:
    lines = [{"key": "1", "amount": {"amount": "nonsense", "currency": "EUR"}}]
    await settle("opportunity", "deal-1", stage="won", currency="EUR", lines=lines)
    await world.start(OpportunityWon(opportunity="deal-1"))

    made = {each.comparison: each.why or "" for each in await all_due(world.machine)}

    assert "nonsense" in made["sold-planned"]
    assert made["contract-erp"] == ""


@pytest.fixture
async def won(world: Any, settle: Any) -> None:
    """A deal for 1,000 EUR that was won under our eyes."""
    lines = [{"key": str(n), "amount": {"amount": "500.00", "currency": "EUR"}} for n in range(2)]
    await settle("opportunity", "deal-1", stage="won", currency="EUR", lines=lines, legal_entity="US")
    await world.start(OpportunityWon(opportunity="deal-1"))


@pytest.mark.usefixtures("won")
async def test_what_was_sold_and_not_planned_is_missing_with_all_it_is_worth(world: Any) -> None:
    await make(world.machine, comparison("sold-planned"))

    row = await world.pool.fetchrow("select * from breaks")
    assert (row["sort"], row["amount"], row["currency"], row["engagement"]) == ("missing", 1000, "EUR", "deal-1")


@pytest.mark.usefixtures("won")
async def test_what_was_sold_and_planned_otherwise_differs_by_the_difference(world: Any, settle: Any) -> None:
    await settle("project", "project-1", opportunity="deal-1", budget={"amount": "900.00", "currency": "EUR"})

    await make(world.machine, comparison("sold-planned"))

    row = await world.pool.fetchrow("select * from breaks")
    assert (row["sort"], row["amount"], row["currency"]) == ("amount", 100, "EUR")


@pytest.mark.usefixtures("won")
async def test_a_deal_from_before_our_time_or_declined_was_not_sold_to_us(world: Any, settle: Any) -> None:
    await settle("opportunity", "deal-0", stage="won", currency="EUR", lines=[])
    await settle("handoff", "handoff-of-deal-1", opportunity="deal-1", gate="declined")

    made = await make(world.machine, comparison("sold-planned"))

    assert made
    assert made.left == 0


async def worked(settle: Any, day: str, **other: Any) -> None:
    money = {"amount": "100.00", "currency": "EUR"}
    await settle(
        "project", "project-1", opportunity="deal-1", commercial_model="time_and_materials", legal_entity="US",
        currency="EUR",
    )  # fmt: skip
    said: dict[str, Any] = {
        "project": "project-1", "day": day, "hours": "7.5", "billable": True, "rate": money,
        "approval": {"state": "approved"},
    }  # fmt: skip
    await settle("time_entry", f"time-{day}", **said | other)


async def test_work_of_a_month_whose_cut_off_has_passed_and_no_bill_is_missing(world: Any, settle: Any) -> None:
    await worked(settle, "2026-10-05")
    await worked(settle, "2026-11-05")

    await make(world.machine, comparison("worked-billed"))

    (row,) = await world.pool.fetch("select * from breaks")
    assert (row["key"], row["sort"], row["amount"]) == ("time-2026-10-05", "missing", 750)
    assert row["engagement"] == "deal-1"


async def test_work_that_is_not_approved_or_not_billable_is_not_waited_for(world: Any, settle: Any) -> None:
    await worked(settle, "2026-10-05", approval={"state": "submitted"})
    await worked(settle, "2026-10-06", billable=False)

    made = await make(world.machine, comparison("worked-billed"))

    assert made
    assert made.left == 0


async def test_work_without_a_rate_is_a_break_whose_amount_nobody_knows(world: Any, settle: Any) -> None:
    await worked(settle, "2026-10-05", rate=None)

    await make(world.machine, comparison("worked-billed"))

    row = await world.pool.fetchrow("select * from breaks")
    assert (row["sort"], row["amount"]) == ("missing", None)


async def billed(settle: Any, *, covers: str = "time-2026-10-05", net: str = "750.00", id_: str = "invoice-1") -> None:
    await settle(
        "contract", "contract-1", **CONTRACT | {"commercial_model": "time_and_materials", "legal_entity": "US"}
    )
    total, left = ({"amount": amount, "currency": "EUR"} for amount in ("892.50", "392.50"))
    await settle(
        "invoice", id_, contract="contract-1", state="sent", currency="EUR", period="Oct 2026",
        net={"amount": net, "currency": "EUR"}, total=total, open_amount=left,
        lines=[{"key": "1", "covers": [f"billing-item-of-{covers}"]}],
    )  # fmt: skip


async def test_every_line_of_work_that_an_invoice_covers_is_billed(world: Any, settle: Any) -> None:
    await worked(settle, "2026-10-05")
    await billed(settle)

    await make(world.machine, comparison("worked-billed"))

    assert await breaks(world) == []


async def test_a_line_that_two_invoices_cover_is_doubled(world: Any, settle: Any) -> None:
    await worked(settle, "2026-10-05")
    await billed(settle)
    await billed(settle, id_="invoice-2")

    await make(world.machine, comparison("worked-billed"))

    assert await breaks(world) == [("time-2026-10-05", "doubled", "watched")]


async def test_a_line_that_was_billed_and_is_approved_no_more_is_an_orphan(world: Any, settle: Any) -> None:
    await make(world.machine, comparison("worked-billed"))
    await worked(settle, "2026-10-05", approval={"state": "rejected"})
    await billed(settle)

    await make(world.machine, comparison("worked-billed"), early=True)

    assert await breaks(world) == [("time-2026-10-05", "orphan", "watched")]


@pytest.mark.parametrize(("paid", "found"), [("500.00", []), ("400.00", [("invoice-1", "amount", "watched")])])
async def test_what_the_ledger_calls_settled_is_what_was_paid(
    world: Any, settle: Any, paid: str, found: list[tuple[str, str, str]]
) -> None:
    await billed(settle, net="750.00")
    used = {"invoice": "invoice-1", "amount": {"amount": paid, "currency": "EUR"}}
    await settle("payment", "payment-1", applications=[used])

    await make(world.machine, comparison("settled-paid"))

    assert await breaks(world) == found


@pytest.mark.parametrize(
    ("recognised", "found"), [("750.00", []), ("75.00", [("deal-1|Oct 2026", "amount", "watched")])]
)
async def test_what_was_invoiced_is_what_was_recognised_where_that_follows(
    world: Any, settle: Any, recognised: str, found: list[tuple[str, str, str]]
) -> None:
    await billed(settle, net="750.00")
    await settle("contract", "contract-1", **CONTRACT | {"revenue_treatment": "as_invoiced", "legal_entity": "US"})
    line = {"period": "Oct 2026", "amount": {"amount": recognised, "currency": "EUR"}, "recognised": True}
    await settle("revenue_schedule", "schedule-1", contract="contract-1", currency="EUR", lines=[line])

    await make(world.machine, comparison("invoiced-recognised"))

    assert await breaks(world) == found


@pytest.mark.usefixtures("won")
async def test_what_each_side_comes_to_is_kept(world: Any) -> None:
    await make(world.machine, comparison("sold-planned"))

    row = await world.pool.fetchrow("select * from reconciliations")
    assert row["left_said"] == {"count": 1, "amounts": {"EUR": "1000"}}
    assert row["right_said"] == {"count": 0, "amounts": {}}


async def test_an_invoice_with_a_credit_memo_is_left_out_of_what_was_paid(world: Any, settle: Any) -> None:
    await billed(settle)
    await settle("credit_memo", "credit_memo-1", invoice="invoice-1")

    made = await make(world.machine, comparison("settled-paid"))

    assert made
    assert (made.left, made.why) == (0, None)


async def test_the_records_behind_both_sides_of_every_measure_are_found(world: Any, settle: Any) -> None:
    money = {"amount": "1.00", "currency": "EUR"}
    await settle("opportunity", "deal-1", name="Deal")
    await worked(settle, "2026-10-05")
    await billed(settle)
    await settle("payment", "payment-1", applications=[{"invoice": "invoice-1", "amount": money}])
    await settle("revenue_schedule", "schedule-1", contract="contract-1", currency="EUR", lines=[])
    asked = {
        "sold": ("deal-1", "deal-1"), "contracted": ("deal-1", "contract-1"), "planned": ("deal-1", "project-1"),
        "worked": ("time-2026-10-05", "time-2026-10-05"), "billed": ("time-2026-10-05", "invoice-1"),
        "settled": ("invoice-1", "invoice-1"), "paid": ("invoice-1", "payment-1"),
        "invoiced": ("deal-1", "invoice-1"), "recognised": ("deal-1", "schedule-1"),
    }  # fmt: skip

    found = {
        name: [row["id"] for row in await behind.measure(world.pool, name, about=about, period="Oct 2026")]
        for name, (about, _) in asked.items()
    }

    assert found == {name: [id_] for name, (_, id_) in asked.items()}
    assert found.keys() == {each.value for each in Measure}
