"""A month end: a million lines of time validated, priced and combined as a stream, then written; each in a process."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import asyncpg
import structlog
import uvloop

from bench.figures import Figures
from throughline.core.billing.book import Book
from throughline.core.billing.headings import Amount, Heading, totals
from throughline.core.billing.stream import Stream
from throughline.core.entities import (
    ApprovalState,
    Assignment,
    AssignmentId,
    BillingMethod,
    CommercialModel,
    Contract,
    ContractId,
    ContractState,
    Customer,
    CustomerId,
    Entity,
    FiscalPeriod,
    FiscalPeriodId,
    PeriodState,
    Project,
    ProjectId,
    Resource,
    ResourceId,
    RevenueTreatment,
    TimeEntry,
)
from throughline.core.money import Money
from throughline.demo import FIRM
from throughline.hub.billing_runs import BillingRun
from throughline.hub.firm import load
from throughline.store.database import connected, migrate
from throughline.store.embedded import EmbeddedPostgres

LINES, PLAIN_LINES, BATCH = 1_000_000, 100_000, 3_000
PEOPLE, PROJECTS, EACH = 3_000, 300, 2
ROLES = ("Consultant", "Analyst", "Partner", "Architect")


def measured(*, database_url: str | None) -> dict[str, Figures]:
    """The stream, the plain way of the same run, and the stream written to the database."""
    with tempfile.TemporaryDirectory(prefix="throughline-bench-") as folder:
        Path(folder).chmod(0o755)  # started by root, the database runs as somebody else, who must reach it
        path = Path(folder) / "month.jsonl"
        _write_lines(path)
        return {
            "bulk": _alone("stream", path, database_url),
            "bulk_plain": _alone("plain", path, database_url),
            "bulk_written": _alone("written", path, database_url),
        }


def _alone(work: str, path: Path, database_url: str | None) -> Figures:
    """In a process of its own, which imports this module alone, so that its peak of memory is its own."""
    told = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.bulk", work, str(path), database_url or ""],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(told.stdout)


def _stream(path: Path, database_url: str | None) -> Figures:
    del database_url
    stream, done, charged = Stream(_book()), 0, 0
    began, cpu = time.perf_counter(), time.process_time()
    counted = Counter[tuple[Heading, Amount]]()
    with path.open("rb") as source:
        while raws := [raw for _, raw in zip(range(BATCH), source, strict=False)]:
            batch = stream.feed(raws, first=done + 1)
            done, charged = done + len(raws), charged + len(batch.charged)
            assert not batch.held, batch.held[0]
            batch.counts(counted)
    whole = totals([counted])
    took = time.perf_counter() - began
    assert (done, sum(total.lines for total in whole)) == (LINES, charged)
    cpu_us = (time.process_time() - cpu) * 1_000_000 / done
    return {"per_second": done / took, "cpu_us_per_line": cpu_us, "lines": float(done), "headings": float(len(whole))}


def _plain(path: Path, database_url: str | None) -> Figures:
    """What one would write first: the model reads each line, a dictionary has its price, and little else is checked."""
    del database_url
    book, sums = _book(), dict[tuple[str, str], Decimal]()
    roles = {person.id: person.role or "" for person in book.resources.values()}
    prices = {role: Decimal(180) for role in ROLES}
    began = time.perf_counter()
    with path.open("rb") as source:
        for _, raw in zip(range(PLAIN_LINES), source, strict=False):
            entry = TimeEntry.model_validate_json(raw)
            if entry.billable and entry.approval and entry.approval.state is ApprovalState.APPROVED:
                key = entry.project, roles[entry.resource]
                sums[key] = sums.get(key, Decimal(0)) + entry.hours * prices[key[1]]
    return {"per_second": PLAIN_LINES / (time.perf_counter() - began), "lines": float(PLAIN_LINES)}


def _written(path: Path, database_url: str | None) -> Figures:
    return uvloop.run(_write(path, database_url))


async def _write(path: Path, database_url: str | None) -> Figures:
    async with AsyncExitStack() as stack:
        if database_url is None:
            postgres = EmbeddedPostgres(path.parent / "data")
            database_url = await postgres.start()
            stack.push_async_callback(postgres.stop)
        url = await _own_database(database_url, stack)
        pool = await stack.enter_async_context(connected(url, size=2))
        await migrate(pool, now=datetime.now(UTC))
        run = BillingRun(pool, "bench", Stream(_book()), lambda: datetime.now(UTC), most=BATCH)
        began = time.perf_counter()
        with path.open("rb") as source:
            done = await run.go(source)
        took = time.perf_counter() - began
        landed = await pool.fetchval(
            "select (select count(*) from billing_items) + (select count(*) from uncharged_lines)"
        )
        assert done == landed == LINES, f"{landed} lines instead of {LINES}"
    return {"per_second": done / took, "lines": float(done)}


async def _own_database(url: str, stack: AsyncExitStack) -> str:
    """Beside what is there: a bench must not leave a million lines in anybody's tables."""
    name = f"throughline_bench_{os.getpid()}"
    admin = await asyncpg.connect(url)
    stack.push_async_callback(admin.close)
    await admin.execute(f'create database "{name}"')
    stack.push_async_callback(admin.execute, f'drop database "{name}" with (force)')
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


