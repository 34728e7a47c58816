"""Dead letters, replays and cancelled runs over HTTP."""

from typing import Any

import pytest

from throughline.hub import dead_letters, replaying
from throughline.hub.machine import Machine
from throughline.store.database import transaction


@pytest.fixture
async def letter(machine: Machine) -> str:
    """A record that failed, since it names nothing we have a table for."""
    record = {"Id": "001-odd", "Name": "Odd"}
    async with transaction(machine.pool) as sql:
        error = ZeroDivisionError("no hours")
        where = ("salesforce", "customer", "001-odd")
        await dead_letters.record(sql, where, record, error, quiet=False, now=machine.clock())
    return await machine.pool.fetchval("select id from dead_letters")


def key(n: int = 1) -> dict[str, str]:
    return {"idempotency_key": f"key-{n}"}


async def test_a_dead_letter_is_listed_and_shown_whole(caller: Any, letter: str) -> None:
    listed = (await caller.get("/api/v1/dead-letters?system=salesforce&cause=defect")).json["data"]
    shown = (await caller.get(f"/api/v1/dead-letters/{letter}")).json

    assert [each["id"] for each in listed] == [letter]
    assert (shown["why"], shown["attempts"], shown["state"]) == ("ZeroDivisionError: no hours", 1, "trying")
    assert shown["input"] == {"record": {"Id": "001-odd", "Name": "Odd"}, "quiet": False}
    assert "ZeroDivisionError" in shown["trace"]
    assert (await caller.get("/api/v1/dead-letters?system=netsuite")).json["data"] == []
    assert (await caller.get("/api/v1/dead-letters/dead-nowhere")).problem["code"] == "not_found"


async def test_a_replay_is_begun_once_and_can_be_followed_to_its_end(
    caller: Any, machine: Machine, letter: str
) -> None:
    asked = {"ids": [letter], "reason": "the fault is mended"}

    begun = await caller.post("/api/v1/replays", asked, **key())
    again = await caller.post("/api/v1/replays", asked, **key())
    assert begun.json["id"] == again.json["id"]
    assert (begun.json["state"], begun.json["total"], begun.json["waiting"]) == ("running", 1, 1)
    while not await replaying.turn(machine, begun.json["id"]):
        pass

    over = (await caller.get(f"/api/v1/replays/{begun.json['id']}")).json
    (item,) = (await caller.get(f"/api/v1/replays/{begun.json['id']}/items")).json["data"]
    assert (over["state"], over["done"], over["left"], over["asked_by"]) == ("done", 1, 0, "api")
    assert (item["what"], item["state"], item["outcome"]) == (letter, "done", "taken in")
    assert [each["id"] for each in (await caller.get("/api/v1/replays")).json["data"]] == [over["id"]]


async def test_a_dry_run_leaves_the_letter_where_it_is(caller: Any, machine: Machine, letter: str) -> None:
    begun = await caller.post("/api/v1/replays", {"ids": [letter], "reason": "to see", "dry_run": True}, **key())
    while not await replaying.turn(machine, begun.json["id"]):
        pass

    over = (await caller.get(f"/api/v1/replays/{begun.json['id']}")).json
    assert (over["would_send"], over["would_stop"], over["done"]) == ([], 0, 1)
    assert (await caller.get(f"/api/v1/dead-letters/{letter}")).json["state"] == "trying"
    assert await machine.pool.fetchval("select count(*) from entities") == 0


async def test_a_replay_is_cancelled(caller: Any, letter: str) -> None:
    begun = await caller.post("/api/v1/replays", {"ids": [letter], "reason": "mended"}, **key())

    cancelled = await caller.post(f"/api/v1/replays/{begun.json['id']}/cancel")
    twice = await caller.post(f"/api/v1/replays/{begun.json['id']}/cancel")

    assert (cancelled.json["state"], cancelled.json["left"]) == ("cancelled", 1)
    assert twice.problem["code"] == "not_possible"


async def test_what_cannot_be_replayed_is_a_problem_with_its_reason(caller: Any) -> None:
    vague = await caller.post("/api/v1/replays", {"of": "runs", "reason": "all"}, **key(1))
    nothing = await caller.post("/api/v1/replays", {"reason": "all"}, **key(2))
    odd = await caller.post("/api/v1/replays", {"reason": "all", "color": "red"}, **key(3))

    assert (vague.status, "since when" in vague.problem["detail"]) == (409, True)
    assert "Nothing fits" in nothing.problem["detail"]
    assert odd.problem["code"] == "invalid"
    assert (await caller.get("/api/v1/replays/replay-nowhere")).problem["code"] == "not_found"
    assert (await caller.get("/api/v1/replays/replay-nowhere/items")).problem["code"] == "not_found"


async def test_a_run_is_cancelled_once_and_says_so(caller: Any, win: Any) -> None:
    await win()
    run = (await caller.get("/api/v1/runs")).json["data"][0]["id"]
    asked = {"reason": "The client walked away."}

    first = await caller.post(f"/api/v1/runs/{run}/cancel", asked, **key())
    second = await caller.post(f"/api/v1/runs/{run}/cancel", asked, **key())

    assert (first.json["state"], first.json["by"], first.json["undone_by"]) == ("cancelled", "api", None)
    assert (second.headers["idempotent-replayed"], second.json) == ("true", first.json)
    assert (await caller.get(f"/api/v1/runs/{run}")).json["state"] == "cancelled"
    assert [each["id"] for each in (await caller.get("/api/v1/runs?state=cancelled")).json["data"]] == [run]
    assert (await caller.get("/api/v1/holds")).json["data"] == []
    closed = (await caller.get("/api/v1/holds?state=closed")).json["data"]
    assert closed[0]["closed_how"] == "cancelled by api: The client walked away."
    other = await caller.post(f"/api/v1/runs/{run}/cancel", asked, **key(2))
    assert other.problem["code"] == "not_possible"
    assert (await caller.post("/api/v1/runs/run-nowhere/cancel", asked, **key(3))).problem["code"] == "not_found"


async def test_the_cancelling_is_told_in_the_journey(caller: Any, win: Any) -> None:
    await win()
    run = (await caller.get("/api/v1/runs")).json["data"][0]

    await caller.post(f"/api/v1/runs/{run['id']}/cancel", {"reason": "walked away"}, **key())

    told = (await caller.get(f"/api/v1/engagements/{run['engagement']}")).json
    assert "walked away" in str(told)
