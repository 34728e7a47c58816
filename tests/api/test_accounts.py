"""Accounts over HTTP: what a customer owes and what is still to bill, under any id."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from throughline.hub.machine import Machine
from throughline.store import entities
from throughline.store.entities import Change, Link

type Knows = Callable[..., Awaitable[None]]
COVERED = "billing-item-of-time_entry-1"


def gbp(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}


CUSTOMER = {"name": "Meridian Rail Ltd", "currency": "GBP"}
CONTRACT = {
    "name": "Timetable review", "customer": "customer-1", "legal_entity": "UK", "currency": "GBP",
    "commercial_model": "time_and_materials", "billing_method": "on_approved_time", "starts": "2026-01-01",
    "revenue_treatment": "as_invoiced", "value": gbp("5000.00"), "billing_plan": "billing_plan-1",
}  # fmt: skip
PROJECT = {
    "name": "Timetable review", "customer": "customer-1", "contract": "contract-1", "currency": "GBP",
    "commercial_model": "time_and_materials",
}  # fmt: skip
LINE = {"key": "1", "quantity": "10", "unit_price": gbp("100.00"), "amount": gbp("1000.00"), "covers": [COVERED]}
INVOICE = {
    "number": "INV1", "customer": "customer-1", "contract": "contract-1", "currency": "GBP", "state": "sent",
    "issued_on": "2026-10-31", "due_on": "2026-11-19", "net": gbp("1000.00"), "total": gbp("1200.00"),
    "open_amount": gbp("1200.00"), "lines": [LINE],
}  # fmt: skip
WORK = {
    "project": "project-1", "resource": "resource-1", "day": "2026-10-05", "hours": "8", "billable": True,
    "rate": gbp("125.00"), "approval": {"state": "approved"},
}  # fmt: skip
PLAN = {
    "contract": "contract-1", "name": "Plan", "plan_kind": "schedule", "currency": "GBP",
    "instalments": [
        {"key": "1", "name": "October", "due": "2026-11-01", "amount": gbp("300.00")},
        {"key": "2", "name": "December", "due": "2026-12-01", "amount": gbp("300.00")},
    ],
}  # fmt: skip


@pytest.fixture
def knows(machine: Machine) -> Knows:
    async def settled(kind: str, number: int, fields: dict[str, Any]) -> None:
        id_ = f"{kind}-{number}"
        change = Change(id_, kind, 1, {"id": id_, **fields}, {}, "test")
        await entities.change(machine.pool, [change], now=machine.clock())

    return settled


@pytest.fixture
async def sold(knows: Knows, machine: Machine) -> None:
    """A contract by the hour with one invoice that is late, two hours on it, and four that are not."""
    for kind, fields in (("customer", CUSTOMER), ("contract", CONTRACT), ("project", PROJECT), ("invoice", INVOICE),
                         ("time_entry", WORK)):  # fmt: skip
        await knows(kind, 1, fields)
    for number, hours in ((2, "1.5"), (3, "2.5")):
        await knows("time_entry", number, WORK | {"hours": hours})
    link = Link("netsuite", "customer", "501", "customer-1")
    await entities.link(machine.pool, link, now=machine.clock())


@pytest.mark.usefixtures("sold")
async def test_an_account_is_found_by_any_id_and_says_what_it_owes(caller: Any) -> None:
    answer = await caller.get("/api/v1/accounts/501")

    (position,) = answer.json["positions"]
    assert (answer.status, answer.json["id"], answer.json["name"]) == (200, "customer-1", "Meridian Rail Ltd")
    assert (position["currency"], position["backlog"], position["days_sales_outstanding"]) == (
        "GBP",
        gbp("4000.00"),
        "90.0",
    )
    assert position["stands"] == {
        "billed": gbp("1200.00"), "credited": gbp("0.00"), "settled": gbp("0.00"), "open_amount": gbp("1200.00"),
        "overdue": gbp("1200.00"),
    }  # fmt: skip


@pytest.mark.usefixtures("sold")
async def test_what_is_approved_and_on_no_invoice_that_is_out_is_unbilled(caller: Any) -> None:
    (contract,) = (await caller.get("/api/v1/accounts/customer-1")).json["contracts"]

    assert contract["unbilled"] == gbp("500.00"), "four hours at 125"
    assert contract["summary"] == "open 1,200.00 GBP, overdue 1,200.00 GBP; INV1 overdue since 2026-11-19"


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("but", [{"approval": {"state": "submitted"}}, {"billable": False}])
async def test_work_that_may_not_be_billed_is_not_unbilled(caller: Any, knows: Knows, but: dict[str, Any]) -> None:
    await knows("time_entry", 4, WORK | but)

    (contract,) = (await caller.get("/api/v1/accounts/customer-1")).json["contracts"]

    assert contract["unbilled"] == gbp("500.00")


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("rate", [None, {"amount": "100.00", "currency": "EUR"}])
async def test_work_without_a_price_in_the_contract_s_currency_makes_it_unknown(
    caller: Any, knows: Knows, rate: dict[str, str] | None
) -> None:
    await knows("time_entry", 4, {**WORK, "rate": rate})

    (contract,) = (await caller.get("/api/v1/accounts/customer-1")).json["contracts"]

    assert contract["unbilled"] is None


@pytest.mark.usefixtures("sold")
async def test_what_is_on_a_draft_is_unbilled_still(caller: Any, knows: Knows) -> None:
    draft = LINE | {"covers": ["billing-item-of-time_entry-2"]}
    await knows("invoice", 2, INVOICE | {"state": "draft", "lines": [draft]})

    (contract,) = (await caller.get("/api/v1/accounts/customer-1")).json["contracts"]

    assert contract["unbilled"] == gbp("500.00")


@pytest.mark.usefixtures("sold")
async def test_an_instalment_that_fell_due_is_unbilled_until_its_invoice_is_out(caller: Any, knows: Knows) -> None:
    await knows("billing_plan", 1, PLAN)

    (contract,) = (await caller.get("/api/v1/accounts/customer-1")).json["contracts"]

    assert contract["unbilled"] == gbp("800.00"), "October's, and not December's"


@pytest.mark.usefixtures("sold")
async def test_an_invoice_without_amounts_makes_the_account_unknown_and_says_why(caller: Any, knows: Knows) -> None:
    await knows("invoice", 2, INVOICE | {"open_amount": None, "number": "INV2"})

    told = (await caller.get("/api/v1/accounts/customer-1")).json

    assert (told["positions"], told["contracts"]) == ([], [])
    assert told["unknown"].startswith("Invoice INV2 is out and shows no open amount")


async def test_an_account_nobody_knows_is_not_found(caller: Any) -> None:
    answer = await caller.get("/api/v1/accounts/999")

    assert (answer.status, answer.problem["code"]) == (404, "not_found")
