"""Subscribed events: fetched, kept nine days, unordered and doubled on request. There are no webhooks."""

from datetime import timedelta

from tests.sandbox.kantata.conftest import Api

PAYLOADS = "optional_fields=previous_payload,current_payload,payload_changes"


async def _types(api: Api, query: str = "") -> list[str]:
    return [each["event_type"] for each in await api.listed(f"/subscribed_events?order=created_at:asc{query}")]


async def test_every_change_of_a_record_is_told_with_what_changed(api: Api) -> None:
    made = await api.project(title="Old")
    path = f"/workspaces/{made['id']}"
    await api.call("PUT", path, {"workspace": {"title": "New"}})
    await api.call("DELETE", path)

    told = await api.listed(f"/subscribed_events?subject_type=Workspace&order=created_at:asc&{PAYLOADS}")

    created, updated, deleted = told
    assert [each["event_type"] for each in told] == ["workspace:created", "workspace:updated", "workspace:deleted"]
    assert {(each["subject_type"], each["subject_id"]) for each in told} == {("Workspace", made["id"])}
    assert (created["previous_payload"], created["current_payload"]["title"]) == (None, "Old")
    assert updated["payload_changes"]["title"] == ["Old", "New"]
    assert (deleted["previous_payload"]["title"], deleted["current_payload"]) == ("New", None)


async def test_payloads_are_optional_fields(api: Api) -> None:
    await api.project()

    event = (await api.listed("/subscribed_events"))[0]

    assert not {"previous_payload", "current_payload", "payload_changes"} & set(event)


async def test_all_that_matters_has_events(api: Api) -> None:
    project = await api.project()
    home = {"workspace_id": project["id"]}
    role = (await api.listed("/roles"))[0]["id"]
    await api.make("story", "/stories", title="T", story_type="task", **home)
    await api.make("time_entry", "/time_entries", date_performed="2026-03-02", time_in_minutes=5, **home)
    await api.make("expense", "/expenses", date="2026-03-02", category="Food", amount_in_cents=5, **home)
    milestone = {"title": "M", "date_to_invoice": "2026-04-01", "amount_in_cents": 1}
    await api.make("billing_milestone", "/billing_milestones", **milestone, **home)
    await api.make("workspace_resource", "/workspace_resources", role_id=role, **home)
    await api.make("workspace_group", "/workspace_groups", name="Client")

    subjects = "workspace participation story time_entry expense billing_milestone workspace_resource workspace_group"
    assert set(await _types(api)) == {f"{subject}:created" for subject in subjects.split()}


async def test_events_are_filtered_by_type_time_and_subject(api: Api) -> None:
    first = await api.project()
    api.simulator.clock.advance(10)
    between = api.simulator.clock.now().isoformat().replace("+", "%2B")
    api.simulator.clock.advance(10)
    await api.call("PUT", f"/workspaces/{first['id']}", {"workspace": {"title": "Renamed"}})

    assert await _types(api, f"&created_after={between}") == ["workspace:updated"]
    assert await _types(api, f"&created_before={between}&event_types=workspace:created") == ["workspace:created"]
    both = await _types(api, "&event_types=workspace:created,workspace:updated")
    assert both == ["workspace:created", "workspace:updated"]
    assert await _types(api, "&subject_type=Workspace&subject_id=1") == []


async def test_a_subject_is_referred_to_and_side_loaded_while_it_exists(api: Api) -> None:
    made = await api.project()
    path = "/subscribed_events?event_types=workspace:created&include=subject"

    there = await api.get(path)
    await api.call("DELETE", f"/workspaces/{made['id']}")
    gone = await api.get(path)

    (event,) = there["subscribed_events"].values()
    assert event["subject_ref"] == {"key": "workspaces", "id": made["id"]}
    assert made["id"] in there["workspaces"]
    assert [each["subject_ref"] for each in gone["subscribed_events"].values()] == [None]


async def test_events_are_forgotten_after_nine_days(api: Api) -> None:
    await api.project()
    api.simulator.clock.advance(timedelta(days=9).total_seconds() - 1)
    assert await _types(api)

    api.simulator.clock.advance(1)

    assert await _types(api) == []
    await api.project()
    assert len(api.simulator.shelf.all("subscribed_events")) == len(await _types(api)), "old ones are not kept anywhere"


async def test_an_event_can_come_twice(api: Api) -> None:
    await api.control("events", {"duplicate": 1})

    await api.project()

    twins = await api.listed(f"/subscribed_events?event_types=workspace:created&{PAYLOADS}")
    assert len(twins) == 2
    assert twins[0]["id"] != twins[1]["id"]
    assert twins[0]["current_payload"] == twins[1]["current_payload"]


async def test_events_can_be_late_and_out_of_order(api: Api) -> None:
    await api.control("events", {"delay": 600})
    made = await api.project()
    for number in range(8):
        api.simulator.clock.advance(5)
        await api.call("PUT", f"/workspaces/{made['id']}", {"workspace": {"title": f"Title {number}"}})

    early = await _types(api)
    api.simulator.clock.advance(600)
    late = await api.listed("/subscribed_events?subject_type=Workspace&order=created_at:asc")

    assert len(early) < len(late) == 9
    happened = [each["subject_changed_at"] for each in late]
    assert happened != sorted(happened)


async def test_the_types_are_listed_with_their_fields(api: Api) -> None:
    body = await api.get("/subscribed_events/event_types.json")

    assert "workspace:created" in body["subscribed_event_types"]
    assert "story:status_selected" in body["subscribed_event_types"]
    assert "title" in body["subscribed_event_type_schemas"]["workspace:updated"]["fields"]


async def test_a_new_state_of_a_task_and_a_custom_value_have_types_of_their_own(api: Api) -> None:
    project = await api.project()
    story = await api.make("story", "/stories", title="T", story_type="task", workspace_id=project["id"])
    field = (await api.listed("/custom_fields"))[0]["id"]
    value = {"subject_type": "Workspace", "subject_id": project["id"], "custom_field_id": field, "value": "UK"}

    await api.call("PUT", f"/stories/{story['id']}", {"story": {"state": "completed"}})
    await api.make("custom_field_value", "/custom_field_values", **value)

    assert {"story:updated", "story:status_selected", "workspace:custom_field_value_created"} <= set(await _types(api))
