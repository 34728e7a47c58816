"""Holds over HTTP: the queue, and decisions that may be sent twice and count once."""

import asyncio
from typing import Any

import pytest

from throughline.hub.machine import Machine
from throughline.store import idempotency_keys, lockouts
from throughline.store.database import transaction
from throughline.store.lockouts import SystemHold


async def decisions(machine: Machine) -> int:
    return await machine.pool.fetchval("select count(*) from journal")


async def test_the_queue_is_read_page_by_page_most_money_first(caller: Any, win: Any) -> None:
    for number, amount in enumerate(("10.00", "3000.00", "200.00"), start=1):
        await win(number, amount=amount)

    first = await caller.get("/api/v1/holds?limit=2")
    second = await caller.get(f"/api/v1/holds?limit=2&cursor={first.json['next']}")

    assert [hold["at_risk"]["amount"] for hold in first.json["data"]] == ["3000.00", "200.00"]
    assert [hold["id"] for hold in second.json["data"]] == ["hold-1"]
    assert second.json["next"] is None
    assert first.headers["link"] == f'</api/v1/holds?limit=2&cursor={first.json["next"]}>; rel="next"'
    assert "link" not in second.headers


async def test_a_cursor_of_another_list_or_of_nobody_is_refused(caller: Any, win: Any) -> None:
    await win(1)
    await win(2)
    cursor = (await caller.get("/api/v1/holds?limit=1")).json["next"]

    for path in (
        f"/api/v1/runs?cursor={cursor}",
        f"/api/v1/holds?owner=x&cursor={cursor}",
        "/api/v1/holds?cursor=AAAA",
    ):
        answer = await caller.get(path)
        assert (answer.status, answer.problem["code"]) == (400, "invalid_cursor"), path


async def test_only_an_owners_holds_are_shown_when_asked(caller: Any, win: Any) -> None:
    await win()

    assert len((await caller.get("/api/v1/holds?owner=Finance%20operations")).json["data"]) == 1
    assert (await caller.get("/api/v1/holds?owner=PMO")).json["data"] == []
    assert (await caller.get("/api/v1/holds?state=closed")).json["data"] == []


async def test_a_hold_tells_its_money_and_its_engagement(caller: Any, win: Any) -> None:
    await win(amount="1000.5")

    hold = (await caller.get("/api/v1/holds/hold-1")).json

    assert hold["at_risk"] == {"amount": "1000.50", "currency": "EUR"}
    assert hold["engagement"] == "opportunity-1"
    assert hold["opened_at"] == "2026-11-20T11:55:02Z"


async def test_an_answer_closes_the_hold_and_wakes_its_lane(caller: Any, win: Any, machine: Machine) -> None:
    await win(choices=("approve", "decline"))

    answer = await caller.post(
        "/api/v1/holds/hold-1/answer", {"choice": "approve", "reason": "Agreed."}, idempotency_key="k1"
    )

    assert answer.status == 200
    assert (answer.json["how"], answer.json["by"], answer.json["reason"]) == ("answered approve", "api", "Agreed.")
    assert (await caller.get("/api/v1/holds/hold-1")).json["closed_how"] == "answered approve by api"
    assert await machine.pool.fetchval("select due_at from lanes") == machine.clock()


async def test_the_same_request_again_is_answered_the_same_and_done_once(
    caller: Any, win: Any, machine: Machine
) -> None:
    await win()
    first = await caller.post("/api/v1/holds/hold-1/release", {"reason": "Row added."}, idempotency_key="k1")

    again = await caller.post("/api/v1/holds/hold-1/release", {"reason": "Row added."}, idempotency_key="k1")

    assert again.json == first.json
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await decisions(machine) == 1


async def test_the_same_key_for_another_request_is_refused(caller: Any, win: Any) -> None:
    await win()
    await caller.post("/api/v1/holds/hold-1/release", {"reason": "One."}, idempotency_key="k1")

    answer = await caller.post("/api/v1/holds/hold-1/release", {"reason": "Another."}, idempotency_key="k1")

    assert (answer.status, answer.problem["code"]) == (422, "key_reused")


