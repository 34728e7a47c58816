"""What Workday really keeps: transactions, each with the day it takes effect and the moment it was entered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import firm

type Record = dict[str, Any]

HIRES = frozenset({"Hire Employee", "Contract Contingent Worker"})
ENDS = frozenset({"Terminate Employee", "End Contingent Worker Contract"})
PLACES = frozenset({"title", "company", "cost_centre", "location", "hours", "manager"})


@dataclass(frozen=True, slots=True)
class AsOf:
    """From where one looks: what is in effect on a day, as far as it was entered by a moment."""

    day: date
    moment: datetime


class History:
    """A worker is nothing but the sum of the transactions that are in effect."""

    def __init__(self, shelf: Shelf, now: Callable[[], datetime]) -> None:
        self._shelf, self._now = shelf, now

    def worker(self, wanted: str) -> Record | None:
        """By Workday id, or by the id of an employee or a contingent worker."""
        found = self._shelf.get("workers", wanted)
        return found or next((each for each in self.workers() if each["number"] == wanted), None)

    def workers(self) -> list[Record]:
        return list(self._shelf.all("workers").values())

    def hire(self, number: str, changes: Record, *, effective: date, contingent: bool, entered: datetime) -> Record:
        worker: Record = {"wid": firm.wid("worker", number), "number": number, "contingent": contingent}
        self._shelf.create("workers", worker["wid"], worker)
        kind = "Contract Contingent Worker" if contingent else "Hire Employee"
        self.enter(worker, kind, changes, effective=effective, entered=entered)
        return worker

    def enter(self, worker: Record, kind: str, changes: Record, *, effective: date, entered: datetime | None = None
              ) -> Record:  # fmt: skip
        number = self._shelf.next("transactions")
        transaction: Record = {
            "wid": firm.wid("transaction", str(number)), "number": number, "worker": worker["wid"], "kind": kind,
            "effective": effective.isoformat(), "entered": (entered or self._now()).isoformat(),
            "changes": changes, "rescinded": None,
        }  # fmt: skip
        self._shelf.create("transactions", transaction["wid"], transaction)
        return transaction

    def rescind(self, transaction: Record) -> Record:
        """It never happened; that it was taken back is a transaction of its own."""
        taken_back = {**transaction, "rescinded": self._now().isoformat()}
        self._shelf.update("transactions", transaction["wid"], taken_back)
        worker = self._shelf.all("workers")[transaction["worker"]]
        effective = date.fromisoformat(transaction["effective"])
        return self.enter(worker, f"Rescind: {transaction['kind']}", {}, effective=effective)

    def log(self, worker: Record, at: AsOf) -> list[Record]:
        """All that was entered by then about a worker, whether in effect yet or not; by day of effect."""
        entered = (each for each in self._shelf.all("transactions").values() if each["worker"] == worker["wid"])
        known = [each for each in entered if datetime.fromisoformat(each["entered"]) <= at.moment]
        return sorted(known, key=lambda each: (each["effective"], each["number"]))

    def state(self, worker: Record, at: AsOf) -> Record | None:
        """How a worker is, seen from there; None for somebody who is not a worker yet."""
        state: Record = {}
        for each in self._in_effect(worker, at):
            state |= each["changes"]
            if PLACES & set(each["changes"]):
                state["placed_from"] = each["effective"]
            if each["kind"] in HIRES:
                state |= {"active": True, "hired": each["effective"], "terminated": None}
            elif each["kind"] in ENDS:
                state |= {"active": False, "terminated": each["effective"]}
        return state if "hired" in state else None

    def _in_effect(self, worker: Record, at: AsOf) -> Iterator[Record]:
        for each in self.log(worker, at):
            rescinded = each["rescinded"] and datetime.fromisoformat(each["rescinded"]) <= at.moment
            # A termination's date is the last day: whoever leaves is there until it is over.
            effective = date.fromisoformat(each["effective"]) + timedelta(days=each["kind"] in ENDS)
            if effective <= at.day and not rescinded:
                yield each
