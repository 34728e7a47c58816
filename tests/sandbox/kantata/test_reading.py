"""Envelope, paging, filters, order, search, includes, optional fields."""

from tests.sandbox.kantata.conftest import Api


async def test_the_envelope_has_count_results_map_and_meta(api: Api) -> None:
    body = await api.get("/workspaces.json?per_page=2")

    assert list(body) == ["count", "results", "workspaces", "meta"]
    assert body["count"] == 3
    assert body["meta"] == {"count": 3, "page_count": 2, "page_number": 1, "page_size": 2}
    first = body["results"][0]
    assert first["key"] == "workspaces"
    assert body["workspaces"][first["id"]]["id"] == first["id"]
    assert isinstance(first["id"], str)


async def test_pages_are_twenty_long_and_never_more_than_two_hundred(api: Api) -> None:
    assert (await api.get("/time_entries"))["meta"]["page_size"] == 20
    assert (await api.get("/stories?per_page=999"))["meta"]["page_size"] == 200
    assert (await api.get("/time_entries?per_page=9999"))["meta"]["page_size"] == 5000


async def test_pages_do_not_overlap_and_limit_with_offset_wins(api: Api) -> None:
    ids = [each["id"] for each in await api.listed("/stories?order=created_at:asc")]

    second = await api.listed("/stories?order=created_at:asc&page=2&per_page=2")
    window = await api.listed("/stories?order=created_at:asc&limit=3&offset=1&page=9&per_page=1")

    assert [each["id"] for each in second] == ids[2:4]
    assert [each["id"] for each in window] == ids[1:4]


async def test_show_misses_with_404_and_only_does_not(api: Api) -> None:
    refusal = {"errors": [{"type": "system", "message": "Page Not Found"}]}

    assert await api.call("GET", "/workspaces/5.json") == (404, refusal)
    assert (await api.get("/workspaces.json?only=5"))["count"] == 0
    assert await api.call("GET", "/webhooks") == (404, refusal)
    assert await api.call("GET", "/no/such/place") == (404, refusal)


async def test_an_archived_project_hides_from_the_list_and_from_show_but_can_be_asked_for(api: Api) -> None:
    made = await api.project()
    await api.call("PUT", f"/workspaces/{made['id']}", {"workspace": {"archived": True}})

    assert (await api.get(f"/workspaces?only={made['id']}"))["count"] == 0
    assert (await api.call("GET", f"/workspaces/{made['id']}"))[0] == 404
    assert (await api.get(f"/workspaces?only={made['id']}&include_archived=true"))["count"] == 1
    assert (await api.call("GET", f"/workspaces/{made['id']}?include_archived=true"))[0] == 200


async def test_unnamed_resources_are_listed_only_when_asked_for(api: Api) -> None:
    named = await api.listed("/workspace_resources")
    both = await api.listed("/workspace_resources?include_unnamed=true")
    unnamed = await api.listed("/workspace_resources?only_unnamed=true")

    assert all(each["user_id"] for each in named)
    assert [each["user_id"] for each in unnamed] == [None] * 3
    assert len(both) == len(named) + len(unnamed)
    assert (await api.call("GET", f"/workspace_resources/{unnamed[0]['id']}"))[0] == 200


async def test_foreign_keys_are_in_the_row_and_lists_come_with_their_include(api: Api) -> None:
    bare = (await api.listed("/workspaces"))[0]
    body = await api.get(f"/workspaces/{bare['id']}?include=workspace_groups,primary_maven,participants")
    full = body["workspaces"][bare["id"]]

    assert "workspace_group_ids" not in bare
    assert bare["primary_maven_id"] == full["primary_maven_id"]
    assert [body["workspace_groups"][id_]["company"] for id_ in full["workspace_group_ids"]] == [True]
    assert full["primary_maven_id"] in body["users"]
    assert set(full["participant_ids"]) <= set(body["users"])


async def test_side_loaded_records_of_the_same_kind_share_the_map_and_stay_out_of_results(api: Api) -> None:
    project = await api.project()
    parent = await api.make("story", "/stories", title="Phase", story_type="deliverable", workspace_id=project["id"])
    child = await api.make(
        "story", "/stories", title="Task", story_type="task", workspace_id=project["id"], parent_id=parent["id"]
    )

    body = await api.get(f"/stories?workspace_id={project['id']}&parents_only=true&include=sub_stories")

    assert [each["id"] for each in body["results"]] == [parent["id"]]
    assert body["stories"][parent["id"]]["sub_story_ids"] == [child["id"]]
    assert child["id"] in body["stories"]
    assert body["count"] == 1


