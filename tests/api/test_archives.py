"""What left the database is found, told and verified over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.hub.machine import Machine
from throughline.hub.retention import Retention
from throughline.store import captures
from throughline.store.captures import Capture


@pytest.fixture
async def archived(machine: Machine, clock: Any) -> int:
    """A capture that is over; its month is of this test alone."""
    retention = Retention(machine.pool, machine.firms, machine.archive, "worker-1", clock)
    await retention.tick()
    old = Capture(
        clock(), "netsuite", "out", "done", "GET", "http://127.0.0.1/x", 200, "fine", 1.5, None, None, {"a": "b"},
        b"asked", {}, b"answered \xff",
    )  # fmt: skip
    await captures.keep(machine.pool, [old, old])
    id_: int = await machine.pool.fetchval("select max(id) from captures")
    for days in (31, 410):
        clock.now += timedelta(days=days)
        await retention.tick()
    assert await machine.pool.fetchval("select count(*) from captures") == 0
    return id_


async def test_an_archived_capture_is_shown_as_it_was(archived: int, caller: Any) -> None:
    found = (await caller.get(f"/api/v1/captures/{archived}")).json

    assert (found["request_body"], found["answer_body"]) == ("asked", "answered �")
    assert (found["id"], found["request_headers"], found["at"]) == (archived, {"a": "b"}, "2026-11-20T12:00:00Z")
    assert (await caller.get(f"/api/v1/captures/{archived + 1}")).status == 404


async def test_certificates_are_listed_shown_and_verified(archived: int, caller: Any) -> None:
    (listed,) = (await caller.get("/api/v1/archives?kind=calls&limit=1")).json["data"]
    shown = (await caller.get(f"/api/v1/archives/{listed['id']}")).json
    verified = (await caller.get(f"/api/v1/archives/{listed['id']}/verification")).json

    assert listed == shown
    assert (shown["first"], shown["last"], shown["rows"], shown["days"]) == (archived - 1, archived, 2, 400)
    assert verified == {"archive": shown["id"], "fine": True, "why": "2 rows, digest as certified"}
    assert (await caller.get("/api/v1/archives?kind=events")).json["data"] == []
    assert (await caller.get("/api/v1/archives/nothing")).problem["code"] == "not_found"


async def test_a_file_that_is_elsewhere_is_said_to_be(archived: int, caller: Any, machine: Machine) -> None:
    assert machine.archive
    machine.archive.rename(machine.archive.with_name("elsewhere"))

    problem = (await caller.get(f"/api/v1/captures/{archived}")).problem

    assert (problem["code"], problem["status"]) == ("archive_elsewhere", 409)
    assert not (await caller.get("/api/v1/archives/calls-1-1/verification")).json["fine"]
