"""What portals show: few fields, under any id."""

from datetime import timedelta
from typing import Any

from tests.api.conftest import insert
from throughline.hub.machine import Machine

INVOICE = {
    "number": "INV-1042", "contract": "contract-1", "state": "sent", "issued_on": "2026-10-31", "due_on": "2026-11-15",
    "total": {"amount": "1190.00", "currency": "EUR"}, "open_amount": {"amount": "190.00", "currency": "EUR"},
}  # fmt: skip


async def bill(machine: Machine, **fields: Any) -> None:
    for id_, kind, said in (
        ("contract-1", "contract", {"opportunity": "opportunity-1"}),
        ("invoice-1", "invoice", {**INVOICE, **fields}),
    ):
        await insert(machine.pool, "entities", id=id_, kind=kind, version=1, fields=said, unread={}, provenance={},
                     updated_at=machine.clock())  # fmt: skip
    await insert(machine.pool, "links", system="netsuite", kind="invoice", key="9041", entity="invoice-1", sent={},
                 at=machine.clock())  # fmt: skip


async def test_an_engagement_that_is_held_waits_for_somebody(caller: Any, win: Any) -> None:
    await win(1)

    told = (await caller.get("/api/v1/portal/engagements/006000000000001AAA")).json

    assert (told["id"], told["name"], told["customer"], told["status"]) == (
        "opportunity-1", "Deal 1", "Sample Customer AG", "waiting",
    )  # fmt: skip
    assert [(each["owner"], each["why"]) for each in told["waiting_for"]] == [
        ("Finance operations", "No tax code for DE selling to CH")
    ]
    assert told["project_opened_at"] == "2026-11-20T11:55:01Z"


async def test_an_engagement_without_a_hold_is_in_progress_or_complete(caller: Any, win: Any, machine: Machine) -> None:
    await win(1)
    await machine.pool.execute("update holds set state = 'closed'")
    for state, status in (("due", "in progress"), ("waiting", "in progress"), ("done", "complete")):
        await machine.pool.execute("update runs set state = $1", state)
        assert (await caller.get("/api/v1/portal/engagements/opportunity-1")).json["status"] == status


async def test_its_invoices_say_what_is_owed_and_since_when(caller: Any, win: Any, machine: Machine) -> None:
    await win(1)
    await bill(machine)

    (told,) = (await caller.get("/api/v1/portal/engagements/opportunity-1/invoices")).json["data"]

    assert (told["number"], told["state"], told["due_on"], told["overdue_days"]) == (
        "INV-1042", "sent", "2026-11-15", 5,
    )  # fmt: skip
    assert told["open"] == {"amount": "190.00", "currency": "EUR"}
    for any_id in ("INV-1042", "9041", "invoice-1"):
        assert (await caller.get(f"/api/v1/portal/invoices/{any_id}")).json == told
    for any_id in ("INV", "1042", "contract-1", "nothing"):
        assert (await caller.get(f"/api/v1/portal/invoices/{any_id}")).problem["code"] == "not_found", any_id


async def test_what_is_paid_is_never_late_and_what_is_not_known_is_null(
    caller: Any, win: Any, machine: Machine
) -> None:
    await win(1)
    await bill(machine, open_amount={"amount": "0.00", "currency": "EUR"}, number=None, state=None)

    told = (await caller.get("/api/v1/portal/invoices/invoice-1")).json

    assert (told["number"], told["state"], told["overdue_days"]) == (None, None, 0)


async def test_a_promise_runs_and_is_met_or_missed(caller: Any, win: Any, machine: Machine, clock: Any) -> None:
    await win(1)

    async def told() -> dict[str, Any]:
        (only,) = (await caller.get("/api/v1/portal/engagements/opportunity-1/sla")).json["data"]
        return only

    assert [(await told())[name] for name in ("name", "status", "within_seconds", "ended_at")] == [
        "project_open", "met", 3600, "2026-11-20T11:55:01Z",
    ]  # fmt: skip
    await machine.pool.execute("delete from effects")
    assert ((await told())["status"], (await told())["due_at"]) == ("running", "2026-11-20T12:55:00Z")
    clock.now += timedelta(hours=1)
    assert (await told())["status"] == "missed"
