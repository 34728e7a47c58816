"""A week of work from a seed, and sums that are true to the minute and the cent."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.sandbox.kantata.conftest import Api

WEEK = {"entries": 120, "people": 14, "projects": 2, "expenses": 30, "seed": 7}


def kept(api: Api, kind: str) -> list[dict[str, Any]]:
    return list(api.simulator.shelf.all(kind).values())


async def worked(api: Api, **more: Any) -> dict[str, Any]:
    return await api.control("time", WEEK | more)


async def told(api: Api) -> dict[str, Any]:
    async with api.client.get("/__sandbox__/totals") as answer:
        return await answer.json()


async def test_a_week_has_as_many_entries_as_were_asked_for_and_all_are_approved(api: Api) -> None:
    before = {each["id"] for each in kept(api, "time_entries")}

    made = await worked(api)

    entries = [each for each in kept(api, "time_entries") if each["id"] not in before]
    assert (made["week"], made["entries"], made["expenses"], made["people"]) == ("2026-03-02", 120, 30, 14)
    assert len(entries) == 120
    assert made["minutes"] == made["approved_minutes"] == sum(each["time_in_minutes"] for each in entries)
    assert all(each["approved"] for each in entries)
    assert {each["date_performed"] for each in entries} == {f"2026-03-0{day}" for day in range(2, 7)}
    assert len({each["user_id"] for each in entries}) == 14
    assert len({each["workspace_id"] for each in entries}) == 2


async def test_everybody_who_works_is_assigned_for_the_week_and_approved_by_the_lead(api: Api) -> None:
    before = {each["id"] for each in kept(api, "time_entries")}

    await worked(api)

    people = {each["id"]: each["user_id"] for each in kept(api, "workspace_resources")}
    held = {
        (each["workspace_id"], people[each["workspace_resource_id"]])
        for each in kept(api, "workspace_allocations")
        if each["start_date"] <= "2026-03-02" and each["end_date"] >= "2026-03-08"
    }
    entries = [each for each in kept(api, "time_entries") if each["id"] not in before]
    assert {(each["workspace_id"], each["user_id"]) for each in entries} <= held
    leads = {each["id"]: each["primary_maven_id"] for each in kept(api, "workspaces")}
    for sheet in (*kept(api, "timesheet_submissions"), *kept(api, "expense_report_submissions")):
        assert sheet["current_resolution_creator_id"] == leads[sheet["workspace_id"]]


async def test_nobody_works_longer_than_a_day_bears(api: Api) -> None:
    await worked(api, entries=640, people=8)

    days = Counter[tuple[str, str]]()
    for entry in kept(api, "time_entries"):
        days[entry["user_id"], entry["date_performed"]] += entry["time_in_minutes"]
    assert max(days.values()) <= 600


async def test_the_same_seed_is_the_same_week_and_another_is_another(api: Api) -> None:
    async def amounts(**more: Any) -> tuple[int, dict[str, int]]:
        await api.control("reset", {})
        made = await worked(api, **more)
        return made["minutes"], made["expense_cents"]

    assert await amounts() == await amounts()
    assert await amounts() != await amounts(seed=8)


async def test_totals_tie_to_the_minute_and_the_cent(api: Api) -> None:
    await worked(api)
    entry = next(each for each in kept(api, "time_entries") if each["billable"])
    await api.make("invoice", "/invoices", workspace_id=entry["workspace_id"], time_entry_ids=[entry["id"]])

    totals = await told(api)

    for currency, sums in totals["time"].items():
        entries = [each for each in kept(api, "time_entries") if each["currency"] == currency]
        assert sums["entries"] == len(entries)
        assert sums["minutes"] == sum(each["time_in_minutes"] for each in entries)
        assert sums["cents"] == sum(map(cents, entries))
        assert sums["approved_cents"] == sum(cents(each) for each in entries if each["approved"])
    assert totals["time"][entry["currency"]]["invoiced_cents"] == cents(entry)
    for currency, sums in totals["expenses"].items():
        spent = [each["amount_in_cents"] for each in kept(api, "expenses") if each["currency"] == currency]
        assert (sums["expenses"], sums["cents"], sums["approved_cents"]) == (len(spent), sum(spent), sum(spent))


def cents(entry: dict[str, Any]) -> int:
    worth = Decimal(entry["time_in_minutes"]) * entry["rate_in_cents"] / 60 * entry["billable"]
    return int(worth.quantize(Decimal(1), ROUND_HALF_UP))


async def test_what_is_only_handed_in_is_not_approved(api: Api) -> None:
    made = await worked(api, approve=False)

    assert (made["minutes"] > 0, made["approved_minutes"]) == (True, 0)
    assert {each["status"] for each in kept(api, "timesheet_submissions")} == {"submitted"}
    totals = await told(api)
    assert all(sums["approved_cents"] == 0 for sums in totals["expenses"].values())


async def test_large_pages_hold_a_whole_week(api: Api) -> None:
    await worked(api, entries=1000, people=20)

    body = await api.get("/time_entries?per_page=5000&include=recent_submission,role&updated_after=2026-03-01")

    assert (body["count"], len(body["results"]), body["meta"]["page_count"]) == (1000, 1000, 1)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"entries": 0}, "at least one entry"),
        ({"entries": 10_000}, "14 people enter at most 1120 entries a week"),
        ({"projects": 90}, "there are 3 projects with tasks to work on, not 90"),
        ({"week": "2026-03-03"}, "2026-03-03 is not a Monday"),
    ],
)
async def test_a_week_that_cannot_be_is_refused_with_the_reason(api: Api, more: dict[str, Any], why: str) -> None:
    refused = await api.control("time", WEEK | more, status=422)

    assert why in refused["error"]


async def test_a_word_nobody_knows_is_refused(api: Api) -> None:
    await api.control("time", WEEK | {"persons": 3}, status=400)
