"""Effects: never lost and never twice, as far up the ladder as the vendor allows."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from throughline.core import exact
from throughline.core.entities import BillingMilestone, Contract, Customer, Message, Project
from throughline.core.events import OpportunityLost, OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds
from throughline.hub.wire import Lost, NotSent, Raw
from throughline.store import effects
from throughline.store.effects import Effect

UNWELL = Raw(503, {}, b'{"why":"closed"}')
REFUSED = Raw(422, {}, b'{"why":"no such manager"}')


def lane(event: OpportunityWon) -> str:
    return event.opportunity


def putting(*entities: Any, into: Role, name: str = "puts", **how: Any) -> Any:
    @workflow(name, on=OpportunityWon, lane=lane)
    async def puts(flow: Flow, _event: OpportunityWon) -> None:
        for each in entities:
            await flow.put(each, into=into, **how)

    return puts


def customer(**fields: Any) -> Customer:
    return Customer.model_validate({"id": "customer-0042", "name": "Meridian", "country": "GB"} | fields)


def project(**fields: Any) -> Project:
    plain = {"id": "project-0042", "name": "Rollout", "customer": "customer-0042", "currency": "GBP"}
    return Project.model_validate(plain | fields)


MESSAGE = Message.model_validate({"id": "message-0042", "channel": "#delivery", "text": "Kick-off"})


async def won(world: Any, deal: str = "deal-1") -> None:
    await world.start(OpportunityWon(opportunity=deal))
    await world.work()


async def settled(world: Any) -> None:
    """What was in doubt has had its time."""
    world.clock.advance(72)
    await world.work()


async def states(world: Any) -> list[str]:
    return [row["state"] for row in await world.effects()]


async def links(world: Any) -> list[tuple[str, str, str]]:
    rows = await world.pool.fetch("select system, key, entity from links order by system, key")
    return [tuple(row.values()) for row in rows]


# ---- rung A: repeat freely


async def test_an_upsert_is_confirmed_and_linked_with_the_pass(opened: Any, estate: Any) -> None:
    world = await opened(putting(customer(), into=Role.ERP))

    await won(world)

    (effect,) = await world.effects()
    (key,) = estate.shelf("south", "customers")
    assert (effect["state"], effect["operation"], effect["rung"], effect["their_key"]) == (
        "confirmed", "create", "A", key,
    )  # fmt: skip
    assert effect["fields"] == {"name": "Meridian", "country": "GB"}
    assert await links(world) == [("south", key, "customer-0042")]
    assert (await world.run())["state"] == "done"


async def test_a_pass_that_dies_before_its_commit_leaves_nothing_and_repeating_it_makes_nothing_twice(
    opened: Any, estate: Any
) -> None:
    died: list[bool] = []

    @workflow("dies", on=OpportunityWon, lane=lane)
    async def dies(flow: Flow, _event: OpportunityWon) -> None:
        await flow.put(customer(), into=Role.ERP)
        if not died:
            died.append(True)
            raise asyncio.CancelledError

    world = await opened(dies)
    await world.start(OpportunityWon(opportunity="deal-1"))
    with pytest.raises(asyncio.CancelledError):
        await world.work()
    assert await world.effects() == []
    assert await links(world) == []

    world.clock.advance(1)
    await world.work()

    assert len(estate.calls("PUT")) == 2
    assert len(estate.shelf("south", "customers")) == 1
    assert await states(world) == ["confirmed"]


async def test_an_upsert_whose_answer_was_lost_is_simply_sent_again(opened: Any, estate: Any) -> None:
    world = await opened(putting(customer(), into=Role.ERP))
    estate.fail("PUT", after=Lost("reset"))

    await won(world)
    assert (await world.run())["state"] == "retrying"
    world.clock.advance(2)
    await world.work()

    assert len(estate.calls("PUT")) == 2
    assert len(estate.shelf("south", "customers")) == 1
    assert (await world.run())["state"] == "done"


async def test_nothing_is_sent_when_nothing_differs(opened: Any, estate: Any) -> None:
    world = await opened(putting(customer(), customer(), into=Role.ERP))

    await won(world)
    await won(world, "deal-2")

    assert len(estate.calls("PUT")) == 1
    assert estate.calls("PATCH") == []
    assert len(await world.effects()) == 1


async def test_an_update_sends_what_differs_and_no_more(opened: Any, estate: Any) -> None:
    world = await opened(putting(customer(), customer(name="Meridian Rail"), into=Role.ERP))

    await won(world)

    (update,) = estate.calls("PATCH")
    assert json.loads(update.body) == {"name": "Meridian Rail"}
    assert [row["operation"] for row in await world.effects()] == ["create", "update"]
    assert await world.pool.fetchval("select sent from links") == {"name": "Meridian Rail", "country": "GB"}


async def test_a_system_is_never_sent_what_it_owns_itself(opened: Any, estate: Any) -> None:
    world = await opened(putting(customer(payment_terms="Net 30"), into=Role.ERP))

    await won(world)

    assert json.loads(estate.calls("PUT")[0].body) == {"name": "Meridian", "country": "GB"}


async def test_only_the_fields_asked_for_are_agreed_on(opened: Any, estate: Any) -> None:
    world = await opened(putting(customer(), into=Role.ERP, only=("name",)))

    await won(world)

    assert json.loads(estate.calls("PUT")[0].body) == {"name": "Meridian"}


async def test_a_record_that_was_matched_is_updated_and_from_then_on_answers_to_our_id(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting(customer(), into=Role.ERP, onto="S77"))
    estate.enter("south", "customers", id="S77", name="MERIDIAN LTD")
    await world.heard("south", "customer", {"id": "S77", "name": "MERIDIAN LTD"})

    await won(world)
    await won(world, "deal-2")

    assert estate.calls("PUT") == []
    assert len(estate.calls("PATCH", "/customers/S77")) == 1
    assert await links(world) == [("south", "S77", "customer-0042")]


async def test_what_is_matched_with_another_record_later_answers_for_that_one_alone(opened: Any, estate: Any) -> None:
    @workflow("matches", on=OpportunityWon, lane=lane)
    async def matches(flow: Flow, event: OpportunityWon) -> None:
        await flow.put(customer(), into=Role.ERP, onto=event.opportunity)

    world = await opened(matches)
    for key in ("S77", "S88"):
        estate.enter("south", "customers", id=key, name="MERIDIAN LTD")
        await won(world, key)

    assert [run["state"] for run in await world.runs()] == ["done", "done"]
    assert await links(world) == [("south", "S88", "customer-0042")]


async def test_what_is_created_again_elsewhere_answers_for_that_one_alone(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    await won(world)
    first = (await links(world))[0][1]
    await world.pool.execute("delete from effects")

    @workflow("matches", on=OpportunityWon, lane=lane)
    async def matches(flow: Flow, _event: OpportunityWon) -> None:
        await flow.put(project(), into=Role.PSA, onto="P99")

    again = await opened(matches)
    estate.enter("east", "projects", id="P99", name="Rollout")
    await won(again, "deal-2")

    assert first != "P99"
    assert await links(again) == [("east", "P99", "project-0042")]


async def test_one_record_is_never_two_things_of_ours(opened: Any, estate: Any) -> None:
    twins = (customer(), customer(id="customer-0043", name="Meridian Group"))
    world = await opened(putting(*twins, into=Role.ERP, onto="S77"))
    estate.enter("south", "customers", id="S77", name="MERIDIAN LTD")

    await won(world)

    (hold,) = await world.holds()
    assert hold["why"] == "south has one customer, S77, for two of ours: customer-0042 and customer-0043"
    assert len(estate.calls("PATCH")) == 1
    assert await links(world) == [("south", "S77", "customer-0042")]


async def test_what_a_system_has_no_place_for_is_a_hold(opened: Any) -> None:
    world = await opened(putting(customer(), into=Role.PSA))

    await won(world)

    (hold,) = await world.holds()
    assert hold["why"] == "east has no place for a customer"
    assert "Change `serves` in systems/east.yaml" in hold["fix"]


# ---- rung C: a mark, and a look before anything is sent again


async def test_the_intent_is_committed_before_anything_is_sent(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    before: list[Any] = []

    async def look() -> None:
        before.extend(await world.pool.fetch("select state, attempts, settle_until from effects"))

    estate.fail("POST", "/projects", before=look)
    await won(world)

    assert [tuple(row.values()) for row in before] == [("intent", 1, world.clock() + timedelta(seconds=60))]
    assert await states(world) == ["confirmed"]
    assert next(iter(estate.shelf("east", "projects").values()))["mark"] == "project-0042"


async def test_an_unknown_outcome_is_not_sent_again_before_it_must_have_settled(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", after=Lost("reset"))

    await won(world)
    assert await states(world) == ["unknown"]
    for _ in range(6):
        world.clock.advance(9.9)
        await world.pool.execute("update lanes set due_at = $1", world.clock())
        await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert estate.calls("GET", "/projects") == []
    assert await states(world) == ["unknown"]


async def test_one_found_afterwards_is_confirmed_and_not_sent_again(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", after=Lost("reset"))
    await won(world)

    world.clock.advance(72)
    await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert await states(world) == ["confirmed"]
    (key,) = estate.shelf("east", "projects")
    assert await links(world) == [("east", key, "project-0042")]
    assert (await world.run())["state"] == "done"


async def test_what_was_corrected_during_the_doubt_goes_out_as_an_update(opened: Any, estate: Any) -> None:
    names = ["Rollout"]

    @workflow("puts", on=OpportunityWon, lane=lane)
    async def puts(flow: Flow, _event: OpportunityWon) -> None:
        await flow.put(project(name=names[-1]), into=Role.PSA)

    world = await opened(puts)
    estate.fail("POST", "/projects", after=Lost("reset"))
    await won(world)

    names.append("Rollout, corrected")
    world.clock.advance(72)
    await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert [each["name"] for each in estate.shelf("east", "projects").values()] == ["Rollout, corrected"]
    assert (await world.run())["state"] == "done"


async def test_none_found_afterwards_is_sent_again(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", error=Lost("reset"))
    await won(world)

    world.clock.advance(72)
    await world.work()

    (effect,) = await world.effects()
    assert len(estate.calls("POST", "/projects")) == 2
    assert len(estate.shelf("east", "projects")) == 1
    assert (effect["state"], effect["attempts"]) == ("confirmed", 2)


async def doubled(opened: Any, estate: Any) -> tuple[Any, list[str]]:
    """A project whose answer was lost, and a second one over there with the same mark."""
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", after=Lost("reset"))
    await won(world)
    estate.enter("east", "projects", id="E99", name="Roll-out", currency="EUR", mark="project-0042")
    world.clock.advance(72)
    await world.work()
    return world, sorted(estate.shelf("east", "projects"))


async def test_two_found_afterwards_are_a_hold_that_shows_both_beside_what_was_sent(opened: Any, estate: Any) -> None:
    world, (ours, other) = await doubled(opened, estate)

    (hold,) = await world.holds()
    assert (hold["kind"], hold["choices"]) == ("quarantine", [f"it is {ours}", f"it is {other}"])
    assert hold["candidates"] == [
        {"record": "what we sent", "name": "Rollout", "currency": "GBP"},
        {"record": ours, "name": "Rollout", "currency": "GBP"},
        {"record": other, "name": "Roll-out", "currency": "EUR"},
    ]
    assert await states(world) == ["quarantined"]
    assert len(estate.calls("POST", "/projects")) == 1


@pytest.mark.parametrize("which", [0, 1])
async def test_the_one_a_person_chooses_is_confirmed_and_nothing_is_sent(opened: Any, estate: Any, which: int) -> None:
    world, keys = await doubled(opened, estate)
    (hold,) = await world.holds()

    await holds.answer(world.machine, hold["id"], f"it is {keys[which]}", person="A person")
    await world.work()

    assert await states(world) == ["confirmed"]
    assert await links(world) == [("east", keys[which], "project-0042")]
    assert len(estate.calls("POST", "/projects")) == 1
    assert estate.calls("PATCH", "/projects") == []
    assert (await world.run())["state"] == "done"


async def test_a_choice_that_was_deleted_meanwhile_is_not_taken(opened: Any, estate: Any) -> None:
    world, (ours, other) = await doubled(opened, estate)
    (hold,) = await world.holds()
    del estate.shelf("east", "projects")[other]

    await holds.answer(world.machine, hold["id"], f"it is {other}", person="A person")
    await world.work()

    assert await links(world) == [("east", ours, "project-0042")]
    assert len(estate.calls("POST", "/projects")) == 1


@pytest.mark.parametrize("how", [{"error": NotSent("refused")}, {"answer": UNWELL}, {"answer": Raw(429, {}, b"{}")}])
async def test_what_was_certainly_not_done_is_planned_again_at_once(opened: Any, estate: Any, how: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", **how)

    await won(world)
    assert await states(world) == ["planned"]
    world.clock.advance(3)
    await world.work()

    assert estate.calls("GET", "/projects") == []
    assert len(estate.shelf("east", "projects")) == 1
    assert await states(world) == ["confirmed"]


async def test_a_refusal_is_a_hold_and_is_sent_again_after_the_release(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", answer=REFUSED)
    await won(world)
    assert await states(world) == ["rejected"]

    (hold,) = await world.holds()
    await holds.release(world.machine, hold["id"], person="A person")
    await world.work()

    assert "no such manager" in hold["why"]
    assert await states(world) == ["confirmed"]


async def test_a_worker_that_dies_while_sending_leaves_an_intent_that_is_looked_up(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", after=asyncio.CancelledError())
    await world.start(OpportunityWon(opportunity="deal-1"))
    with pytest.raises(asyncio.CancelledError):
        await world.work()
    assert await states(world) == ["intent"]

    world.clock.advance(30)
    await world.work()
    assert len(estate.calls("POST", "/projects")) == 1
    world.clock.advance(40)
    await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert await states(world) == ["confirmed"]


async def test_an_answer_that_could_not_be_committed_is_looked_up(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))

    async with world.broken("links"):
        with pytest.raises(asyncpg.PostgresError, match="broken"):
            await won(world)
    assert await states(world) == ["intent"]

    world.clock.advance(73)
    await world.pool.execute("update lanes set due_at = $1", world.clock())
    await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert await states(world) == ["confirmed"]


async def test_two_lanes_that_need_the_same_thing_create_it_once(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    other = await opened(putting(project(), into=Role.PSA), worker="worker-2")
    for deal in ("deal-1", "deal-2"):
        await world.start(OpportunityWon(opportunity=deal))

    await asyncio.gather(world.work("puts:deal-1"), other.work("puts:deal-2"))
    world.clock.advance(72)
    await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_a_lane_that_comes_while_another_is_sending_waits_and_then_finds_it_done(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting(project(), into=Role.PSA))
    for deal in ("deal-1", "deal-2"):
        await world.start(OpportunityWon(opportunity=deal))

    estate.fail("POST", "/projects", before=lambda: world.work("puts:deal-2"))
    await world.work("puts:deal-1")
    assert [run["state"] for run in await world.runs()] == ["done", "retrying"]

    world.clock.advance(72)
    await world.work()

    assert len(estate.calls("POST", "/projects")) == 1
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_of_two_lanes_that_begin_in_the_same_moment_one_sends(opened: Any, estate: Any) -> None:
    """The other's intent is written and not committed yet when ours is to be: we wait for it, and give way."""
    world = await opened(putting(project(), into=Role.PSA))
    await world.start(OpportunityWon(opportunity="deal-1"))
    key = exact.digest("east", "create", "project", "project-0042")
    theirs = Effect(key, "run-2", None, "east", "project", "project-0042", "create", "C", "intent", {})

    async with world.pool.acquire() as other:
        intent = other.transaction()
        await intent.start()
        assert await effects.intend(other, theirs, now=world.clock())
        working = asyncio.create_task(world.work("puts:deal-1"))
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        async with asyncio.timeout(10):
            while not working.done() and not await world.pool.fetchval(waits):
                await asyncio.sleep(0.005)
        await intent.commit()
        await working

    assert estate.calls("POST", "/projects") == []
    assert ((await world.run())["state"], (await world.run())["why"]) == (
        "retrying", "another run is doing the same in east",
    )  # fmt: skip


