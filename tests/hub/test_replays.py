"""Replays: found by what a person knows, gone through in order, planned first if wanted, and nothing done twice."""

from datetime import timedelta
from typing import Any

import pytest

from tests.hub.conftest import FIRM, NOON
from throughline.core.entities import Customer, Message, Opportunity, Project
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import cancels, replaying, replays
from throughline.hub.cancels import Wish
from throughline.hub.once import Once
from throughline.hub.replays import NoSuchReplay, NotReplayable, Order
from throughline.store import firm_versions, replayable
from throughline.store.replayable import Wanted
from throughline.store.replays import items as items_of

RATES: set[str] = set()


@pytest.fixture(autouse=True)
def no_rates() -> None:
    RATES.clear()


def by_deal(event: OpportunityWon) -> str:
    return event.opportunity


@workflow("opens", on=OpportunityWon, lane=by_deal)
async def opens(flow: Flow, won: OpportunityWon) -> None:
    """One effect on each rung that there is: A, C and E."""
    deal = await flow.get(Opportunity, won.opportunity)
    if "rate" not in RATES:
        raise Hold("no rate", fix="add one")
    client = Customer.model_validate({"id": f"customer-of-{deal.id}", "name": deal.name, "country": "GB"})
    opened = Project.model_validate(
        {"id": f"project-of-{deal.id}", "name": deal.name, "customer": client.id, "currency": "GBP"}
    )
    await flow.put(client, into=Role.ERP)
    await flow.put(opened, into=Role.PSA)
    text = Message.model_validate({"id": f"message-of-{deal.id}", "channel": "#d", "text": deal.name})
    await flow.put(text, into=Role.CHAT)


def deal(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "name": f"Deal {key}", "stage": "won", "changed": "2026-11-20T11:00:00+00:00", **more}


def notice(n: int, record: Any, kind: str = "opportunity") -> dict[str, Any]:
    return {"id": f"notice-{n}", "kind": kind, "key": record["id"], "record": record}


async def take(world: Any, deliver: Any, *records: Any, kind: str = "opportunity") -> None:
    for n, record in enumerate(records):
        await world.machine.intake().accept("north", *deliver(notice(n, record, kind) | {"id": f"{kind}-{n}"}))
    await world.machine.intake().work_off("north")


async def replay(world: Any, of: Any = "runs", *, dry_run: bool = False, **wanted: Any) -> str:
    if of != "dead_letters" and "ids" not in wanted:
        wanted |= {"since": world.clock() - timedelta(days=1), "until": world.clock() + timedelta(days=1)}
    return await replays.begin(world.machine, Order(of, Wanted(**wanted), "Ada", "the rate is there", dry_run))


async def played(world: Any, id_: str) -> Any:
    for _ in range(50):
        if await replaying.turn(world.machine, id_):
            return (await replays.progress(world.machine, id_)).row
        await world.work()
    raise AssertionError("the replay never ends")


def made(estate: Any) -> dict[str, int]:
    shelves = (("south", "customers"), ("east", "projects"), ("west", "messages"))
    return {system: len(estate.shelf(system, kind)) for system, kind in shelves}


async def outcomes(world: Any, id_: str) -> list[tuple[str, str]]:
    return [(row["state"], row["outcome"]) for row in await items_of(world.pool, id_)]


async def test_held_runs_go_through_once_the_cause_is_gone_and_nothing_is_done_twice(
    opened: Any, deliver: Any, estate: Any
) -> None:
    world = await opened(opens)
    await take(world, deliver, *(deal(f"N{n}") for n in range(5)))
    await world.work()
    RATES.add("rate")

    for _ in range(3):
        over = await played(world, await replay(world, workflow="opens"))
        assert over["state"] == "done"

    assert made(estate) == {"south": 5, "east": 5, "west": 5}
    assert len(estate.calls("POST")) - len(estate.calls("POST", "/token")) == 10
    assert len(estate.calls("PUT")) == 5
    assert [row["passes"] for row in await world.runs()] == [4] * 5


