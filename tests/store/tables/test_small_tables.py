"""The smaller nouns: cursors, notices, captures, tokens, budgets, workers, versions of the folder, the journal."""

from datetime import datetime, timedelta
from typing import Any

from throughline.store import budgets, captures, cursors, firm_versions, journal, runs, tokens, workers
from throughline.store.captures import Capture
from throughline.store.database import Pool
from throughline.store.runs import NewEvent

LEASE, MINUTE = timedelta(seconds=120), timedelta(seconds=60)


def capture(now: datetime, **other: Any) -> Capture:
    given: dict[str, Any] = {
        "at": now, "system": "north", "direction": "in", "state": "new", "method": "POST", "url": "/hooks/north",
        "status": None, "outcome": "fine", "took_ms": None, "correlation": None, "run": None, "request_headers": {},
        "request_body": b"{}", "answer_headers": {}, "answer_body": b"",
    }  # fmt: skip
    return Capture(**(given | other))


async def claim(pool: Pool, now: datetime) -> Any:
    return await cursors.claim(pool, "north", "deal", now=now, every=MINUTE, lease=LEASE)


async def test_a_cursor_is_claimed_by_one_moved_by_that_one_and_due_again_after_a_rest(
    pool: Pool, now: datetime
) -> None:
    mine = await claim(pool, now)
    assert mine["cursor"] is None
    assert await claim(pool, now) is None

    held = await cursors.advance(pool, "north", "deal", "c1", held=mine["lease_until"], now=now, lease=LEASE)
    assert held
    assert held == now + LEASE
    await cursors.rest(pool, "north", "deal", held=held, now=now, why=None)

    assert await claim(pool, now + MINUTE - timedelta(seconds=1)) is None
    assert (await claim(pool, now + MINUTE))["cursor"] == "c1"


async def test_who_lost_a_cursor_can_neither_move_nor_free_it(pool: Pool, now: datetime) -> None:
    mine = await claim(pool, now)
    later = now + LEASE + timedelta(seconds=1)
    theirs = await claim(pool, later)

    assert await cursors.advance(pool, "north", "deal", "c9", held=mine["lease_until"], now=later, lease=LEASE) is None
    await cursors.rest(pool, "north", "deal", held=mine["lease_until"], now=later, why="x")

    (row,) = await cursors.listed(pool)
    assert (row["cursor"], row["lease_until"], row["why"]) == (None, theirs["lease_until"], None)


async def test_a_cursor_that_is_not_named_stays(pool: Pool, now: datetime) -> None:
    mine = await claim(pool, now)
    held = await cursors.advance(pool, "north", "deal", "c1", held=mine["lease_until"], now=now, lease=LEASE)
    assert held
    await cursors.advance(pool, "north", "deal", None, held=held, now=now, lease=LEASE)

    assert (await cursors.listed(pool))[0]["cursor"] == "c1"


async def test_a_notice_is_new_once_also_within_one_batch(pool: Pool, now: datetime) -> None:
    assert await captures.new_notices(pool, "north", ["a", "b", "a"], now=now) == {"a", "b"}
    assert await captures.new_notices(pool, "north", ["b", "c"], now=now) == {"c"}
    assert await captures.new_notices(pool, "south", ["a"], now=now) == {"a"}
    assert await captures.known_notices(pool, "north", ["a", "z"]) == {"a"}


async def test_a_delivery_that_failed_is_not_worked_off_afterwards(pool: Pool, now: datetime) -> None:
    await captures.keep(pool, [capture(now), capture(now)])
    first, second = [row["id"] for row in await captures.unread(pool, "north", limit=9)]

    await captures.failed(pool, first, "no sense")
    await captures.worked_off(pool, [first, second])

    rows = await captures.listed(pool)
    assert [(row["state"], row["outcome"]) for row in rows] == [("done", "fine"), ("failed", "no sense")]
    assert await captures.systems_with_unread(pool) == []


async def test_a_delivery_is_taken_by_one(pool: Pool, now: datetime) -> None:
    await captures.keep(pool, [capture(now), capture(now)])
    ids = [row["id"] for row in await captures.unread(pool, "north", limit=9)]

    async with pool.acquire() as sql, sql.transaction():
        assert await captures.take(sql, ids[:1]) == {ids[0]}  # type: ignore[arg-type] # asyncpg has no stubs
        assert await captures.take(pool, ids) == {ids[1]}