async def test_a_look_that_found_nothing_is_worth_nothing_once_another_lane_sends(opened: Any, estate: Any) -> None:
    """Both looked, neither found it. The one that is slower to say so must not send as well."""
    world = await opened(putting(project(), into=Role.PSA))
    estate.fail("POST", "/projects", error=Lost("reset"))
    await won(world)
    await world.start(OpportunityWon(opportunity="deal-2"))
    world.clock.advance(72)
    empty = Raw(200, {}, b'{"items":[],"more":false}')

    estate.fail("GET", "/projects", answer=empty, before=lambda: world.work("puts:deal-2"))
    await world.work("puts:deal-1")

    assert len(estate.shelf("east", "projects")) == 1
    world.clock.advance(73)
    await world.work()
    assert len(estate.shelf("east", "projects")) == 1
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_a_change_after_the_creation_is_an_update(opened: Any, estate: Any) -> None:
    world = await opened(putting(project(), project(name="Rollout 2"), into=Role.PSA))

    await won(world)

    assert len(estate.calls("POST", "/projects")) == 1
    assert json.loads(estate.calls("PATCH", "/projects")[0].body) == {"name": "Rollout 2"}
    assert [(row["operation"], row["rung"]) for row in await world.effects()] == [("create", "C"), ("update", "A")]


