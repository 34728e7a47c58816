"""What the pretend accountants do, by the control interface: close the month, recognise revenue, approve orders."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiohttp import web

from throughline.sandbox.netsuite import periods
from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.problems import Problem, user_error
from throughline.sandbox.netsuite.records import Edit, Records
from throughline.sandbox.netsuite.resources import body_of
from throughline.sandbox.netsuite.revenue import DEFERRED, EARNED, ELEMENT, PLAN, PLANNED, settle
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf
from throughline.sandbox.simulator import CONTROL

ACCOUNTANT = "accountant.uk@halyard.example"


@dataclass(frozen=True, slots=True)
class Accountants:
    records: Records

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.post(f"{CONTROL}/periods", self._turn),
            web.post(f"{CONTROL}/revenue", self._recognise),
            web.get(f"{CONTROL}/revenue", self._revenue),
            web.post(f"{CONTROL}/orders", self._approve),
        ]

    async def _turn(self, request: web.Request) -> web.Response:
        """{"period": "Nov 2026", "do": "lock-ar", "lock-all", "close" or "reopen", "subsidiary": for a lock, if one}.

        To close a period recognises what is planned in it, and closes what is open before it; to reopen one opens what
        is closed after it: books are never closed with a gap.
        """
        try:
            told = body_of(await request.read())
            period = periods.named(self._shelf, str(told.get("period", "")))
            changed = self._turned(period, str(told.get("do", "")), told.get("subsidiary"))
        except Problem as problem:
            return web.json_response({"error": problem.detail}, status=422)
        return web.json_response({"changed": [each["periodName"] for each in changed]})

    async def _recognise(self, request: web.Request) -> web.Response:
        """{"period": "Nov 2026"}: what was planned up to it and is not recognised yet becomes revenue of it."""
        try:
            told = body_of(await request.read())
            journals = self._recognised(periods.named(self._shelf, str(told.get("period", ""))))
        except Problem as problem:
            return web.json_response({"error": problem.detail}, status=422)
        return web.json_response({"journals": journals}, status=201)

    async def _revenue(self, _request: web.Request) -> web.Response:
        return web.json_response(deferrals(self._shelf))

    async def _approve(self, request: web.Request) -> web.Response:
        """{"order": its id, number or external id}; without one every order that waits. What is billed may begin."""
        try:
            told = body_of(await request.read())
            approved = [self._approved(order) for order in self._waiting(told.get("order"))]
        except Problem as problem:
            return web.json_response({"error": problem.detail}, status=422)
        return web.json_response({"approved": approved})

    @property
    def _shelf(self) -> Shelf:
        return self.records.shelf

    def _turned(self, period: Record, do: str, subsidiary: object) -> list[Record]:
        at = self.records.stamp()
        match do:
            case "lock-ar" | "lock-all":
                lock: periods.Lock = "ar" if do == "lock-ar" else "all"
                only = None if subsidiary is None else self._subsidiary(str(subsidiary))
                changed = [periods.locked(period, lock, only, shelf=self._shelf)]
            case "close":
                until = [each for each in periods.months(self._shelf) if each["startDate"] <= period["startDate"]]
                still_open = [each for each in until if not each.get("closed")]
                for each in still_open:
                    self._recognised(each)
                changed = [periods.closed(each, at) for each in still_open]
            case "reopen":
                since = [each for each in periods.months(self._shelf) if each["startDate"] >= period["startDate"]]
                shut = [each for each in since if each.get("closed") or each["id"] == period["id"]]
                changed = [periods.reopened(each) for each in shut]
            case _:
                raise user_error(f"Nobody knows how to {do or 'do nothing'}: lock-ar, lock-all, close or reopen.")
        for each in changed:
            signed = {**each, "lastModifiedDate": at, "lastModifiedBy": ACCOUNTANT}
            self._shelf.update(periods.PERIOD, each["id"], signed)
        return changed

    def _subsidiary(self, said: str) -> str:
        found = next((id_ for id_, each in self._shelf.all("subsidiary").items() if said in {id_, each["name"]}), None)
        if found is None:
            raise user_error(f"There is no subsidiary {said}: give its name, such as UK, or its id.")
        return found

    def _recognised(self, period: Record) -> list[str]:
        """One journal entry for each subsidiary and currency; the numbers they got."""
        due: dict[tuple[str, str], list[Record]] = {}
        for line in self._planned_until(period):
            element = self._element(line)
            due.setdefault((element["subsidiary"], element["currency"]), []).append(line)
        return [self._posted(period, *books, lines) for books, lines in sorted(due.items())]

    def _planned_until(self, period: Record) -> list[Record]:
        known = self._shelf.all(periods.PERIOD)
        waiting = (each for each in self._shelf.all(PLANNED).values() if not each["isRecognized"])
        return [each for each in waiting if known[each["plannedPeriod"]]["startDate"] <= period["startDate"]]

    def _element(self, line: Record) -> Record:
        return self._shelf.all(ELEMENT)[self._shelf.all(PLAN)[line["revenuePlan"]]["createdFrom"]]

    def _posted(self, period: Record, subsidiary: str, currency: str, lines: list[Record]) -> str:
        amount = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        body = {
            "subsidiary": {"id": subsidiary},
            "currency": {"id": currency},
            "tranDate": period["endDate"],
            "memo": f"Revenue recognition {period['periodName']}",
            "line": {"items": _entry(amount)},
        }
        journal = self.records.create(TYPES["journalEntry"], Edit(body=body, actor=ACCOUNTANT)).id
        done = {"isRecognized": True, "journal": journal, "postingPeriod": period["id"]}
        for line in lines:
            self._shelf.update(PLANNED, line["id"], {**line, **done, "dateExecuted": self.records.stamp()})
        for plan in {line["revenuePlan"]: None for line in lines}:
            settle(self._shelf, plan, self.records.stamp())
        return str(self._shelf.all("journalEntry")[journal]["tranId"])

    def _waiting(self, said: object) -> list[Record]:
        orders = [each for each in self._shelf.all("salesOrder").values() if each["orderStatus"] == "A"]
        if said is None:
            return orders
        named = [each for each in orders if said in {each["id"], each["tranId"], each.get("externalId")}]
        if not named:
            raise user_error(f"No sales order {said} waits for approval: give its number, its id or its external id.")
        return named

    def _approved(self, order: Record) -> str:
        body: dict[str, Any] = {"orderStatus": {"id": "B"}}
        self.records.edit(TYPES["salesOrder"], order["id"], Edit(body=body, actor=ACCOUNTANT))
        return str(order["tranId"])


def deferrals(shelf: Shelf) -> list[dict[str, str]]:
    """One row per sales order with a plan: what of it is revenue, and what is deferred."""
    rows: dict[str, dict[str, Decimal]] = {}
    for plan in shelf.all(PLAN).values():
        order = shelf.all(ELEMENT)[plan["createdFrom"]]["order"]
        row = rows.setdefault(order, dict.fromkeys(("total", "recognised", "deferred"), Decimal(0)))
        row["total"] += Decimal(plan["amount"])
        row["recognised"] += Decimal(plan["totalRecognized"])
        row["deferred"] += Decimal(plan["remainingDeferredBalance"])
    return [
        {**_named(shelf, order), **{name: plain(each) for name, each in row.items()}} for order, row in rows.items()
    ]


def _named(shelf: Shelf, order: str) -> dict[str, str]:
    """An order that is gone keeps the revenue it had, under its number there."""
    kept = shelf.get("salesOrder", order)
    if kept is None:
        return {"order": order}
    told = {"order": kept["tranId"], "currency": shelf.all("currency")[kept["currency"]]["symbol"]}
    return {**told, **({"external_id": kept["externalId"]} if kept.get("externalId") else {})}


def _entry(amount: Decimal) -> list[dict[str, Any]]:
    """What is taken out of deferred revenue; a negative amount goes back there."""
    out, back = ("debit", "credit") if amount >= 0 else ("credit", "debit")
    return [{"account": {"id": DEFERRED}, out: abs(amount)}, {"account": {"id": EARNED}, back: abs(amount)}]
