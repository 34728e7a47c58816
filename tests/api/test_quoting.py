"""Answers while somebody quotes, over HTTP: each with its reasons and the age of what it rests on."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.hub.machine import Machine
from throughline.store import entities
from throughline.store.entities import Change, Link


def gbp(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}


LINE = {"key": "1", "product": "IMP-FIX", "quantity": "1", "unit_price": gbp("48000.00"), "amount": gbp("48000.00")}
DEAL = {
    "id": "opportunity-1", "name": "Timetable review", "customer": "customer-1", "stage": "proposal",
    "amount": gbp("48000.00"), "currency": "GBP", "commercial_model": "fixed_fee", "legal_entity": "UK",
    "billing_method": "on_schedule", "billing_frequency": "quarterly", "revenue_treatment": "over_time",
    "project_manager": "pm.uk@halyard.example", "service_line": "Implementation", "starts": "2026-02-01",
    "ends": "2026-07-31", "lines": [LINE],
}  # fmt: skip
CUSTOMER = {"id": "customer-1", "name": "Meridian Rail Ltd", "country": "GB", "credit_limit": gbp("50000.00")}


@pytest.fixture
async def offered(machine: Machine) -> None:
    """A deal on the table. No system of this machine answers."""
    known = [("opportunity-1", "opportunity", DEAL), ("customer-1", "customer", CUSTOMER)]
    changes = [Change(id_, kind, 1, fields, {}, "test") for id_, kind, fields in known]
    await entities.change(machine.pool, changes, now=machine.clock())
    link = Link("salesforce", "opportunity", "006000000000001AAA", "opportunity-1")
    await entities.link(machine.pool, link, now=machine.clock())


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("any_id", ["opportunity-1", "006000000000001AAA", "006000000000001"])
async def test_a_deal_is_answered_for_under_any_id(caller: Any, any_id: str) -> None:
    answer = await caller.get(f"/api/v1/quote-answers/{any_id}")

    assert (answer.status, answer.json["deal"], answer.json["customer"]) == (200, "opportunity-1", "Meridian Rail Ltd")
    assert [each["question"] for each in answer.json["answers"]] == ["credit", "price", "template", "provision"]


@pytest.mark.usefixtures("offered")
async def test_what_is_known_is_answered_and_what_a_silent_system_knows_is_unknown(caller: Any) -> None:
    told = (await caller.get("/api/v1/quote-answers/opportunity-1")).json["answers"]

    assert {each["question"]: each["answer"] for each in told} == {
        "credit": "yes", "price": "yes", "template": "yes", "provision": "unknown",
    }  # fmt: skip
    assert all(each["why"] for each in told)


@pytest.mark.usefixtures("offered")
async def test_a_fact_whose_source_was_never_asked_has_no_age(caller: Any) -> None:
    credit = (await caller.get("/api/v1/quote-answers/opportunity-1")).json["answers"][0]

    assert {each["name"]: each["age_seconds"] for each in credit["facts"]} == dict.fromkeys(
        ("deal", "credit limit", "invoices")
    )


@pytest.mark.usefixtures("offered")
async def test_a_fact_is_as_old_as_the_last_time_its_system_answered(caller: Any, machine: Machine, clock: Any) -> None:
    await machine.pool.execute(
        "insert into cursors (system, kind, polled_at) values ('netsuite', 'invoice', $1)",
        clock.now - timedelta(seconds=90),
    )

    credit = (await caller.get("/api/v1/quote-answers/opportunity-1")).json["answers"][0]

    assert {each["name"]: each["age_seconds"] for each in credit["facts"]}["invoices"] == 90


async def test_a_deal_nobody_has_heard_of_is_not_found(caller: Any) -> None:
    answer = await caller.get("/api/v1/quote-answers/006000000000009")

    assert (answer.status, answer.problem["code"]) == (404, "not_found")
    assert "known at the next poll" in answer.problem["detail"]