CONTRACT = Contract.model_validate({
    "id": "contract-0042", "name": "Rollout", "customer": "customer-0042", "legal_entity": "US", "currency": "GBP",
    "commercial_model": "fixed_fee", "billing_method": "on_schedule", "revenue_treatment": "as_invoiced",
    "starts": "2026-12-01", "value": {"amount": "100.00", "currency": "GBP"},
})  # fmt: skip
MILESTONE = BillingMilestone.model_validate({
    "id": "billing-milestone-0042", "contract": "contract-0042", "name": "Go-live", "due": "2026-12-01",
    "amount": {"amount": "100.00", "currency": "GBP"},
})  # fmt: skip


def lane_of_lost(event: OpportunityLost) -> str:
    return event.opportunity


@workflow("puts-contract", on=OpportunityWon, lane=lane)
async def puts_contract(flow: Flow, _event: OpportunityWon) -> None:
    await flow.put(CONTRACT, into=Role.ERP)


async def test_what_another_process_made_is_pointed_at_by_a_lane_nobody_ever_worked_in(
    opened: Any, estate: Any
) -> None:
    @workflow("puts-milestone", on=OpportunityLost, lane=lane_of_lost)
    async def puts_milestone(flow: Flow, _event: OpportunityLost) -> None:
        await flow.put(MILESTONE, into=Role.ERP)

    world = await opened(puts_contract, puts_milestone)
    await won(world)
    await world.start(OpportunityLost(opportunity="deal-2"))
    await world.work()

    (key,) = estate.shelf("south", "contracts")
    (sent,) = estate.shelf("south", "milestones").values()
    assert sent["contract"] == key


