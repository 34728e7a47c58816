"""The desk over HTTP: cuts of the queue, hands, causes and batches."""

from typing import Any

import pytest

from throughline.hub.desk import batching, naming
from throughline.hub.machine import Machine


def key(n: int = 1) -> dict[str, str]:
    return {"idempotency_key": f"key-{n}"}


@pytest.fixture
async def two(win: Any, machine: Machine) -> str:
    """Two deals held for one cause, one of an amount nobody knows; returns the cause."""
    await win(1, amount="10.00")
    await win(2, amount="3000.00")
    await machine.pool.execute("update holds set amount = null, currency = null where id = 'hold-1'")
    await naming.all_nameless(machine)
    return await machine.pool.fetchval("select distinct cause from holds")


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        ("", ["hold-2", "hold-1"]),
        ("unknown=true", ["hold-1"]),
        ("currency=EUR&at_least=100", ["hold-2"]),
        ("workflow=opportunity-to-project&assignee=nobody", ["hold-2", "hold-1"]),
        ("system=netsuite", []),
        ("opened_before=2026-11-20T11:00:00Z", []),
        ("state=snoozed", []),
        ("state=regressed", []),
    ],
)
@pytest.mark.usefixtures("two")
async def test_the_queue_is_cut_by_what_is_said(caller: Any, cut: str, found: list[str]) -> None:
    assert [hold["id"] for hold in (await caller.get(f"/api/v1/holds?{cut}")).json["data"]] == found


@pytest.mark.usefixtures("two")
async def test_a_sum_says_beside_it_what_nobody_knows(caller: Any) -> None:
    told = (await caller.get("/api/v1/holds/totals")).json

    assert told == {"holds": 2, "at_risk": [{"amount": "3000.00", "currency": "EUR"}], "unknown": 1}


@pytest.mark.parametrize("cut", ["state=open-ish", "currency=euro", "at_least=much", "opened_before=2026-11-20", "x=1"])
async def test_a_cut_nobody_understands_is_refused(caller: Any, cut: str) -> None:
    assert (await caller.get(f"/api/v1/holds?{cut}")).status == 422


@pytest.mark.usefixtures("two")
async def test_a_hold_is_assigned_snoozed_noted_and_resolved(caller: Any) -> None:
    for n, (verb, body) in enumerate(
        [
            ("assign", {"to": "Ann"}),
            ("snooze", {"until": "2026-12-01T08:00:00Z", "reason": "Away."}),
            ("note", {"text": "Called."}),
        ]
    ):
        answer = await caller.post(f"/api/v1/holds/hold-1/{verb}", body, **key(n))
        assert (answer.status, answer.json["hold"]) == (200, "hold-1"), answer
    shown = (await caller.get("/api/v1/holds/hold-1")).json
    assert (shown["assignee"], shown["snoozed_until"]) == ("Ann", "2026-12-01T08:00:00Z")

    resolved = await caller.post("/api/v1/holds/hold-1/resolve", {"reason": "By hand."}, **key(9))
    again = await caller.post("/api/v1/holds/hold-1/resolve", {"reason": "By hand."}, **key(9))

    assert (resolved.json["how"], resolved.json["reason"]) == ("resolved", "By hand.")
    assert again.headers["idempotent-replayed"] == "true"
    assert (await caller.get("/api/v1/holds/hold-1")).json["state"] == "closed"


@pytest.mark.usefixtures("two")
async def test_a_hold_is_not_snoozed_into_the_past(caller: Any) -> None:
    answer = await caller.post("/api/v1/holds/hold-1/snooze", {"until": "2020-01-01T00:00:00Z"}, **key())

    assert (answer.status, answer.problem["code"]) == (409, "not_possible")


async def test_a_cause_says_what_it_groups_and_is_split_merged_and_parted(caller: Any, two: str) -> None:
    (listed,) = (await caller.get("/api/v1/causes")).json["data"]
    assert (listed["id"], listed["totals"]["holds"], listed["totals"]["unknown"]) == (two, 2, 1)
    assert listed["why_grouped"].startswith("The same process opportunity-to-project, part finance and reason")

    why = {"reason": "They differ."}
    new = (await caller.post(f"/api/v1/causes/{two}/split", {"holds": ["hold-1"], **why})).json
    merged = (await caller.post(f"/api/v1/causes/{new['id']}/merge", {"into": two, **why})).json
    parted = (await caller.post(f"/api/v1/causes/{two}/part", why)).json

    assert (new["split_from"], new["totals"]["holds"]) == (two, 1)
    assert (merged["merged"], merged["totals"]["holds"]) == ([new["id"]], 2)
    assert parted["merged"] == []


