"""New code for a process whose runs are half-way: what was done stays done, and only what is new is done."""

from typing import Any

from tests.hub.conftest import Estate, Opened
from throughline.core.entities import Customer, CustomerId, Message, MessageId, Project, ProjectId
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds

NORTHWIND = Customer(id=CustomerId("customer-n"), name="Northwind", country="NO")
HARBOUR = Project(id=ProjectId("project-h"), name="Harbour", customer=NORTHWIND.id, currency="USD")
WELCOME = Message(id=MessageId("message-w"), channel="won", text="Harbour begins")


def lane(won: OpportunityWon) -> str:
    return won.opportunity


@workflow("handover", on=OpportunityWon, lane=lane)
async def older(flow: Flow, won: OpportunityWon) -> None:
    await flow.put(NORTHWIND, into=Role.ERP)
    await flow.put(HARBOUR, into=Role.PSA)
    await flow.ask("go", f"Begin {won.opportunity}?", choices=("yes", "no"))


@workflow("handover", on=OpportunityWon, lane=lane)
async def newer(flow: Flow, won: OpportunityWon) -> None:
    await flow.put(NORTHWIND, into=Role.ERP)
    await flow.put(HARBOUR, into=Role.PSA)
    await flow.put(WELCOME, into=Role.CHAT)
    await flow.ask("go", f"Begin {won.opportunity}?", choices=("yes", "no"))


async def test_a_run_that_is_half_way_does_only_what_its_new_code_adds(opened: Opened, estate: Estate) -> None:
    before = await opened(older)
    await before.start(OpportunityWon(opportunity="opportunity-1"))
    await before.work()
    sent = len(estate.requests)
    (question,) = await before.holds()
    after = await opened(newer, worker="worker-2")

    await holds.answer(after.machine, question["id"], "yes", person="Ana")
    await after.work()

    new = [(request.method, request.url) for request in estate.requests[sent:]]
    assert changes(new) == [("POST", "https://west.example/messages")]
    assert (await after.run())["state"] == "done"


async def test_an_effect_that_new_code_leaves_out_is_not_undone_by_it(opened: Opened, estate: Estate) -> None:
    before = await opened(newer)
    await before.start(OpportunityWon(opportunity="opportunity-1"))
    await before.work()
    sent = len(estate.requests)
    (question,) = await before.holds()
    after = await opened(older, worker="worker-2")

    await holds.answer(after.machine, question["id"], "yes", person="Ana")
    await after.work()

    assert changes([(request.method, request.url) for request in estate.requests[sent:]]) == []
    assert (await after.run())["state"] == "done"


def changes(asked: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(method, url) for method, url in asked if method != "GET" and not url.endswith("/token")]
