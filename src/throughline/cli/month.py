"""The demo firm's month: sold, worked, changed, billed, paid, closed on the simulated systems; and whether it ties."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from throughline.cli.demo import Wishes
from throughline.cli.exits import Exit, Stop
from throughline.cli.printing import money, step
from throughline.cli.sandbox import Handout, control
from throughline.demo.month import script
from throughline.demo.month.books import Books, summed
from throughline.demo.month.script import Month
from throughline.demo.month.ties import Held, ties
from throughline.hub import holds
from throughline.hub.desk import queue
from throughline.hub.machine import Machine
from throughline.store import captures, cursors, runs
from throughline.store.database import Row
from throughline.store.queue import Wanted

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 900.0
# A whole round of polls, and what it woke, has to come and go.
AT_WORK = ("due", "retrying", "running")
PAGE = 200
OUTAGE_SECONDS = 20.0
PEOPLE_OF_THE_DEMO = "The demo's people"
READ = {"opportunity", "change_order", "project", "task", "assignment", "time_entry", "expense", "timesheet",
        "resource", "invoice", "payment", "credit_memo", "fiscal_period", "scope_change"}  # fmt: skip


@dataclass(slots=True)
class Playing:
    """One month being played: what everybody in the firm does, in the order of the calendar."""

    machine: Machine
    handout: Handout
    wishes: Wishes
    month: Month
    sold: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    async def play(self) -> dict[str, Any]:
        for does in (self._sell, self._agree, self._change, self._work, self._bill, self._close, self._approve_late):
            await does()
        return await self._told()

    async def _sell(self) -> None:
        await self._control("workday", "staff", {"people": script.PEOPLE})
        for deal in script.deals(self.month):
            made = await self._control("salesforce", "deals", deal)
            self.sold[made["name"]] = made
        self._step(f"{self.month.name}: {len(self.sold)} more deals won, {script.PEOPLE} people on board")
        await self._settled("What was sold did not become projects")

    async def _agree(self) -> None:
        """People answer what they are asked; one customer stays in doubt, as somebody always does."""
        answered = await self._answered()
        approved = await self._control("netsuite", "orders", {})
        self._step(f"Projects open; {answered} questions answered, {len(approved['approved'])} orders approved")

    async def _answered(self) -> int:
        answered = 0
        while asked := [each for each in await self._open() if each["choices"] and not self._stays(each)]:
            for each in asked:
                await holds.answer(self.machine, each["id"], each["choices"][0], person=PEOPLE_OF_THE_DEMO)
            answered += len(asked)
            await self._settled("What was answered did not go on")
        return answered

    async def _work(self) -> None:
        projects = [each["id"] for each in (await self._projects()).values()]
        for n, (monday, entries, expenses) in enumerate(script.weeks(self.month)):
            worked = {"week": monday.isoformat(), "entries": entries, "expenses": expenses, "on": projects, "seed": n}
            await self._control("kantata", "time", {"people": script.PEOPLE, "projects": len(projects), **worked})
        await self._hand_in_late()
        self._step(f"{script.ENTRIES:,} time entries and {script.EXPENSES} expenses approved")
        await self._control("netsuite", "faults", {"kind": "maintenance", "times": None})
        await asyncio.sleep(OUTAGE_SECONDS)
        await self._control("netsuite", "faults", None, method="DELETE")
        await self._settled("What was worked was not drafted")
        self._step(f"The ledger was away for {OUTAGE_SECONDS:.0f} s at the month's end; all is drafted")

    async def _hand_in_late(self) -> None:
        """A few hours of each company that are handed in, and forgotten by those who should approve them."""
        last, _, _ = script.weeks(self.month)[-1]
        for n, project in enumerate(await self._billed_by_time()):
            late = {"week": last.isoformat(), "entries": 5, "people": 1, "projects": 1, "on": [project], "seed": 90 + n}
            await self._control("kantata", "time", {**late, "approve": False})

    async def _change(self) -> None:
        """One change of each kind: sold, cancelled, and asked for in delivery."""
        more = {"product": "IMP-DAY", "quantity": 10, "role": "Consultant"}
        effective = (self.month.first + timedelta(days=14)).isoformat()
        for name, change in ((script.AMENDED, {"lines": [more]}), (script.CANCELLED, {"cancel": True})):
            spec = {"opportunity": self.sold[name]["opportunity_id"], "effective": effective, **change}
            quote = await self._control("salesforce", "amendments", spec)
            await self._control("salesforce", "decisions", {"quote": quote["quote_id"], "accepted": True})
        await self._extend()
        await self._settled("What was changed did not arrive")
        await self._answered()
        self._step("3 change orders applied: one sold, one cancelled, one asked for in delivery")

    async def _extend(self) -> None:
        projects = await self._projects()
        project = next(each for each in projects.values() if each["title"] == script.EXTENDED)
        task = await self._control(
            "kantata",
            "records/stories",
            {
                "title": f"{script.EXTENDED}: second yard",
                "story_type": "task",
                "workspace_id": project["id"],
                "start_date": self.month.first.isoformat(),
                "due_date": self.month.last.isoformat(),
                "budget_estimate_in_cents": 1_200_000,
                "time_estimate_in_minutes": 4800,
                "time_trackable": False,  # what is entered on a task we did not make is held, and this one is no fault
            },
        )
        named = await self._control(
            "kantata", "records/custom_fields", {"name": "Change order", "value_type": "string"}
        )
        about = {"subject_type": "Story", "subject_id": task["id"], "custom_field_id": named["id"]}
        await self._control("kantata", "records/custom_field_values", {**about, "value": "Approved"})

    async def _bill(self) -> None:
        """Accountants approve the drafts, and most customers pay."""
        drafts = await self._drafts()
        for each in drafts:
            await self._control("netsuite", "records/invoice", {"id": each["id"], "approvalStatus": {"id": "2"}})
        for n, each in enumerate(drafts):
            if n % 10 == 9:
                continue  # somebody always pays late
            half = {"amount": str((Decimal(each["total"]) / 2).quantize(Decimal("0.01")))} if n % 10 == 4 else {}
            await self._control("netsuite", "payments", {"invoice": each["id"], **half})
        self._step(f"{len(drafts)} invoices approved, most of them paid")

    async def _close(self) -> None:
        await self._control("netsuite", "periods", {"period": self.month.period, "do": "close"})
        self._step(f"{self.month.period} closed, its revenue recognised")
        await self._settled("What was billed and closed did not arrive")

    async def _approve_late(self) -> None:
        sheets = await self._state("kantata", "timesheet_submissions")
        late = [each["id"] for each in sheets.values() if each["status"] == "submitted"]
        for each in late:
            await self._control("kantata", f"decisions/timesheet_submissions/{each}", {"action": "approve"})
        await self._settled("What was approved late did not arrive")
        self._step(f"{len(late)} timesheets approved after the month was closed")

    async def _told(self) -> dict[str, Any]:
        names = ("salesforce", "netsuite", "kantata")
        crm, erp, psa = [await self._control(name, "state", None, method="GET") for name in names]
        still_open = await self._open()
        tied = ties(Books(self.month, crm, erp, psa), held_by(still_open))
        for each in tied:
            why = "" if not each.difference else f"  {money(each.difference, each.currency)} are missing"
            step(
                f"{each.hop}  {money(each.left.total, each.currency)}{why}",
                state="failed" if each.difference else "done",
            )
        return {
            "month": f"{self.month.first:%Y-%m}",
            "closed": not any(each.difference for each in tied),
            "took_seconds": round(self.wishes.seconds, 1),
            "deals": len(self.sold) + 1,
            "people": script.PEOPLE,
            "time_entries": script.ENTRIES,
            "ties": [each.as_json() for each in tied],
            "holds": [shown(each) for each in still_open],
        }

    async def _drafts(self) -> list[dict[str, Any]]:
        there = (await self._state("netsuite", "invoice")).values()
        waiting = (each for each in there if each["approvalStatus"] == "1" and self.month.holds(each["tranDate"]))
        return sorted(waiting, key=lambda each: each["id"])

    async def _projects(self) -> dict[str, dict[str, Any]]:
        """Those of the month that go on, and that the ledger knows of as well: what is held there is not worked on."""
        orders = (await self._state("netsuite", "salesOrder")).values()
        names = {each["memo"] for each in orders if self.month.holds(each.get("startDate") or "")}
        there = await self._state("kantata", "workspaces")
        return {id_: each for id_, each in there.items() if each["title"] in names - {script.CANCELLED}}

    async def _billed_by_time(self) -> list[str]:
        """One project of each currency."""
        orders = (await self._state("netsuite", "salesOrder")).values()
        by_time = {o["memo"] for o in orders if o["custbody_throughline_contract_type"] == "time_and_materials"}
        there = sorted((await self._projects()).values(), key=lambda each: int(each["id"]), reverse=True)
        first = {each["currency"]: each["id"] for each in there if each["title"] in by_time}
        return sorted(first.values())

    def _stays(self, hold: Row) -> bool:
        return script.TWICE_KNOWN in hold["why"]

    async def _open(self) -> list[Row]:
        rows, cursor = list[Row](), None
        while True:
            page = await queue.page(self.machine, Wanted(), cursor=cursor, limit=PAGE)
            rows += page.rows
            if (cursor := page.next) is None:
                return rows

    async def _settled(self, otherwise: str) -> None:
        """Until everything that was done in the systems has been read, and nobody is at work on it any more."""
        pool, since = self.machine.pool, self.machine.clock()

        async def is_quiet() -> bool:
            read = [row for row in await cursors.listed(pool) if row["kind"] in READ]
            if any(row["lease_until"] or (row["polled_at"] or since) <= since for row in read):
                return False
            states = await runs.counted(pool)
            return not any(states.get(state) for state in AT_WORK) and not await captures.systems_with_unread(pool)

        await self._until(is_quiet, otherwise)

    async def _until(self, there: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await there():  # noqa: ASYNC110 - other programs do the work
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError as error:
            raise Stop(f"{otherwise} within {PATIENCE_SECONDS:.0f} s. See: throughline doctor", Exit.PARTLY) from error

    async def _state(self, system: str, kind: str) -> dict[str, dict[str, Any]]:
        return await self._control(system, f"state/{kind}", None, method="GET")

    async def _control(self, system: str, what: str, body: object, *, method: str = "POST") -> Any:
        return await control(self.handout, system, what, body, method=method)

    def _step(self, told: str) -> None:
        step(told, took_seconds=self.wishes.seconds)


def held_by(still_open: list[Row]) -> Held:
    """The money of what is held: contracts that are not booked, and hours that are not billed."""
    worth = [each for each in still_open if each["amount"] is not None]
    return Held(
        contracts=summed((each["currency"], each["amount"]) for each in worth if each["part"] == "finance"),
        hours=summed(
            (each["currency"], each["amount"]) for each in worth if (each["part"] or "").startswith("line time_entry")
        ),
    )


def shown(hold: Row) -> dict[str, Any]:
    amount = None if hold["amount"] is None else {"amount": str(hold["amount"]), "currency": hold["currency"]}
    return {"id": hold["id"], "owner": hold["owner"], "amount": amount, "why": hold["why"], "fix": hold["fix"]}
