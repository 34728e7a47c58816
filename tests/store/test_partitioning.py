"""The migration that cuts captures into months keeps every row, and the release before goes on reading and writing."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from throughline.store.database import MIGRATIONS, connected
from throughline.store.months import WIDTH

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEFORE = [file for file in sorted(MIGRATIONS.glob("*.sql")) if file.name < "0014"]
INSERT = """insert into captures (at, system, direction, state, method, url, outcome, request_headers, request_body,
                                  answer_headers, answer_body)
            values ($1, 'north', $2, 'new', 'GET', '/x', 'fine', '{"a": 1.10}', 'sent', '{}', 'answered')
            returning id"""


@pytest.fixture
async def old(server_url: str, database_url: str) -> Any:
    """A database as the release before made it, with captures in it."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.execute(f'create database "{name}"')
    await admin.close()
    async with connected(database_url) as pool:
        for file in BEFORE:
            await pool.execute(file.read_text())
        for direction in ("in", "out", "in"):
            await pool.fetchval(INSERT, NOW, direction)
        yield pool


async def migrated(pool: Any) -> None:
    await pool.execute((MIGRATIONS / "0014_retention.sql").read_text())


async def test_every_row_is_there_as_it_was(old: Any) -> None:
    before = [tuple(row) for row in await old.fetch("select * from captures order by id")]
    await migrated(old)

    assert [tuple(row) for row in await old.fetch("select * from captures order by id")] == before
    assert len(before) == 3


async def test_new_ones_go_on_in_the_first_month_without_meeting_an_old_number(old: Any) -> None:
    await migrated(old)

    assert await old.fetchval(INSERT, NOW, "out") == WIDTH
    assert await old.fetchval("select tableoid::regclass::text from captures where id = $1", WIDTH) == "captures_1_out"


async def test_every_index_there_was_is_there_for_every_month(old: Any) -> None:
    indexes = "select indexname, indexdef from pg_indexes where tablename = $1 and indexdef not like '%UNIQUE%'"
    before = {row["indexname"]: row["indexdef"] for row in await old.fetch(indexes, "captures")}
    await migrated(old)

    after = {row["indexname"]: row["indexdef"] for row in await old.fetch(indexes, "captures")}
    assert {name: said.replace(" ONLY", "") for name, said in after.items()} == before
    assert len(await old.fetch(indexes, "captures_2_in")) == len(before) > 0


async def test_a_database_with_many_captures_begins_behind_them(old: Any) -> None:
    await old.execute("select setval('captures_id_seq', $1)", 3 * WIDTH + 5)
    await old.fetchval(INSERT, NOW, "in")
    await migrated(old)

    assert await old.fetchval(INSERT, NOW, "in") == 4 * WIDTH
