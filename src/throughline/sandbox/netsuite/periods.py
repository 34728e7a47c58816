"""Accounting periods: which of them take entries, for whom, and how they are locked, closed and opened again."""

from collections.abc import Iterator
from typing import Any, Literal

from throughline.sandbox.netsuite.problems import user_error
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.shelf import Record, Shelf

type Lock = Literal["ar", "all"]

PERIOD = "accountingPeriod"
# The flag of the whole account, and the task of the period close checklist, which each subsidiary has of its own.
FLAGS: dict[Lock, str] = {"ar": "arLocked", "all": "allLocked"}
TASKS: dict[Lock, str] = {"ar": "PCP_LOCK_AR", "all": "PCP_LOCK_ALL"}
_RECEIVABLES = {"invoice", "creditMemo", "customerPayment"}


def check_period(type_: RecordType, record: Record, shelf: Shelf) -> None:
    """A posting transaction needs an open period, for each of its subsidiaries.

    Where receivables are locked it takes none of those; where everything is, no transaction at all.
    """
    period = shelf.get(PERIOD, record.get("postingPeriod") or "") or period_of(shelf, record["tranDate"])
    if period is None:
        if type_.posting:
            raise user_error(
                "The transaction date you specified is not within the date range of your accounting period."
            )
        return
    if any(_refuses(type_, period, subsidiary) for subsidiary in _subsidiaries(record)):
        raise user_error(
            f"This transaction is in a closed or locked period ({period['periodName']}). You cannot create, edit or"
            " delete transactions in it."
        )
    if type_.posting:
        record["postingPeriod"] = period["id"]


def period_of(shelf: Shelf, day: str) -> Record | None:
    return next((each for each in months(shelf) if each["startDate"] <= day <= each["endDate"]), None)


def months(shelf: Shelf) -> list[Record]:
    """The periods that transactions are posted to, in order of time; not the quarters and years above them."""
    base = (each for each in shelf.all(PERIOD).values() if not (each.get("isYear") or each.get("isQuarter")))
    return sorted(base, key=lambda each: each["startDate"])


def named(shelf: Shelf, said: str) -> Record:
    """By its id or its name."""
    found = next((each for each in months(shelf) if said in {each["id"], each["periodName"]}), None)
    if found is None:
        raise user_error(f"There is no accounting period {said}: give its name, such as Nov 2026, or its id.")
    return found


def is_locked(period: Record, lock: Lock, subsidiary: str) -> bool:
    return bool(period.get(FLAGS[lock])) or subsidiary in period.get("locks", {}).get(lock, [])


def locked(period: Record, lock: Lock, subsidiary: str | None, *, shelf: Shelf) -> Record:
    """The period with this lock put on, for one subsidiary or for all."""
    if subsidiary is None:
        return {**period, FLAGS[lock]: True}
    kept: dict[str, list[str]] = period.get("locks", {})
    held = sorted({*kept.get(lock, []), subsidiary})
    everybody = {id_ for id_, each in shelf.all("subsidiary").items() if not each.get("isElimination")}
    return {**period, "locks": {**kept, lock: held}, FLAGS[lock]: everybody <= set(held)}


def closed(period: Record, at: str) -> Record:
    return {**period, "closed": True, "closedOnDate": at}


def reopened(period: Record) -> Record:
    """Without any lock, as somebody who reopens a period to post into it would leave it."""
    kept = {name: value for name, value in period.items() if name not in {"closedOnDate", "locks"}}
    return {**kept, "closed": False, **dict.fromkeys(FLAGS.values(), False)}


def tasks(shelf: Shelf) -> Iterator[Record]:
    """The locks of the period close checklists: one row for each period, subsidiary and task."""
    number = 0
    for period in months(shelf):
        for subsidiary in shelf.all("subsidiary"):
            for lock, task in TASKS.items():
                number += 1
                done = bool(period.get("closed")) or is_locked(period, lock, subsidiary)
                row: Record = {"id": str(number), "period": period["id"], "subsidiary": subsidiary}
                yield {**row, "itemType": task, "complete": done}


def _refuses(type_: RecordType, period: Record, subsidiary: str) -> bool:
    if is_locked(period, "all", subsidiary) or (type_.posting and period.get("closed")):
        return True
    return type_.name in _RECEIVABLES and is_locked(period, "ar", subsidiary)


def _subsidiaries(record: Record) -> set[str]:
    lines: list[dict[str, Any]] = record.get("line", [])
    return {record.get("subsidiary", ""), *(line["lineSubsidiary"] for line in lines if line.get("lineSubsidiary"))}
