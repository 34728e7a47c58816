"""Causes: what belongs together is together, people correct it, and what was resolved and comes back says so."""

from typing import Any

import pytest

from throughline.core.errors import Retry
from throughline.hub import holds
from throughline.hub.desk import causes, naming
from throughline.hub.desk.causes import NoSuchCause
from throughline.hub.holds import NotPossible
from throughline.store import journal

PERSON: Any = {"person": "A person", "reason": "They are."}


async def causes_of(desk: Any) -> dict[str, str]:
    return {row["correlation"]: row["cause"] for row in await desk.world.holds()}


async def test_holds_with_one_reason_are_one_cause_whatever_they_are_about(desk: Any) -> None:
    await desk.stuck("deal-1", desk.hold("Invoice INV-1 shows no amount"))
    await desk.stuck("deal-2", desk.hold("Invoice INV-2 shows no amount"))
    await desk.stuck("deal-3", desk.hold("No rate"))

    by_deal = await causes_of(desk)

    assert by_deal["deal-1"] == by_deal["deal-2"] != by_deal["deal-3"]
    said = causes.why_grouped((await causes.one(desk.world.machine, by_deal["deal-1"])).row)
    assert said == (
        "The same process sells and reason once names, ids, amounts and days are left out: “Invoice … shows no amount”."
    )


async def test_what_is_merged_stays_together_also_when_more_of_it_comes(desk: Any) -> None:
    await desk.stuck("deal-1", desk.hold("No rate"))
    await desk.stuck("deal-2", desk.hold("No price"))
    rate, price = (await causes_of(desk)).values()

    assert await causes.merge(desk.world.machine, price, into=rate, **PERSON) == 1
    await desk.stuck("deal-3", desk.hold("No price"))

    assert set((await causes_of(desk)).values()) == {rate}
    (note,) = await journal.about(desk.world.pool, [price])
    assert (note["actor"], note["action"], note["detail"]["into"]) == ("A person", "merged", rate)


async def test_what_was_merged_is_parted_again(desk: Any) -> None:
    await desk.stuck("deal-1", desk.hold("No rate"))
    await desk.stuck("deal-2", desk.hold("No price"))
    before = await causes_of(desk)
    await causes.merge(desk.world.machine, before["deal-2"], into=before["deal-1"], **PERSON)

    assert await causes.part(desk.world.machine, before["deal-1"], **PERSON) == 1

    assert await causes_of(desk) == before


async def test_a_split_takes_these_holds_and_leaves_what_comes_later(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold("No rate"), desk.hold("No rate"))
    await desk.stuck("deal-2", desk.hold("No rate"))

    new = await causes.split(desk.world.machine, one["cause"], [one["id"]], **PERSON)
    await desk.stuck("deal-3", desk.hold("No rate"))

    by_deal = await causes_of(desk)
    assert by_deal == {"deal-1": new, "deal-2": one["cause"], "deal-3": one["cause"]}
    assert causes.why_grouped((await causes.one(desk.world.machine, new)).row).startswith("A person took these out of")


async def test_a_split_of_what_is_not_in_the_group_moves_nothing(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold("No rate"))

    with pytest.raises(NotPossible, match="1 of the 2 holds"):
        await causes.split(desk.world.machine, one["cause"], [one["id"], "hold-x"], **PERSON)

    assert await causes_of(desk) == {"deal-1": one["cause"]}


async def test_a_cause_that_was_resolved_and_comes_back_has_regressed(desk: Any) -> None:
    machine = desk.world.machine
    first = await desk.stuck("deal-1", desk.hold("No rate"))
    await holds.release(machine, first["id"], person="A person", reason="Rate added.")
    await desk.world.work()
    await causes.resolve(machine, first["cause"], **PERSON)
    assert (await causes.one(machine, first["cause"])).row["state"] == "resolved"

    back = await desk.stuck("deal-2", desk.hold("No rate"))

    assert (first["regressed"], back["regressed"]) == (False, True)
    assert (await causes.one(machine, first["cause"])).row["state"] == "regressed"


async def test_a_cause_with_open_holds_is_not_resolved(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold("No rate"))

    with pytest.raises(NotPossible, match=r"1 holds of .* are open"):
        await causes.resolve(desk.world.machine, one["cause"], **PERSON)


async def test_how_often_a_way_worked_is_counted_from_how_runs_ended(desk: Any) -> None:
    machine, world = desk.world.machine, desk.world
    first = await desk.stuck("deal-1", desk.hold("No rate"), desk.hold("No rate"))
    await holds.release(machine, first["id"], person="A person", reason="Try.")
    await world.work()
    (again,) = await world.holds()
    await holds.release(machine, again["id"], person="A person", reason="Rate added.")
    await world.work()

    found = await causes.one(machine, first["cause"])

    (way,) = found.ways
    assert (way.words, way.times, way.worked, way.came_back) == ("released", 2, 1, 1)
    assert [row["reason"] for row in found.worked] == ["Rate added."]
    assert found.best is None


async def test_nobody_can_tell_whether_it_worked_while_a_system_is_unwell(desk: Any) -> None:
    first = await desk.stuck("deal-1", desk.hold("No rate"))
    desk.left["deal-1"].append(Retry("south is away"))

    await holds.release(desk.world.machine, first["id"], person="A person")
    await desk.world.work()

    ((way),) = (await causes.one(desk.world.machine, first["cause"])).ways
    assert (way.times, way.worked, way.came_back) == (1, 0, 0)


async def test_a_hold_that_was_opened_without_a_cause_is_given_the_one_it_would_have(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold("south refused it"))
    await desk.world.pool.execute(
        "update holds set cause = null, fingerprint = null, workflow = null, at_system = null"
    )

    assert await naming.all_nameless(desk.world.machine) == 1

    (named,) = await desk.world.holds()
    assert {n: named[n] for n in ("cause", "workflow", "at_system")} == {
        "cause": one["cause"], "workflow": "sells", "at_system": "south",
    }  # fmt: skip
    assert await naming.all_nameless(desk.world.machine) == 0


async def test_a_cause_nobody_knows_is_not_found(desk: Any) -> None:
    with pytest.raises(NoSuchCause):
        await causes.one(desk.world.machine, "cause-x")
