"""Two sets of a million records with a thousand differences planted: how many are found, how many invented, how fast.

Both sets lie in files, as an extract of a system would. They are copied into PostgreSQL, where what we know already is;
there they are laid side by side, and what differs is named by the same function that every reconciliation uses.
"""

import random
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from bench.figures import Figures
from throughline.core.reconciliation.breaks import Break, Comparison, Field, Sort
from throughline.core.reconciliation.entries import written
from throughline.core.reconciliation.sides import Counts, Measure
from throughline.hub.reconciliation.naming import named
from throughline.store import sides
from throughline.store.database import Pool, connected
from throughline.store.embedded import EmbeddedPostgres

RECORDS, PLANTED = 1_000_000, 1_000

LINES = Comparison(
    name="bench", title="A million lines", domain="billing", part="finance", within=timedelta(0), money="amount",
    currency="currency", left=Counts(Measure.WORKED), right=Counts(Measure.BILLED),
    fields=(
        Field("amount", Sort.AMOUNT), Field("hours", Sort.AMOUNT), Field("rate", Sort.RATE),
        Field("period", Sort.PERIOD), Field("day", Sort.PERIOD), Field("currency", Sort.CURRENCY),
        Field("project", Sort.STALE), Field("person", Sort.STALE), Field("task", Sort.STALE), Field("note", Sort.STALE),
    ),
)  # fmt: skip
# How each sort shows in a line of the right side; what is missing, doubled or an orphan shows in how many there are.
CHANGED = {
    Sort.AMOUNT: {"amount": "1350.01"}, Sort.RATE: {"rate": "181"}, Sort.PERIOD: {"period": "2026-12"},
    Sort.CURRENCY: {"currency": "USD"}, Sort.STALE: {"note": "Workshop"},
}  # fmt: skip


async def measured(*, database_url: str | None, records: int = RECORDS, planted: int = PLANTED) -> Figures:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_folder())
        if database_url is None:
            postgres = EmbeddedPostgres(folder / "data")
            database_url = await postgres.start()
            stack.push_async_callback(postgres.stop)
        pool = await stack.enter_async_context(connected(database_url, size=1))
        wrong = plant(records, planted)
        files = [written_to(folder / f"{side}.tsv", side, records, wrong) for side in (sides.LEFT, sides.RIGHT)]
        return await _compared(pool, files, wrong)


@contextmanager
def _folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="throughline-bench-") as name:
        Path(name).chmod(0o755)  # started by root, the database runs as somebody else, who must reach it
        yield Path(name)


async def _compared(pool: Pool, files: list[Path], wrong: dict[int, Sort]) -> Figures:
    began = time.perf_counter()
    async with sides.laid_out(pool) as moment:
        for file in files:
            await sides.lay_file(moment, file)
        loaded = time.perf_counter()
        found = named(LINES, await sides.differing(moment, limit=10 * PLANTED))
    took = time.perf_counter() - began
    return {**judged(found, wrong), "seconds": took, "load_seconds": loaded - began}


def judged(found: list[Break], wrong: dict[int, Sort]) -> Figures:
    """A break counts as found when the right thing is called by the right name; everything else is invented."""
    planted = {(_key(number), sort) for number, sort in wrong.items()}
    told = [(each.key, each.sort) for each in found]
    right = planted & set(told)
    return {"planted": float(len(planted)), "found": float(len(right)), "false": float(len(told) - len(right))}


def plant(records: int, planted: int) -> dict[int, Sort]:
    """Which records are wrong, and how: as many of every sort, anywhere among the others."""
    chance = random.Random(7)  # noqa: S311 - the same records every time
    sorts = list(Sort)
    return {number: sorts[n % len(sorts)] for n, number in enumerate(chance.sample(range(records), planted))}


def written_to(path: Path, side: int, records: int, wrong: dict[int, Sort]) -> Path:
    with path.open("w") as file:
        for number in range(records):
            for said in _said(number, side, wrong.get(number)):
                file.write(f"{side}\t{_key(number)}\t{said}\n")
    return path


def _said(number: int, side: int, sort: Sort | None) -> Iterator[str]:
    """What one side says of one record: nothing, once or twice."""
    absent = {Sort.MISSING: sides.RIGHT, Sort.ORPHAN: sides.LEFT}.get(sort) if sort else None
    if side == absent:
        return
    changed = CHANGED.get(sort, {}) if sort and side == sides.RIGHT else {}
    yield _line(number, changed)
    if sort is Sort.DOUBLED and side == sides.RIGHT:
        yield _line(number, {})


def _line(number: int, changed: dict[str, str]) -> str:
    said = {
        "amount": "1350.00", "hours": "7.5", "rate": "180", "period": "2026-11", "day": f"2026-11-{number % 30 + 1:02}",
        "currency": "EUR", "project": f"project-{number % 300:04}", "person": f"resource-{number % 3000:05}",
        "task": f"task-{number % 7000:05}", "note": "Workshop with the plant's operators",
    } | changed  # fmt: skip
    return written(tuple(Decimal(said[f.name]) if f.sort in {Sort.AMOUNT, Sort.RATE} else said[f.name]
                         for f in LINES.fields))  # fmt: skip


def _key(number: int) -> str:
    return f"time-{number:07}"