async def test_optional_fields_come_only_on_request(api: Api) -> None:
    plain = (await api.listed("/workspaces"))[0]
    asked = (await api.listed("/workspaces?optional_fields=stage"))[0]
    twice = (await api.listed("/workspace_resources?optional_fields[]=resource_bill_rate&optional_fields[]=x"))[0]

    assert "stage" not in plain
    assert asked["stage"] == "project"
    assert twice["resource_bill_rate"] == twice["role_rate"]


async def test_order_goes_both_ways_and_an_unknown_one_falls_back(api: Api) -> None:
    names = [each["name"] for each in await api.listed("/roles")]

    assert names == sorted(names)
    assert [each["name"] for each in await api.listed("/roles?order=name:desc")] == names[::-1]
    assert [each["name"] for each in await api.listed("/roles?order=nonsense:desc")] == names


async def test_search_looks_in_text_and_is_refused_where_there_is_none(api: Api) -> None:
    found = await api.listed("/workspaces?search=timetable meridian")

    assert [each["title"] for each in found] == ["Meridian Rail Ltd: Timetable analytics"]
    status, errors = await api.refused("GET", "/rate_cards?search=x")
    assert (status, errors[0]["type"]) == (400, "system")


async def test_after_means_after_the_second_and_not_in_it(api: Api) -> None:
    clock = api.simulator.clock
    before = clock.now().isoformat()
    clock.advance(1)
    await api.project(title="Young")
    at = clock.now().isoformat()

    async def titles(query: str) -> list[str]:
        return [each["title"] for each in await api.listed(f"/workspaces?{query}")]

    assert await titles(f"updated_after={before.replace('+', '%2B')}") == ["Young"]
    assert await titles(f"updated_after={before}") == ["Young"], "an unescaped plus is forgiven"
    assert await titles(f"created_after={at.replace('+', '%2B')}") == []
    assert "Young" not in await titles(f"created_before={at.replace('+', '%2B')}")
    assert (await api.call("GET", "/workspaces?updated_after=yesterday"))[0] == 400


async def test_lists_are_narrowed_by_what_records_belong_to(api: Api) -> None:
    clients = {each["name"]: each["id"] for each in await api.listed("/workspace_groups")}
    bank = await api.listed(f"/workspaces?workspace_group_id={clients['Castellan Bank plc']}")
    both = await api.listed(f"/workspaces?workspace_groups={','.join(clients.values())}")
    entries = await api.listed(f"/time_entries?workspace_ids={bank[0]['id']}&approved=true")
    days = await api.listed("/time_entries?date_performed_between=2026-01-01:2026-01-20")

    assert (len(bank), len(both)) == (2, 3)
    assert {each["workspace_id"] for each in entries} == {bank[0]["id"]}
    assert {each["date_performed"] for each in days} == {"2026-01-17"}
    assert (await api.get("/users?email_address=pm.uk@halyard.example"))["count"] == 1
    assert (await api.get("/time_entries?approved=false"))["count"] == 0


async def test_every_answer_carries_a_request_id_of_its_own(api: Api) -> None:
    async with api.client.get("/api/v1/workspaces") as refused, api.client.get("/nowhere") as lost:
        ids = {refused.headers["x-request-id"], lost.headers["x-request-id"]}

    assert len(ids) == 2


async def test_a_filter_on_a_custom_field_value_finds_its_subject(api: Api) -> None:
    project = await api.project()
    field = (await api.listed("/custom_fields"))[0]
    value = {"subject_type": "Workspace", "subject_id": project["id"], "custom_field_id": field["id"], "value": "UK"}
    await api.make("custom_field_value", "/custom_field_values", **value)

    body = await api.get(f"/workspaces/{project['id']}?include=custom_field_values")

    (held,) = body["workspaces"][project["id"]]["custom_field_value_ids"]
    assert body["custom_field_values"][held]["display_value"] == "UK"
    found = await api.listed(f"/custom_field_values?subject_type=Workspace&subject_id={project['id']}")
    assert [each["id"] for each in found] == [held]


async def test_the_account_looks_alive_on_its_first_day(api: Api) -> None:
    assert {each["email_address"] for each in await api.listed("/users?matching=Project Manager")} == {
        "pm.us@halyard.example",
        "pm.uk@halyard.example",
        "pm.de@halyard.example",
    }
    assert {each["currency"] for each in await api.listed("/rate_cards")} == {"USD", "GBP", "EUR"}
    titles = {each["title"] for each in await api.listed("/rate_card_sets")}
    assert titles == {"Standard USD", "Standard GBP", "Standard EUR"}
    assert (await api.get("/rate_card_roles"))["count"] == 18
    me = (await api.listed("/users/me"))[0]
    assert me["account_permission"] == "Account Administrator"
    assert (await api.get("/subscribed_events"))["count"] == 0, "the seed is older than the events kept"
