"""Time and expenses are handed in, decided on, and then left alone."""

from typing import Any

import pytest

from tests.sandbox.kantata.conftest import Api, Record

DAY = "2026-03-02"


async def worked(api: Api, project: str, **more: Any) -> Record:
    fields = {"workspace_id": project, "date_performed": DAY, "time_in_minutes": 90, "rate_in_cents": 12_000}
    return await api.make("time_entry", "/time_entries", **{**fields, **more})


async def spent(api: Api, project: str, **more: Any) -> Record:
    fields = {"workspace_id": project, "date": DAY, "category": "Travel", "amount_in_cents": 12_345}
    return await api.make("expense", "/expenses", **{**fields, **more})


async def handed_in(api: Api, project: str, *expenses: Record) -> Record:
    fields = {"workspace_id": project, "line_item_ids": [each["id"] for each in expenses]}
    return await api.make("expense_report_submission", "/expense_report_submissions?include=expenses", **fields)


async def decided(api: Api, path: str, action: str, **body: Any) -> Record:
    status, answer = await api.call("PUT", f"{path}/{action}", body)
    assert status == 200, answer
    first = answer["results"][0]
    return answer[first["key"]][first["id"]]


async def shown(api: Api, path: str, id_: str) -> Record:
    return (await api.listed(f"{path}?only={id_}"))[0]


async def test_an_expense_report_adds_up_and_says_who_decided(api: Api) -> None:
    project = (await api.project())["id"]
    report = await handed_in(api, project, await spent(api, project), await spent(api, project, amount_in_cents=55))

    after = await decided(api, f"/expense_report_submissions/{report['id']}", "approve", description="Receipts seen")

    me = (await api.get("/users/me"))["results"][0]["id"]
    assert (report["status"], report["line_item_total_in_cents"], len(report["expense_ids"])) == (
        "submitted",
        12_400,
        2,
    )
    assert (after["status"], after["current_resolution_description"]) == ("approved", "Receipts seen")
    assert (after["current_resolution_creator_id"], after["current_resolution_created_at_date"]) == (me, DAY)


async def test_an_approved_expense_says_nothing_of_it_in_its_own_row(api: Api) -> None:
    project = (await api.project())["id"]
    made = await spent(api, project)
    report = await handed_in(api, project, made)
    before = await shown(api, "/expenses", made["id"])
    api.simulator.clock.advance(60)

    await decided(api, f"/expense_report_submissions/{report['id']}", "approve")

    after = await shown(api, "/expenses", made["id"])
    assert after["updated_at"] == before["updated_at"]
    assert (before["user_can_edit"], after["user_can_edit"]) == (True, False)


async def test_a_rejected_expense_can_be_corrected_and_handed_in_again(api: Api) -> None:
    project = (await api.project())["id"]
    made = await spent(api, project)
    report = await handed_in(api, project, made)

    await decided(api, f"/expense_report_submissions/{report['id']}", "reject")
    await api.call("PUT", f"/expenses/{made['id']}", {"expense": {"amount_in_cents": 100}})

    assert (await handed_in(api, project, made))["line_item_total_in_cents"] == 100


async def test_what_is_in_one_report_is_not_in_another(api: Api) -> None:
    project = (await api.project())["id"]
    made = await spent(api, project)
    await handed_in(api, project, made)

    wanted = {"expense_report_submission": {"workspace_id": project, "line_item_ids": [made["id"]]}}

    assert (await api.refused("POST", "/expense_report_submissions", wanted))[0] == 422


async def test_a_timesheet_is_one_person_s(api: Api) -> None:
    project = (await api.project())["id"]
    other = (await api.listed("/users?email_address=consultant.01@halyard.example"))[0]["id"]
    entry = await worked(api, project, user_id=other)

    wanted = {"timesheet_submission": {"workspace_id": project, "line_item_ids": [entry["id"]]}}

    _, errors = await api.refused("POST", "/timesheet_submissions", wanted)
    assert errors[0]["message"] == f"Time entry {entry['id']} is not this person's"


@pytest.mark.parametrize("how", ["approved", "invoiced"])
async def test_approved_or_invoiced_time_is_left_alone(api: Api, how: str) -> None:
    project = (await api.project())["id"]
    entry = await worked(api, project)
    if how == "approved":
        await api.control("records/time_entries", {"id": entry["id"], "approved": True})
    else:
        await api.make("invoice", "/invoices", workspace_id=project, time_entry_ids=[entry["id"]])

    path = f"/time_entries/{entry['id']}"

    assert (await api.refused("PUT", path, {"time_entry": {"time_in_minutes": 1}}))[0] == 422
    assert (await api.refused("DELETE", path))[0] == 422
    assert (await shown(api, "/time_entries", entry["id"]))["time_in_minutes"] == 90


async def test_an_approved_expense_is_left_alone(api: Api) -> None:
    project = (await api.project())["id"]
    made = await spent(api, project, receipt_id="4711")
    report = await handed_in(api, project, made)
    await decided(api, f"/expense_report_submissions/{report['id']}", "approve")

    path = f"/expenses/{made['id']}"

    assert (await api.refused("PUT", path, {"expense": {"amount_in_cents": 1}}))[0] == 422
    assert (await api.refused("DELETE", path))[0] == 422
    assert (await shown(api, "/expenses", made["id"]))["receipt_id"] == "4711"


async def test_a_person_takes_an_approval_back_and_then_the_time(api: Api) -> None:
    project = (await api.project())["id"]
    entry = await worked(api, project)
    await api.control("records/time_entries", {"id": entry["id"], "approved": True})

    await api.control("records/time_entries", {"id": entry["id"], "approved": False})

    assert (await api.call("DELETE", f"/time_entries/{entry['id']}"))[0] == 204
    told = await api.listed("/subscribed_events?event_types=time_entry:deleted")
    assert [each["subject_id"] for each in told] == [entry["id"]]


async def test_a_project_that_tracks_no_time_takes_none(api: Api) -> None:
    project = (await api.project(time_trackable=False))["id"]
    fields = {"workspace_id": project, "date_performed": DAY, "time_in_minutes": 5}

    _, errors = await api.refused("POST", "/time_entries", {"time_entry": fields})

    assert errors[0]["message"] == "Time cannot be tracked in this project"
