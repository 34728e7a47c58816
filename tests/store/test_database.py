"""The database speaks exact JSON, and its shape is brought up to date once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from throughline.store.database import DatabaseProblem, Pool, migrate, transaction

NOW = datetime(2026, 11, 20, tzinfo=UTC)


async def test_numbers_come_back_with_every_digit(pool: Pool) -> None:
    said = {"amount": Decimal("1234567890.10"), "n": 1, "text": "\u20ac 5"}

    assert await pool.fetchval("select $1::jsonb", said) == said


async def test_migrating_twice_does_nothing_the_second_time(pool: Pool) -> None:
    assert await migrate(pool, now=NOW) == []


async def test_a_changed_migration_is_refused(pool: Pool) -> None:
    await pool.execute("update migrations set digest = 'other'")

    with pytest.raises(DatabaseProblem, match="was changed after it ran"):
        await migrate(pool, now=NOW)


async def test_a_newer_release_s_database_is_refused(pool: Pool) -> None:
    await pool.execute("insert into migrations values ('9999_future.sql', 'x', $1)", NOW)

    with pytest.raises(DatabaseProblem, match="newer release"):
        await migrate(pool, now=NOW)


async def test_a_failed_transaction_leaves_nothing(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(pool) as sql:
            await sql.execute("insert into notices values ('s', '1', $1)", NOW)
            raise ZeroDivisionError

    assert await pool.fetchval("select count(*) from notices") == 0
