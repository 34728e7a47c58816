"""What the people of HR do in Workday's own pages: hire, transfer, terminate, take back. Any of it may be dated."""

from datetime import date, datetime
from typing import Any

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.workday import firm
from throughline.sandbox.workday.history import PLACES, History, Record

# As many as have numbers of their own.
MOST = 799
HIRED = ("first_name", "last_name", "email", "title", "company", "cost_centre", "location", "hours", "manager")


class Hands:
    def __init__(self, shelf: Shelf, history: History, now: Any) -> None:
        self._shelf, self._history, self._now = shelf, history, now

    def hire(self, wanted: Record) -> Record:
        self._check(wanted)
        changes: Record = {key: wanted.get(key) for key in HIRED}
        if missing := [key for key in HIRED[:5] if not changes[key]]:
            raise ValueError(f"say {', '.join(missing)} as well")
        changes["location"] = changes["location"] or firm.LOCATIONS[changes["company"]]
        changes["hours"] = changes["hours"] or firm.HOURS[changes["company"]]
        number = str(wanted.get("number") or 22000 + self._shelf.next("employees"))
        if self._history.worker(number):
            raise ValueError(f"there is a worker {number} already")
        return self._history.hire(
            number, changes, effective=self._day(wanted), contingent=bool(wanted.get("contingent")), entered=self._now()
        )

    def staff(self, wanted: Record) -> Record:
        """So many consultants work here, the same as anywhere in the firm; whoever is missing is hired, as of today."""
        people, hired = wanted.get("people"), 0
        if not isinstance(people, int) or not 1 <= people <= MOST:
            raise ValueError(f"people must be a number from 1 to {MOST}")
        numbers = {each["number"] for each in self._history.workers()}
        for person in (firm.consultant(number) for number in range(1, people + 1)):
            if person.number not in numbers:
                self._history.hire(person.number, person.changes, effective=self._day({}), contingent=person.contingent,
                                   entered=self._now())  # fmt: skip
                hired += 1
        return {"people": people, "hired": hired}

    def transfer(self, wanted: Record) -> Record:
        self._check(wanted)
        changes = {key: wanted[key] for key in (*PLACES, "first_name", "last_name", "email") if key in wanted}
        if not changes:
            raise ValueError(f"say what changes: {', '.join(sorted(PLACES))}")
        return self._history.enter(self._worker(wanted), "Change Job", changes, effective=self._day(wanted))

    def terminate(self, wanted: Record) -> Record:
        worker = self._worker(wanted)
        kind = "End Contingent Worker Contract" if worker["contingent"] else "Terminate Employee"
        return self._history.enter(worker, kind, {}, effective=self._day(wanted))

    def rescind(self, wanted: Record) -> Record:
        transaction = self._shelf.get("transactions", str(wanted.get("transaction")))
        if transaction is None or transaction["rescinded"]:
            raise ValueError(f"there is no transaction {wanted.get('transaction')} to rescind")
        return self._history.rescind(transaction)

    def rename_cost_centre(self, wanted: Record) -> Record:
        centre = self._shelf.get("cost_centers", str(wanted.get("id")))
        if centre is None or not wanted.get("name"):
            raise ValueError("say the id of a cost centre and its new name")
        changed = {**centre, "name": wanted["name"], "updated": self._now().isoformat()}
        self._shelf.update("cost_centers", centre["id"], changed)
        return changed

    def _worker(self, wanted: Record) -> Record:
        worker = self._history.worker(str(wanted.get("worker")))
        if worker is None:
            raise ValueError(f"there is no worker {wanted.get('worker')}")
        return worker

    def _check(self, wanted: Record) -> None:
        """What is pointed at must be there, as Workday's own prompts see to."""
        if "company" in wanted and wanted["company"] not in firm.COMPANIES:
            raise ValueError(f"there is no company {wanted['company']}")
        if wanted.get("cost_centre") and not self._shelf.get("cost_centers", wanted["cost_centre"]):
            raise ValueError(f"there is no cost centre {wanted['cost_centre']}")
        if wanted.get("manager") and not self._history.worker(str(wanted["manager"])):
            raise ValueError(f"there is no worker {wanted['manager']}")

    def _day(self, wanted: Record) -> date:
        """The day it takes effect: today when none is said; days to come and days gone by are as good."""
        said = wanted.get("effective")
        return date.fromisoformat(said) if said else datetime.date(self._now())