async def test_an_event_is_appended_once(pool: Pool, now: datetime) -> None:
    new = [NewEvent(id_, "OpportunityWon", "deal-1", {}, "deal-1", None) for id_ in ("e-1", "e-2")]

    assert await runs.publish(pool, new[:1], now=now) == {"e-1"}
    assert await runs.publish(pool, new, now=now) == {"e-2"}

    assert [row["id"] for row in await pool.fetch("select id from events order by seq")] == ["e-1", "e-2"]
    assert await runs.happened(pool, "OpportunityWon", "deal-1", since=now)
    assert not await runs.happened(pool, "OpportunityWon", "deal-1", since=now + MINUTE)
    assert not await runs.happened(pool, "OpportunityLost", "deal-1", since=now)


async def test_a_token_is_replaced_and_its_refreshes_are_counted(pool: Pool, now: datetime) -> None:
    for number, sealed in enumerate((b"1", b"2")):
        kept: dict[str, Any] = {"fingerprint": "f", "sealed": sealed, "expires_at": None}
        assert await tokens.keep(pool, "north", **kept, instead_of=number, now=now)
        assert not await tokens.keep(pool, "north", **kept, instead_of=number + 7, now=now)

    row = await tokens.one(pool, "north")
    assert row is not None
    assert (bytes(row["sealed"]), row["refreshes"]) == (b"2", 2)
    assert await tokens.one(pool, "south") is None


async def test_a_budget_is_written_only_by_whoever_read_it_last(pool: Pool, now: datetime) -> None:
    assert await budgets.swap(pool, "north", "key", {"used": 1}, version=0, now=now) == 1
    assert await budgets.swap(pool, "north", "key", {"used": 2}, version=1, now=now) == 2

    assert await budgets.swap(pool, "north", "key", {"used": 9}, version=1, now=now) is None

    row = await budgets.read(pool, "north", "key")
    assert row is not None
    assert (row["state"], row["version"]) == ({"used": 2}, 2)


async def test_one_may_try_a_resting_endpoint_when_its_rest_is_over(pool: Pool, now: datetime) -> None:
    until = now + timedelta(seconds=2)
    await budgets.trip(pool, "north", "POST /a", until=until, why="500", now=now)

    assert not await budgets.try_one(pool, "north", "POST /a", now=now, until=now + LEASE)
    assert await budgets.try_one(pool, "north", "POST /a", now=until, until=until + LEASE)
    assert not await budgets.try_one(pool, "north", "POST /a", now=until, until=until + LEASE)
    await budgets.untried(pool, "north", "POST /a", now=until)
    assert await budgets.try_one(pool, "north", "POST /a", now=until, until=until + LEASE)
    assert [row["endpoint"] for row in await budgets.tripped(pool, "north")] == ["POST /a"]
    await budgets.reset(pool, "north", "POST /a")
    assert await budgets.tripped(pool, "north") == []


async def test_workers_come_beat_go_and_are_forgotten(pool: Pool, now: datetime) -> None:
    for name in ("w-1", "w-2"):
        await workers.beat(pool, name, host="h", pid=1, now=now)
    await workers.beat(pool, "w-1", host="h", pid=1, now=now + MINUTE)

    assert [row["id"] for row in await workers.alive(pool, since=now + MINUTE)] == ["w-1"]
    await workers.forget(pool, before=now + MINUTE)
    await workers.leave(pool, "w-1")
    assert await pool.fetchval("select count(*) from workers") == 0


async def test_the_newest_folder_is_the_last_one_applied(pool: Pool, now: datetime) -> None:
    assert await firm_versions.newest_number(pool) == 0
    assert await firm_versions.newest(pool) is None

    for digest in ("a", "b"):
        await firm_versions.apply(pool, digest=digest, files={"firm.yaml": digest}, by="A person", now=now)

    newest = await firm_versions.newest(pool)
    assert newest is not None
    assert (newest["digest"], newest["files"], newest["version"]) == (
        "b", {"firm.yaml": "b"}, await firm_versions.newest_number(pool),
    )  # fmt: skip


async def test_the_journal_tells_in_order_what_was_done_to_a_thing(pool: Pool, now: datetime) -> None:
    for n, object_ in enumerate(("hold-1", "hold-2", "hold-1")):
        await journal.note(pool, actor="A person", action="released", object_=object_, detail={"n": n}, now=now)

    assert [row["detail"]["n"] for row in await journal.about(pool, ["hold-1"])] == [0, 2]
