"""Batches: said beforehand, done item by item, once each, and one first where a fix is not proved yet."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.hub.desk.conftest import money
from throughline.hub import holds
from throughline.hub.desk import batches, batching, causes
from throughline.hub.desk.batches import NoSuchBatch, Order
from throughline.hub.holds import NotPossible
from throughline.store import batches as stored
from throughline.store import journal
from throughline.store.queue import Wanted

PERSON: Any = {"person": "A person", "reason": "Row added."}


@pytest.fixture
async def three(desk: Any) -> Any:
    """One cause, three deals of 300, 10 and an unknown amount; each goes through when it is released."""
    await desk.stuck("deal-1", desk.hold(amount=money(300)))
    await desk.stuck("deal-2", desk.hold(amount=money(10)))
    await desk.stuck("deal-3", desk.hold())
    return desk


async def cause(desk: Any) -> str:
    return (await desk.world.holds())[0]["cause"]


async def worked_off(desk: Any, id_: str, turns: int = 8) -> Any:
    """As workers would: turns of the batch, and passes of whatever it woke."""
    for _ in range(turns):
        await batching.all_running(desk.world.machine)
        await desk.world.work()
    return await batches.progress(desk.world.machine, id_)


async def outcomes(desk: Any, id_: str) -> list[tuple[str, str, str]]:
    rows = (await batches.items(desk.world.machine, id_)).rows
    return [(row["correlation"], row["state"], row["outcome"]) for row in rows]


async def test_a_dry_run_says_how_many_what_they_come_to_and_whom_it_does_not_fit(three: Any) -> None:
    await three.world.pool.execute("update holds set choices = '{yes,no}' where correlation = 'deal-2'")

    told = await batches.preview(three.world.machine, Order("release", Wanted(), **PERSON))

    assert (told.total.holds, told.total.amounts, told.total.unknown, told.unfit) == (3, {"EUR": Decimal(310)}, 1, 1)
    assert len(await three.world.holds()) == 3


async def test_a_batch_does_each_item_and_says_what_became_of_it(three: Any) -> None:
    three.left["deal-2"].append(three.hold())

    id_ = await batches.begin(three.world.machine, Order("release", Wanted(), **PERSON))
    told = await worked_off(three, id_)

    assert (told.row["state"], told.counts) == ("done", {"done": 2, "left": 1})
    assert await outcomes(three, id_) == [
        ("deal-1", "done", "went through"),
        ("deal-2", "left", "came back: No tax code for CH"),
        ("deal-3", "done", "went through"),
    ]
    assert (told.row["amounts"], told.row["unknown"]) == ({"EUR": "310"}, 1)
    (note,) = await journal.about(three.world.pool, [id_])
    assert (note["action"], note["detail"]["holds"], note["detail"]["reason"]) == ("batched", 3, "Row added.")


async def test_ticked_holds_are_a_batch_of_just_those(three: Any) -> None:
    ids = tuple(row["id"] for row in await three.world.holds())[:2]

    id_ = await batches.begin(three.world.machine, Order("assign", Wanted(ids=ids), to="Ann", **PERSON))
    told = await worked_off(three, id_, turns=1)

    assert (told.row["state"], told.counts) == ("done", {"done": 2})
    assert [row["assignee"] for row in await three.world.holds()] == ["Ann", "Ann", None]


async def test_a_queue_that_moved_since_it_was_looked_at_begins_nothing(three: Any) -> None:
    with pytest.raises(NotPossible, match="3 holds fit now, not 2"):
        await batches.begin(three.world.machine, Order("release", Wanted(), expect=2, **PERSON))

    assert await three.world.pool.fetchval("select count(*) from batches") == 0


async def test_an_item_that_somebody_else_closed_is_left_with_the_reason(three: Any) -> None:
    id_ = await batches.begin(three.world.machine, Order("release", Wanted(), **PERSON))
    await holds.release(three.world.machine, (await three.world.holds())[0]["id"], person="Another")

    told = await worked_off(three, id_)

    assert told.counts == {"done": 2, "left": 1}
    assert (await outcomes(three, id_))[0][2].endswith("is closed: released by Another.")


async def test_what_was_begun_is_finished_by_whoever_comes_after(three: Any) -> None:
    id_ = await batches.begin(three.world.machine, Order("release", Wanted(), **PERSON))
    async with three.world.broken("batch_items"):
        with pytest.raises(Exception, match="broken"):
            await batching.turn(three.world.machine, id_)
    assert len(await three.world.holds()) == 3

    three.world.clock.advance(batching.LEASE.total_seconds() + 1)
    told = await worked_off(three, id_)

    assert (told.row["state"], told.counts) == ("done", {"done": 3})
    assert await three.world.pool.fetchval("select count(*) from decisions") == 3


async def test_one_worker_at_a_time_is_at_a_batch(three: Any) -> None:
    id_ = await batches.begin(three.world.machine, Order("release", Wanted(), **PERSON))
    await three.world.pool.execute("update batches set lease_until = $1", three.world.clock() + timedelta(seconds=9))

    await batching.turn(three.world.machine, id_)

    assert (await batches.progress(three.world.machine, id_)).counts == {"waiting": 3}


async def test_a_cancelled_batch_begins_nothing_more(three: Any) -> None:
    machine = three.world.machine
    id_ = await batches.begin(machine, batches.clearing(await cause(three), **PERSON))
    await batching.turn(machine, id_)

    await batches.cancel(machine, id_, person="A person")
    await batching.all_running(machine)
    await three.world.work()

    assert (await batches.progress(machine, id_)).row["state"] == "cancelled"
    assert [row["correlation"] for row in await three.world.holds()] == ["deal-1", "deal-3"]
    with pytest.raises(NotPossible, match="is over"):
        await batches.cancel(machine, id_, person="A person")


async def test_an_item_is_taken_only_while_it_waits_and_its_batch_runs(three: Any) -> None:
    machine, pool = three.world.machine, three.world.pool
    done = await batches.begin(machine, Order("assign", Wanted(), to="Ann", **PERSON))
    assert await stored.take(pool, done, 0)
    await worked_off(three, done, turns=1)
    await pool.execute("update batches set state = 'running'")
    over = await batches.begin(machine, Order("assign", Wanted(), to="Bo", **PERSON))
    await pool.execute("update batches set state = 'cancelled' where id = $1", over)

    assert not await stored.take(pool, done, 0)
    assert not await stored.take(pool, over, 0)


async def test_the_canary_is_the_least_at_risk_and_goes_alone(three: Any) -> None:
    id_ = await batches.begin(three.world.machine, batches.clearing(await cause(three), **PERSON))

    await batching.turn(three.world.machine, id_)
    await batching.turn(three.world.machine, id_)

    assert [row["correlation"] for row in await three.world.holds()] == ["deal-1", "deal-3"]
    assert (await outcomes(three, id_))[0][:2] == ("deal-2", "under way")


async def test_the_rest_follows_a_canary_that_went_through_and_the_cause_is_resolved(three: Any) -> None:
    its = await cause(three)
    id_ = await batches.begin(three.world.machine, batches.clearing(its, **PERSON))

    told = await worked_off(three, id_)

    assert (told.row["state"], told.counts) == ("done", {"done": 3})
    found = await causes.one(three.world.machine, its)
    assert (found.row["state"], found.row["reason"]) == ("resolved", "Row added.")
    assert (found.best and (found.best.words, found.best.worked)) == ("released", 3)


async def test_a_canary_that_comes_back_stops_the_batch(three: Any) -> None:
    its = await cause(three)
    three.left["deal-2"].append(three.hold())
    id_ = await batches.begin(three.world.machine, batches.clearing(its, **PERSON))

    told = await worked_off(three, id_)

    assert (told.row["state"], told.counts) == ("stopped", {"left": 3})
    assert "did not go through: came back: No tax code for CH" in told.row["why"]
    assert len(await three.world.holds()) == 3
    assert (await causes.one(three.world.machine, its)).row["state"] == "open"


async def test_a_canary_that_stops_for_another_reason_has_proved_the_fix(three: Any) -> None:
    three.left["deal-2"].append(three.hold("No cost centre"))
    id_ = await batches.begin(three.world.machine, batches.clearing(await cause(three), **PERSON))

    told = await worked_off(three, id_)

    assert (told.row["state"], told.counts) == ("done", {"done": 3})
    assert [row["why"] for row in await three.world.holds()] == ["No cost centre"]


async def test_questions_are_answered_alike(desk: Any) -> None:
    for deal in ("deal-1", "deal-2"):
        choosing = desk.hold("The same customer?")
        choosing.fix = "Choose."
        await desk.stuck(deal, choosing)

    order = Order("answer", Wanted(), choice="yes", **PERSON)
    told = await worked_off(desk, await batches.begin(desk.world.machine, order))

    assert (told.row["state"], told.counts) == ("done", {"done": 2})
    assert {row["choice"] for row in await desk.world.pool.fetch("select choice from answers")} == {"yes"}


async def test_what_makes_no_sense_is_refused(three: Any) -> None:
    for order, why in (
        (Order("answer", Wanted(), **PERSON), "Say the choice"),
        (Order("snooze", Wanted(), **PERSON), "Say until when"),
        (Order("release", Wanted(state="closed"), **PERSON), "are over"),
        (Order("release", Wanted(owner="Nobody"), **PERSON), "nothing to do"),
    ):
        with pytest.raises(NotPossible, match=why):
            await batches.begin(three.world.machine, order)
    with pytest.raises(NoSuchBatch):
        await batches.progress(three.world.machine, "batch-x")
