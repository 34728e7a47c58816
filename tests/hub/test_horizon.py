"""Up to where the event log can be followed."""

import asyncio
from datetime import UTC, datetime
from typing import cast

from throughline.hub.horizon import Horizon
from throughline.store import events
from throughline.store.database import Pool, Sql, transaction

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENT = "insert into events (id, type, subject, fields, correlation, at) values ($1, 'T', 's', '{}', 'o', $2)"


async def happened(sql: Sql, id_: str) -> None:
    await sql.execute(EVENT, id_, NOON)


async def told(pool: Pool, horizon: Horizon, place: int = 0) -> list[str]:
    found = await events.following(pool, place, until=await horizon.look(), limit=100)
    return [row["id"] for row in found.rows]


async def test_what_is_committed_is_told_at_once_when_nobody_writes(pool: Pool) -> None:
    await happened(pool, "a")
    await happened(pool, "b")

    assert await told(pool, Horizon(pool)) == ["a", "b"]


async def test_a_number_still_to_come_is_not_stepped_over(pool: Pool) -> None:
    horizon = Horizon(pool)
    async with transaction(pool) as late:
        await happened(late, "late")
        await happened(pool, "early")

        assert await told(pool, horizon) == []
        assert horizon.waiting

    assert await told(pool, horizon) == ["late", "early"]


async def test_a_lower_number_of_a_younger_transaction_is_not_stepped_over(pool: Pool) -> None:
    """The older transaction writes last: its own number says nothing about those below its event's."""
    horizon = Horizon(pool)
    async with transaction(pool) as younger:
        async with transaction(pool) as older:
            await older.execute("select pg_current_xact_id()")
            await happened(younger, "lower")
            await happened(older, "higher")

        assert await told(pool, horizon) == []

    assert await told(pool, horizon) == ["lower", "higher"]


async def test_a_number_given_out_before_its_transaction_has_one_is_not_stepped_over(pool: Pool) -> None:
    """The writer stops between taking a number and writing its row."""
    await pool.execute(
        """create function stop_there() returns trigger language plpgsql as
             $$ begin if new.id = 'slow' then perform pg_advisory_xact_lock(99); end if; return new; end $$;
           create trigger stop_there before insert on events for each row execute function stop_there()"""
    )
    horizon = Horizon(pool)
    try:
        async with transaction(pool) as gate:
            await gate.execute("select pg_advisory_xact_lock(99)")
            slow = asyncio.create_task(happened(pool, "slow"))
            while not await pool.fetchval("select true from pg_locks where locktype = 'advisory' and not granted"):
                await asyncio.sleep(0.01)
            await happened(pool, "quick")

            assert await told(pool, horizon) == []
        await slow
    finally:
        await pool.execute("drop function stop_there() cascade")

    assert await told(pool, horizon) == ["slow", "quick"]


async def test_a_number_that_was_never_used_is_not_waited_for(pool: Pool) -> None:
    async with pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await happened(cast(Sql, connection), "never")
        await undone.rollback()
    await happened(pool, "after")

    assert await told(pool, Horizon(pool)) == ["after"]


async def test_somebody_always_writing_does_not_stop_the_telling(pool: Pool) -> None:
    """Transactions overlap without end; each look still gets as far as the one before it saw."""
    horizon = Horizon(pool)
    heard: list[str] = []
    connections = [await pool.acquire() for _ in range(2)]
    open_ = [connection.transaction() for connection in connections]
    await open_[0].start()
    await happened(cast(Sql, connections[0]), "0")
    for n in range(1, 6):
        new, old = n % 2, (n + 1) % 2
        await open_[new].start()
        await happened(cast(Sql, connections[new]), str(n))
        await open_[old].commit()
        open_[old] = connections[old].transaction()
        heard = await told(pool, horizon)
    await open_[5 % 2].rollback()
    for connection in connections:
        await pool.release(connection)

    assert heard[:2] == ["0", "1"]


async def test_a_place_in_time_is_found_without_reading_the_log(pool: Pool) -> None:
    for n in range(40):
        await pool.execute(EVENT, f"e{n:02}", datetime(2026, 11, 1 + n // 2, tzinfo=UTC))

    place = await events.place_before(pool, datetime(2026, 11, 10, tzinfo=UTC))

    rows = (await events.following(pool, place, until=await Horizon(pool).look(), limit=100)).rows
    assert [row["id"] for row in rows][:1] == ["e18"]
