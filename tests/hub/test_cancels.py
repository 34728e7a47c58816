"""Cancelling: a run makes no further pass and sends nothing more; undoing is a run of its own in the same lane."""

import asyncio
from typing import Any

import pytest

from throughline.core.entities import Customer
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import cancels
from throughline.hub.cancels import NoSuchRun, NotCancellable, Wish
from throughline.hub.once import Once
from throughline.hub.wire import Lost

WHY = Wish("Ada", "the client walked away", undo=False)
UNDO = Wish("Ada", "the client walked away", undo=True)


def by_deal(event: OpportunityWon) -> str:
    return event.opportunity


def customer(n: int, **more: Any) -> Customer:
    return Customer.model_validate({"id": f"customer-{n}", "name": f"Customer {n}", "country": "GB"} | more)


async def undo(flow: Flow, _won: OpportunityWon) -> None:
    for n in (1, 2):
        ours = customer(n, name="CANCELLED")
        found = [each for each in await flow.find(Customer, at=Role.ERP, like=ours) if each.id == ours.id]
        if found:
            await flow.put(ours, into=Role.ERP, onto=found[0].key)


@workflow("two", on=OpportunityWon, lane=by_deal, undo=undo)
async def two(flow: Flow, _won: OpportunityWon) -> None:
    await flow.put(customer(1), into=Role.ERP)
    await flow.put(customer(2), into=Role.ERP)


@workflow("one", on=OpportunityWon, lane=by_deal)
async def one(flow: Flow, _won: OpportunityWon) -> None:
    await flow.put(customer(1), into=Role.ERP)


@workflow("held", on=OpportunityWon, lane=by_deal)
async def held(_flow: Flow, _won: OpportunityWon) -> None:
    raise Hold("no rate", fix="add one")


async def started(opened: Any, *workflows: Any) -> Any:
    world = await opened(*workflows)
    await world.start(OpportunityWon(opportunity="deal-1"))
    return world


async def test_a_held_run_is_cancelled_and_its_hold_closes_with_the_reason(opened: Any) -> None:
    world = await started(opened, held)
    await world.work()
    run = await world.run()

    told = await cancels.cancel(world.machine, run["id"], WHY)

    (hold,) = await world.holds("closed")
    assert told["state"] == "cancelled"
    assert hold["closed_how"] == "cancelled by Ada: the client walked away"
    assert await world.holds() == []
    after = await world.run()
    assert (after["cancelled_at"], after["finished_at"]) == (world.clock(), world.clock())
    (note,) = await world.pool.fetch("select * from journal")
    assert (note["actor"], note["action"], note["object"]) == ("Ada", "cancelled", run["id"])


async def test_nothing_more_is_sent_for_it_whatever_wakes_its_lane(opened: Any, estate: Any) -> None:
    world = await started(opened, two)
    estate.fail("PUT", "/customers", error=Lost("reset"))
    await world.work()
    sent = len(estate.calls("PUT"))
    run = await world.run()

    await cancels.cancel(world.machine, run["id"], WHY)
    world.clock.advance(3600)
    await world.pool.execute("update lanes set due_at = $1", world.clock())
    await world.work()

    assert len(estate.calls("PUT")) == sent
    assert (await world.run())["passes"] == run["passes"]


async def test_a_pass_under_way_ends_what_it_did_is_remembered_and_then_the_run_is_cancelled(
    opened: Any, estate: Any
) -> None:
    world = await started(opened, two)
    told: dict[str, Any] = {}

    async def meanwhile() -> None:
        told.update(await cancels.cancel(world.machine, (await world.run())["id"], WHY))

    estate.fail("PUT", "/customers/ours/customer-1", before=meanwhile)
    estate.fail("PUT", "/customers/ours/customer-2", error=Lost("reset"))
    await world.work()
    assert told["state"] == "cancelling"
    sent = len(estate.calls("PUT"))
    world.clock.advance(3600)
    await world.work()

    assert await cancels.all_asked(world.machine) == 1
    world.clock.advance(3600)
    await world.work()
    assert [row["state"] for row in await world.effects()] == ["confirmed"]
    assert (await world.run())["cancelled_at"]
    assert len(estate.calls("PUT")) == sent


