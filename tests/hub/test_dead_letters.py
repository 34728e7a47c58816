"""Dead letters: poison is set aside at once with all that is needed to mend it, and costs the others nothing."""

import asyncio
import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hub.conftest import Fault
from throughline.core.events import OpportunityWon
from throughline.core.workflow import workflow
from throughline.hub import holds, second_tries
from throughline.hub.intake import Reception
from throughline.hub.wire import Lost
from throughline.testing.connector_hostile import JUNK


@workflow("count", on=OpportunityWon, lane=lambda event: event.opportunity)
async def counted(_flow: Any, _event: Any) -> None:
    """Does nothing; its runs are counted."""


def notice(n: int, record: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": f"notice-{n}", "kind": "opportunity", "key": f"N{n}", "record": record, **more}


def deal(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "name": "A deal", "stage": "won", "changed": "2026-11-20T11:00:00+00:00", **more}


POISON = deal("N2\x00")  # no key that PostgreSQL can hold


async def letters(world: Any) -> list[Any]:
    return await world.pool.fetch("select * from dead_letters order by seq")


async def take(world: Any, deliver: Any, *notices: Any) -> None:
    for each in notices:
        await world.machine.intake().accept("north", *deliver(each))
    await world.machine.intake().work_off("north")


async def test_an_entry_says_what_came_why_it_failed_where_and_how_often(opened: Any, deliver: Any) -> None:
    world = await opened(counted)

    await take(world, deliver, notice(2, POISON))

    (letter,) = await letters(world)
    capture = await world.pool.fetchrow("select * from captures where id = $1", letter["capture"])
    assert json.loads(capture["request_body"])["id"] == "notice-2"
    assert (letter["source"], letter["system"], letter["kind"], letter["key"]) == (
        "delivery",
        "north",
        "opportunity",
        "N2",
    )
    assert (letter["cause"], letter["state"], letter["attempts"]) == ("defect", "trying", 1)
    assert "CharacterNotInRepertoireError" in letter["why"]
    assert "settle.py" in letter["trace"]
    assert letter["first_at"] == letter["last_at"] == world.clock()


async def test_it_is_tried_five_times_with_longer_and_longer_pauses_and_then_left(opened: Any, deliver: Any) -> None:
    world = await opened(counted)
    await take(world, deliver, notice(2, POISON))
    tried = 1

    for _ in range(2000):
        world.clock.advance(1)
        tried += await second_tries.all_due(world.machine)
        await world.machine.intake().work_off("north")

    (letter,) = await letters(world)
    assert (letter["state"], letter["attempts"], tried) == ("dead", 5, 5)
    assert (letter["last_at"] - letter["first_at"]).total_seconds() == 1 + 10 + 60 + 600
    assert (await world.captures())[0]["state"] == "failed"


async def test_what_passes_at_a_second_try_is_no_dead_letter_any_more(opened: Any, deliver: Any) -> None:
    world = await opened(counted)
    async with world.broken("entities", code="XX000"):
        await take(world, deliver, notice(1, deal("N1")))
    world.clock.advance(2)

    await second_tries.all_due(world.machine)
    await world.machine.intake().work_off("north")

    (letter,) = await letters(world)
    assert (letter["state"], letter["closed_how"]) == ("closed", "went through")
    assert len(await world.runs()) == 1


async def test_what_makes_no_sense_is_left_for_a_person_at_once(opened: Any, deliver: Any) -> None:
    world = await opened(counted)

    await take(world, deliver, {"no": "sense"}, notice(1, deal("N1")))

    (letter,) = await letters(world)
    assert (letter["state"], letter["cause"], letter["attempts"]) == ("dead", "unreadable", 1)
    assert len(await world.runs()) == 1


async def test_one_delivery_a_system_fails_over_is_set_aside_when_the_system_answers_for_others(
    opened: Any, deliver: Any, estate: Any
) -> None:
    world = await opened(counted)
    for n in (1, 2, 3):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
    estate.fail("GET", "/deals/N2", error=Lost("reset"))

    await take(world, deliver, *(notice(n) for n in (1, 2, 3)))

    (letter,) = await letters(world)
    assert (letter["key"], letter["cause"], letter["state"]) == ("N2", "unwell", "trying")
    assert len(await world.runs()) == 2


async def test_a_system_that_answers_nobody_makes_no_dead_letter_however_long_it_lasts(
    opened: Any, deliver: Any, estate: Any
) -> None:
    world = await opened(counted)
    for n in range(9):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
    estate.faults = Outage("GET", "/deals/")

    await take(world, deliver, *(notice(n) for n in range(9)))
    for _ in range(8 * 60):
        world.clock.advance(60)
        await world.machine.intake().work_off("north")
    estate.faults = []
    world.clock.advance(60)
    await world.machine.intake().work_off("north")

    assert await letters(world) == []
    assert len(await world.runs()) == 9


class Outage(list[Fault]):
    """Every call that fits is lost."""

    def __init__(self, method: str, path: str) -> None:
        super().__init__([Fault(method, path, error=Lost("closed"))])

    def remove(self, fault: Fault) -> None:
        """It goes on."""


async def test_a_record_of_a_poll_is_set_aside_whole_and_the_poll_goes_on_behind_it(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await world.machine.polls().all_due()
    for n in range(5):
        world.clock.advance(1)
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
    await refuse(world, "N2")
    world.clock.advance(60)

    await world.machine.polls().all_due()

    (letter,) = await letters(world)
    cursor = await world.pool.fetchrow("select * from cursors where kind = 'opportunity'")
    assert (letter["source"], letter["key"], letter["input"]["record"]["id"]) == ("record", "N2", "N2")
    assert len(await world.runs()) == 4
    assert (cursor["cursor"], cursor["why"]) == (estate.shelf("north", "deals")["N4"]["changed"], None)
    await world.pool.execute("drop trigger refuse on records")
    world.clock.advance(2)
    await second_tries.all_due(world.machine)
    assert len(await world.runs()) == 5
    assert [each["state"] for each in await letters(world)] == ["closed"]


async def refuse(world: Any, key: str) -> None:
    """A fault of ours that one record brings to light."""
    await world.pool.execute(
        f"""create or replace function refuse() returns trigger as
            $$ begin if new.key = '{key}' then raise exception 'nobody foresaw this'; end if; return new; end $$
            language plpgsql;
            create trigger refuse before insert or update on records for each row execute function refuse()"""
    )


async def test_a_defect_of_a_run_keeps_its_trace_and_is_closed_when_the_run_goes_through(opened: Any) -> None:
    broken = [True]

    @workflow("breaks", on=OpportunityWon, lane=lambda event: event.opportunity)
    async def breaks(_flow: Any, _event: Any) -> None:
        if broken:
            raise ZeroDivisionError("no hours")

    world = await opened(breaks)
    await world.start(OpportunityWon(opportunity="deal-1"))
    await world.work()
    (letter,) = await letters(world)
    assert (letter["source"], letter["cause"], letter["attempts"], letter["run"]) == (
        "run",
        "defect",
        1,
        (await world.run())["id"],
    )
    assert "in breaks" in letter["trace"]

    for fixed in (False, True):
        if fixed:
            broken.clear()
        (hold,) = await world.holds()
        await holds.release(world.machine, hold["id"], person="Ada")
        await world.work()

    (letter,) = await letters(world)
    assert (letter["attempts"], letter["state"]) == (2, "closed")


TEXT = st.text(st.characters(), max_size=20)
ODD = st.sampled_from([each for each in JUNK if not isinstance(each, Decimal)])
BODIES = st.one_of(
    st.binary(max_size=200),
    st.recursive(st.one_of(TEXT, st.integers(), st.none(), st.booleans(), st.floats()), st.lists).map(
        lambda each: json.dumps(each).encode()
    ),
    st.fixed_dictionaries(
        {"id": TEXT, "kind": st.sampled_from(["opportunity", "customer", "", "\x00"]), "key": TEXT},
        optional={
            "record": st.dictionaries(
                st.sampled_from(["id", "name", "stage", "customer", "changed"]),
                st.one_of(TEXT, ODD, st.integers(), st.none(), st.lists(TEXT)),
            ),
            "author": TEXT,
        },
    ).map(lambda each: json.dumps(each).encode()),
    st.sampled_from([b"[" * 100_000, b'{"id":' * 5_000, b"1" * 5_000, b"\xff\xfe", b"", b'{"id":1e400}', b"NaN"]),
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(BODIES, min_size=200, max_size=200))
async def test_two_thousand_hostile_deliveries_neither_end_the_process_nor_block_a_neighbour(
    opened: Any, deliver: Any, bodies: list[bytes]
) -> None:
    world = await opened(counted)
    for table in ("captures", "notices", "records", "links", "entities", "runs", "events", "dead_letters", "cursors"):
        await world.pool.execute(f"delete from {table}")
    good = [json.dumps(notice(n, deal(f"N{n}"))).encode() for n in range(10)]
    intake = world.machine.intake()

    mixed = [
        each for n, body in enumerate(bodies) for each in (body, *(good[n // 20 : n // 20 + 1] if n % 20 == 0 else ()))
    ]
    receptions = await asyncio.gather(*(intake.accept("north", *deliver(each)) for each in mixed))
    assert {reception for reception, _ in receptions} == {Reception.TAKEN}
    await intake.work_off("north")

    found = await world.pool.fetch("select key from links where entity in (select subject from runs)")
    assert {f"N{n}" for n in range(10)} <= {row["key"] for row in found}
    left = await world.pool.fetchval("select count(*) from captures where state = 'new' and direction = 'in'")
    assert left == 0
    unexplained = await world.pool.fetchval(
        "select count(*) from captures where state = 'failed' and direction = 'in'"
        " and id not in (select capture from dead_letters where why <> '' and trace <> '')"
    )
    assert unexplained == 0
