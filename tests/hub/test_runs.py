"""Runs: in order within a lane, again when something is unwell, held when a person must decide, and never in secret."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from throughline.core.entities import Customer
from throughline.core.errors import Hold, Retry
from throughline.core.events import CustomerRenamed, DemandPublished, Event, OpportunityWon, ProjectOpened
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds
from throughline.hub.wire import Lost, Raw
from throughline.store import lanes

CUSTOMER = Customer.model_validate({"id": "customer-0042", "name": "Meridian", "segment": "rail"})


def of_deal(event: OpportunityWon) -> str:
    return event.opportunity


def of_name(event: CustomerRenamed) -> str:
    return event.name


def of_subject(event: Event) -> str:
    return event.about()


def process(body: Any, *, name: str = "process", on: Any = OpportunityWon, lane: Any = of_deal) -> Any:
    async def run(flow: Flow, event: Any) -> None:
        await body(flow, event)

    return workflow(name, on=on, lane=lane)(run)


async def won(world: Any, deal: str = "deal-1") -> None:
    await world.start(OpportunityWon(opportunity=deal))


async def due_in(world: Any, lane: str = "process:deal-1") -> float | None:
    due_at = (await world.lane(lane))["due_at"]
    return None if due_at is None else (due_at - world.clock()).total_seconds()


class Script:
    """A process that does the next thing each time it is run."""

    def __init__(self, *steps: Any) -> None:
        self.steps, self.passes = list(steps), 0

    async def __call__(self, flow: Flow, _event: Any) -> None:
        self.passes += 1
        if self.steps:
            step = self.steps.pop(0)
            if isinstance(step, BaseException):
                raise step
            if step:
                await step(flow)


# ---- lanes


async def test_the_runs_of_a_lane_go_one_after_the_other_in_the_order_of_their_events(opened: Any) -> None:
    order: list[str] = []

    async def body(_flow: Flow, event: CustomerRenamed) -> None:
        order.append(event.name)

    world = await opened(process(body, on=CustomerRenamed, lane=of_subject))
    for name in ("A", "B", "C"):
        await world.start(CustomerRenamed(customer="customer-1", name=name))

    await world.work()

    assert order == ["A", "B", "C"]
    assert [run["state"] for run in await world.runs()] == ["done"] * 3


async def test_a_held_run_blocks_its_own_lane_and_no_other(opened: Any) -> None:
    async def body(_flow: Flow, event: OpportunityWon) -> None:
        if event.opportunity == "deal-1":
            raise Hold("stop", fix="Decide.")

    world = await opened(process(body))
    for deal in ("deal-1", "deal-1", "deal-2"):
        await won(world, deal)

    await world.work()

    assert [run["state"] for run in await world.runs()] == ["held", "due", "done"]


async def test_when_a_held_run_is_released_those_behind_it_follow(opened: Any) -> None:
    script = Script(Hold("stop", fix="Decide."))
    world = await opened(process(script))
    for _ in range(3):
        await won(world)
    await world.work()

    (hold,) = await world.holds()
    await holds.release(world.machine, hold["id"], person="A person")
    await world.work()

    assert [run["state"] for run in await world.runs()] == ["done"] * 3


async def test_a_lane_with_nothing_to_do_is_left_in_peace(opened: Any) -> None:
    world = await opened(process(Script()))
    await lanes.wake(world.pool, ["process:nothing"], at=world.clock())

    await world.work()

    assert await due_in(world, "process:nothing") is None


# ---- trying again


async def test_each_retry_waits_twice_as_long_and_a_little_more_up_to_five_minutes(opened: Any) -> None:
    world = await opened(process(Script(*[Retry("unwell")] * 12)))
    await won(world)

    waits: list[float] = []
    for _ in range(12):
        await world.work()
        waits.append(await due_in(world) or 0)
        world.clock.advance(waits[-1])

    plain = [min(2.0**n, 300) for n in range(12)]
    assert all(base <= wait <= base * 1.2 for base, wait in zip(plain, waits, strict=True))
    assert len({wait / base for base, wait in zip(plain, waits, strict=True)}) > 6
    assert (await world.run())["attempt"] == 12


async def test_the_chance_in_a_retry_is_the_one_that_was_given(opened: Any) -> None:
    world = await opened(process(Script(Retry("unwell"))))
    world.machine.chance.random = lambda: 0.5  # type: ignore[method-assign] # a chance that is no chance
    await won(world)

    await world.work()

    assert await due_in(world) == 1.1


async def test_a_vendor_s_own_time_is_obeyed(opened: Any) -> None:
    world = await opened(process(Script(Retry("unwell", after=timedelta(seconds=90)))))
    await won(world)

    await world.work()

    assert 90 <= (await due_in(world) or 0) <= 108


async def test_an_asked_for_pause_travels_from_the_answer_to_the_lane(opened: Any, estate: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        await flow.put(CUSTOMER, into=Role.ERP)

    world = await opened(process(body))
    estate.fail("PUT", answer=Raw(429, {"retry-after": "40"}, b"{}"))
    await won(world)

    await world.work()

    assert (await world.run())["state"] == "retrying"
    world.clock.advance(39)
    await world.work()
    assert len(estate.calls("PUT")) == 1
    world.clock.advance(1)
    await world.work()
    assert (await world.run())["state"] == "done"


async def test_a_pass_without_a_retry_starts_the_count_again(opened: Any) -> None:
    world = await opened(process(Script(Retry("a"), Retry("b"), Hold("c", fix="x"))))
    await won(world)
    for _ in range(3):
        await world.work()
        world.clock.advance(10)

    assert ((await world.run())["state"], (await world.run())["attempt"]) == ("held", 0)


# ---- parts


async def test_parts_stand_each_for_itself(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        async with flow.part("finance", amount=Money.model_validate({"amount": 100, "currency": "GBP"})):
            raise Hold("no tax code", fix="Add one.")
        async with flow.part("delivery"):
            pass
        async with flow.part("chat"):
            raise Retry("unwell")

    world = await opened(process(body))
    await won(world)
    await world.work()

    run = await world.run()
    assert [(part["name"], part["state"], part["owner"]) for part in run["parts"]] == [
        ("finance", "held", "Finance"), ("delivery", "done", "Operations"), ("chat", "retrying", "Operations"),
    ]  # fmt: skip
    (hold,) = await world.holds()
    assert (hold["part"], hold["owner"], hold["amount"], hold["currency"]) == ("finance", "Finance", 100, "GBP")
    assert (run["state"], run["why"]) == ("retrying", "no tax code; unwell")


async def test_a_part_that_waits_for_a_time_goes_on_then_though_another_is_held(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        async with flow.part("finance"):
            raise Hold("no tax code", fix="Add one.")
        async with flow.part("delivery"):
            await flow.wait(flow.began + timedelta(hours=1))

    world = await opened(process(body))
    await won(world)
    await world.work()
    assert (await world.run())["state"] == "held"
    assert await due_in(world) == 3600

    world.clock.advance(3600)
    await world.work()

    assert [part["state"] for part in (await world.run())["parts"]] == ["held", "done"]


async def test_the_soonest_of_several_reasons_to_look_again_counts(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        async with flow.part("a"):
            raise Retry("unwell", after=timedelta(minutes=30))
        async with flow.part("b"):
            await flow.wait(flow.began + timedelta(minutes=5))

    world = await opened(process(body))
    await won(world)
    await world.work()

    assert await due_in(world) == 300


async def test_what_happens_to_a_part_inside_a_part_is_its_own(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        async with flow.part("outer") as outer:
            async with flow.part("inner") as inner:
                raise Hold("stop", fix="Decide.")
            assert not inner.done
        assert outer.done

    world = await opened(process(body))
    await won(world)
    await world.work()

    assert [hold["part"] for hold in await world.holds()] == ["inner"]


async def test_a_run_that_fails_as_a_whole_says_so_beside_its_parts(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        async with flow.part("finance"):
            raise Hold("first", fix="x")
        raise Hold("second", fix="x")

    world = await opened(process(body))
    await won(world)
    await world.work()

    assert {(hold["name"], hold["owner"]) for hold in await world.holds()} == {
        ("finance", "Finance"), ("process", "Operations"),
    }  # fmt: skip


async def test_holds_that_no_longer_arise_are_closed_and_others_keep_their_clock(opened: Any) -> None:
    missing = {"finance", "delivery"}

    async def body(flow: Flow, _event: Any) -> None:
        for name in ("finance", "delivery"):
            async with flow.part(name):
                if name in missing:
                    raise Hold(f"{name} lacks something", fix="x")

    world = await opened(process(body))
    await won(world)
    await world.work()
    before = {hold["part"]: hold for hold in await world.holds()}
    missing.remove("delivery")
    world.clock.advance(60)
    await lanes.wake(world.pool, ["process:deal-1"], at=world.clock())
    await world.work()

    (still,) = await world.holds()
    assert (still["id"], still["opened_at"]) == (before["finance"]["id"], before["finance"]["opened_at"])
    (closed,) = await world.holds("closed")
    assert (closed["part"], closed["closed_how"]) == ("delivery", "no longer arises")


# ---- defects


async def test_a_defect_is_a_hold_for_integration_support_and_is_never_tried_again_by_itself(opened: Any) -> None:
    script = Script(*[KeyError("rate")] * 9)
    world = await opened(process(script))
    await won(world)
    await world.work()

    (hold,) = await world.holds()
    assert (hold["kind"], hold["owner"], hold["why"]) == ("defect", "Integration support", "KeyError: 'rate'")
    assert ((await world.run())["state"], await due_in(world)) == ("defect", None)
    for _ in range(3):
        world.clock.advance(10**6)
        await lanes.expire(world.pool, now=world.clock())
        await world.work()
    assert script.passes == 1


async def test_a_defect_is_run_again_after_its_release(opened: Any) -> None:
    world = await opened(process(Script(KeyError("rate"))))
    await won(world)
    await world.work()

    (hold,) = await world.holds()
    await holds.release(world.machine, hold["id"], person="A person")
    await world.work()

    assert (await world.run())["state"] == "done"
    assert await world.holds() == []


async def test_what_was_done_before_a_defect_is_kept(opened: Any, estate: Any) -> None:
    async def puts(flow: Flow) -> None:
        await flow.put(CUSTOMER, into=Role.ERP)
        raise ZeroDivisionError

    world = await opened(process(Script(puts)))
    await won(world)
    await world.work()

    assert [row["state"] for row in await world.effects()] == ["confirmed"]
    assert len(estate.calls("PUT")) == 1


async def test_a_run_whose_workflow_is_not_installed_any_more_is_a_defect(opened: Any) -> None:
    await won(await opened(process(Script())))
    world = await opened()

    await world.work()

    assert (await world.run())["state"] == "defect"


async def test_a_database_that_goes_away_in_the_middle_is_no_defect_of_the_process(opened: Any) -> None:
    world = await opened(process(Script(ConnectionResetError("gone"), asyncpg.AdminShutdownError("bye"))))
    await won(world)

    for kind in (ConnectionResetError, asyncpg.AdminShutdownError):
        with pytest.raises(kind):
            await world.work()
        assert (await world.run())["state"] == "due"
        assert await due_in(world) == 1
        world.clock.advance(1)
    await world.work()

    assert (await world.run())["state"] == "done"
    assert await world.holds("closed") == []


async def test_a_pass_whose_end_cannot_be_written_is_run_again(opened: Any) -> None:
    world = await opened(process(Script()))
    await won(world)

    async with world.broken("runs"):
        with pytest.raises(asyncpg.PostgresError, match="broken"):
            await world.work()
    world.clock.advance(1)
    await world.work()

    assert (await world.run())["state"] == "done"


async def test_a_pass_the_database_ended_for_another_goes_again_at_once_and_is_no_fault(opened: Any) -> None:
    world = await opened(process(Script()))
    await won(world)

    deadlock = "40P01"
    async with world.broken("runs", code=deadlock):
        await world.work((await world.run())["lane"])
    await world.work()

    assert (await world.run())["state"] == "done"


# ---- answers


async def test_a_question_is_a_hold_and_its_answer_is_remembered_under_its_name(opened: Any) -> None:
    said: list[str] = []

    async def body(flow: Flow, _event: Any) -> None:
        said.append(await flow.ask("twin", "Is it the same customer?", choices=("yes", "no"), owner="Master data"))
        said.append(await flow.ask("code", "Which code?", choices=("A", "B")))

    world = await opened(process(body))
    await won(world)
    await world.work()
    (first,) = await world.holds()
    assert (first["kind"], first["owner"], first["choices"]) == ("question", "Master data", ["yes", "no"])

    await holds.answer(world.machine, first["id"], "no", person="A person")
    await world.work()
    (second,) = await world.holds()
    await holds.answer(world.machine, second["id"], "B", person="A person")
    await world.work()

    assert said == ["no", "no", "B"]
    assert (await world.run())["state"] == "done"


async def test_an_answer_that_is_no_choice_any_more_is_asked_for_again_and_can_be_given(opened: Any) -> None:
    choices = [("old", "other"), ("new", "other")]

    async def body(flow: Flow, _event: Any) -> None:
        await flow.ask("which", "Which?", choices=choices[0])

    world = await opened(process(body))
    await won(world)
    await world.work()
    choices.pop(0)
    (first,) = await world.holds()
    await holds.answer(world.machine, first["id"], "old", person="A person")
    await world.work()

    (second,) = await world.holds()
    await holds.answer(world.machine, second["id"], "new", person="A person")
    await world.work()

    assert (await world.run())["state"] == "done"


# ---- waiting and telling


async def test_a_run_waits_for_a_time(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        await flow.wait(flow.began + timedelta(days=3))

    world = await opened(process(body))
    await won(world)
    await world.work()
    assert ((await world.run())["state"], await due_in(world)) == ("waiting", 3 * 86400)

    world.clock.advance(3 * 86400)
    await world.work()

    assert (await world.run())["state"] == "done"


async def test_a_run_waits_for_an_event_about_something_and_is_woken_by_it(opened: Any) -> None:
    async def waits(flow: Flow, _event: Any) -> None:
        await flow.wait(ProjectOpened, about="project-1")

    async def opens(flow: Flow, event: CustomerRenamed) -> None:
        await flow.emit(ProjectOpened(project=event.name, opportunity="deal-1"))

    world = await opened(process(waits), process(opens, name="opens", on=CustomerRenamed, lane=of_name))
    await won(world)
    await world.work()
    assert (await world.run())["state"] == "waiting"

    await world.start(CustomerRenamed(customer="customer-1", name="project-2"))
    await world.work()
    assert (await world.runs())[0]["passes"] == 1
    await world.start(CustomerRenamed(customer="customer-1", name="project-1"))
    await world.work()

    assert [run["state"] for run in await world.runs()] == ["done"] * 3


async def test_an_event_from_before_the_run_began_is_not_waited_for_twice_nor_taken_for_a_new_one(opened: Any) -> None:
    async def waits(flow: Flow, _event: Any) -> None:
        await flow.wait(ProjectOpened, about="project-1")

    world = await opened(process(waits))
    await world.start(ProjectOpened(project="project-1", opportunity="deal-1"))
    world.clock.advance(1)
    await won(world)

    await world.work()

    assert (await world.run())["state"] == "waiting"


async def test_an_event_that_slips_by_in_the_very_moment_is_found_a_little_later(opened: Any) -> None:
    async def waits(flow: Flow, _event: Any) -> None:
        await flow.wait(ProjectOpened, about="project-1")

    world = await opened(process(waits))
    await won(world)
    await world.work()
    await world.start(ProjectOpened(project="project-1", opportunity="deal-1"))

    world.clock.advance(15 * 60)
    await world.work()

    assert (await world.run())["state"] == "done"


async def test_a_fact_is_told_once_over_many_passes_and_starts_its_workflows_once(opened: Any) -> None:
    async def tells(flow: Flow) -> None:
        await flow.emit(DemandPublished(project="project-1", roles=("Architect",)))
        raise Hold("not yet", fix="x")

    async def staffs(_flow: Flow, _event: Any) -> None:
        """Its runs are counted."""

    world = await opened(
        process(Script(tells, tells, tells)),
        process(staffs, name="staffs", on=DemandPublished, lane=of_subject),
    )
    await won(world)
    for _ in range(3):
        await world.work()
        await lanes.wake(world.pool, ["process:deal-1"], at=world.clock())

    events = await world.pool.fetch("select * from events where type = 'DemandPublished'")
    first, *others = await world.runs()
    assert [(row["run"], row["correlation"]) for row in events] == [(first["id"], "deal-1")]
    assert [run["workflow"] for run in others] == ["staffs"]
    assert others[0]["correlation"] == "deal-1"


async def test_what_a_process_decided_itself_is_settled_as_the_hub_s_claim(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        await flow.put(CUSTOMER, into=Role.ERP)

    world = await opened(process(body))
    await won(world)
    await world.work()

    row = await world.pool.fetchrow("select * from entities where id = 'customer-0042'")
    assert row["fields"] == {"id": "customer-0042", "segment": "rail"}
    assert row["provenance"]["segment"]["source"] == "hub"


async def test_two_lanes_that_decide_about_the_same_new_entity_do_so_one_after_the_other(opened: Any) -> None:
    async def body(flow: Flow, event: OpportunityWon) -> None:
        decided = CUSTOMER.model_copy(update={"segment": event.opportunity})
        await flow.put(decided, into=Role.ERP)
        if event.opportunity == "deal-1":
            await world.work("process:deal-2")

    world = await opened(process(body))
    await won(world, "deal-1")
    await won(world, "deal-2")

    await world.work("process:deal-1")
    assert [(run["state"], run["passes"]) for run in await world.runs()] == [("due", 0), ("done", 1)]
    assert await due_in(world) == 0
    await world.work()

    row = await world.pool.fetchrow("select * from entities where id = 'customer-0042'")
    assert (row["version"], row["fields"]["segment"]) == (2, "deal-1")
    assert [run["state"] for run in await world.runs()] == ["done", "done"]


async def test_something_we_have_only_heard_of_is_read_where_it_was_heard_of(opened: Any, estate: Any) -> None:
    got: list[Any] = []

    async def body(flow: Flow, _event: Any) -> None:
        got.append(await flow.get(Customer, "customer-0009"))

    world = await opened(process(body))
    estate.enter("north", "customers", id="N9", name="Meridian")
    await world.pool.execute(
        "insert into links values ('north', 'customer', 'N9', 'customer-0009', '{}', $1)", world.clock()
    )
    await won(world)
    await world.work()

    assert [customer.name for customer in got] == ["Meridian"]


async def test_something_nobody_knows_is_a_hold(opened: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        await flow.get(Customer, "customer-0009")

    world = await opened(process(body))
    await won(world)
    await world.work()

    (hold,) = await world.holds()
    assert hold["why"] == "Nobody knows customer customer-0009"


async def test_a_change_that_commits_while_a_pass_ends_is_not_missed(opened: Any) -> None:
    """The pass has read the old state, the change's wake-up has looked for waiting runs: neither sees the other."""

    async def body(flow: Flow, _event: Any) -> None:
        if not (await flow.get(Customer, "customer-0001")).country:
            raise Hold("no country", fix="x")

    world = await opened(process(body))
    await world.heard("north", "customer", {"id": "N1", "name": "A", "changed": "2026-11-20T11:00:00+00:00"})
    await won(world)

    async with world.pool.acquire() as other:
        change = other.transaction()
        await change.start()
        await other.execute(
            "update entities set version = 2, fields = $1", {"id": "customer-0001", "name": "A", "country": "GB"}
        )
        working = asyncio.create_task(world.work("process:deal-1"))
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        async with asyncio.timeout(10):
            while not working.done() and not await world.pool.fetchval(waits):
                await asyncio.sleep(0.005)
        await change.commit()
        await working

    assert await due_in(world) == 0
    await world.work()
    assert (await world.run())["state"] == "done"


async def test_captures_are_safe_before_a_pass_is_committed(opened: Any, estate: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        await flow.put(CUSTOMER, into=Role.ERP)

    world = await opened(process(body))
    await won(world)

    async with world.broken("captures"):
        with pytest.raises(asyncpg.PostgresError, match="broken"):
            await world.work()
    assert await world.effects() == []
    world.clock.advance(1)
    await world.work()

    assert [row["method"] for row in await world.captures()] == ["POST", "PUT", "PUT"]
    assert len(await world.effects()) == 1
    assert len(estate.shelf("south", "customers")) == 1


async def test_an_unwell_system_does_not_keep_a_run_from_saying_so(opened: Any, estate: Any) -> None:
    async def body(flow: Flow, _event: Any) -> None:
        await flow.put(CUSTOMER, into=Role.ERP)

    world = await opened(process(body))
    estate.fail("PUT", error=Lost("reset"))
    await won(world)
    await world.work()

    run = await world.run()
    assert (run["state"], run["why"]) == ("retrying", "south may or may not have done it: reset")
