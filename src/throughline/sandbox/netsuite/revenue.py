"""Revenue management: what is made of an approved sales order, an arrangement with an element and a plan for each line.

An item without a rule is recognised as it is billed, and has no plan.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from throughline.sandbox.netsuite import spread
from throughline.sandbox.netsuite.moments import stamp
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

ARRANGEMENT, ELEMENT, PLAN, PLANNED = "revenueArrangement", "revenueElement", "revenuePlan", "revenuePlanPlannedRevenue"
DEFERRED, EARNED = "703", "704"
_WAITING, _CANCELLED = "A", "C"


@dataclass(frozen=True, slots=True)
class Revenue:
    """Keeps arrangements in step with their sales orders: NetSuite does so every three hours, here it is at once."""

    shelf: Shelf
    now: Callable[[], datetime]

    def follow(self, order: Record, *, gone: bool = False) -> None:
        """An order that was approved, changed, cancelled or deleted. What is recognised already stays so."""
        if order["orderStatus"] == _WAITING and not gone:
            return
        void = gone or order["orderStatus"] == _CANCELLED
        lines = {line["lineUniqueKey"]: line for line in ([] if void else self._deferred(order))}
        known = {each["lineUniqueKey"]: each for each in self._elements(order["id"])}
        if added := [line for key, line in lines.items() if key not in known]:
            self._arrange(order, added)
        for key, element in known.items():
            self._change(element, order, lines.get(key))

    def _deferred(self, order: Record) -> list[dict[str, Any]]:
        items = self.shelf.all("serviceSaleItem")
        return [line for line in order["item"] if items[line["item"]].get("revenueRecognitionRule")]

    def _elements(self, order: str) -> list[Record]:
        return [each for each in self.shelf.all(ELEMENT).values() if each["order"] == order]

    def _arrange(self, order: Record, lines: list[dict[str, Any]]) -> None:
        """Lines that come later are arranged by themselves, as NetSuite does it."""
        id_, at = str(self.shelf.next("transaction", first=1000)), stamp(self.now())
        number = f"RA{self.shelf.next('number revenueArrangement', first=1001)}"
        about = {name: order.get(name) for name in ("entity", "subsidiary", "currency", "tranDate")}
        kept: Record = {"id": id_, "tranId": number, "order": order["id"], **about}
        self.shelf.create(ARRANGEMENT, id_, {**kept, "createdDate": at, "lastModifiedDate": at})
        for line in lines:
            self._plan(self._element(order, line, id_))

    def _element(self, order: Record, line: dict[str, Any], arrangement: str) -> Record:
        id_ = str(self.shelf.next(ELEMENT, first=201))
        item = self.shelf.all("serviceSaleItem")[line["item"]]
        about = {name: order.get(name) for name in ("entity", "subsidiary", "currency")}
        element: Record = {
            "id": id_,
            "recordNumber": id_,
            "revenueArrangement": arrangement,
            "order": order["id"],
            "lineUniqueKey": line["lineUniqueKey"],
            # Brought over by a revenue recognition field mapping, which the account has for this column.
            "custcol_throughline_line": line.get("custcol_throughline_line"),
            "source": f"Sales Order #{order['tranId']}",
            "sourceRecordType": "Sales Order",
            "item": line["item"],
            "revenueRecognitionRule": item["revenueRecognitionRule"],
            "elementDate": order["tranDate"],
            **about,
            **_sold(order, line),
            "lastModifiedDate": stamp(self.now()),
        }
        self.shelf.create(ELEMENT, id_, element)
        return element

    def _change(self, element: Record, order: Record, line: dict[str, Any] | None) -> None:
        sold = _sold(order, line) if line else {"quantity": "0", "salesAmount": "0"}
        if any(element.get(name) != value for name, value in sold.items()):
            changed = {**element, **sold, "lastModifiedDate": stamp(self.now())}
            self.shelf.update(ELEMENT, element["id"], changed)
            self._plan(changed)

    def _plan(self, element: Record) -> None:
        """The plan of an element, made or made anew; without periods for all of it, it stays as it is."""
        months = spread.months_of(self.shelf, element)
        if not months:
            return
        plan = next((each for each in self.shelf.all(PLAN).values() if each["createdFrom"] == element["id"]), None)
        plan = plan or self._new_plan(element)
        lines = [each for each in self.shelf.all(PLANNED).values() if each["revenuePlan"] == plan["id"]]
        done = [each for each in lines if each["isRecognized"]]
        for line in (each for each in lines if not each["isRecognized"]):
            self.shelf.delete(PLANNED, line["id"])
        left = Decimal(element["salesAmount"]) - _sum(done)
        for period, amount in spread.over(months, left, {each["plannedPeriod"] for each in done}):
            self._planned(plan["id"], period, amount)
        span = {name: element[name] for name in ("revRecStartDate", "revRecEndDate")}
        self.shelf.update(PLAN, plan["id"], {**plan, **span, "amount": element["salesAmount"]})
        settle(self.shelf, plan["id"], stamp(self.now()))

    def _new_plan(self, element: Record) -> Record:
        id_ = str(self.shelf.next(PLAN, first=301))
        plan: Record = {"id": id_, "recordNumber": id_, "createdFrom": element["id"], "revenuePlanType": "ACTUAL"}
        plan |= {name: element[name] for name in ("item", "revenueRecognitionRule")}
        plan["revenuePlanCurrency"] = element["currency"]
        self.shelf.create(PLAN, id_, plan)
        return plan

    def _planned(self, plan: str, period: str, amount: Decimal) -> None:
        id_ = str(self.shelf.next(PLANNED, first=401))
        accounts = {"recognitionAccount": EARNED, "deferredRevenueAccount": DEFERRED}
        line: Record = {"id": id_, "revenuePlan": plan, "plannedPeriod": period, "amount": plain(amount)}
        self.shelf.create(PLANNED, id_, {**line, **accounts, "plannedRevenueType": "PLANNED", "isRecognized": False})


def settle(shelf: Shelf, plan: str, at: str) -> None:
    """What a plan's lines amount to, kept beside it."""
    kept = shelf.all(PLAN)[plan]
    lines = [each for each in shelf.all(PLANNED).values() if each["revenuePlan"] == plan]
    done = _sum([each for each in lines if each["isRecognized"]])
    left = Decimal(kept["amount"]) - done
    status = "Completed" if not left else "In Progress" if done else "Not Started"
    told = {"totalRecognized": plain(done), "remainingDeferredBalance": plain(left), "statusForDisplay": status}
    shelf.update(PLAN, plan, {**kept, **told, "lastModifiedDate": at})


