"""The edge of the API: who is let in, what every answer carries, and how it says no."""

import json
from pathlib import Path
from typing import Any

import pytest

from throughline import server
from throughline.api.snapshot import SNAPSHOT, text
from throughline.hub.machine import Machine
from throughline.settings import Settings

ROOT = Path(__file__).parents[2]
EVERYWHERE = (
    "/api/v1/systems", "/api/v1/engagements", "/api/v1/holds", "/api/v1/runs", "/api/v1/captures", "/api/v1/meta",
    "/api/v1/stream", "/api/v1/openapi.json", "/metrics", "/problems/not_found",
)  # fmt: skip


@pytest.fixture
def locked(caller: Any, machine: Machine, settings: Settings) -> Any:
    caller.app = server.app(machine, settings.model_copy(update={"api_key": "the-key-of-this-test"}))
    return caller


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_with_a_key_set_nothing_is_told_without_it(path: str, locked: Any) -> None:
    for headers in ({}, {"authorization": "Bearer the-key-of-this-tesT"}, {"authorization": "the-key-of-this-test"}):
        answer = await locked.get(path, **headers)
        assert (answer.status, answer.problem["code"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_with_the_key_any_host_is_answered(locked: Any) -> None:
    answer = await locked.get("/api/v1/meta", host="hub.example.com", authorization="Bearer the-key-of-this-test")

    assert answer.status == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_needs_no_key(path: str, locked: Any) -> None:
    assert (await locked.get(path, host="10.0.0.7:7420")).status in {200, 503}


@pytest.mark.parametrize("host", ["hub.example.com", "127.0.0.1.example.com", "", "10.0.0.7", "localhost.example.com"])
async def test_without_a_key_only_names_of_this_machine_are_answered(host: str, caller: Any) -> None:
    answer = await caller.get("/api/v1/meta", host=host)

    assert (answer.status, answer.problem["code"]) == (421, "misdirected")


@pytest.mark.parametrize("host", ["localhost", "localhost:7420", "127.0.0.1", "127.9.9.9:1", "[::1]:7420"])
async def test_every_name_of_this_machine_is_answered(host: str, caller: Any) -> None:
    assert (await caller.get("/api/v1/meta", host=host)).status == 200


async def test_every_answer_names_its_request_and_takes_part_in_the_callers_trace(caller: Any) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    fine = await caller.get("/api/v1/meta", x_request_id="mine-1")
    wrong = await caller.get("/api/v1/holds/none", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    strange = await caller.get("/api/v1/meta", x_request_id="no\tgood")

    assert fine.headers["x-request-id"] == "mine-1"
    assert wrong.problem["trace_id"] == trace
    assert strange.headers["x-request-id"].startswith("request-")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/api/v1/holds?onwer=PMO", "query:onwer"),
        ("/api/v1/meta?x=1", "query:x"),
        ("/api/v1/holds?limit=0", "query:limit"),
        ("/api/v1/holds?state=new", "query:state"),
        ("/api/v1/captures/abc", "path:id"),
    ],
)
async def test_what_was_not_understood_is_refused_and_pointed_at(path: str, pointer: str, caller: Any) -> None:
    answer = await caller.get(path)

    assert (answer.status, answer.problem["code"]) == (422, "invalid")
    assert [each["pointer"] for each in answer.problem["errors"]] == [pointer]


async def test_what_is_not_there_and_what_cannot_be_done_are_problems(caller: Any) -> None:
    assert (await caller.get("/api/v1/nothing")).problem["code"] == "not_found"
    answer = await caller.post("/api/v1/holds", {})
    assert (answer.problem["code"], answer.headers["allow"]) == ("method_not_allowed", "GET")


async def test_a_fault_of_ours_tells_nothing_of_the_inside(caller: Any, machine: Machine) -> None:
    await machine.pool.execute(
        """insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
             correlation, created_at, updated_at)
           values ('r', 'w', 'l', 'e', '{}', 's', 'held', '7', '{}', 0, 0, 's', $1, $1)""",
        machine.clock(),
    )

    answer = await caller.get("/api/v1/runs/r")

    assert (answer.status, answer.problem["code"]) == (500, "internal")
    assert b"parts" not in answer.body


async def test_a_database_that_is_away_is_said_and_not_described(caller: Any, machine: Machine) -> None:
    await machine.pool.execute("alter table holds rename to holds_away")

    answer = await caller.get("/api/v1/holds")
    ready = await caller.get("/health/ready")

    assert (answer.status, answer.problem["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")
    assert b"holds_away" not in answer.body
    assert ready.status == 503  # no worker is alive


async def test_an_unchanged_answer_is_not_sent_again(caller: Any, win: Any) -> None:
    await win(1)
    first = await caller.get("/api/v1/holds")

    again = await caller.get("/api/v1/holds", if_none_match=first.headers["etag"])
    await win(2)
    changed = await caller.get("/api/v1/holds", if_none_match=first.headers["etag"])

    assert (again.status, again.body) == (304, b"")
    assert changed.status == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_the_committed_description_is_current() -> None:
    assert (ROOT / SNAPSHOT).read_text() == text(), "run: make openapi"


async def test_every_operation_is_named_tagged_and_described() -> None:
    document = json.loads(text())

    assert document["openapi"].startswith("3.1")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for each in operations:
        assert each["description"].endswith("."), each["operationId"]
        assert set(each["tags"]) <= {"system", "process", "experience"}
        assert "application/problem+json" in each["responses"]["default"]["content"]
    assert "HTTPValidationError" not in text()


async def test_a_problems_type_can_be_read(caller: Any) -> None:
    page = await caller.get("/problems/key_reused")

    assert page.status == 200
    assert b"Send a new key" in page.body
