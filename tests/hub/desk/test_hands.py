"""One hold in a person's hands: given, put off, noted, dealt with elsewhere; each on record."""

import json
from datetime import timedelta
from typing import Any

import pytest

from throughline.core.entities import Customer
from throughline.hub.desk import difference, hands, queue
from throughline.hub.holds import NoSuchHold, NotPossible
from throughline.hub.once import Once
from throughline.hub.wire import Raw
from throughline.store import journal
from throughline.store.queue import Wanted


async def ids(desk: Any, **wanted: Any) -> list[str]:
    return [row["id"] for row in (await queue.page(desk.world.machine, Wanted(**wanted))).rows]


async def test_a_hold_is_given_to_somebody_and_taken_back(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())

    await hands.assign(desk.world.machine, one["id"], "Ann", person="A person", reason="She knows.")
    given = await ids(desk, assignee="Ann")
    await hands.assign(desk.world.machine, one["id"], None, person="A person")

    assert given == [one["id"]]
    assert (await ids(desk, assignee="Ann"), await ids(desk, assignee="nobody")) == ([], [one["id"]])
    notes = await journal.about(desk.world.pool, [one["id"]])
    assert [(n["action"], n["detail"]["to"], n["detail"]["from"]) for n in notes] == [
        ("assigned", "Ann", None), ("assigned", None, "Ann"),
    ]  # fmt: skip


async def test_a_snoozed_hold_leaves_the_queue_and_comes_back_with_its_clock(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())
    until = desk.world.clock() + timedelta(days=2)

    await hands.snooze(desk.world.machine, one["id"], until, person="A person", reason="They are away.")
    assert (await ids(desk), await ids(desk, state="snoozed")) == ([], [one["id"]])
    assert await hands.wake_snoozed(desk.world.machine) == 0

    desk.world.clock.advance(2 * 86400)
    assert await hands.wake_snoozed(desk.world.machine) == 1

    (back,) = await desk.world.holds()
    assert (await ids(desk), back["opened_at"]) == ([one["id"]], one["opened_at"])
    assert [n["action"] for n in await journal.about(desk.world.pool, [one["id"]])] == ["snoozed", "woken"]


async def test_nothing_is_snoozed_until_a_time_that_is_over(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())

    with pytest.raises(NotPossible, match="a time that is still to come"):
        await hands.snooze(desk.world.machine, one["id"], desk.world.clock(), person="A person")


async def test_a_note_stays_with_the_hold_and_is_in_the_audit_log(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())

    await hands.note(desk.world.machine, one["id"], "Called them.", person="A person")

    (note,) = await hands.notes(desk.world.pool, one["id"])
    assert (note["actor"], note["action"], note["detail"]["text"]) == ("A person", "noted", "Called them.")
    leaf = await desk.world.pool.fetchrow("select * from audit_waiting where action = 'noted'")
    assert (leaf["object"], leaf["engagement"]) == (one["id"], "deal-1")


async def test_what_was_dealt_with_elsewhere_ends_its_run_with_the_reason(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold(), desk.hold())

    await hands.resolve(desk.world.machine, one["id"], person="A person", reason="Billed by hand.")
    await desk.world.work()

    (closed,) = await desk.world.holds("closed")
    assert closed["closed_how"] == "cancelled by A person: dealt with elsewhere: Billed by hand."
    assert (await desk.world.run())["state"] == "done"
    assert await desk.world.holds() == []


async def test_a_run_that_waits_for_something_else_as_well_is_not_ended(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())
    other = await desk.stuck("deal-2", desk.hold())
    await desk.world.pool.execute("update holds set run = $1, name = 'another' where id = $2", one["run"], other["id"])

    with pytest.raises(NotPossible, match=f"waits for {other['id']} as well"):
        await hands.resolve(desk.world.machine, one["id"], person="A person", reason="Billed by hand.")

    assert len(await desk.world.holds()) == 2


async def test_the_same_request_again_is_done_once(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())
    once = Once("key", "assign Ann")

    first = await hands.assign(desk.world.machine, one["id"], "Ann", person="A person", once=once)
    again = await hands.assign(desk.world.machine, one["id"], "Ann", person="A person", once=once)

    assert (first["replayed"], again["replayed"], again["to"]) == (False, True, "Ann")
    assert len(await journal.about(desk.world.pool, [one["id"]])) == 1


async def test_a_hold_nobody_opened_is_in_nobodys_hands(desk: Any) -> None:
    for act in (
        hands.assign(desk.world.machine, "hold-x", "Ann", person="A"),
        hands.note(desk.world.machine, "hold-x", "text", person="A"),
        hands.resolve(desk.world.machine, "hold-x", person="A", reason="r"),
    ):
        with pytest.raises(NoSuchHold, match="There is no hold hold-x"):
            await act


async def test_what_a_system_would_not_be_told_is_kept_with_the_hold(desk: Any) -> None:
    """Whatever the vendor offers: on the lowest rung nothing else remembers what was to be sent."""
    desk.world.estate.fail("PUT", "customers", answer=Raw(422, {}, json.dumps({"why": "no tax code"}).encode()))
    one = await desk.stuck("deal-1", Customer.model_validate({"id": "customer-1", "name": "Merz"}))

    told = await difference.of_hold(desk.world.pool, one)

    assert told is not None
    assert (told.system, told.kind, told.operation, told.key) == ("south", "customer", "create", None)
    assert {each.name: each.wanted for each in told.fields} == {"name": "Merz"}
    assert one["at_system"] == "south"
