"""What is written to Kantata, over real HTTP to its simulator."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import (
    BillingMilestone,
    BillingMilestoneId,
    Customer,
    CustomerId,
    Demand,
    DemandId,
    Project,
    ProjectId,
    Task,
    TaskId,
    TaskKind,
)
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")


CLIENT = Customer(id=CustomerId("customer-1"), name="Ostwald Chemie GmbH", website="https://ostwald.example")


def project(**more: Any) -> Project:
    told: dict[str, Any] = {
        "id": ProjectId("project-1"),
        "name": "Payments platform",
        "customer": CLIENT.id,
        "currency": "EUR",
        "budget": Money.of("100000.55", "EUR"),
        "rate_card": "Standard EUR",
        "manager": "pm.de@halyard.example",
        "starts": date(2026, 12, 1),
        "ends": date(2027, 5, 31),
    }
    return Project(**{**told, **more})


def task(number: int, **more: Any) -> Task:
    told: dict[str, Any] = {
        "id": TaskId(f"task-{number}"),
        "project": ProjectId("project-1"),
        "title": f"Work {number}",
        "task_kind": TaskKind.TASK,
        "position": number,
        "billable": True,
    }
    return Task(**{**told, **more})


async def opened(psa: Any, **more: Any) -> str:
    await psa.put(CLIENT)
    return await psa.put(project(**more))


def user(psa: Any, email: str) -> str:
    return next(key for key, each in psa.kept("users").items() if each["email_address"] == email)


async def test_a_project_is_opened_with_client_price_manager_and_rate_card(psa: Any) -> None:
    key = await opened(psa)

    kept = psa.kept("workspaces")[key]
    assert kept["title"] == "Payments platform"
    assert (kept["price_in_cents"], kept["currency"], kept["budgeted"]) == (10_000_055, "EUR", True)
    assert (kept["start_date"], kept["due_date"]) == ("2026-12-01", "2027-05-31")
    assert [psa.kept("workspace_groups")[each]["name"] for each in kept["workspace_group_ids"]] == [CLIENT.name]
    assert kept["primary_maven_id"] == user(psa, "pm.de@halyard.example")
    card = psa.kept("rate_cards")[str(kept["rate_card_id"])]
    assert card["currency"] == "EUR"
    assert psa.kept("rate_card_sets")[card["rate_card_set_id"]]["title"] == "Standard EUR"


async def test_what_was_created_is_found_by_its_mark_and_by_nobody_elses(psa: Any) -> None:
    key = await opened(psa)
    other = await psa.put(project(id=ProjectId("project-2")))

    assert [record["id"] for record in await psa.find("project", marker="project-1")] == [key]
    assert [record["id"] for record in await psa.find("project", marker="project-2")] == [other]
    assert await psa.find("project", marker="project-3") == []
    assert await psa.find("task", marker="project-1") == []


async def test_a_mark_is_found_only_after_the_search_has_caught_up(psa: Any) -> None:
    await psa.control("lag", {"seconds": 30})
    key = await opened(psa)

    early = await psa.find("project", marker="project-1")
    psa.advance(31)
    late = await psa.find("project", marker="project-1")

    assert early == []
    assert [record["id"] for record in late] == [key]
    assert psa.mapping("project").settle_seconds > 30


async def test_an_archived_project_is_still_found_by_its_mark(psa: Any) -> None:
    key = await opened(psa)
    await psa.control("records/workspaces", {"id": key, "archived": True})

    assert [record["id"] for record in await psa.find("project", marker="project-1")] == [key]


async def test_two_records_with_one_mark_are_both_found(psa: Any) -> None:
    first, second = await opened(psa), await psa.put(project())

    assert {record["id"] for record in await psa.find("project", marker="project-1")} == {first, second}


async def test_a_plan_is_written_with_phases_hours_and_budgets(psa: Any) -> None:
    home = await opened(psa)
    phase = await psa.put(task(1, task_kind=TaskKind.PHASE, billable=False))
    inner = task(
        2,
        parent=TaskId("task-1"),
        estimate_hours=Decimal("12.25"),
        budget=Money.of("2450.10", "EUR"),
        starts=date(2026, 12, 1),
        ends=date(2026, 12, 31),
    )
    work = await psa.put(inner)
    end = await psa.put(task(3, task_kind=TaskKind.MILESTONE))

    kept = psa.kept("stories")
    assert [kept[key]["story_type"] for key in (phase, work, end)] == ["deliverable", "task", "milestone"]
    assert (kept[work]["workspace_id"], kept[work]["parent_id"]) == (home, phase)
    assert (kept[work]["time_estimate_in_minutes"], kept[work]["budget_estimate_in_cents"]) == (735, 245_010)
    assert (kept[phase]["billable"], kept[work]["billable"]) == (False, True)


async def test_demand_is_an_unnamed_resource_that_is_found_again(psa: Any) -> None:
    home = await opened(psa)
    key = await psa.put(Demand(id=DemandId("demand-1"), project=ProjectId("project-1"), role="Architect"))

    (record,) = await psa.find("demand", marker="demand-1")

    assert (record["id"], record["workspace_id"], record["role_name"]) == (key, home, "Architect")
    assert psa.kept("workspace_resources")[key]["user_id"] is None


async def test_a_billing_milestone_is_written_in_cents(psa: Any) -> None:
    await opened(psa)
    due = BillingMilestone(
        id=BillingMilestoneId("billing-milestone-1"),
        name="Blueprint accepted",
        project=ProjectId("project-1"),
        due=date(2027, 1, 31),
        amount=Money.of("20000.11", "EUR"),
    )

    key = await psa.put(due)

    kept = psa.kept("billing_milestones")[key]
    assert (kept["title"], kept["date_to_invoice"], kept["amount_in_cents"]) == (due.name, "2027-01-31", 2_000_011)
    assert [record["id"] for record in await psa.find("billing_milestone", marker=due.id)] == [key]


async def test_a_change_touches_only_what_changed(psa: Any) -> None:
    key = await opened(psa)
    before = psa.kept("workspaces")[key]

    await psa.put(project(budget=Money.of("120000.00", "EUR")), key=key, only=("budget",))

    after = psa.kept("workspaces")[key]
    assert after["price_in_cents"] == 12_000_000
    assert {name for name in after if after[name] != before[name]} <= {"price_in_cents", "updated_at"}


async def test_another_manager_becomes_the_lead_of_the_project(psa: Any) -> None:
    key = await opened(psa)

    await psa.put(project(manager="PM.UK@halyard.example"), key=key, only=("manager",))

    assert psa.kept("workspaces")[key]["primary_maven_id"] == user(psa, "pm.uk@halyard.example")
    leads = [
        each["user_id"]
        for each in psa.kept("participations").values()
        if each["workspace_id"] == key and each["is_team_lead"]
    ]
    assert leads == [user(psa, "pm.uk@halyard.example")]


async def test_another_rate_card_is_looked_up_in_the_currency_of_the_project(psa: Any) -> None:
    key = await opened(psa, rate_card=None)

    await psa.put(project(), key=key, only=("rate_card",))

    card = psa.kept("rate_cards")[str(psa.kept("workspaces")[key]["rate_card_id"])]
    assert card["currency"] == "EUR"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"manager": "nobody@halyard.example"}, "Kantata has no users with email address nobody@halyard.example"),
        ({"rate_card": "Premium EUR"}, "Kantata has no rate card Premium EUR in EUR"),
        ({"rate_card": "Standard GBP"}, "Kantata has no rate card Standard GBP in EUR"),
    ],
)
async def test_what_is_named_and_is_not_there_is_a_hold_before_anything_is_made(
    psa: Any, more: dict[str, Any], why: str
) -> None:
    many = len(psa.kept("workspaces"))

    with pytest.raises(Hold) as raised:
        await opened(psa, **more)

    assert raised.value.why == why
    assert "then release" in raised.value.fix
    assert len(psa.kept("workspaces")) == many


async def test_a_role_that_was_renamed_is_a_hold(psa: Any) -> None:
    await opened(psa)
    key = next(key for key, role in psa.kept("roles").items() if role["name"] == "Architect")
    await psa.control("records/roles", {"id": key, "name": "Solution Architect"})

    with pytest.raises(Hold, match="Kantata has no roles with name Architect"):
        await psa.put(Demand(id=DemandId("demand-1"), project=ProjectId("project-1"), role="Architect"))


async def test_two_rate_cards_of_one_name_are_for_a_person_to_tell_apart(psa: Any) -> None:
    double = await psa.control("records/rate_card_sets", {"title": "Standard EUR"})
    await psa.control("records/rate_cards", {"rate_card_set_id": double["id"], "currency": "EUR"})

    with pytest.raises(Hold, match="Kantata has 2 rate card Standard EUR in EUR"):
        await opened(psa)


async def test_a_refusal_names_the_field(psa: Any) -> None:
    await opened(psa)

    with pytest.raises(Hold, match="kantata refused: title Title is too long"):
        await psa.put(task(1, title="x" * 300))


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("throttle", Retry),
        ("lock", Retry),
        ("error", Unknown),
        ("error_after", Unknown),
        ("maintenance", Unknown),
        ("reset_before", Unknown),
        ("reset_after", Unknown),
        ("hang_after", Unknown),
        ("garbage", Unknown),
    ],
)
async def test_a_bad_day_while_creating(psa: Any, kind: str, meant: type[Retry]) -> None:
    await psa.fault(kind, method="POST", path="/workspace_groups", seconds=1.5)

    with pytest.raises(Retry) as raised:
        await psa.put(CLIENT)

    assert type(raised.value) is meant


async def test_a_create_whose_answer_was_lost_is_found_by_its_mark(psa: Any) -> None:
    await psa.fault("reset_after", method="POST", path="/workspace_groups")

    with pytest.raises(Unknown):
        await psa.put(CLIENT)
    (record,) = await psa.find("customer", marker="customer-1")

    assert record["name"] == CLIENT.name