def arrangements(shelf: Shelf) -> Iterator[Record]:
    """As the transaction table shows them; the record service does not know them."""
    for each in shelf.all(ARRANGEMENT).values():
        total = sum((Decimal(element["salesAmount"]) for element in _of(shelf, each)), Decimal(0))
        shown = {"type": "RevArrng", "recordtype": "revenuearrangement", "posting": False, "total": plain(total)}
        yield {**each, **shown, "status": "A", "_status": "RevArrng:A"}


def elements_of(shelf: Shelf, record: Record) -> Iterator[Record]:
    """The lines of an arrangement, each of one element."""
    if record["type"] != "RevArrng":
        return
    head = {name: record.get(name) for name in ("subsidiary", "entity")}
    for at, element in enumerate(_of(shelf, record), start=1):
        own = {"line": at, "lineUniqueKey": element["id"], "revenueElement": element["id"], "mainline": False}
        sold = {"item": element["item"], "amount": element["salesAmount"], "quantity": element["quantity"]}
        key = {"custcol_throughline_line": element.get("custcol_throughline_line")}
        yield {**head, **own, **sold, **key, "transaction": record["id"]}


def _of(shelf: Shelf, arrangement: Record) -> list[Record]:
    return [each for each in shelf.all(ELEMENT).values() if each["revenueArrangement"] == arrangement["id"]]


def _sold(order: Record, line: dict[str, Any]) -> dict[str, Any]:
    """What of a line a plan depends on. Without days of its own an order is done on the day it is of."""
    begins = order.get("startDate") or order["tranDate"]
    span = {"revRecStartDate": begins, "revRecEndDate": order.get("endDate") or begins}
    return {"quantity": line["quantity"], "salesAmount": line["amount"], **span}


def _sum(lines: list[Record]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))
