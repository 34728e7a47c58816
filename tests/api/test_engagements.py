"""Engagements over HTTP: one story under any id."""

from typing import Any

from tests.api.conftest import insert
from throughline.hub.machine import Machine


async def test_any_id_of_any_system_names_its_engagement(caller: Any, win: Any) -> None:
    await win(1)
    await win(2)

    for any_id in (
        "opportunity-1",
        "006000000000001AAA",
        "006000000000001",
        "101",
        "project-of-opportunity-1",
        "run-1",
        "hold-1",
    ):
        answer = await caller.get(f"/api/v1/engagements/{any_id}")
        assert (answer.status, answer.json["id"]) == (200, "opportunity-1"), any_id


async def test_an_id_of_several_engagements_lists_them(caller: Any, win: Any) -> None:
    await win(1)
    await win(2)

    answer = await caller.get("/api/v1/engagements/001000000000001")

    assert answer.status == 300
    assert sorted(answer.problem["choices"]) == ["opportunity-1", "opportunity-2"]


async def test_an_unknown_id_is_not_found_with_advice(caller: Any) -> None:
    answer = await caller.get("/api/v1/engagements/nothing")

    assert (answer.status, answer.problem["code"]) == (404, "not_found")
    assert "any system's id" in answer.problem["detail"]


async def test_the_list_tells_how_far_each_has_come(caller: Any, win: Any) -> None:
    await win(amount="1200.5")

    row = (await caller.get("/api/v1/engagements")).json["data"][0]

    assert row["amount"] == {"amount": "1200.50", "currency": "EUR"}
    assert row["at_risk"] == [{"amount": "1200.50", "currency": "EUR"}]
    assert (row["open_holds"], row["customer"]) == (1, "Sample Customer AG")
    assert [stage["state"] for stage in row["stages"]] == ["done", "held", "waiting", "done", "done", "waiting"]


async def test_the_list_goes_on_where_it_ended(caller: Any, win: Any) -> None:
    for number in range(1, 6):
        await win(number)

    seen, path = [], "/api/v1/engagements?limit=2"
    while path:
        page = (await caller.get(path)).json
        seen += [row["id"] for row in page["data"]]
        path = f"/api/v1/engagements?limit=2&cursor={page['next']}" if page["next"] else ""

    assert seen == [f"opportunity-{number}" for number in (5, 4, 3, 2, 1)]


async def test_the_timeline_is_a_story_and_not_a_list_of_rows(caller: Any, win: Any) -> None:
    await win()

    beats = (await caller.get("/api/v1/engagements/opportunity-1/timeline")).json["data"]

    assert [beat["title"] for beat in beats] == ["Opportunity won", "Project opened", "3 tasks created", "Finance held"]
    assert (beats[2]["count"], beats[2]["detail"]) == (3, "Task 0, Task 1, Task 2")
    assert [beat["role"] for beat in beats] == ["crm", "psa", "psa", "hub"]


async def test_exchanges_come_with_what_was_said(caller: Any, win: Any, machine: Machine) -> None:
    await win()
    await machine.pool.execute(
        """insert into captures (at, system, direction, state, method, url, status, outcome, correlation, run,
             request_headers, request_body, answer_headers, answer_body)
           values ($1, 'kantata', 'out', 'failed', 'POST', 'http://127.0.0.1/api/v1/stories.json', 429, 'throttled',
             'opportunity-1', 'run-1', '{}', $2, '{}', '')""",
        machine.clock(),
        b'{"story": 1}',
    )

    exchanges = (await caller.get("/api/v1/engagements/opportunity-1/exchanges")).json["data"]
    beats = (await caller.get("/api/v1/engagements/opportunity-1/timeline")).json["data"]

    assert [each["request_body"] for each in exchanges] == ['{"story": 1}']
    assert beats[-1]["title"] == "Asked to slow down"


async def test_every_value_says_why_it_is_what_it_is(caller: Any, win: Any, machine: Machine) -> None:
    await win(1)
    said = {"name": {"source": "salesforce", "at": machine.clock().isoformat()}}
    await machine.pool.execute("update entities set provenance = $1 where id = 'opportunity-1'", said)

    told = (await caller.get("/api/v1/engagements/006000000000001AAA/values")).json
    (name,) = [each for each in told["data"][0]["fields"] if each["field"] == "name"]

    assert [each["id"] for each in told["data"]] == ["opportunity-1", "customer-1"]
    assert (name["value"], name["system"], name["rule"], name["refused"]) == (
        "Deal 1", "salesforce", "opportunity: *: crm", [],
    )  # fmt: skip


async def test_the_money_is_followed_from_the_sale_to_the_books(caller: Any, win: Any, machine: Machine) -> None:
    await win(1, amount="1000.00")

    def eur(amount: str) -> dict[str, str]:
        return {"amount": amount, "currency": "EUR"}

    approved = {"approval": {"state": "approved"}}
    hours = {"project": "project-1", "billable": True, "rate": eur("100.00")}
    things = {
        "contract-1": {"opportunity": "opportunity-1", "value": eur("1000.00")},
        "project-1": {"opportunity": "opportunity-1", "budget": eur("900")},
        "time_entry-1": {**hours, **approved, "hours": "2.5"},
        "time_entry-2": {**hours, "hours": "1"},
        "time_entry-3": {**hours, **approved, "hours": "7", "billable": False},
        "time_entry-4": {**hours, **approved, "hours": "8", "rate": None},
        "expense-1": {"project": "project-1", "billable": True, "amount": eur("50.00"), **approved},
        "invoice-1": {"contract": "contract-1", "state": "sent", "net": eur("200.00")},
        "invoice-2": {"contract": "contract-1", "state": "draft", "net": eur("999.00")},
        "payment-1": {"applications": [{"invoice": "invoice-1", "amount": eur("80.00")},
                                       {"invoice": "invoice-9", "amount": eur("5.00")}]},
        "revenue_schedule-1": {"contract": "contract-1", "lines": [
            {"recognised": True, "amount": eur("200.00")}, {"recognised": False, "amount": eur("800.00")}]},
    }  # fmt: skip
    for id_, fields in things.items():
        await insert(machine.pool, "entities", id=id_, kind=id_.rpartition("-")[0], version=1, fields=fields,
                     unread={}, provenance={}, updated_at=machine.clock())  # fmt: skip

    told = (await caller.get("/api/v1/engagements/opportunity-1/money")).json

    assert [(each["rung"], [m["amount"] for m in each["amounts"]]) for each in told["steps"]] == [
        ("sold", ["1000.00"]), ("contracted", ["1000.00"]), ("planned", ["900.00"]), ("worked", ["400.00"]),
        ("approved", ["300.00"]), ("billed", ["200.00"]), ("paid", ["80.00"]), ("recognised", ["200.00"]),
    ]  # fmt: skip
    assert {each["rung"]: each["unknown"] for each in told["steps"] if each["unknown"]} == {"worked": 1, "approved": 1}
    assert [(each["name"], each["amount"]["amount"], each["tied"]) for each in told["gaps"]] == [
        ("Sold, not planned", "100.00", False), ("Worked, not approved", "100.00", True),
    ]  # fmt: skip
