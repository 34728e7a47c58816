"""What people do with holds: answer, release; once, possibly, and on record."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.money import Money
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds
from throughline.hub.holds import NoSuchHold, NotPossible
from throughline.store import holds as rows
from throughline.store import journal, queue
from throughline.store.queue import Wanted


def of_deal(event: OpportunityWon) -> str:
    return event.opportunity


@workflow("asks", on=OpportunityWon, lane=of_deal)
async def asks(flow: Flow, _event: OpportunityWon) -> None:
    await flow.ask("twin", "The same customer?", choices=("yes", "no"), candidates=({"key": "S1"},))


def stops(*times: Hold) -> Any:
    left = list(times)

    @workflow("stops", on=OpportunityWon, lane=of_deal)
    async def run(_flow: Flow, _event: OpportunityWon) -> None:
        if left:
            raise left.pop(0)

    return run


def hold(why: str = "no tax code", **more: Any) -> Hold:
    return Hold(why, fix="Add one.", **more)


async def held(world: Any, deal: str = "deal-1") -> Any:
    await world.start(OpportunityWon(opportunity=deal))
    await world.work()
    return (await world.holds())[-1]


async def test_an_answer_wakes_the_lane_and_closes_the_hold(opened: Any) -> None:
    world = await opened(asks)
    asked = await held(world)

    told = await holds.answer(world.machine, asked["id"], "yes", person="A person", reason="same tax id")

    (closed,) = await world.holds("closed")
    assert (told["lane"], told["how"], told["replayed"]) == ("asks:deal-1", "answered yes", False)
    assert closed["closed_how"] == "answered yes by A person"
    assert (await world.lane("asks:deal-1"))["due_at"] == world.clock()
    assert await world.pool.fetchval("select count(*) from pgqueuer where dedupe_key = 'lane/asks:deal-1'") == 1
    await world.work()
    assert (await world.run())["state"] == "done"


async def test_a_hold_shows_what_is_to_be_compared(opened: Any) -> None:
    world = await opened(asks)

    assert (await held(world))["candidates"] == [{"key": "S1"}]


async def test_what_was_decided_is_in_the_journal_with_who_and_why(opened: Any) -> None:
    world = await opened(asks)
    asked = await held(world)

    await holds.answer(world.machine, asked["id"], "no", person="A person", reason="another branch")

    (note,) = await journal.about(world.pool, [asked["id"]])
    assert (note["actor"], note["action"], note["object"], note["at"]) == (
        "A person", "answered", asked["id"], world.clock(),
    )  # fmt: skip
    assert note["detail"] == {
        "how": "answered no", "reason": "another branch", "run": asked["run"], "why": "The same customer?",
    }  # fmt: skip


async def test_a_choice_that_is_none_is_refused_and_changes_nothing(opened: Any) -> None:
    world = await opened(asks)
    asked = await held(world)

    with pytest.raises(NotPossible, match=r"'maybe' is not a choice of .*; choose 'yes' or 'no'"):
        await holds.answer(world.machine, asked["id"], "maybe", person="A person")

    assert len(await world.holds()) == 1
    assert await journal.about(world.pool, [asked["id"]]) == []


async def test_the_second_of_two_answers_is_refused(opened: Any) -> None:
    world = await opened(asks)
    asked = await held(world)
    await holds.answer(world.machine, asked["id"], "yes", person="A person")

    with pytest.raises(NotPossible, match="is closed: answered yes by A person"):
        await holds.answer(world.machine, asked["id"], "no", person="Another person")

    assert await world.pool.fetchval("select choice from answers") == "yes"
    assert len(await journal.about(world.pool, [asked["id"]])) == 1


async def test_a_question_is_not_released_and_a_hold_is_not_answered(opened: Any) -> None:
    asking, stopping = await opened(asks), await opened(stops(hold()))
    question = await held(asking)
    with pytest.raises(NotPossible, match="asks a question: answer it with 'yes' or 'no'"):
        await holds.release(asking.machine, question["id"], person="A person")

    plain = await held(stopping, "deal-2")
    with pytest.raises(NotPossible, match="asks nothing"):
        await holds.answer(stopping.machine, plain["id"], "yes", person="A person")


async def test_a_release_runs_the_process_again(opened: Any) -> None:
    world = await opened(stops(hold()))
    stopped = await held(world)

    await holds.release(world.machine, stopped["id"], person="A person")
    await world.work()

    assert (await world.run())["state"] == "done"
    assert (await world.holds("closed"))[0]["closed_how"] == "released by A person"


async def test_a_hold_whose_cause_is_still_there_comes_back_as_a_new_one(opened: Any) -> None:
    world = await opened(stops(hold(), hold()))
    first = await held(world)

    await holds.release(world.machine, first["id"], person="A person")
    world.clock.advance(60)
    await world.work()

    (second,) = await world.holds()
    assert second["id"] != first["id"]
    assert (first["opened_at"], second["opened_at"]) == (world.clock() - timedelta(seconds=60), world.clock())
    with pytest.raises(NotPossible, match="is closed: released by A person"):
        await holds.release(world.machine, first["id"], person="A person")


async def test_a_hold_nobody_opened_cannot_be_answered(world: Any) -> None:
    for act in (
        holds.answer(world.machine, "hold-x", "yes", person="A"),
        holds.release(world.machine, "hold-x", person="A"),
    ):
        with pytest.raises(NoSuchHold, match="There is no hold hold-x"):
            await act


async def test_a_release_applies_the_folder_as_it_is_now(opened: Any) -> None:
    world = await opened(stops(hold()))
    stopped = await held(world)
    file = world.machine.firms.folder / "policies.yaml"
    file.write_text('hold_owners: { "*": Somebody else }\n')

    await holds.release(world.machine, stopped["id"], person="A person")

    assert (await world.machine.firms.current()).firm.policies.hold_owner("finance") == "Somebody else"


async def test_a_folder_that_is_wrong_releases_nothing(opened: Any) -> None:
    world = await opened(stops(hold()))
    stopped = await held(world)
    (world.machine.firms.folder / "policies.yaml").write_text("hold_owner: {}\n")

    with pytest.raises(Exception, match=r"policies\.yaml"):
        await holds.release(world.machine, stopped["id"], person="A person")

    assert len(await world.holds()) == 1


async def test_the_queue_is_by_money_at_risk_and_then_by_clock(opened: Any) -> None:
    def worth(amount: int) -> Money:
        return Money.model_validate({"amount": amount, "currency": "GBP"})

    stopping = stops(hold("a"), hold("b", amount=worth(10)), hold("c", amount=worth(500)), hold("d", amount=worth(10)))
    world = await opened(stopping)
    for n in range(4):
        await held(world, f"deal-{n}")

    page = await queue.page(world.pool, Wanted(), limit=2)
    rest = await queue.page(world.pool, Wanted(), after=(page[-1]["amount"], page[-1]["seq"]))

    assert [row["why"] for row in page] == ["c", "b"]
    assert [row["why"] for row in rest] == ["d", "a"]
    assert await rows.open_count(world.pool) == 4
    assert await rows.owners(world.pool) == {"Operations": 4}
