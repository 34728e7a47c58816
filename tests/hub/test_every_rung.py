"""The machine on every rung at once, over real HTTP, on bad days drawn from a seed: counted at the system itself."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.testing.pretend_vendor import CONNECTOR, MONDAY, Vendor
from throughline.core.entities import BillingPlan, Contract, Invoice, Message, Project
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import holds
from throughline.hub.wire import AiohttpTransport, Lost, Raw, Request
from throughline.store import firm_versions
from throughline.store.database import Pool

FIRM = {
    "firm.yaml": (
        "name: Small Firm\nreporting_currency: USD\nservice_lines: [Advisory]\nlegal_entities:\n"
        "  - { code: US, name: Small Firm Inc., country: US, currency: USD, timezone: America/New_York,"
        " holidays: US }\n"
    ),
    "ownership.yaml": "".join(
        f'{kind}: {{ "*": hub }}\n' for kind in ("contract", "invoice", "project", "billing_plan", "message")
    ),
    "policies.yaml": 'hold_owners: { "*": Operations }\n',
}
PRETEND = "connector: pretend\nroles: [erp]\ncredentials: { token: env:TOKEN }\nurl: "
KINDS = ("contracts", "invoices", "projects", "plans", "messages")
LATE_SECONDS = 20  # as the vendor's mappings say
DEALS = 6


@dataclass
class BadDays:
    """A transport on which every third write is lost on its way, or its answer is, or it arrives late, or we die."""

    inner: AiohttpTransport
    chance: random.Random
    vendor: Vendor
    late: list[tuple[Any, Request]] = field(default_factory=list[tuple[Any, Request]])
    struck: set[str] = field(default_factory=set[str])

    async def exchange(self, request: Request) -> Raw:
        if request.method == "GET" or self.chance.random() > 0.4:
            return await self.inner.exchange(request)
        fault = self.chance.choice(("before", "after", "killed", "late"))
        self.struck.add(fault)
        if fault == "late":
            self.late.append((self.vendor.now + timedelta(seconds=LATE_SECONDS), request))
        if fault in {"after", "killed"}:
            await self.inner.exchange(request)
        if fault == "killed":
            raise asyncio.CancelledError
        raise Lost("the connection broke")

    async def deliver(self) -> None:
        """What was late and is due arrives; nobody hears the answer."""
        due = [each for each in self.late if each[0] <= self.vendor.now]
        self.late = [each for each in self.late if each not in due]
        for _, request in due:
            await self.inner.exchange(request)


@workflow("every-rung", on=OpportunityWon, lane=lambda event: event.opportunity)
async def every_rung(flow: Flow, won: OpportunityWon) -> None:
    money, name = {"amount": "100.00", "currency": "USD"}, f"of {won.opportunity}"
    terms = {"commercial_model": "fixed_fee", "billing_method": "on_schedule", "revenue_treatment": "as_invoiced"}
    parts: dict[Any, dict[str, Any]] = {
        Contract: {**terms, "name": name, "legal_entity": "US", "starts": "2026-12-01", "value": money},
        Invoice: {"number": name, "state": "draft"},
        Project: {"name": name},
        BillingPlan: {"name": name, "contract": "contract-1", "plan_kind": "schedule"},
        Message: {"channel": "#all", "text": name},
    }
    for entity, fields in parts.items():
        id_ = f"{entity.kind}-{won.opportunity}"
        said = {"id": id_, "customer": "customer-1", "currency": "USD"} | fields
        async with flow.part(entity.kind):
            known = {each: value for each, value in said.items() if each in entity.model_fields}
            await flow.put(entity.model_validate(known), into=Role.ERP)


@dataclass
class Stage:
    world: Any
    vendor: Vendor
    days: BadDays

    async def work(self) -> None:
        """Until nothing waits; a worker that dies is replaced by another, and a person says what the vendor shows."""
        for _ in range(60):
            for lane in await self.world.pool.fetch("select key from lanes where due_at <= $1", self.world.clock()):
                try:
                    await self.world.work(lane["key"])
                except asyncio.CancelledError:
                    continue
            for hold in await self.world.holds():
                await self._answer(hold)
            await self._pass(15)
            if {run["state"] for run in await self.world.runs()} == {"done"} and not self.days.late:
                return

    async def _answer(self, hold: Any) -> None:
        assert hold["kind"] == "unknown", hold["why"]
        # Who looks takes the time that everything needs to arrive.
        await self._pass(LATE_SECONDS)
        there = self.vendor.held("messages", name=f"of {hold['lane'].partition(':')[2]}")
        choice = "it arrived" if there else "send it again"
        await holds.answer(self.world.machine, hold["id"], choice, person="A person")

    async def _pass(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        await self.vendor.wait(seconds)
        await self.days.deliver()


@pytest.fixture
async def staged(pool: Pool, world_of: Any, clock: Any, tmp_path: Path) -> AsyncGenerator[Any]:
    """A machine whose one system is the pretend vendor, on a bad day of that seed."""
    async with AsyncExitStack() as stack:

        async def stage(seed: int) -> Stage:
            vendor = Vendor()
            clock.now = MONDAY
            url = await stack.enter_async_context(vendor.open())
            inner = await stack.enter_async_context(AiohttpTransport(deadline_seconds=5))
            days = BadDays(inner, random.Random(seed), vendor)
            files = {**FIRM, "systems/pretend.yaml": f"{PRETEND}{url}\n"}
            for name, text in files.items():
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).write_text(text)
            await firm_versions.apply(pool, digest="bad days", files=files, by="test", now=clock())
            return Stage(await world_of(days, {"pretend": CONNECTOR}, every_rung), vendor, days)

        yield stage


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_breaks_each_thing_is_there_once(staged: Any, seed: int) -> None:
    stage = await staged(seed)
    deals = [f"deal-{n}" for n in range(DEALS)]
    for deal in deals:
        await stage.world.start(OpportunityWon(opportunity=deal))

    await stage.work()

    assert stage.days.struck == {"before", "after", "killed", "late"}
    counted = {kind: sorted(each["name"] for each in stage.vendor.held(kind)) for kind in KINDS}
    assert counted == {kind: [f"of {deal}" for deal in deals] for kind in KINDS}
    assert {row["state"] for row in await stage.world.effects()} == {"confirmed"}
    assert {run["state"] for run in await stage.world.runs()} == {"done"}
