"""Polls: what changed is asked for by one worker at a time, with an overlap, and starts nothing that is history."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from throughline.core.events import OpportunityWon
from throughline.core.workflow import workflow
from throughline.hub.polls import LEASE, later, overlapped
from throughline.hub.wire import Lost, Raw


@workflow("count", on=OpportunityWon, lane=lambda event: event.opportunity)
async def counted(_flow: Any, _event: Any) -> None:
    """Does nothing; its runs are counted."""


async def polled(world: Any, *, after: float = 60) -> int:
    world.clock.advance(after)
    return await world.machine.polls().all_due()


async def stages(world: Any) -> dict[str, str]:
    rows = await world.pool.fetch(
        """select links.key, fields ->> 'stage' as stage from links join entities on entities.id = links.entity
           where links.kind = 'opportunity' order by key"""
    )
    return {row["key"]: row["stage"] for row in rows}


async def cursor(world: Any, kind: str = "opportunity") -> Any:
    return await world.pool.fetchrow("select * from cursors where system = 'north' and kind = $1", kind)


def asked(estate: Any) -> list[str]:
    return [each.url for each in estate.calls("GET", "/deals")]


async def test_what_was_there_before_we_came_is_learnt_and_starts_nothing(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    for n in range(5):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")

    assert await polled(world) == 5

    assert len(await stages(world)) == 5
    assert await world.runs() == []


async def test_what_changes_later_starts_what_it_means(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    estate.enter("north", "deals", id="N1", name="A deal", stage="negotiation")
    await polled(world)
    estate.enter("north", "deals", id="N1", stage="won")
    estate.enter("north", "deals", id="N2", name="Another", stage="won")

    assert await polled(world) == 2

    assert len(await world.runs()) == 2


async def test_an_empty_system_has_been_read_as_well(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")

    await polled(world)

    assert len(await world.runs()) == 1


async def test_nothing_is_asked_before_it_is_time(world: Any, estate: Any) -> None:
    await polled(world)
    before = len(estate.requests)

    await polled(world, after=59)
    assert len(estate.requests) == before

    await polled(world, after=1)
    assert len(estate.requests) > before


async def test_what_seldom_changes_is_asked_for_less_often(world: Any, estate: Any) -> None:
    await polled(world)

    await polled(world, after=540)
    assert len(estate.calls("GET", "/rates")) == 1
    assert len(asked(estate)) == 2

    await polled(world, after=60)
    assert len(estate.calls("GET", "/rates")) == 2


async def test_every_poll_reads_a_minute_back_and_finds_nothing_new_there(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    at = world.clock()

    await polled(world)
    assert await polled(world) == 0

    assert (at - timedelta(seconds=60)).isoformat().replace("+", "%2B").replace(":", "%3A") in asked(estate)[-1]
    assert len(await world.runs()) == 1


async def test_what_becomes_visible_late_is_not_skipped(opened: Any, estate: Any) -> None:
    """Their transaction took long: it carries an earlier time than what we have read already."""
    world = await opened(counted)
    await polled(world)
    late = world.clock().isoformat()
    world.clock.advance(30)
    estate.enter("north", "deals", id="N2", name="Quick", stage="won")
    await polled(world, after=30)
    estate.shelf("north", "deals")["N1"] = {"id": "N1", "name": "Slow", "stage": "won", "changed": late}

    await polled(world)

    assert await stages(world) == {"N1": "won", "N2": "won"}
    assert len(await world.runs()) == 2


async def test_one_worker_at_a_time_polls(opened: Any, estate: Any) -> None:
    first, second = await opened(counted), await opened(counted, worker="worker-2")
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")

    await asyncio.gather(*(each.machine.polls().all_due() for each in (first, second) * 3))

    assert len(asked(estate)) == 1


async def test_a_page_that_fails_keeps_the_cursor_where_it_was(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    for n in range(4):
        world.clock.advance(1)
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
    estate.fail("GET", "/deals?page=1", error=Lost("reset"))

    await polled(world)

    assert len(await stages(world)) == 2
    assert (await cursor(world))["cursor"] == estate.shelf("north", "deals")["N1"]["changed"]
    assert (await cursor(world))["why"] == "north did not answer: reset"
    assert (await cursor(world))["lease_until"] is None
    await polled(world)
    assert len(await world.runs()) == 4
    assert (await cursor(world))["why"] is None


async def test_a_poll_that_died_between_pages_goes_on_behind_the_last_one(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    world.clock.advance(600)
    for n in range(6):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
        world.clock.advance(100)
    estate.fail("GET", "/deals?page=2", error=asyncio.CancelledError())

    with pytest.raises(asyncio.CancelledError):
        await polled(world, after=0)
    assert len(await world.runs()) == 4
    assert await polled(world, after=15) == 0
    await polled(world, after=61)

    assert len(await world.runs()) == 6
    assert "since=2026" in asked(estate)[-1]
    assert (await cursor(world))["cursor"] == estate.shelf("north", "deals")["N5"]["changed"]


async def test_a_first_read_that_died_begins_again_and_is_still_quiet(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    for n in range(6):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
    estate.fail("GET", "/deals?page=1", error=Lost("reset"))

    await polled(world)
    assert (await cursor(world))["cursor"] is None
    await polled(world)

    assert len(await stages(world)) == 6
    assert await world.runs() == []


async def test_a_deal_won_while_the_first_read_was_interrupted_is_no_history(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    for n in range(4):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="negotiation")
        world.clock.advance(1)
    estate.fail("GET", "/deals?page=1", error=Lost("reset"))
    await polled(world)
    estate.enter("north", "deals", id="N0", stage="won")

    await polled(world)

    assert [run["subject"] for run in await world.runs()] == [
        await world.pool.fetchval("select entity from links where key = 'N0'")
    ]


async def test_a_worker_paused_beyond_its_lease_takes_nothing_in_and_frees_nobody_else_s_lease(
    opened: Any, estate: Any
) -> None:
    first, second = await opened(counted), await opened(counted, worker="worker-2")
    await polled(first)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    reading, answered, tasks = asyncio.Event(), asyncio.Event(), list[asyncio.Task[int]]()

    async def meanwhile() -> None:
        """While our answer is on its way the deal changes, and another worker comes in."""
        first.clock.advance(121)
        estate.enter("north", "deals", id="N1", stage="lost")
        estate.fail("GET", "/deals", before=in_the_middle)
        tasks.append(asyncio.create_task(second.machine.polls().all_due()))
        await reading.wait()

    async def in_the_middle() -> None:
        reading.set()
        await answered.wait()

    stale = b'{"items":[{"id":"N1","name":"A deal","stage":"won","changed":"2026-11-20T12:01:00+00:00"}],"more":false}'
    estate.fail("GET", "/deals", before=meanwhile, answer=Raw(200, {}, stale))
    await polled(first)

    assert await stages(first) == {}
    assert (await cursor(first))["lease_until"] == first.clock() + LEASE
    answered.set()
    await tasks[0]
    assert await stages(first) == {"N1": "lost"}
    assert [row["type"] for row in await first.pool.fetch("select type from events")] == ["OpportunityLost"]
    assert (await cursor(first))["cursor"] == estate.shelf("north", "deals")["N1"]["changed"]


async def test_a_kind_with_much_to_tell_keeps_no_other_waiting(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    enough = asyncio.Event()
    estate.fail("GET", "/customers", before=enough.wait)
    polls = replace(world.machine.polls(), long=timedelta())

    for n in (1, 2):
        estate.enter("north", "deals", id=f"N{n}", name="A deal", stage="won")
        world.clock.advance(60)
        async with asyncio.timeout(10):
            while len(await world.runs()) < n:
                await polls.look()

    await polls.close()


async def test_a_fault_in_one_kind_is_told_and_stops_no_other(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    estate.fail("GET", "/customers", answer=Raw(200, {}, b'{"unexpected":true}'))

    await polled(world)

    assert "KeyError" in (await cursor(world, "customer"))["why"]
    assert (await cursor(world, "customer"))["lease_until"] is None
    assert await stages(world) == {"N1": "won"}


async def test_a_hold_is_told_at_the_cursor(world: Any, estate: Any) -> None:
    estate.fail("GET", "/deals", answer=Raw(403, {}, b'{"why":"no access"}'))

    await polled(world)

    assert (await cursor(world))["why"] == "north refused: no access"


async def test_a_record_without_a_key_or_with_odd_characters_costs_the_others_nothing(world: Any, estate: Any) -> None:
    estate.enter("north", "deals", id="N1", name="A\x00deal \ud800", stage="won")
    estate.shelf("north", "deals")["N2"] = {"name": "nameless", "changed": world.clock().isoformat()}
    estate.enter("north", "deals", id="N3", name="A deal", stage="won")

    await polled(world)

    assert set(await stages(world)) == {"N1", "N3"}


async def test_woken_lanes_are_in_the_queue(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")

    await polled(world)

    assert await world.pool.fetchval("select count(*) from pgqueuer where entrypoint like 'lane%'") == 1


async def test_what_was_read_again_late_enough_is_not_read_again_for_ever(opened: Any, estate: Any) -> None:
    world = await opened(counted)
    await polled(world)
    estate.enter("north", "deals", id="N1", name="A deal", stage="won")
    newest, polls = estate.shelf("north", "deals")["N1"]["changed"], world.machine.polls()

    for _ in range(3):
        world.clock.advance(60)
        await polls.all_due()

    begun = [parse_qs(urlsplit(url).query)["since"][0] for url in asked(estate)[-3:]]
    assert begun[1:] == [overlapped(newest), newest]
    estate.enter("north", "deals", id="N2", name="Another", stage="won")
    assert await polled(world) == 1


def test_reading_begins_a_minute_back() -> None:
    assert overlapped(None) is None
    assert overlapped("2026-11-20T12:00:00.000+0000") == "2026-11-20T11:59:00+00:00"


def test_the_later_of_two_moments_is_later_whatever_its_offset() -> None:
    assert later("2026-11-20T12:00:00+00:00", "2026-11-20T05:00:00-08:00") == "2026-11-20T05:00:00-08:00"
    assert later(None, "2026-11-20T05:00:00-08:00") == "2026-11-20T05:00:00-08:00"
    assert later(None, None) is None
