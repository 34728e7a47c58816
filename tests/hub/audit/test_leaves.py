"""Every decisive action leaves exactly one leaf in its own transaction; without its leaf it is not done."""

from typing import Any

import asyncpg
import pytest

from throughline.core.entities import Customer, Message, Project
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import cancels, holds, lockouts
from throughline.hub.cancels import Wish
from throughline.hub.wire.lockout import Lockout
from throughline.store import archives, effects, firm_versions
from throughline.store.archives import Certificate
from throughline.store.effects import Effect

DEAL = "deal-1"


@workflow("asks", on=OpportunityWon, lane=lambda won: won.opportunity)
async def asks(flow: Flow, _won: OpportunityWon) -> None:
    await flow.ask("twin", "The same customer?", choices=("yes", "no"))


@workflow("sends", on=OpportunityWon, lane=lambda won: won.opportunity)
async def sends(flow: Flow, _won: OpportunityWon) -> None:
    """One upsert, one on rung C, one on rung E."""
    await flow.put(Customer.model_validate({"id": "customer-1", "name": "M"}), into=Role.ERP)
    work = {"id": "project-1", "name": "P", "customer": "customer-1", "currency": "EUR"}
    await flow.put(Project.model_validate(work), into=Role.PSA)
    await flow.put(Message.model_validate({"id": "message-1", "channel": "c", "text": "t"}), into=Role.CHAT)


@workflow("upserts", on=OpportunityWon, lane=lambda won: won.opportunity)
async def upserts(flow: Flow, _won: OpportunityWon) -> None:
    await flow.put(Customer.model_validate({"id": "customer-1", "name": "M"}), into=Role.ERP)


def stops(*times: Hold) -> Any:
    left = list(times)

    @workflow("stops", on=OpportunityWon, lane=lambda won: won.opportunity)
    async def run(_flow: Flow, _won: OpportunityWon) -> None:
        if left:
            raise left.pop(0)

    return run


async def started(opened: Any, *workflows: Any) -> Any:
    world = await opened(*workflows)
    await world.start(OpportunityWon(opportunity=DEAL))
    await world.pool.execute("delete from audit_waiting")
    await world.work()
    return world


async def left(world: Any) -> list[tuple[str, str, str]]:
    rows = await world.pool.fetch("delete from audit_waiting returning actor, action, object, id")
    return [(row["actor"], row["action"], row["object"]) for row in sorted(rows, key=lambda row: row["id"])]


async def test_a_hold_leaves_one_when_it_opens_and_none_when_it_comes_back(opened: Any) -> None:
    world = await started(opened, asks)
    (hold,) = await world.holds()

    assert await left(world) == [("throughline", "opened", hold["id"])]
    await world.pool.execute("update lanes set due_at = $1", world.clock())
    await world.work()
    assert await left(world) == []


async def test_an_answer_leaves_one_of_the_person(opened: Any) -> None:
    world = await started(opened, asks)
    (hold,) = await world.holds()
    await left(world)

    await holds.answer(world.machine, hold["id"], "yes", person="Ada")
    await world.work()

    assert await left(world) == [("Ada", "answered", hold["id"])]


async def test_what_no_longer_arises_leaves_one_of_ours(opened: Any) -> None:
    world = await started(opened, stops(Hold("no rate", fix="add one")))
    (hold,) = await world.holds()
    await left(world)

    await world.pool.execute("update lanes set due_at = $1", world.clock())
    await world.work()

    assert await left(world) == [("throughline", "closed", hold["id"])]


async def test_a_cancelled_run_leaves_the_wish_and_the_end_of_its_hold(opened: Any) -> None:
    world = await started(opened, stops(*[Hold("no rate", fix="add one")] * 9))
    (hold,), run = await world.holds(), await world.run()
    await left(world)

    await cancels.cancel(world.machine, run["id"], Wish("Ada", "gone", undo=False))

    assert await left(world) == [("Ada", "cancelled", run["id"]), ("throughline", "closed", hold["id"])]


