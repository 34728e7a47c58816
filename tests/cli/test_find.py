"""`find`, at a terminal."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from throughline.cli.exits import Exit
from throughline.demo import FIRM
from throughline.main import machine
from throughline.settings import Settings


async def know(settings: Settings) -> None:
    async with machine(settings) as built:
        await built.pool.execute(
            """insert into entities (id, kind, version, fields, unread, provenance, updated_at)
               values ('customer-1', 'customer', 1, '{"name": "Halden Energy"}', '{}', '{}', $1)""",
            built.clock(),
        )


@pytest.fixture
def there(database_url: str, tmp_path: Path) -> list[Any]:
    made = Settings(firm=FIRM, data=tmp_path, database_url=database_url)
    asyncio.run(know(made))
    return ["--database-url", database_url, "--data", tmp_path, "--firm", FIRM]


def test_what_was_typed_without_quotes_is_one_question(there: list[Any], run: Run) -> None:
    told = run("find", "halden", "en", "--json", *there)

    assert (told.code, told.document["query"]) == (Exit.DONE, "halden en")
    assert [(each["engagement"], each["by"]) for each in told.document["found"]] == [(None, "Customer Halden Energy")]
    assert "Customer Halden Energy" in run("find", "halden", *there).out


def test_what_is_not_known_says_so_and_what_to_do(there: list[Any], run: Run) -> None:
    told = run("find", "nowhere", *there)

    assert (told.code, told.out) == (Exit.FOUND, "")
    assert "Nothing is known under nowhere. Try an id of any system" in told.err
    assert run("find", *there).code == Exit.USAGE


def test_an_invoice_nobody_knows_says_what_to_give(there: list[Any], run: Run) -> None:
    told = run("portal", "invoice", "INV-1", *there)

    assert (told.code, "Give its number" in told.err) == (Exit.FOUND, True)
    assert run("portal", "status", "nothing", *there).code == Exit.FOUND