async def test_a_worker_that_comes_back_into_a_cancelled_run_can_commit_nothing(opened: Any, estate: Any) -> None:
    world = await started(opened, two)

    async def freeze() -> None:
        world.clock.advance(31)  # the lease is over
        await cancels.cancel(world.machine, (await world.run())["id"], WHY)

    estate.fail("PUT", "/customers/ours/customer-1", before=freeze)
    await world.work()

    assert [request.url for request in estate.calls("PUT") if "customer-2" in request.url] == []
    assert await world.effects() == []
    assert (await world.run())["cancelled_at"]


async def test_nor_can_it_commit_what_it_had_sent_before(opened: Any, estate: Any) -> None:
    world = await started(opened, one)

    async def freeze() -> None:
        world.clock.advance(31)
        await cancels.cancel(world.machine, (await world.run())["id"], WHY)

    estate.fail("PUT", "/customers/ours/customer-1", before=freeze)
    await world.work()

    assert await world.effects() == []
    assert (await world.run())["passes"] == 0


async def test_the_next_run_of_the_lane_goes_on(opened: Any) -> None:
    world = await started(opened, held, two)
    await world.pool.execute("update runs set lane = 'shared'")
    await world.pool.execute("insert into lanes (key, due_at, fence) values ('shared', $1, 0)", world.clock())
    await world.work("shared")
    first, second = sorted(await world.runs(), key=lambda row: row["workflow"])
    assert (first["state"], second["state"]) == ("held", "due")

    await cancels.cancel(world.machine, first["id"], WHY)
    await world.work()

    assert [row["state"] for row in await world.runs() if row["workflow"] == "two"] == ["done"]


async def test_undoing_is_a_run_of_its_own_that_finds_even_what_nobody_remembers(opened: Any, estate: Any) -> None:
    world = await started(opened, two)
    estate.fail("PUT", "/customers/ours/customer-2", after=Lost("reset"))
    await world.work()

    told = await cancels.cancel(world.machine, (await world.run())["id"], UNDO)
    await world.work()

    first, second = await world.runs()
    assert told["undone_by"] == second["id"]
    assert (second["workflow"], second["lane"], second["state"]) == ("undo-two", first["lane"], "done")
    assert second["correlation"] == first["correlation"]
    names = [record["name"] for record in estate.shelf("south", "customers").values()]
    assert "CANCELLED" in names


async def test_what_is_done_can_be_undone_and_nothing_else_can_be_done_to_it(opened: Any, estate: Any) -> None:
    world = await started(opened, two)
    await world.work()
    run = (await world.run())["id"]

    with pytest.raises(NotCancellable, match="nothing to stop"):
        await cancels.cancel(world.machine, run, WHY)
    await cancels.cancel(world.machine, run, UNDO)
    await world.work()

    assert [record["name"] for record in estate.shelf("south", "customers").values()] == ["CANCELLED"] * 2


async def test_an_event_does_not_start_the_undoing(opened: Any) -> None:
    world = await started(opened, two)

    await world.work()

    assert [row["workflow"] for row in await world.runs()] == ["two"]


async def test_what_cannot_be_done_is_refused_with_the_reason(opened: Any) -> None:
    world = await started(opened, held)
    await world.work()
    run = (await world.run())["id"]

    with pytest.raises(NoSuchRun):
        await cancels.cancel(world.machine, "run-nowhere", WHY)
    with pytest.raises(NotCancellable, match="does not say how it is undone"):
        await cancels.cancel(world.machine, run, UNDO)
    await cancels.cancel(world.machine, run, WHY)
    with pytest.raises(NotCancellable, match="before"):
        await cancels.cancel(world.machine, run, WHY)


async def test_asked_twice_with_one_key_it_is_cancelled_once_and_answered_alike(opened: Any) -> None:
    world = await started(opened, two)
    run, once = (await world.run())["id"], Once("key-1", "cancel")

    first = await cancels.cancel(world.machine, run, UNDO, once=once)
    second = await cancels.cancel(world.machine, run, UNDO, once=once)

    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["undone_by"] == second["undone_by"]
    assert len(await world.runs()) == 2


async def test_two_who_cancel_at_once_begin_one_undoing(opened: Any) -> None:
    world = await started(opened, two)
    run = (await world.run())["id"]

    done = await asyncio.gather(*(cancels.cancel(world.machine, run, UNDO) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(each, NotCancellable) for each in done) == 2
    assert len(await world.runs()) == 2
