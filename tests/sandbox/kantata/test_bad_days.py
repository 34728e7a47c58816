"""Limits, refusals in the vendor's dialect, people's edits, and a restart."""

import random
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from tests.sandbox.kantata.conftest import Api, Record
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.kantata import Kantata
from throughline.sandbox.shelf import Shelf

HEADERS = {"Authorization": "Bearer kantata-sandbox-token"}


async def _struck(api: Api, **fault: Any) -> tuple[int, Record, Mapping[str, str]]:
    await api.control("faults", fault, status=201)
    async with api.client.get("/api/v1/workspaces", headers=HEADERS) as answer:
        return answer.status, (await answer.json())["errors"][0], answer.headers


async def test_a_throttle_is_a_429_without_a_hint(api: Api) -> None:
    status, error, headers = await _struck(api, kind="throttle", retry_after=5)

    assert (status, error["type"]) == (429, "system")
    assert not {name.lower() for name in headers} - {"content-type", "content-length", "date", "server", "x-request-id"}


async def test_errors_locks_and_maintenance_are_worded_as_kantata_words_them(api: Api) -> None:
    assert (await _struck(api, kind="error", status=502))[:2] == (
        502,
        {"type": "system", "message": "Something went wrong"},
    )
    status, error, _ = await _struck(api, kind="lock")
    assert (status, error["type"], error["field"]) == (422, "validation", "base")
    status, error, _ = await _struck(api, kind="maintenance")
    assert (status, error["type"]) == (503, "system")


async def test_a_maintenance_window_closes_and_opens_by_the_sandbox_clock(api: Api) -> None:
    until = api.simulator.clock.now() + timedelta(minutes=10)
    await api.control("maintenance", {"until": until.isoformat()})

    assert (await api.call("GET", "/workspaces"))[0] == 503
    api.simulator.clock.advance(600)
    assert (await api.call("GET", "/workspaces"))[0] == 200


async def test_an_effect_survives_the_error_that_hides_it(api: Api) -> None:
    await api.control("faults", {"kind": "error_after", "method": "POST", "path": "/workspaces"}, status=201)
    mark = {"service_name": "hub", "service_model": "P", "service_model_ref": "1"}
    body = {"workspace": {"title": "x", "creator_role": "maven", "external_reference": mark}}

    assert (await api.call("POST", "/workspaces", body))[0] == 503
    assert (await api.get("/external_references?service_model_ref=1"))["count"] == 1


async def test_the_general_limit_recovers_after_its_window(api: Api) -> None:
    await api.control("limits", {"general": 2, "window": 60})

    statuses = [(await api.call("GET", "/roles"))[0] for _ in range(3)]
    api.simulator.clock.advance(60)

    assert statuses == [200, 200, 429]
    assert (await api.call("GET", "/roles"))[0] == 200


async def test_creating_projects_has_a_tighter_limit(api: Api) -> None:
    await api.control("limits", {"workspaces": 1})
    body = {"workspace": {"title": "x", "creator_role": "maven"}}

    statuses = [(await api.call("POST", "/workspaces", body))[0] for _ in range(2)]

    assert statuses == [200, 429]
    assert (await api.call("GET", "/workspaces"))[0] == 200


async def test_a_project_manager_edits_and_creates_in_kantatas_own_pages(api: Api) -> None:
    made = await api.project()
    pm = (await api.listed("/users?email_address=pm.de@halyard.example"))[0]["id"]

    await api.control("records/workspaces?as=pm.de@halyard.example", {"id": made["id"], "title": "By hand"})
    entry = {"workspace_id": made["id"], "date_performed": "2026-03-02", "time_in_minutes": 30, "approved": True}
    logged = await api.control("records/time_entries", entry)

    assert (await api.listed(f"/workspaces?only={made['id']}"))[0]["title"] == "By hand"
    assert logged["approved"] is True
    (event,) = await api.listed("/subscribed_events?event_types=workspace:updated")
    assert event["user_id"] == pm
    path = f"/__sandbox__/records/time_entries/{logged['id']}"
    async with api.client.delete(path) as answer:
        assert answer.status == 200
    assert (await api.get(f"/time_entries?only={logged['id']}"))["count"] == 0


async def test_a_person_is_bound_by_the_rules_too(api: Api) -> None:
    answer = await api.control("records/stories", {"title": "x"}, status=422)
    assert {each["field"] for each in answer["errors"]} == {"story_type", "workspace_id"}
    await api.control("records/nonsense", {}, status=404)
    await api.control("records/stories?as=stranger@halyard.example", {"title": "x"}, status=400)


async def test_a_wrong_setting_is_refused_with_the_right_ones(api: Api) -> None:
    answer = await api.control("settings", {"speed": 1}, status=422)

    assert "lag_seconds" in answer["error"]


async def test_counters_show_a_double(api: Api) -> None:
    await api.project()
    await api.project()

    async with api.client.get("/__sandbox__/counters") as answer:
        assert (await answer.json())["workspaces"] == {"created": 2}


async def test_records_settings_and_tokens_survive_a_restart_and_a_reset_forgets_them(tmp_path: Path) -> None:
    path, body = tmp_path / "kantata.sqlite", {"workspace": {"title": "Kept", "creator_role": "maven"}}

    def opened() -> Kantata:
        return Kantata(clock=SandboxClock(), shelf=Shelf(path), chance=random.Random(1))

    async with TestClient(TestServer(opened().app())) as client:
        await client.post("/api/v1/workspaces", json=body, headers=HEADERS)
        await client.post("/__sandbox__/lag", json={"seconds": 9})
    async with TestClient(TestServer(opened().app())) as client:
        async with client.get("/api/v1/workspaces?search=Kept", headers=HEADERS) as answer:
            assert (await answer.json())["count"] == 1
        async with client.get("/__sandbox__/settings") as answer:
            assert (await answer.json())["lag_seconds"] == 9
        await client.post("/__sandbox__/reset")
        async with client.get("/api/v1/workspaces", headers=HEADERS) as answer:
            assert (await answer.json())["count"] == 3
        async with client.get("/__sandbox__/settings") as answer:
            assert (await answer.json())["lag_seconds"] == 0