async def test_what_another_process_made_is_changed_by_a_lane_nobody_ever_worked_in(opened: Any, estate: Any) -> None:
    @workflow("renames", on=OpportunityLost, lane=lane_of_lost)
    async def renames(flow: Flow, _event: OpportunityLost) -> None:
        there = await flow.get(Contract, "contract-0042")
        await flow.put(there.model_copy(update={"name": "Rollout, extended"}), into=Role.ERP)

    world = await opened(puts_contract, renames)
    await won(world)
    await world.start(OpportunityLost(opportunity="deal-2"))
    await world.work()

    assert [row["operation"] for row in await world.effects()] == ["create", "update"]
    assert [each["name"] for each in estate.shelf("south", "contracts").values()] == ["Rollout, extended"]


async def test_what_rung_a_confirmed_is_kept_with_the_next_commit_of_the_pass(opened: Any) -> None:
    @workflow("both", on=OpportunityWon, lane=lane)
    async def both(flow: Flow, _event: OpportunityWon) -> None:
        await flow.put(customer(), into=Role.ERP)
        await flow.put(project(), into=Role.PSA)
        raise asyncio.CancelledError

    world = await opened(both)
    await world.start(OpportunityWon(opportunity="deal-1"))

    with pytest.raises(asyncio.CancelledError):
        await world.work()

    assert await states(world) == ["confirmed", "confirmed"]
    assert len(await links(world)) == 2


