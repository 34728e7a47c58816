"""A hundred thousand holds in the queue: each page of it is read from an index, from its own place on."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import asyncpg
import pytest

from throughline.store import batches, queue
from throughline.store.database import SETTINGS
from throughline.store.queue import Wanted

HOLDS, PAGE = 100_000, 51

FILL = """insert into holds (id, run, lane, subject, name, kind, why, fix, owner, amount, currency, choices, candidates,
    correlation, state, opened_at, workflow, at_system, fingerprint, cause, assignee)
  select 'hold-' || n, 'run-' || n, 'lane-' || n, 'deal-' || n, 'p', 'hold', 'No tax code for DE selling to ' || n,
    'Add a row to tables/tax_codes.csv, then release.', 'owner-' || n % 4,
    case when n % 10 > 0 then n % 7919 end, case when n % 10 > 0 then (array['EUR', 'GBP', 'USD'])[1 + n % 3] end,
    '{}', '[]', 'deal-' || n % 70000, 'open', timestamptz '2026-11-20' - n * interval '1 minute', 'workflow-' || n % 5,
    'system-' || n % 3, 'cause-' || n % 400, 'cause-' || n % 400, case when n % 9 = 0 then 'Ann' end
  from generate_series(1, $1) n"""

PAGES = {
    "all": Wanted(),
    "an owner's": Wanted(owner="owner-1"),
    "a person's": Wanted(assignee="Ann"),
    "a system's": Wanted(system="system-1"),
    "a workflow's": Wanted(workflow="workflow-1"),
    "a cause's": Wanted(cause="cause-1"),
    "closed ones": Wanted(state="closed"),
}
COUNTED = {
    "all": "state = 'open'",
    "an owner's": "owner = 'owner-1'",
    "a person's": "assignee = 'Ann'",
    "a system's": "at_system = 'system-1'",
    "a workflow's": "workflow = 'workflow-1'",
    "a cause's": "cause = 'cause-1'",
    "closed ones": "state = 'closed'",
}


class Explaining:
    """Runs nothing: it asks the database how it would, and what that took."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.plan = connection, {}

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        said = await self.connection.fetchval(f"explain (analyze, timing off, format json) {query}", *args)
        self.plan = json.loads(said)[0]["Plan"]
        return []

    def nodes(self) -> Iterator[dict[str, Any]]:
        waiting = [self.plan]
        while waiting:
            node = waiting.pop()
            waiting += node.get("Plans", [])
            yield node

    @property
    def kinds(self) -> set[str]:
        return {node["Node Type"] for node in self.nodes()}

    @property
    def read(self) -> int:
        """Rows that were looked at, those that were looked at for nothing included."""
        scans = [node for node in self.nodes() if node["Node Type"] in {"Index Scan", "Index Only Scan", "Seq Scan"}]
        return sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in scans
        )


async def vacuumed(connection: Any) -> None:
    """Until every page is known to be visible to all: a transaction of somebody else may keep it from being so."""
    async with asyncio.timeout(30):
        while True:
            await connection.execute("vacuum analyze holds")
            if await connection.fetchval("select relallvisible = relpages from pg_class where relname = 'holds'"):
                return
            await asyncio.sleep(0.1)


@pytest.fixture
async def explained(database_url: str) -> AsyncGenerator[Explaining]:
    connection = await asyncpg.connect(database_url, server_settings=SETTINGS)
    await connection.execute(FILL.replace("$1", str(HOLDS)))
    await vacuumed(connection)
    yield Explaining(connection)
    await connection.close()


async def test_each_page_is_read_from_an_index_from_its_own_place_on(explained: Any) -> None:
    for name, wanted in PAGES.items():
        for after in (None, (Decimal(4000), 50_000), (None, 99_000)):
            await queue.page(explained, wanted, after=after, limit=PAGE)

            assert explained.kinds <= {"Limit", "Index Scan"}, (name, after, explained.kinds)
            assert explained.read <= PAGE, (name, after, explained.read)


async def test_what_all_of_it_comes_to_is_read_from_an_index(explained: Any) -> None:
    for ask in (
        partial(queue.totals, explained, Wanted()),
        partial(queue.totals, explained, Wanted(unknown=True)),
        partial(queue.grouped, explained, Wanted(), limit=200),
        partial(queue.owners, explained),
        partial(queue.standing, explained),
    ):
        await ask()
        # Which of two indexes is cheaper depends on what was sampled; the table itself is never read through.
        assert "Seq Scan" not in explained.kinds


async def test_what_a_cut_comes_to_is_read_from_its_own_holds(explained: Any) -> None:
    for name, wanted in PAGES.items():
        its = await explained.connection.fetchval(f"select count(*) from holds where {COUNTED[name]}")

        await queue.totals(explained, wanted)

        assert explained.read == its, name


async def test_a_batch_finds_its_holds_without_sorting_the_queue(explained: Any) -> None:
    await batches.candidates(explained, Wanted(cause="cause-1"), limit=100_001)

    assert explained.kinds <= {"Limit", "Index Scan"}
    assert explained.read == HOLDS / 400


async def test_a_page_that_is_sorted_would_be_found(explained: Any) -> None:
    await explained.fetch("select * from holds where state = 'open' order by fix, seq limit 51")

    assert explained.kinds & {"Sort", "Incremental Sort"}