async def test_a_cause_is_not_resolved_while_holds_of_it_are_open(caller: Any, two: str) -> None:
    answer = await caller.post(f"/api/v1/causes/{two}/resolve", {"reason": "Mended."})

    assert (answer.status, answer.problem["code"]) == (409, "not_possible")
    assert (await caller.get("/api/v1/causes/cause-x")).problem["code"] == "not_found"


@pytest.mark.usefixtures("two")
async def test_a_batch_is_foretold_begun_once_and_followed_item_by_item(caller: Any, machine: Machine) -> None:
    deed = {"action": "assign", "holds": {"owner": "Finance operations"}, "to": "Ann", "reason": "She knows."}
    foretold = (await caller.post("/api/v1/batches/preview", deed)).json
    assert (foretold["totals"]["holds"], foretold["totals"]["unknown"], foretold["unfit"]) == (2, 1, 0)

    begun = await caller.post("/api/v1/batches", {**deed, "expect": 2}, **key())
    again = await caller.post("/api/v1/batches", {**deed, "expect": 2}, **key())
    assert begun.json["id"] == again.json["id"]
    assert (begun.json["state"], begun.json["waiting"], begun.json["unknown"]) == ("running", 2, 1)
    await batching.all_running(machine)

    told = (await caller.get(f"/api/v1/batches/{begun.json['id']}")).json
    items = (await caller.get(f"/api/v1/batches/{begun.json['id']}/items?limit=1")).json
    assert (told["state"], told["done"], told["at_risk"]) == ("done", 2, [{"amount": "3000.00", "currency": "EUR"}])
    assert [(item["hold"], item["state"]) for item in items["data"]] == [("hold-2", "done")]
    assert items["next"]
    assert [each["id"] for each in (await caller.get("/api/v1/batches")).json["data"]] == [begun.json["id"]]
    over = await caller.post(f"/api/v1/batches/{begun.json['id']}/cancel")
    assert (over.status, over.problem["code"]) == (409, "not_possible")


async def test_a_cause_is_cleared_with_a_canary(caller: Any, two: str) -> None:
    begun = await caller.post(f"/api/v1/causes/{two}/clear", {"reason": "Row added.", "expect": 2}, **key())

    assert (begun.json["canary"], begun.json["cause"], begun.json["action"]) == (True, two, "release")
    items = (await caller.get(f"/api/v1/batches/{begun.json['id']}/items")).json["data"]
    assert [item["hold"] for item in items] == ["hold-2", "hold-1"]
    cancelled = await caller.post(f"/api/v1/batches/{begun.json['id']}/cancel")
    assert (cancelled.json["state"], cancelled.json["left"]) == ("cancelled", 2)


async def test_a_batch_nobody_began_is_not_found(caller: Any) -> None:
    for path in ("batches/batch-x", "batches/batch-x/items"):
        assert (await caller.get(f"/api/v1/{path}")).problem["code"] == "not_found"


@pytest.mark.usefixtures("two")
async def test_a_hold_shows_what_could_not_be_sent_beside_what_they_hold(caller: Any, machine: Machine) -> None:
    put = {"system": "kantata", "kind": "project", "entity": "project-of-opportunity-1", "operation": "update",
           "effect": "E", "fields": {"name": "Rollout", "currency": "EUR"}}  # fmt: skip
    await machine.pool.execute("update holds set refused_put = $1 where id = 'hold-1'", put)
    await machine.pool.execute("update links set sent = $1 where entity = 'project-of-opportunity-1'", {"name": "Roll"})

    told = (await caller.get("/api/v1/holds/hold-1")).json["difference"]

    assert (told["system"], told["operation"], told["key"]) == ("kantata", "update", "101")
    assert told["fields"] == [
        {"name": "name", "held": "Roll", "wanted": "Rollout"},
        {"name": "currency", "held": None, "wanted": "EUR"},
    ]
    assert (await caller.get("/api/v1/holds/hold-2")).json["difference"] is None