# ---- rung E: one shot


async def test_what_leaves_no_trace_over_there_is_sent_once_and_then_a_person_is_asked(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", after=Lost("reset"))

    await won(world)
    for _ in range(5):
        world.clock.advance(600)
        await world.pool.execute("update lanes set due_at = $1", world.clock())
        await world.work()

    (hold,) = await world.holds()
    assert (hold["kind"], hold["choices"]) == ("unknown", ["it arrived", "send it again"])
    assert len(estate.calls("POST", "/messages")) == 1


async def test_nobody_is_asked_before_it_must_have_settled(opened: Any, estate: Any) -> None:
    """Who looks too early says that it did not arrive, and it arrives twice."""
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", after=Lost("reset"))

    await won(world)
    world.clock.advance(59)
    await world.pool.execute("update lanes set due_at = $1", world.clock())
    await world.work()

    assert await states(world) == ["unknown"]
    assert await world.holds() == []
    assert (await world.run())["state"] == "retrying"


async def test_one_that_arrived_is_confirmed_and_never_sent_again(opened: Any, estate: Any) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", after=Lost("reset"))
    await won(world)
    await settled(world)

    (hold,) = await world.holds()
    await holds.answer(world.machine, hold["id"], "it arrived", person="A person")
    await world.work()
    await won(world, "deal-2")

    assert len(estate.calls("POST", "/messages")) == 1
    assert await states(world) == ["confirmed"]
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_one_that_did_not_arrive_is_sent_again_when_a_person_says_so(opened: Any, estate: Any) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", error=Lost("reset"))
    await won(world)
    await settled(world)

    (hold,) = await world.holds()
    await holds.answer(world.machine, hold["id"], "send it again", person="A person")
    await world.work()

    assert len(estate.calls("POST", "/messages")) == 2
    assert len(estate.shelf("west", "messages")) == 1
    assert await states(world) == ["confirmed"]


async def test_a_second_unknown_outcome_is_asked_about_anew(opened: Any, estate: Any) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    for _ in range(2):
        estate.fail("POST", "/messages", error=Lost("reset"))
    await won(world)
    await settled(world)
    (first,) = await world.holds()

    await holds.answer(world.machine, first["id"], "send it again", person="A person")
    await world.work()
    await settled(world)
    (second,) = await world.holds()

    assert second["name"] != first["name"]
    assert len(estate.calls("POST", "/messages")) == 2
    await holds.answer(world.machine, second["id"], "it arrived", person="A person")
    await world.work()
    assert len(estate.calls("POST", "/messages")) == 2
    assert (await world.run())["state"] == "done"


async def test_one_shot_that_was_certainly_not_done_is_tried_again_by_itself(opened: Any, estate: Any) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", error=NotSent("refused"))

    await won(world)
    world.clock.advance(2)
    await world.work()

    assert await world.holds() == []
    assert len(estate.shelf("west", "messages")) == 1


async def test_nobody_is_asked_about_what_is_being_sent_at_this_moment(opened: Any, estate: Any) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    for deal in ("deal-1", "deal-2"):
        await world.start(OpportunityWon(opportunity=deal))

    estate.fail("POST", "/messages", before=lambda: world.work("puts:deal-2"))
    await world.work("puts:deal-1")
    world.clock.advance(72)
    await world.work()

    assert await world.holds() == []
    assert await world.holds("closed") == []
    assert len(estate.calls("POST", "/messages")) == 1
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_what_one_person_says_arrived_is_not_sent_because_another_says_it_did_not(
    opened: Any, estate: Any
) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", after=Lost("reset"))
    await won(world, "deal-1")
    await won(world, "deal-2")
    await settled(world)
    first, second = await world.holds()
    asked = [first["lane"], second["lane"]]

    await holds.answer(world.machine, second["id"], "send it again", person="Another person")
    await holds.answer(world.machine, first["id"], "it arrived", person="A person")
    await world.work(asked[0])
    await world.work()

    assert len(estate.calls("POST", "/messages")) == 1
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_a_worker_that_dies_while_sending_one_shot_leaves_a_question(opened: Any, estate: Any) -> None:
    world = await opened(putting(MESSAGE, into=Role.CHAT))
    estate.fail("POST", "/messages", after=asyncio.CancelledError())
    await world.start(OpportunityWon(opportunity="deal-1"))
    with pytest.raises(asyncio.CancelledError):
        await world.work()

    for _ in range(4):
        world.clock.advance(30)
        await world.work()

    (hold,) = await world.holds()
    assert hold["kind"] == "unknown"
    assert len(estate.calls("POST", "/messages")) == 1
