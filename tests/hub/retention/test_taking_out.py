"""What is over goes into a file that was read back, and only then away; what is still needed stays."""

import gzip
import json
from typing import Any

import pytest

from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.workflow import Flow, workflow
from throughline.hub.retention import reading
from throughline.hub.retention.files import Damaged, Writer
from throughline.store import runs, subscriptions
from throughline.store.runs import NewEvent, NewRun
from throughline.store.subscriptions import NewSubscription


class Killed(BaseException):
    """The process died here."""


async def a_month_on(kept: Any, days: float = 31) -> None:
    kept.later(days=days)
    await kept.tick()


async def start(kept: Any, correlation: str) -> None:
    run = NewRun(f"run-{correlation}", "w", f"w:{correlation}", "OpportunityWon", {}, correlation, correlation)
    await runs.start(kept.pool, [run], now=kept.now)


async def done(kept: Any, correlation: str) -> None:
    await kept.pool.execute("update runs set state = 'done' where id = $1", f"run-{correlation}")


async def test_without_a_policy_everything_stays(kept: Any) -> None:
    await kept.captures(3)
    await a_month_on(kept)
    kept.later(days=4000)
    await kept.tick()

    assert await kept.count() == 3
    assert await kept.archives() == []


async def test_a_month_that_is_over_goes_into_a_file_and_its_part_is_gone(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    first, *_, last = await kept.captures(1200)
    await a_month_on(kept)
    assert await kept.count() == 1200
    await a_month_on(kept)

    assert await kept.count() == 0
    assert not await kept.pool.fetchval("select to_regclass('captures_1_out')")
    row = await kept.pool.fetchrow("select * from archives where kind = 'calls'")
    assert (row["first"], row["last"], row["rows"], row["days"], row["worker"]) == (first, last, 1200, 30, "worker-1")
    with gzip.open(kept.folder / f"{row['id']}.jsonl.gz") as file:
        assert [json.loads(line)["id"] for line in file] == list(range(first, last + 1))
    told = json.loads((kept.folder / f"{row['id']}.certificate.json").read_text())
    assert (told["rows"], told["digest"], told["policy"]) == (
        1200, f"sha256:{row['digest']}", {"firm_version": row["firm_version"], "days": 30},
    )  # fmt: skip


async def test_what_was_archived_reads_as_it_did_before(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    ids = await kept.captures(1100)
    before = [dict(await kept.pool.fetchrow("select * from captures where id = $1", id_)) for id_ in (ids[0], ids[777])]
    await a_month_on(kept)
    await a_month_on(kept)

    after = [await reading.capture(kept.world.machine, id_) for id_ in (ids[0], ids[777])]

    assert await kept.count() == 0
    assert after == before
    assert await reading.capture(kept.world.machine, ids[-1] + 1) is None


async def test_webhooks_and_calls_are_kept_for_as_long_as_each_is_said_to_be(kept: Any) -> None:
    await kept.policy("webhooks: 10, calls: 100")
    await kept.tick()
    await kept.captures(2, direction="in")
    await kept.captures(3, direction="out")
    await a_month_on(kept)
    await a_month_on(kept)

    assert await kept.archives() == ["webhooks-1-1"]
    assert await kept.pool.fetchval("select count(*) from captures where direction = 'out'") == 3


@pytest.mark.parametrize("step", ["written", "verified", "removed", "certified"])
async def test_killed_at_any_step_nothing_is_lost_and_nothing_archived_twice(kept: Any, step: str) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    ids = await kept.captures(700)
    await a_month_on(kept)
    kept.later(days=31)

    async def die(reached: str) -> None:
        if reached == step:
            raise Killed

    with pytest.raises(Killed):
        await kept.tick(die)
    for id_ in (ids[0], ids[-1]):
        assert await reading.capture(kept.world.machine, id_)
    await kept.tick()

    assert await kept.count() == 0
    assert await kept.archives() == ["calls-1-1"]
    machine = kept.world.machine
    assert (await reading.verified(machine, await reading.one(machine, "calls-1-1"))).fine
    assert await kept.pool.fetchval("select sum(rows) from archives") == 700
    assert not list(kept.folder.glob("*.part"))


async def test_a_file_that_is_not_what_was_written_takes_nothing_away(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    await kept.captures(5)
    await a_month_on(kept)
    kept.later(days=31)

    async def rot(reached: str) -> None:
        if reached == "written":
            path = kept.folder / "calls-1-1.jsonl.gz"
            path.write_bytes(path.read_bytes()[:-9] + b"123456789")

    with pytest.raises(Damaged):
        await kept.tick(rot)

    assert await kept.count() == 5
    assert await kept.archives() == []


async def test_a_whole_file_of_other_rows_takes_nothing_away(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    await kept.captures(5)
    await a_month_on(kept)
    kept.later(days=31)

    async def swap(reached: str) -> None:
        if reached == "written":
            other = Writer(kept.folder / "calls-1-1.jsonl.gz")
            other.add([(100_000_000 + n, f'{{"id": {100_000_000 + n}}}') for n in range(5)])
            other.close()

    with pytest.raises(Damaged, match="does not hold what was written"):
        await kept.tick(swap)

    assert (await kept.count(), await kept.archives()) == (5, [])


@pytest.mark.parametrize("alive", [{"direction": "in", "state": "new"}, {"correlation": "deal-1"}])
async def test_what_is_still_needed_stays_and_leaves_when_it_is_not(kept: Any, alive: dict[str, str]) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    await start(kept, "deal-1")
    await kept.captures(20, **({"direction": alive["direction"]} if "direction" in alive else {}))
    needed = await kept.captures(1, **alive)
    await a_month_on(kept)
    await a_month_on(kept)
    assert [row["id"] for row in await kept.pool.fetch("select id from captures")] == needed

    await done(kept, "deal-1")
    await kept.pool.execute("update captures set state = 'done'")
    await a_month_on(kept, days=2)

    assert await kept.count() == 0
    assert len(await kept.archives()) == 2
    assert await kept.pool.fetchval("select sum(rows) from archives") == 21
    assert await reading.capture(kept.world.machine, needed[0])


async def test_an_open_hold_keeps_what_its_engagement_exchanged(opened: Any, kept: Any) -> None:
    @workflow("asks", on=OpportunityWon, lane=lambda won: won.opportunity)
    async def asks(_flow: Flow, _won: OpportunityWon) -> None:
        raise Hold("No tax code.", fix="Add one.")

    world = await opened(asks)
    await kept.policy("captures: 30")
    await kept.tick()
    await world.start(OpportunityWon(opportunity="deal-1"))
    await world.work()
    await kept.captures(2, correlation="deal-1")
    await kept.captures(2)
    await a_month_on(kept)
    await a_month_on(kept)

    assert await kept.pool.fetchval("select count(*) from captures where correlation = 'deal-1'") == 2
    assert await kept.pool.fetchval("select sum(rows) from archives") == 2


async def test_what_becomes_needed_while_it_is_written_stays(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    await kept.captures(4, correlation="deal-1")
    await kept.captures(4)
    await a_month_on(kept)
    kept.later(days=31)

    async def begin(reached: str) -> None:
        if reached == "verified":
            await start(kept, "deal-1")

    await kept.tick(begin)
    assert (await kept.count(), await kept.archives()) == (8, [])
    await kept.tick()

    assert await kept.pool.fetchval("select count(*) from captures where correlation = 'deal-1'") == 4
    assert await kept.pool.fetchval("select rows from archives") == 4


async def test_who_is_in_the_way_is_not_waited_for_and_the_next_tick_does_it(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    await kept.captures(4)
    await a_month_on(kept)
    kept.later(days=31)
    async with kept.pool.acquire() as reader, reader.transaction():
        await reader.fetch("select id from captures")
        await kept.tick()
        assert await kept.archives() == []
    await kept.tick()

    assert (await kept.count(), await kept.archives()) == (0, ["calls-1-1"])


async def test_one_worker_at_a_time_takes_things_out(kept: Any) -> None:
    await kept.policy("captures: 30")
    await kept.tick()
    await kept.captures(4)
    await a_month_on(kept)
    kept.later(days=31)

    async def another(reached: str) -> None:
        if reached == "written":
            await kept.retention().tick()
            assert await kept.archives() == []

    await kept.tick(another)

    assert await kept.archives() == ["calls-1-1"]


async def test_events_that_are_over_go_month_by_month(kept: Any) -> None:
    await kept.policy("events: 40")
    await publish(kept, "old-1", "old-2")
    kept.later(days=45)
    await publish(kept, "new")
    await kept.tick()
    assert await kept.archives() == []
    kept.later(days=30)
    await kept.tick()

    assert [row["id"] for row in await kept.pool.fetch("select id from events")] == ["new"]
    row = await kept.pool.fetchrow("select * from archives")
    assert (row["id"], row["rows"]) == ("events-1", 2)
    found = await reading.first_rows(kept.world.machine, row, limit=10)
    assert [each["id"] for each in found] == ["old-1", "old-2"]


async def test_an_event_of_an_open_engagement_and_one_not_delivered_yet_stay(kept: Any) -> None:
    await kept.policy("events: 40")
    await publish(kept, "of-open", correlation="deal-1")
    await publish(kept, "delivered", "not-delivered")
    await start(kept, "deal-1")
    place = await kept.pool.fetchval("select seq from events where id = 'delivered'")
    follower = NewSubscription("s", "webhook", "https://a.example", (), "none", None, None, place)
    await subscriptions.add(kept.pool, follower, now=kept.now)
    kept.later(days=100)
    await kept.tick()

    assert [r["id"] for r in await kept.pool.fetch("select id from events order by seq")] == [
        "of-open",
        "not-delivered",
    ]


async def publish(kept: Any, *ids: str, correlation: str = "deal-0") -> None:
    events = [NewEvent(id_, "OpportunityWon", "deal", {"a": 1}, correlation, None) for id_ in ids]
    await runs.publish(kept.pool, events, now=kept.now)
