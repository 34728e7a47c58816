"""A billing run lands every line once: killed at any line, begun again, or with lines that were charged before."""

import asyncio
import json
import random
import sys
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from throughline.core.billing.book import Book
from throughline.core.billing.headings import totals
from throughline.core.billing.stream import Stream
from throughline.hub.billing_runs import BillingRun
from throughline.store import billing_items
from throughline.store.billing_items import Overtaken
from throughline.store.database import Pool

PROCESS = Path(__file__).parent / "run_process.py"
_spec = spec_from_file_location("run_process", PROCESS)
assert _spec is not None
assert _spec.loader is not None
_process = module_from_spec(_spec)
_spec.loader.exec_module(_process)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Book:
    return _process.book()


def line(number: int, **other: Any) -> bytes:
    given = {
        "id": f"t{number}", "project": "plant", "resource": "anna", "day": f"2026-11-{number % 30 + 1:02}",
        "hours": str(number % 8 + 1), "billable": number % 5 != 0, "note": "Tab\there, back\\slash, \u00e4\u0000",
        "approval": {"state": "approved", "by": "pm", "at": "2026-11-30T12:00:00Z"},
    }  # fmt: skip
    return json.dumps(given | other).encode() + b"\n"


def month(lines: int) -> list[bytes]:
    return [line(number) if number % 7 else line(number, resource="nobody") for number in range(1, lines + 1)]


def run(pool: Pool, book: Book, name: str = "november", most: int = 20) -> BillingRun:
    return BillingRun(pool, name, Stream(book), lambda: DECEMBER, most=most)


async def landed(pool: Pool) -> list[int]:
    rows = await pool.fetch("select line from billing_items union all select line from uncharged_lines")
    return sorted(row["line"] for row in rows)


async def assert_totals_are_right(pool: Pool, book: Book, lines: list[bytes]) -> None:
    expected = {each.heading.key: each for each in totals([Stream(book).feed(lines).counts()])}
    rows = {row["heading"]: row for row in await billing_items.totals_of(pool, "november")}
    summed = await pool.fetchrow("select sum(quantity) as quantity, sum(amount) as amount from billing_items")

    assert rows.keys() == expected.keys()
    assert summed is not None
    for key, row in rows.items():
        total = expected[key]
        assert (row["lines"], row["quantity"], row["amount"]) == (
            total.lines, total.quantity, total.exact_amount.amount,
        )  # fmt: skip
    assert summed["amount"] == sum(row["amount"] for row in rows.values())
    assert summed["quantity"] == sum(row["quantity"] for row in rows.values())


async def test_every_line_is_charged_or_has_its_reason(pool: Pool, book: Book) -> None:
    lines = month(123)

    done = await run(pool, book).go(BytesIO(b"".join(lines)))

    assert done == 123
    assert await landed(pool) == list(range(1, 124))
    held = await billing_items.held(pool, "november", after=0, limit=100)
    assert [row["line"] for row in held] == list(range(7, 124, 7))
    assert all("nobody called nobody" in row["why"] and row["fix"] for row in held)
    await assert_totals_are_right(pool, book, lines)


async def test_a_charge_keeps_what_the_line_said(pool: Pool, book: Book) -> None:
    await run(pool, book).go(BytesIO(line(1)))

    row = await pool.fetchrow("select * from billing_items")

    assert row is not None
    assert row["note"] == "Tab\there, back\\slash, \u00e4\ufffd"
    assert (row["approved_by"], row["approved_at"]) == ("pm", datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert (row["amount"], row["currency"], row["role"], row["task"]) == (360, "EUR", "Consultant", None)


async def test_a_run_that_is_done_does_nothing_more(pool: Pool, book: Book) -> None:
    lines = month(50)
    for _ in range(2):
        assert await run(pool, book).go(BytesIO(b"".join(lines))) == 50

    assert await landed(pool) == list(range(1, 51))
    await assert_totals_are_right(pool, book, lines)


async def test_lines_that_were_added_to_the_file_are_taken_as_well(pool: Pool, book: Book) -> None:
    lines = month(60)
    await run(pool, book).go(BytesIO(b"".join(lines[:33])))

    await run(pool, book).go(BytesIO(b"".join(lines)))

    assert await landed(pool) == list(range(1, 61))
    await assert_totals_are_right(pool, book, lines)


async def test_of_two_lines_with_one_reference_the_first_is_charged_and_the_second_held(pool: Pool, book: Book) -> None:
    lines = [line(1), line(2), line(1, hours="2"), line(3), line(2)]

    await run(pool, book).go(BytesIO(b"".join(lines)))

    assert await landed(pool) == [1, 2, 3, 4, 5]
    held = await billing_items.held(pool, "november", after=0, limit=9)
    assert [(row["line"], row["reference"]) for row in held] == [(3, "t1"), (5, "t2")]
    await assert_totals_are_right(pool, book, [lines[0], lines[1], lines[3]])


async def test_what_another_run_charged_is_held_in_this_one(pool: Pool, book: Book) -> None:
    await run(pool, book, "november").go(BytesIO(line(1) + line(2)))

    await run(pool, book, "again").go(BytesIO(line(2) + line(3)))

    (held,) = await billing_items.held(pool, "again", after=0, limit=9)
    assert (held["line"], held["reference"]) == (1, "t2")
    assert "charged before" in held["why"]
    assert await pool.fetchval("select count(*) from billing_items") == 3


async def test_two_workers_on_one_run_never_land_a_line_twice(pool: Pool, book: Book) -> None:
    whole = b"".join(month(400))

    ends = await asyncio.gather(*(run(pool, book).go(BytesIO(whole)) for _ in range(2)), return_exceptions=True)

    assert all(end == 400 or isinstance(end, Overtaken) for end in ends)
    assert 400 in ends
    assert await landed(pool) == list(range(1, 401))
    await assert_totals_are_right(pool, book, month(400))


@pytest.mark.parametrize("seed", range(2))
async def test_killed_at_any_line_each_line_lands_once(
    pool: Pool, database_url: str, book: Book, tmp_path: Path, seed: int
) -> None:
    chance, lines = random.Random(seed), month(200)
    path = tmp_path / "november.jsonl"
    path.write_bytes(b"".join(lines))
    endings: list[int] = []

    for kills_at in (*(chance.randint(1, 90) for _ in range(4)), 0):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(PROCESS), database_url, str(path), str(kills_at)
        )
        endings.append(await process.wait())

    assert endings == [-9, -9, -9, -9, 0]
    assert await landed(pool) == list(range(1, 201))
    await assert_totals_are_right(pool, book, lines)