def _write_lines(path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - the same lines every time
    with path.open("w") as file:
        for number in range(LINES):
            person = chance.randrange(PEOPLE)
            line = {
                "id": f"time-{number:07}", "project": _project(person, chance.randrange(EACH)),
                "resource": f"resource-{person:05}", "day": f"2026-11-{chance.randrange(1, 31):02}",
                "hours": str(chance.randrange(1, 41) / 4), "billable": chance.random() < 0.9,
                "note": "Workshop with the plant's operators",
                "approval": {"state": "approved", "by": "pm.de@halyard.example", "at": "2026-11-30T17:00:00Z"},
            }  # fmt: skip
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def _project(person: int, number: int) -> str:
    return f"project-{(person * 7 + number) % PROJECTS:04}"


def _book() -> Book:
    return Book.of(load(FIRM), [*_agreed(), *_projects(), *_people()])


def _agreed() -> list[Entity]:
    return [
        Customer(id=CustomerId("customer"), name="Ostwald Chemie GmbH", country="DE", tax_id="DE811907906"),
        Contract(
            id=ContractId("frame"), name="Frame contract", customer=CustomerId("customer"), legal_entity="DE",
            currency="EUR", commercial_model=CommercialModel.TIME_AND_MATERIALS, state=ContractState.ACTIVE,
            billing_method=BillingMethod.ON_APPROVED_TIME, revenue_treatment=RevenueTreatment.AS_INVOICED,
            starts=date(2026, 1, 1), ends=date(2026, 12, 31), value=Money.of(10**9, "EUR"), cost_centre="Advisory DE",
        ),
        FiscalPeriod(
            id=FiscalPeriodId("november"), name="2026-11", legal_entity="DE", starts=date(2026, 11, 1),
            ends=date(2026, 11, 30), state=PeriodState.OPEN,
        ),
    ]  # fmt: skip


def _projects() -> list[Project]:
    return [
        Project(
            id=ProjectId(f"project-{number:04}"), name=f"Project {number}", customer=CustomerId("customer"),
            contract=ContractId("frame"), currency="EUR", rate_card="Standard EUR", service_line="Advisory",
        )
        for number in range(PROJECTS)
    ]  # fmt: skip


def _people() -> list[Entity]:
    people: list[Entity] = []
    for number in range(PEOPLE):
        key = ResourceId(f"resource-{number:05}")
        people.append(Resource(id=key, name=key, role=ROLES[number % len(ROLES)], legal_entity="DE"))
        people += [
            Assignment(id=AssignmentId(f"{key}-{each}"), project=ProjectId(_project(number, each)), resource=key)
            for each in range(EACH)
        ]
    return people


WORKS = {"stream": _stream, "plain": _plain, "written": _written}


def _main(work: str, path: str, database_url: str) -> None:
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(sys.stderr))  # what is on stdout is the figures
    figures = WORKS[work](Path(path), database_url or None)
    sys.stdout.write(json.dumps({**figures, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    """Of this program alone: `ru_maxrss` begins with what the process that started it had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    _main(*sys.argv[1:])