async def test_every_confirmed_effect_leaves_one_whatever_its_rung(opened: Any) -> None:
    world = await started(opened, sends)

    confirmed = [each["key"] for each in await world.effects() if each["state"] == "confirmed"]
    assert sorted(await left(world)) == sorted(("throughline", "confirmed", key) for key in confirmed)
    assert len(confirmed) == 3


async def test_what_is_confirmed_with_the_end_of_its_pass_leaves_one(opened: Any) -> None:
    world = await started(opened, upserts)
    (effect,) = await world.effects()

    assert await left(world) == [("throughline", "confirmed", effect["key"])]


async def test_a_leaf_of_an_effect_belongs_to_its_engagement(opened: Any) -> None:
    world = await started(opened, sends)
    run = await world.run()

    rows = await world.pool.fetch("select run from audit_waiting")

    assert {row["run"] for row in rows} == {run["id"]}


async def test_an_effect_that_was_confirmed_before_leaves_no_second_one(opened: Any) -> None:
    world = await started(opened, sends)
    await left(world)
    for rung, leaves in (("C", 1), ("A", 2)):
        effect = Effect(f"key-{rung}", "run-1", None, "south", "customer", "c-1", "create", rung, "confirmed", {"a": 1})
        for _ in range(2):
            await effects.confirm(world.pool, [effect], [], now=world.clock())

        assert len(await left(world)) == leaves, rung


async def test_what_was_not_confirmed_leaves_none(opened: Any) -> None:
    world = await opened()
    await left(world)
    effect = Effect("key-1", "run-1", None, "south", "customer", "c-1", "create", "C", "unknown", {"a": 1})

    await effects.confirm(world.pool, [effect], [], now=world.clock())
    await effects.record(world.pool, [effect], now=world.clock())

    assert [each for each in await left(world) if each[1] == "confirmed"] == []


async def test_a_new_version_of_the_folder_leaves_one(opened: Any) -> None:
    world = await opened()
    await left(world)

    version = await firm_versions.apply(world.pool, digest="d", files={"a": "b"}, by="Ada", now=world.clock())

    assert await left(world) == [("Ada", "applied", f"firm/{version}")]


async def test_a_lockout_leaves_one_when_it_opens_and_one_when_it_ends(opened: Any) -> None:
    world = await opened()
    await left(world)
    for _ in range(2):
        lockout = Lockout(world.pool, "south", world.clock)
        await lockout.lock(Hold("refused", fix="give a new secret"), refused="fingerprint")
    (hold,) = await world.holds()

    assert await left(world) == [("throughline", "opened", hold["id"])]
    await lockouts.look_after(world.machine)
    assert await left(world) == [("throughline", "released", hold["id"])]


async def test_what_leaves_the_database_leaves_one(opened: Any) -> None:
    world = await opened()
    await left(world)
    now = world.clock()
    certificate = Certificate("calls-1-1", "calls", "captures_1", 1, 2, now, now, 2, 9, "d", "worker-1", 1, 30, now)

    await archives.certify(world.pool, certificate)

    assert await left(world) == [("worker-1", "archived", "calls-1-1")]


async def test_an_answer_whose_leaf_cannot_be_written_is_not_given(opened: Any) -> None:
    world = await started(opened, asks)
    (hold,) = await world.holds()

    async with world.broken("audit_waiting", code="53100"):
        with pytest.raises(asyncpg.DiskFullError):
            await holds.answer(world.machine, hold["id"], "yes", person="Ada")

    assert [each["id"] for each in await world.holds()] == [hold["id"]]
    assert await world.pool.fetchval("select count(*) from answers") == 0
    assert await world.pool.fetchval("select count(*) from journal") == 0


async def test_an_effect_whose_leaf_cannot_be_written_is_not_confirmed(opened: Any) -> None:
    world = await opened()
    effect = Effect("key-1", "run-1", None, "south", "customer", "c-1", "create", "C", "confirmed", {"a": 1})

    async with world.broken("audit_waiting", code="53100"):
        with pytest.raises(asyncpg.DiskFullError):
            await effects.confirm(world.pool, [effect], [], now=world.clock())

    assert await world.effects() == []
