"""Systems, runs, captures, figures, health and the stream."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.hub.machine import Machine

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
    assert len((await caller.get("/api/v1/systems")).json["data"]) == 5


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


async def test_what_a_run_would_do_is_shown_before_anybody_agrees(caller: Any, win: Any) -> None:
    await win()

    (found,) = (await caller.get("/api/v1/plans/opportunity-1")).json["data"]

    (told,) = found["effects"]
    assert (found["run"], found["workflow"], found["assumed"]) == ("run-1", "opportunity-to-project", [])
    assert (told["system"], told["kind"], told["operation"]) == ("salesforce", "handoff", "create")
    assert found["stops"][0].startswith("Deal 1 lacks contract type")
    assert (await caller.get("/api/v1/plans/nobody")).status == 404
