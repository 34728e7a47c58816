"""External references: marks that can be found again, that nobody makes unique, and that a search may see late."""

import pytest

from tests.sandbox.kantata.conftest import Api, Record

MARK = {"service_name": "throughline", "service_model": "Project", "service_model_ref": "opp-1"}
FOUND = "/external_references?service_name=throughline&service_model=Project&service_model_ref=opp-1"


async def test_an_inline_reference_can_be_found_with_its_subject(api: Api) -> None:
    project = await api.project(external_reference=MARK)

    body = await api.get(f"{FOUND}&subject_type=Workspace&include=subject")

    (reference,) = body["external_references"].values()
    assert (reference["subject_type"], reference["subject_id"]) == ("Workspace", project["id"])
    assert reference["status"] == "successful"
    assert reference["subject_ref"] == {"key": "workspaces", "id": project["id"]}
    assert body["workspaces"][project["id"]]["title"] == project["title"]
    assert (await api.get("/external_references?service_model_ref=opp-2"))["count"] == 0


async def test_two_creates_with_one_mark_are_two_records(api: Api) -> None:
    await api.project(external_reference=MARK)
    await api.project(external_reference=MARK)

    assert (await api.get(FOUND))["count"] == 2


@pytest.mark.parametrize(
    ("singular", "path", "fields"),
    [
        ("story", "/stories", {"title": "T", "story_type": "task"}),
        ("time_entry", "/time_entries", {"date_performed": "2026-03-02", "time_in_minutes": 5}),
        (
            "billing_milestone",
            "/billing_milestones",
            {"title": "M", "date_to_invoice": "2026-04-01", "amount_in_cents": 1},
        ),
        ("workspace_group", "/workspace_groups", {"name": "Client"}),
        ("role", "/roles", {"name": "Astronomer"}),
    ],
)
async def test_most_creates_take_one_along(api: Api, singular: str, path: str, fields: Record) -> None:
    home = {"workspace_id": (await api.project())["id"]}

    made = await api.make(singular, f"{path}?include=external_references", **home, **fields, external_reference=MARK)

    assert len(made["external_reference_ids"]) == 1


async def test_a_resource_takes_one_along_and_an_update_leaves_one_too(api: Api) -> None:
    project = await api.project()
    role = (await api.listed("/roles"))[0]["id"]
    fields = {"workspace_id": project["id"], "role_id": role}

    await api.make("workspace_resource", "/workspace_resources", **fields, external_reference=MARK)
    await api.call("PUT", f"/workspaces/{project['id']}", {"workspace": {"external_reference": MARK}})

    assert {each["subject_type"] for each in await api.listed(FOUND)} == {"WorkspaceResource", "Workspace"}


async def test_create_or_update_keeps_one_per_subject_and_service(api: Api) -> None:
    project = await api.project()
    home = {"subject_type": "Workspace", "subject_id": int(project["id"])}
    path = "/external_references/create_or_update"

    first = await api.make("external_reference", path, **MARK, **home)
    api.simulator.clock.advance(60)
    again = await api.make("external_reference", path, **MARK, **home, status="failed", external_message="no")
    other = await api.make("external_reference", path, **{**MARK, "service_name": "elsewhere"}, **home)

    assert (again["id"], again["status"], again["external_message"]) == (first["id"], "failed", "no")
    assert again["last_synced_at"] > first["last_synced_at"]
    assert other["id"] != first["id"]


async def test_a_reference_is_complete_and_of_something(api: Api) -> None:
    path = "/external_references/create_or_update"
    _, errors = await api.refused("POST", path, {"external_reference": {"service_name": "x"}})
    assert {each["field"] for each in errors} == {"service_model_ref", "service_model", "subject_id", "subject_type"}
    home = {"subject_type": "Workspace", "subject_id": 5}
    assert (await api.refused("POST", path, {"external_reference": {**MARK, **home}}))[0] == 422
    half = {"title": "x", "creator_role": "maven", "external_reference": {"service_name": "x"}}
    assert (await api.refused("POST", "/workspaces", {"workspace": half}))[0] == 422
    assert (await api.get("/workspaces"))["count"] == 3, "the project was not made either"


async def test_records_are_found_by_the_mark_on_them(api: Api) -> None:
    made = await api.project(external_reference=MARK)

    query = "external_reference_service_name=throughline&external_reference_service_model_refs=opp-0,opp-1"
    assert [each["id"] for each in await api.listed(f"/workspaces?{query}")] == [made["id"]]
    assert (await api.get("/workspaces?has_external_references=false"))["count"] == 3


async def test_with_a_lag_a_search_sees_a_mark_only_later(api: Api) -> None:
    await api.control("lag", {"seconds": 30})
    project = await api.project(external_reference=MARK)

    assert (await api.get(FOUND))["count"] == 0
    assert (await api.get("/workspaces?external_reference_service_name=throughline"))["count"] == 0
    assert (await api.get(f"/workspaces?only={project['id']}"))["count"] == 1, "the record itself is there"
    api.simulator.clock.advance(30)
    assert (await api.get(FOUND))["count"] == 1


async def test_a_deleted_mark_is_gone(api: Api) -> None:
    await api.project(external_reference=MARK)
    (reference,) = await api.listed(FOUND)

    assert (await api.call("DELETE", f"/external_references/{reference['id']}"))[0] == 204
    assert (await api.get(FOUND))["count"] == 0


async def test_the_documented_demand_for_a_subject_type_can_be_switched_on(api: Api) -> None:
    await api.control("settings", {"references_need_subject_type": True})

    assert (await api.call("GET", FOUND))[0] == 400
    assert (await api.call("GET", f"{FOUND}&subject_type=Workspace"))[0] == 200
