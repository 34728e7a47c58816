"""Approvals, and what two people must agree to: who proposed may not approve."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from throughline import server
from throughline.core.rights import ALL, Who
from throughline.hub import access_keys, people
from throughline.hub.access_keys import Wanted
from throughline.hub.machine import Machine
from throughline.settings import Settings

YES = {"choice": "approve", "reason": "Agreed."}


@dataclass(frozen=True, slots=True)
class Say:
    """Answers as somebody, and remembers with which key."""

    answer: Callable[..., Awaitable[Any]]
    keys: dict[str, str]

    async def __call__(self, name: str, hold: str = "hold-1", **said: str) -> Any:
        return await self.answer(name, hold, **said)


@pytest.fixture
async def asked(machine: Machine, settings: Settings, win: Any) -> None:
    """Two deals that ask for approval: one above the limit of four eyes, one not."""
    policies = settings.firm / "policies.yaml"
    policies.write_text(policies.read_text() + "\nfour_eyes:\n  - { above: 5000, currency: EUR }\n")
    await machine.firms.apply(by="a test")
    for number, amount in ((1, "5000.01"), (2, "5000.00")):
        await win(number, amount=amount, choices=("approve", "decline"))


@pytest.fixture
def say(machine: Machine, settings: Settings, caller: Any, asked: None) -> Say:
    """Answer a hold as somebody."""
    del asked
    caller.app = server.app(machine, settings)
    keys: dict[str, str] = {}

    async def answer(name: str, hold: str = "hold-1", *, role: str = "approver", **said: str) -> Any:
        if name not in keys:
            person = f"{name}@example.com"
            await people.add(machine, person, roles=[role], legal_entities=None, by="t")
            shown = await access_keys.make(machine, Wanted(name="k", person=person), by=Who("t", ALL))
            keys[name] = f"Bearer {shown.secret}"
        n = len(await machine.pool.fetch("select key from idempotency_keys"))
        path = f"/api/v1/holds/{hold}/answer"
        return await caller.post(path, {**YES, **said}, authorization=keys[name], idempotency_key=f"{name}{n}")

    return Say(answer, keys)


async def state(machine: Machine, hold: str = "hold-1") -> str:
    return await machine.pool.fetchval("select state from holds where id = $1", hold)


async def test_who_may_decide_and_not_approve_is_refused(say: Say, machine: Machine) -> None:
    answer = await say("anna", "hold-2", role="operator")

    assert (answer.status, answer.json["missing_right"]) == (403, "approve")
    assert await state(machine, "hold-2") == "open"


async def test_within_the_limit_one_who_may_approve_is_enough(say: Say, machine: Machine) -> None:
    assert (await say("anna", "hold-2")).status == 200
    assert await state(machine, "hold-2") == "closed"


async def test_above_the_limit_the_first_answer_is_a_proposal(say: Say, machine: Machine) -> None:
    answer = await say("anna")

    assert (answer.status, answer.json["how"]) == (200, "proposed approve")
    assert await state(machine) == "open"
    assert await machine.pool.fetchval("select count(*) from answers") == 0


async def test_who_proposed_may_not_approve(say: Say, machine: Machine) -> None:
    await say("anna")
    again = await say("anna")

    assert (again.status, again.problem["code"]) == (409, "not_by_one")
    assert await state(machine) == "open"


async def test_with_the_second_person_it_is_decided(say: Say, machine: Machine) -> None:
    await say("anna")
    second = await say("boris")

    assert (second.status, second.json["how"], second.json["by"]) == (200, "answered approve", "boris@example.com")
    assert await state(machine) == "closed"
    noted = await machine.pool.fetch("select actor, action from journal where object = 'hold-1' order by seq")
    assert [tuple(row) for row in noted] == [("anna@example.com", "propose"), ("boris@example.com", "answered")]


async def test_another_answer_is_a_new_proposal(say: Say, machine: Machine) -> None:
    await say("anna")
    other = await say("boris", choice="decline")
    await say("boris", choice="approve")
    agreed = await say("anna", choice="approve")

    assert (other.json["how"], agreed.json["how"]) == ("proposed decline", "answered approve")
    assert await machine.pool.fetchval("select choice from answers") == "approve"


async def test_the_holds_page_says_who_proposed_what(say: Say, caller: Any) -> None:
    await say("boris", choice="decline")
    await say("anna")
    mine = await caller.get("/holds/hold-1", accept="text/html", authorization=say.keys["anna"])
    theirs = await caller.get("/holds/hold-1", accept="text/html", authorization=say.keys["boris"])

    assert b"You have proposed to approve" in mine.body
    assert b"anna@example.com proposes to approve" in theirs.body


async def test_the_shared_key_is_none_of_the_two(say: Say, machine: Machine, settings: Settings, caller: Any) -> None:
    await say("anna")
    caller.app = server.app(machine, settings.model_copy(update={"api_key": "shared"}))
    answer = await caller.post("/api/v1/holds/hold-1/answer", YES, authorization="Bearer shared", idempotency_key="s")

    assert (answer.status, answer.problem["code"]) == (409, "not_by_one")
    assert await state(machine) == "open"