async def test_each_item_says_what_became_of_it(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1"))
    await world.work()

    held = await replay(world)
    await played(world, held)
    RATES.add("rate")
    through = await replay(world)
    await played(world, through)

    assert await outcomes(world, held) == [("left", "held: no rate")]
    assert await outcomes(world, through) == [("done", "done")]
    told = await replays.progress(world.machine, through)
    assert (told.row["total"], told.counts, told.row["asked_by"]) == (1, {"done": 1}, "Ada")


async def test_a_dry_run_says_what_would_be_sent_where_and_sends_nothing(
    opened: Any, deliver: Any, estate: Any
) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1"), deal("N2"))
    await world.work()
    RATES.add("rate")
    before = await everything(world)

    over = await played(world, await replay(world, dry_run=True))

    assert [
        (each["system"], each["kind"], each["operation"], each["count"]) for each in over["summary"]["would_send"]
    ] == [
        ("east", "project", "create", 2),
        ("south", "customer", "create", 2),
        ("west", "message", "create", 2),
    ]
    assert made(estate) == {"south": 0, "east": 0, "west": 0}
    assert await everything(world) == before


async def everything(world: Any) -> dict[str, list[Any]]:
    """All that a plan must leave alone."""
    tables = ("effects", "links", "entities", "events", "runs", "holds", "lanes", "records", "notices", "dead_letters")
    return {each: [tuple(row) for row in await world.pool.fetch(f"select * from {each} order by 1")] for each in tables}


async def test_a_dry_run_of_what_was_never_taken_in_plans_the_runs_it_would_start(
    opened: Any, deliver: Any, estate: Any
) -> None:
    world = await opened(opens)
    RATES.add("rate")
    async with world.broken("entities", code="XX000"):
        await take(world, deliver, deal("N1"))
    before = await everything(world)

    id_ = await replay(world, "dead_letters", dry_run=True)
    over = await played(world, id_)

    assert [each["count"] for each in over["summary"]["would_send"]] == [1, 1, 1]
    assert await outcomes(world, id_) == [("done", "would send 3")]
    assert await everything(world) == before
    assert estate.calls("PUT") == []


async def test_after_everything_was_sent_a_dry_run_finds_nothing_to_send(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    RATES.add("rate")
    await take(world, deliver, deal("N1"))
    await world.work()

    over = await played(world, await replay(world, dry_run=True))

    assert over["summary"] == {"would_send": [], "would_stop": 0}


async def test_dead_letters_go_through_and_are_closed(opened: Any, deliver: Any, estate: Any) -> None:
    world = await opened(opens)
    RATES.add("rate")
    async with world.broken("entities", code="XX000"):
        await take(world, deliver, *(deal(f"N{n}") for n in range(3)))

    for _ in range(2):
        ids = tuple(row["id"] for row in await world.pool.fetch("select id from dead_letters"))
        await played(world, await replay(world, "dead_letters", ids=ids))
        await world.work()

    assert {row["state"] for row in await world.pool.fetch("select state from dead_letters")} == {"closed"}
    assert made(estate) == {"south": 3, "east": 3, "west": 3}
    assert {row["state"] for row in await world.captures() if row["direction"] == "in"} == {"done"}


async def test_what_fails_again_is_left_as_a_dead_letter_and_the_others_go_on(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    async with world.broken("entities", code="XX000"):
        await take(world, deliver, deal("N1"), deal("N2\x00"), deal("N3"))

    id_ = await replay(world, "dead_letters")
    await played(world, id_)

    states = [state for state, _ in await outcomes(world, id_)]
    assert states == ["done", "done", "left"]  # what does not even say its kind comes last
    (left,) = await world.pool.fetch("select * from dead_letters where state <> 'closed'")
    assert left["attempts"] == 2


async def test_customers_come_before_deals_and_runs_after_both(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    async with world.broken("entities", code="XX000"):
        await take(world, deliver, deal("N1"))
        customer = {"id": "C1", "name": "Meridian", "changed": "2026-11-20T11:00:00+00:00"}
        await take(world, deliver, customer, kind="customer")
    await world.start(OpportunityWon(opportunity="opportunity-9"))

    letters = tuple(row["id"] for row in await world.pool.fetch("select id from dead_letters"))
    run = (await world.run())["id"]
    id_ = await replay(world, ids=(run, *letters))

    sources = [row["what"] for row in await items_of(world.pool, id_)]
    kinds = {row["id"]: row["kind"] for row in await world.pool.fetch("select id, kind from dead_letters")}
    assert [kinds.get(each, "run") for each in sources] == ["customer", "opportunity", "run"]


async def test_deliveries_of_a_time_are_read_again_under_the_mapping_of_today(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1", line="Advisory"))
    overlay = "system: north\nentity: opportunity\nrows:\n  - { ours: service_line, theirs: line }\n"
    files = FIRM | {"mappings/north-opportunity.yaml": overlay}
    await firm_versions.apply(world.pool, digest="second", files=files, by="test", now=world.clock())

    id_ = await replay(world, "captures", system="north", text="Deal N1")
    await played(world, id_)

    assert await outcomes(world, id_) == [("done", "taken in")]
    assert await world.pool.fetchval("select fields ->> 'service_line' from entities") == "Advisory"
    assert len(await world.runs()) == 1


async def test_an_old_delivery_does_not_bring_an_old_state_back(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1", name="Old"))
    await world.machine.intake().accept(
        "north", *deliver(notice(9, deal("N1", name="New", changed="2026-11-20T11:30:00+00:00")))
    )
    await world.machine.intake().work_off("north")

    first = (await world.captures())[0]["id"]
    await played(world, await replay(world, "captures", ids=(str(first),)))

    assert await world.pool.fetchval("select fields ->> 'name' from entities") == "New"


async def test_a_cancelled_replay_begins_nothing_more(opened: Any, deliver: Any, estate: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1"), deal("N2"))
    await world.work()
    RATES.add("rate")
    id_ = await replay(world)

    await replays.cancel(world.machine, id_, person="Ada")

    assert await replaying.turn(world.machine, id_)
    await world.work()
    assert await outcomes(world, id_) == [("left", "cancelled by Ada")] * 2
    assert made(estate) == {"south": 0, "east": 0, "west": 0}
    with pytest.raises(NotReplayable, match="over"):
        await replays.cancel(world.machine, id_, person="Ada")


async def test_a_cancelled_run_is_not_brought_back(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1"))
    await world.work()
    run = (await world.run())["id"]
    await cancels.cancel(world.machine, run, Wish("Ada", "gone", undo=False))
    RATES.add("rate")

    id_ = await replay(world, ids=(run,))
    await played(world, id_)
    await world.work()

    assert await outcomes(world, id_) == [("left", "it is not there, or was cancelled")]
    assert (await world.run())["state"] == "done"
    assert await world.effects() == []


async def test_a_run_behind_a_held_one_does_not_keep_the_replay_from_ending(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1"), deal("N2"))
    await world.work()
    await world.pool.execute("update runs set lane = (select lane from runs order by seq limit 1)")

    id_ = await replay(world)
    await played(world, id_)

    assert [outcome for _, outcome in await outcomes(world, id_)] == [
        "held: no rate",
        "due, behind another run of its lane",
    ]


async def test_whoever_dies_in_a_turn_is_followed_by_another(opened: Any, deliver: Any, estate: Any) -> None:
    first, second = await opened(opens), await opened(opens, worker="worker-2")
    RATES.add("rate")
    async with first.broken("entities", code="XX000"):
        await take(first, deliver, deal("N1"), deal("N2"))
    id_ = await replay(first, "dead_letters")
    await first.pool.execute("update replays set lease_until = $1", first.clock() + replaying.LEASE)

    assert not await replaying.turn(second.machine, id_)
    assert {state for state, _ in await outcomes(first, id_)} == {"waiting"}
    first.clock.advance(121)
    await played(second, id_)

    await second.work()
    assert made(estate) == {"south": 2, "east": 2, "west": 2}


async def test_what_is_too_vague_or_fits_nothing_is_refused(opened: Any) -> None:
    world = await opened(opens)

    with pytest.raises(NotReplayable, match="Nothing fits"):
        await replays.begin(world.machine, Order("dead_letters", Wanted(), "Ada"))
    for of in ("runs", "captures"):
        with pytest.raises(NotReplayable, match="Say since when"):
            await replays.begin(world.machine, Order(of, Wanted(system="north"), "Ada"))
    with pytest.raises(NotReplayable, match="known as"):
        await replays.begin(world.machine, Order("runs", Wanted(ids=("nobody",)), "Ada"))
    with pytest.raises(NoSuchReplay):
        await replays.progress(world.machine, "replay-nowhere")


async def test_asked_twice_with_one_key_it_is_one_replay(opened: Any, deliver: Any) -> None:
    world = await opened(opens)
    await take(world, deliver, deal("N1"))
    order = Order("runs", Wanted(ids=((await world.run())["id"],)), "Ada")

    first = await replays.begin(world.machine, order, once=Once("key", "replay"))
    second = await replays.begin(world.machine, order, once=Once("key", "replay"))

    assert first == second
    assert await world.pool.fetchval("select count(*) from replays") == 1


FITTING = (
    Wanted(system="north"), Wanted(kind="opportunity"), Wanted(state="trying"), Wanted(text="Broken"),
    Wanted(cause="defect"), Wanted(since=NOON), Wanted(until=NOON + timedelta(seconds=1)),
)  # fmt: skip
UNFITTING = (
    Wanted(system="south"), Wanted(kind="customer"), Wanted(state="dead"), Wanted(text="whole"),
    Wanted(cause="refused"), Wanted(since=NOON + timedelta(seconds=1)), Wanted(until=NOON), Wanted(workflow="opens"),
)  # fmt: skip


@pytest.mark.parametrize("wanted", [*FITTING, *UNFITTING], ids=repr)
async def test_dead_letters_are_found_by_what_is_known_of_them(opened: Any, deliver: Any, wanted: Wanted) -> None:
    world = await opened(opens)
    async with world.broken("entities", code="XX000"):
        await take(world, deliver, deal("N1"))

    found = await replayable.dead_letters(world.pool, wanted, limit=10)

    assert bool(found) == (wanted in FITTING)
