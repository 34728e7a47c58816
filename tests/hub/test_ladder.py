"""The rungs between an upsert and nothing: an idempotency key with a window, and a natural key with a digest."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from throughline.core.entities import BillingMilestone, BillingPlan, Contract
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds
from throughline.hub.wire import Lost, Raw

UNWELL = Raw(503, {}, b'{"why":"closed"}')
REFUSED = Raw(422, {}, b'{"why":"no such currency"}')


def lane(event: OpportunityWon) -> str:
    return event.opportunity


def contract(**more: Any) -> Contract:
    plain = {
        "id": "contract-0042", "name": "Rollout", "customer": "customer-0042", "legal_entity": "US", "currency": "GBP",
        "commercial_model": "fixed_fee", "billing_method": "on_schedule", "revenue_treatment": "as_invoiced",
        "starts": "2026-12-01", "value": {"amount": "100.00", "currency": "GBP"},
    }  # fmt: skip
    return Contract.model_validate(plain | more)


def plan(**more: Any) -> BillingPlan:
    plain = {
        "id": "billing-plan-0042", "contract": "contract-0042", "name": "Rollout plan", "plan_kind": "schedule",
        "currency": "GBP",
    }  # fmt: skip
    return BillingPlan.model_validate(plain | more)


def milestone(**more: Any) -> BillingMilestone:
    plain = {
        "id": "billing-milestone-0042", "project": "project-0042", "name": "Go-live", "due": "2026-12-01",
        "amount": {"amount": "100.00", "currency": "GBP"},
    }  # fmt: skip
    return BillingMilestone.model_validate(plain | more)


def putting(entities: list[Any]) -> Any:
    """Puts the last of the entities, so that a test can change its mind between two passes."""

    @workflow("puts", on=OpportunityWon, lane=lane)
    async def puts(flow: Flow, _event: OpportunityWon) -> None:
        await flow.put(entities[-1], into=Role.ERP)

    return puts


async def won(world: Any, deal: str = "deal-1") -> None:
    await world.start(OpportunityWon(opportunity=deal))
    await world.work()


async def after(world: Any, seconds: float) -> None:
    world.clock.advance(seconds)
    await world.pool.execute("update lanes set due_at = $1", world.clock())
    await world.work()


async def states(world: Any) -> list[str]:
    return [row["state"] for row in await world.effects()]


def posted(estate: Any, path: str) -> list[tuple[str, bytes]]:
    return [(call.headers.get("Idempotency-Key", ""), call.body) for call in estate.calls("POST", path)]


# ---- rung B: the same body under the same key, while they remember it


async def test_the_effects_own_key_is_sent_and_its_intent_committed_before(opened: Any, estate: Any) -> None:
    world = await opened(putting([contract()]))
    before: list[Any] = []

    async def look() -> None:
        before.extend(await world.pool.fetch("select key, state, begun_at, body from effects"))

    estate.fail("POST", "/contracts", before=look)
    await won(world)

    ((key, body),) = posted(estate, "/contracts")
    (row,) = before
    assert (row["key"], row["state"], row["begun_at"]) == (key, "intent", world.clock())
    assert json.loads(body) == {**json.loads(row["body"]), "mark": "contract-0042"}
    assert await states(world) == ["confirmed"]


async def test_a_lost_answer_is_asked_for_again_at_once_under_the_same_key(opened: Any, estate: Any) -> None:
    world = await opened(putting([contract()]))
    estate.fail("POST", "/contracts", after=Lost("reset"))

    await won(world)
    assert await states(world) == ["unknown"]
    await after(world, 2)

    first, second = posted(estate, "/contracts")
    assert first == second
    assert len(estate.shelf("south", "contracts")) == 1
    assert estate.calls("GET", "/contracts") == []
    assert await states(world) == ["confirmed"]
    assert (await world.run())["state"] == "done"


async def test_a_changed_content_never_goes_out_under_the_same_key_but_as_an_update(opened: Any, estate: Any) -> None:
    wanted = [contract()]
    world = await opened(putting(wanted))
    estate.fail("POST", "/contracts", after=Lost("reset"))
    await won(world)

    wanted.append(contract(name="Rollout, corrected"))
    await after(world, 2)

    assert len(set(posted(estate, "/contracts"))) == 1
    assert [each["name"] for each in estate.shelf("south", "contracts").values()] == ["Rollout, corrected"]
    assert [(row["operation"], row["state"]) for row in await world.effects()] == [
        ("create", "confirmed"), ("update", "confirmed"),
    ]  # fmt: skip
    assert [call.headers.get("Idempotency-Key") for call in estate.calls("PATCH", "/contracts")] == [None]


async def test_what_was_refused_and_corrected_goes_out_under_another_key(opened: Any, estate: Any) -> None:
    wanted = [contract()]
    world = await opened(putting(wanted))
    estate.fail("POST", "/contracts", answer=REFUSED)
    await won(world)
    (hold,) = await world.holds()

    wanted.append(contract(currency="EUR", value={"amount": "1.00", "currency": "EUR"}))
    await holds.release(world.machine, hold["id"], person="A person")
    await world.work()

    (first, _), (second, _) = posted(estate, "/contracts")
    assert second == f"{first}-2"
    assert await states(world) == ["confirmed"]


@pytest.mark.parametrize("how", [{"answer": REFUSED}, {"answer": UNWELL}, {"error": Lost("reset")}])
async def test_what_is_said_of_a_repeat_does_not_end_the_doubt_about_the_first(
    opened: Any, estate: Any, how: Any
) -> None:
    world = await opened(putting([contract()]))
    estate.fail("POST", "/contracts", after=Lost("reset"))
    await won(world)
    estate.fail("POST", "/contracts", **how)

    await after(world, 2)
    assert await states(world) == ["unknown"]
    for hold in await world.holds():
        await holds.release(world.machine, hold["id"], person="A person")
    await after(world, 5)

    assert len(set(posted(estate, "/contracts"))) == 1
    assert len(estate.shelf("south", "contracts")) == 1
    assert await states(world) == ["confirmed"]


async def test_a_key_is_trusted_for_four_fifths_of_its_window_and_then_the_mark_is_looked_for(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting([contract()]))
    estate.fail("POST", "/contracts", after=Lost("reset"))
    estate.fail("POST", "/contracts", error=Lost("reset"))
    await won(world)

    await after(world, 2879)
    assert (len(estate.calls("POST", "/contracts")), estate.calls("GET", "/contracts")) == (2, [])
    await after(world, 1)
    assert estate.calls("GET", "/contracts") == [], "the repeat has to settle as well"
    await after(world, 60)

    assert len(estate.calls("POST", "/contracts")) == 2
    assert len(estate.calls("GET", "/contracts")) == 1
    assert len(estate.shelf("south", "contracts")) == 1
    assert await states(world) == ["confirmed"]


async def test_one_the_window_has_closed_on_and_nobody_finds_is_sent_under_a_new_key(opened: Any, estate: Any) -> None:
    world = await opened(putting([contract()]))
    estate.fail("POST", "/contracts", error=Lost("reset"))
    await won(world)

    await after(world, 2880)

    (first, _), (second, _) = posted(estate, "/contracts")
    assert second == f"{first}-2"
    assert len(estate.shelf("south", "contracts")) == 1


async def test_where_nothing_can_be_looked_for_a_person_is_asked_when_the_window_has_closed(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting([milestone()]))
    estate.fail("POST", "/milestones", error=Lost("reset"))
    await won(world)

    await after(world, 2880)
    (hold,) = await world.holds()
    assert (hold["kind"], len(estate.calls("POST", "/milestones"))) == ("unknown", 1)
    await holds.answer(world.machine, hold["id"], "send it again", person="A person")
    await world.work()

    assert len(set(posted(estate, "/milestones"))) == 2
    assert len(estate.shelf("south", "milestones")) == 1
    assert await states(world) == ["confirmed"]


async def test_a_worker_that_dies_while_sending_under_a_key_leaves_what_is_sent_again_to_the_letter(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting([contract()]))
    estate.fail("POST", "/contracts", after=asyncio.CancelledError())
    await world.start(OpportunityWon(opportunity="deal-1"))
    with pytest.raises(asyncio.CancelledError):
        await world.work()

    await after(world, 59)
    assert len(estate.calls("POST", "/contracts")) == 1, "it may be somebody else who is sending"
    await after(world, 2)

    assert len(estate.calls("POST", "/contracts")) == 2
    assert len(set(posted(estate, "/contracts"))) == 1
    assert len(estate.shelf("south", "contracts")) == 1


async def test_an_intent_from_before_bodies_were_kept_is_looked_for_and_not_repeated(opened: Any, estate: Any) -> None:
    world = await opened(putting([contract()]))
    estate.fail("POST", "/contracts", after=Lost("reset"))
    await won(world)
    await world.pool.execute("update effects set body = null, begun_at = null")

    await after(world, 72)

    assert len(estate.calls("POST", "/contracts")) == 1
    assert await states(world) == ["confirmed"]


# ---- rung D: a natural key, and a digest of the content


async def doubted(opened: Any, estate: Any, *there: dict[str, str], **how: Any) -> Any:
    """A plan whose outcome is unknown, and what else is found over there when it has settled."""
    world = await opened(putting([plan()]))
    estate.fail("POST", "/plans", **(how or {"error": Lost("reset")}))
    await won(world)
    for each in there:
        estate.enter("south", "plans", **each)
    await after(world, 59)
    assert estate.calls("GET", "/plans") == [], "it may still be on its way"
    await after(world, 2)
    return world


async def test_one_with_the_same_natural_key_and_content_is_confirmed(opened: Any, estate: Any) -> None:
    world = await doubted(opened, estate, {"name": "rollout PLAN", "currency": "GBP"}, after=Lost("reset"))

    assert len(estate.calls("POST", "/plans")) == 1
    assert await states(world) == ["confirmed"]
    assert await world.pool.fetchval("select key from links where kind = 'billing_plan'") == "S1"


async def test_one_that_only_looks_alike_is_sent_again_beside_it(opened: Any, estate: Any) -> None:
    """Their search minds no capitals, and ours is another plan."""
    world = await doubted(opened, estate, {"name": "ROLLOUT PLAN", "currency": "GBP"})

    assert len(estate.calls("POST", "/plans")) == 2
    assert await states(world) == ["confirmed"]
    assert sorted(each["name"] for each in estate.shelf("south", "plans").values()) == ["ROLLOUT PLAN", "Rollout plan"]


async def test_one_with_another_content_is_a_hold_that_shows_both(opened: Any, estate: Any) -> None:
    world = await doubted(opened, estate, {"id": "S9", "name": "Rollout plan", "currency": "EUR"})

    (hold,) = await world.holds()
    assert (hold["kind"], hold["choices"]) == ("quarantine", ["it is S9", "none of them: send it again"])
    assert hold["candidates"] == [
        {"record": "what we sent", "name": "Rollout plan", "currency": "GBP"},
        {"record": "S9", "name": "Rollout plan", "currency": "EUR"},
    ]
    assert len(estate.calls("POST", "/plans")) == 1
    assert await states(world) == ["quarantined"]


async def test_one_a_person_says_is_ours_is_brought_into_line_and_not_created(opened: Any, estate: Any) -> None:
    world = await doubted(opened, estate, {"id": "S9", "name": "Rollout plan", "currency": "EUR"})
    (hold,) = await world.holds()

    await holds.answer(world.machine, hold["id"], "it is S9", person="A person")
    await world.work()

    assert len(estate.calls("POST", "/plans")) == 1
    assert [json.loads(call.body) for call in estate.calls("PATCH", "/plans")] == [{"currency": "GBP"}]
    assert estate.shelf("south", "plans")["S9"]["currency"] == "GBP"
    assert (await world.run())["state"] == "done"


async def test_one_a_person_says_is_not_ours_lets_ours_be_sent(opened: Any, estate: Any) -> None:
    world = await doubted(opened, estate, {"id": "S9", "name": "Rollout plan", "currency": "EUR"})
    (hold,) = await world.holds()

    await holds.answer(world.machine, hold["id"], "none of them: send it again", person="A person")
    await world.work()

    assert len(estate.calls("POST", "/plans")) == 2
    assert estate.shelf("south", "plans")["S9"]["currency"] == "EUR"
    assert await states(world) == ["confirmed"]


async def test_two_alike_are_quarantined_and_a_person_chooses(opened: Any, estate: Any) -> None:
    alike = {"name": "Rollout plan", "currency": "GBP"}
    world = await doubted(opened, estate, {"id": "S8", **alike}, {"id": "S9", **alike})
    (hold,) = await world.holds()
    assert (hold["kind"], hold["choices"]) == ("quarantine", ["it is S8", "it is S9"])

    await holds.answer(world.machine, hold["id"], "it is S9", person="A person")
    await world.work()

    assert len(estate.calls("POST", "/plans")) == 1
    assert await world.pool.fetchval("select key from links where kind = 'billing_plan'") == "S9"


async def test_what_was_corrected_during_the_doubt_is_looked_for_as_it_was_sent(opened: Any, estate: Any) -> None:
    wanted = [plan()]
    world = await opened(putting(wanted))
    estate.fail("POST", "/plans", after=Lost("reset"))
    await won(world)

    wanted.append(plan(name="Rollout plan, corrected"))
    await after(world, 61)

    assert len(estate.calls("POST", "/plans")) == 1
    assert [each["name"] for each in estate.shelf("south", "plans").values()] == ["Rollout plan, corrected"]
    assert world.clock() - (await world.run())["created_at"] == timedelta(seconds=61)
