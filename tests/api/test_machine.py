"""Systems, runs, captures, figures, health and the stream."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from throughline.hub.machine import Machine
from throughline.store.database import transaction

EVENT = "insert into events (id, type, subject, fields, correlation, at) values ($1, $2, 's', '{}', 'o', $3)"


async def capture(machine: Machine, **said: Any) -> None:
    columns = {
        "at": machine.clock(), "system": "netsuite", "direction": "out", "state": "done", "method": "GET",
        "url": "http://127.0.0.1/x", "status": 200, "outcome": "fine",
        "request_headers": {"Authorization": "[scrubbed]"},
        "request_body": b"asked", "answer_headers": {}, "answer_body": b"answered \xff", **said,
    }  # fmt: skip
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    statement = f"insert into captures ({', '.join(columns)}) values ({places})"
    await machine.pool.execute(statement, *columns.values())


async def test_a_system_tells_how_it_stands(caller: Any, machine: Machine) -> None:
    yesterday = machine.clock() - timedelta(days=1)
    await capture(machine, at=yesterday)
    await capture(machine, outcome="absent", status=404)
    await capture(machine, outcome="unwell", state="failed", status=500)
    await machine.pool.execute(
        "insert into breakers values ('netsuite', 'POST /x', 8, $1, 'status 500', $2)",
        machine.clock() + timedelta(seconds=30),
        machine.clock(),
    )

    found = (await caller.get("/api/v1/systems/netsuite")).json

    assert (found["calls_today"], found["failed_today"]) == (2, 1)
    assert (found["condition"], found["roles"]) == ("breaker_open", ["erp"])
    assert "POST /x" in found["note"]
    assert found["last_contact"] == "2026-11-20T12:00:00Z"
    assert (await caller.get("/api/v1/systems/nobody")).status == 404
    assert len((await caller.get("/api/v1/systems")).json["data"]) == 4


@pytest.mark.parametrize(("outcome", "condition"), [("throttled", "throttled"), ("expired", "credential_revoked")])
async def test_the_last_answer_of_a_system_decides(outcome: str, condition: str, caller: Any, machine: Machine) -> None:
    await capture(machine, outcome=outcome, state="failed")

    assert (await caller.get("/api/v1/systems/netsuite")).json["condition"] == condition


async def test_a_poll_that_is_not_let_in_means_a_revoked_credential(caller: Any, machine: Machine) -> None:
    why = "netsuite does not let us in: invalid_grant"
    await machine.pool.execute("insert into cursors (system, kind, why) values ('netsuite', 'customer', $1)", why)

    found = (await caller.get("/api/v1/systems/netsuite")).json

    assert (found["condition"], found["note"], found["polls"][0]["why"]) == ("credential_revoked", why, why)


async def test_a_run_tells_what_it_did(caller: Any, win: Any) -> None:
    await win()

    run = (await caller.get("/api/v1/runs/run-1")).json

    assert (run["workflow"], run["state"], run["engagement"]) == ("opportunity-to-project", "held", "opportunity-1")
    assert [effect["kind"] for effect in run["effects"]] == ["project", "task", "task", "task"]
    assert (await caller.get("/api/v1/runs/none")).status == 404


async def test_runs_are_filtered_by_state_and_workflow(caller: Any, win: Any) -> None:
    await win()

    assert len((await caller.get("/api/v1/runs?state=held&workflow=opportunity-to-project")).json["data"]) == 1
    assert (await caller.get("/api/v1/runs?state=done")).json["data"] == []
    assert (await caller.get("/api/v1/runs?workflow=other")).json["data"] == []


async def test_captures_are_filtered_and_shown_whole(caller: Any, machine: Machine) -> None:
    await capture(machine, correlation="opportunity-1")
    await capture(machine, system="kantata")

    rows = (await caller.get("/api/v1/captures?system=netsuite&engagement=opportunity-1")).json["data"]
    whole = (await caller.get(f"/api/v1/captures/{rows[0]['id']}")).json

    assert len(rows) == 1
    assert (whole["request_body"], whole["answer_body"]) == ("asked", "answered �")
    assert whole["request_headers"] == {"Authorization": "[scrubbed]"}
    for number in (0, -1, 2**80):
        assert (await caller.get(f"/api/v1/captures/{number}")).status == 404


async def test_readiness_says_what_is_missing(caller: Any, machine: Machine) -> None:
    without = await caller.get("/health/ready")
    await machine.pool.execute("insert into workers values ('w', 'h', 1, $1, $1)", machine.clock())
    with_one = await caller.get("/health/ready")

    assert (without.status, with_one.status) == (503, 200)
    assert [each["name"] for each in without.json["findings"] if not each["well"]] == ["workers"]
    assert (await caller.get("/health/live")).json == {"live": True}


async def test_figures_are_counted_from_the_tables_and_each_capture_once(
    caller: Any, win: Any, machine: Machine
) -> None:
    await win(1, amount="100.00")
    await win(2, amount="50.50")
    await capture(machine, at=machine.clock() - timedelta(hours=1))
    await machine.pool.execute(
        "update lanes set due_at = $1 where key like '%-1'", machine.clock() - timedelta(seconds=7)
    )
    await caller.get("/metrics")
    await capture(machine, direction="in", outcome="signature", state="refused")
    await capture(machine)

    lines = (await caller.get("/metrics")).body.decode().splitlines()

    for expected in (
        "throughline_lanes_due 1.0",
        "throughline_lane_oldest_due_seconds 7.0",
        'throughline_runs{state="held"} 2.0',
        'throughline_holds_open{owner="Finance operations"} 2.0',
        'throughline_money_at_risk{currency="EUR"} 150.5',
        'throughline_effects{state="confirmed"} 8.0',
        'throughline_calls_total{outcome="fine",system="netsuite"} 2.0',
        'throughline_webhooks_total{outcome="signature",system="netsuite"} 1.0',
    ):
        assert expected in lines


async def test_meta_tells_what_this_installation_is(caller: Any, win: Any) -> None:
    await win()

    meta = (await caller.get("/api/v1/meta")).json

    assert (meta["firm"], meta["firm_version"], meta["engagements"], meta["open_holds"]) == (
        "Halyard Advisory",
        1,
        1,
        1,
    )
    assert meta["at_risk"] == [{"amount": "1000.00", "currency": "EUR"}]


class Line:
    """A client that listens: takes messages as they are sent, until it hangs up."""

    def __init__(self, caller: Any, path: str, **headers: str) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self._gone = asyncio.Event()
        scope = caller.scope("GET", path, headers)
        self._task = asyncio.create_task(caller.app(scope, self._receive, self._send))

    async def message(self) -> dict[str, str]:
        """The next message that carries data."""
        while True:
            text = await asyncio.wait_for(self.heard.get(), 5)
            fields = dict(line.split(": ", 1) for line in text.strip().splitlines() if not line.startswith(":"))
            if "data" in fields:
                return fields

    async def hang_up(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, 5)

    async def ended(self) -> None:
        await asyncio.wait_for(self._task, 5)

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            self.heard.put_nowait(message["body"].decode())


@pytest.fixture
async def line(caller: Any) -> AsyncGenerator[Any]:
    lines: list[Line] = []

    def listen(path: str, **headers: str) -> Line:
        lines.append(Line(caller, path, **headers))
        return lines[-1]

    yield listen
    for each in lines:
        await each.hang_up()


async def test_the_stream_goes_on_where_a_client_left_off(line: Any, win: Any) -> None:
    await win(1)
    listening = line("/api/v1/stream", last_event_id="0")

    first = await listening.message()
    await win(2)
    second = await listening.message()

    event = json.loads(first["data"])
    assert (event["specversion"], event["type"], event["subject"]) == (
        "1.0",
        "throughline.OpportunityWon",
        "opportunity-1",
    )
    assert json.loads(second["data"])["engagement"] == "opportunity-2"
    again = await line("/api/v1/stream", last_event_id=first["id"]).message()
    assert again == second


async def test_a_new_listener_hears_only_what_is_new_and_what_it_asked_for(
    line: Any, win: Any, machine: Machine
) -> None:
    await win(1)
    listening = line("/api/v1/stream?types=ProjectOpened")
    await asyncio.wait_for(listening.heard.get(), 5)
    await win(2)
    await machine.pool.execute(EVENT, "P", "ProjectOpened", machine.clock())

    assert json.loads((await listening.message())["data"])["id"] == "P"


async def test_an_event_that_commits_late_is_not_stepped_over(line: Any, machine: Machine) -> None:
    listening = line("/api/v1/stream", last_event_id="0")
    async with transaction(machine.pool) as late:
        await late.execute(EVENT, "LATE", "OpportunityWon", machine.clock())
        await machine.pool.execute(EVENT, "EARLY", "OpportunityWon", machine.clock())
        await asyncio.sleep(0.7)  # two looks of the watcher, on a real clock: the database's transactions have no other

    heard = [json.loads((await listening.message())["data"])["id"] for _ in range(2)]

    assert heard == ["LATE", "EARLY"]


@pytest.mark.parametrize(
    ("path", "headers"), [("?types=Nothing", {}), ("", {"last_event_id": "abc"}), ("", {"last_event_id": "-1"})]
)
async def test_a_stream_that_cannot_be_is_refused(path: str, headers: dict[str, str], caller: Any) -> None:
    assert (await caller.get(f"/api/v1/stream{path}", **headers)).problem["code"] == "invalid"


async def test_streams_end_when_the_server_stops(line: Any, doors: Any) -> None:
    listening = line("/api/v1/stream")
    await asyncio.wait_for(listening.heard.get(), 5)

    doors.stop()

    await listening.ended()
