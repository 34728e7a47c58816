"""A firm's morning, written where the clockwork keeps it: what is late, what is billed, what customers owe."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from throughline.hub.machine import Machine


async def insert(machine: Machine, table: str, **columns: Any) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await machine.pool.execute(
        f"insert into {table} ({', '.join(columns)}) values ({places})",
        *columns.values(),
    )


async def clock(machine: Machine, number: int, hop: str, state: str, *, began: datetime, due: datetime | None = None,
                ended: datetime | None = None, **more: Any) -> None:  # fmt: skip
    said: dict[str, Any] = {
        "subject": f"opportunity-{number}", "engagement": f"opportunity-{number}", "legal_entity": "US",
        "amount": Decimal(1000 * number), "currency": "USD", **more,
    }  # fmt: skip
    late = due is not None and state in {"running", "missed"} and due < machine.clock()
    spent = (ended - began).total_seconds() if ended else None
    await insert(
        machine, "clocks", id=f"clock-{hop}-{number}", hop=hop, state=state, paused=False, began_at=began, due_at=due,
        breached_at=due if late else None, ended_at=ended, spent_seconds=spent, **said,
    )  # fmt: skip


async def entity(machine: Machine, kind: str, id_: str, **fields: Any) -> None:
    await insert(machine, "entities", id=id_, kind=kind, version=1, fields={"id": id_, **fields}, unread={},
                 provenance={}, updated_at=machine.clock())  # fmt: skip


async def morning(machine: Machine) -> None:
    """Four deals: two opened in time, one too late, one late and held; and an invoice that is owed."""
    now, hour = machine.clock(), timedelta(hours=1)
    for number, state, took in ((1, "met", 1), (2, "met", 2), (3, "missed", 9)):
        began = now - 48 * hour
        await clock(machine, number, "project_open", state, began=began, due=began + 4 * hour,
                    ended=began + took * hour)  # fmt: skip
    await entity(machine, "opportunity", "opportunity-4", name="=Alpenblick <claims>", starts="2026-12-01",
                 amount={"amount": "4000", "currency": "USD"}, legal_entity="US")  # fmt: skip
    await clock(machine, 4, "project_open", "running", began=now - 9 * hour, due=now - 5 * hour)
    await insert(
        machine, "holds", id="hold-4", run="run-4", lane="opportunity-to-project:opportunity-4", part="finance",
        subject="opportunity-4", name="tax", kind="hold", why="No tax code for CH.", fix="Add one.",
        owner="Finance operations", amount=Decimal(6000), currency="USD", choices=[], candidates=[],
        correlation="opportunity-4", state="open", opened_at=now - 8 * hour,
    )  # fmt: skip
    await billed(machine, now.date())
    await owed(machine, now.date())


async def billed(machine: Machine, today: date) -> None:
    await insert(
        machine, "work_months", project="project-1", period=f"{today:%Y-%m}", engagement="opportunity-1",
        legal_entity="US", currency="USD", lines=10, unpriced=1, hours=Decimal(80), approved=Decimal(9000),
        drafted_lines=4, drafted=Decimal(4000), billed_lines=2, billed=Decimal(2000), open_hours=Decimal(32),
        oldest_open=today - timedelta(days=40), read_at=machine.clock(),
    )  # fmt: skip


async def owed(machine: Machine, today: date) -> None:
    for number, state, left in ((1, "posted", "300"), (2, "paid", "0")):
        await entity(
            machine, "invoice", f"invoice-{number}", state=state, currency="USD",
            issued_on=(today - timedelta(days=20)).isoformat(), total={"amount": "900", "currency": "USD"},
            open_amount={"amount": left, "currency": "USD"}, lines=[],
        )  # fmt: skip