async def test_the_same_request_at_the_same_time_is_told_to_wait(caller: Any, win: Any, machine: Machine) -> None:
    await win()
    async with transaction(machine.pool) as sql:
        assert await idempotency_keys.alone(sql, "k1")

        answer = await caller.post("/api/v1/holds/hold-1/release", idempotency_key="k1")

    assert (answer.status, answer.problem["code"]) == (409, "in_flight")
    assert (await caller.post("/api/v1/holds/hold-1/release", idempotency_key="k1")).status == 200


async def test_ten_at_once_are_one_decision(caller: Any, win: Any, machine: Machine) -> None:
    await win()

    answers = await asyncio.gather(
        *(caller.post("/api/v1/holds/hold-1/release", idempotency_key="k1") for _ in range(10))
    )

    assert {answer.status for answer in answers} <= {200, 409}
    assert [answer.status for answer in answers].count(200) >= 1
    assert await decisions(machine) == 1


async def test_a_refusal_keeps_no_key_so_that_it_can_be_tried_again(caller: Any, win: Any) -> None:
    await win(choices=("approve", "decline"))
    wrong = await caller.post("/api/v1/holds/hold-1/answer", {"choice": "maybe"}, idempotency_key="k1")

    right = await caller.post("/api/v1/holds/hold-1/answer", {"choice": "approve"}, idempotency_key="k1")

    assert (wrong.status, wrong.problem["code"]) == (409, "not_possible")
    assert "approve" in wrong.problem["detail"]
    assert right.status == 200


async def test_an_action_without_a_key_is_refused(caller: Any, win: Any, machine: Machine) -> None:
    await win()

    answer = await caller.post("/api/v1/holds/hold-1/release")

    assert (answer.status, answer.problem["code"]) == (400, "missing_idempotency_key")
    assert await decisions(machine) == 0


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"{", 400, None),
        (b'{"choice": "approve", "resaon": "x"}', 422, "#/resaon"),
        (b'{"reason": "x"}', 422, "#/choice"),
        (b'{"choice": 7}', 422, "#/choice"),
        (b"[]", 422, "#"),
    ],
)
async def test_a_wrong_body_is_pointed_at(body: bytes, status: int, pointer: str | None, caller: Any, win: Any) -> None:
    await win(choices=("approve",))

    answer = await caller.post("/api/v1/holds/hold-1/answer", body, idempotency_key="k1")

    assert answer.status == status
    assert [each["pointer"] for each in answer.problem.get("errors", [])] == ([pointer] if pointer else [])


async def test_more_than_a_megabyte_is_not_read(caller: Any) -> None:
    answer = await caller.post("/api/v1/holds/hold-1/release", b"x" * 2**22, idempotency_key="k1")

    assert (answer.status, answer.problem["code"]) == (413, "body_too_large")
    assert caller.left > 0


async def test_a_hold_that_is_not_there_is_not_found(caller: Any) -> None:
    assert (await caller.get("/api/v1/holds/hold-9")).problem["code"] == "not_found"
    answer = await caller.post("/api/v1/holds/hold-9/release", idempotency_key="k1")
    assert (answer.status, answer.problem["code"]) == (404, "not_found")


async def test_a_system_that_does_not_let_us_in_is_one_hold_that_belongs_to_no_run(
    caller: Any, machine: Machine
) -> None:
    hold = SystemHold("hold-x", "netsuite", "netsuite does not let us in", "Renew it.", "Integration support", "f")
    await lockouts.open_(machine.pool, hold, now=machine.clock())

    (listed,) = (await caller.get("/api/v1/holds")).json["data"]
    released = await caller.post("/api/v1/holds/hold-x/release", {"reason": "Renewed."}, idempotency_key="k1")
    again = await caller.post("/api/v1/holds/hold-x/release", {"reason": "Renewed."}, idempotency_key="k1")

    assert (listed["system"], listed["waiting"], listed["run"], listed["engagement"]) == ("netsuite", 0, None, None)
    assert (released.status, released.json["run"]) == (200, None)
    assert again.headers["idempotent-replayed"] == "true"
    assert (await caller.get("/api/v1/holds")).json["data"] == []
