"""Journal entries: in one subsidiary, or between several of them, and in balance in each."""

from decimal import Decimal
from typing import Any

from throughline.sandbox.netsuite.problems import missing, user_error
from throughline.sandbox.netsuite.rates import rate_on
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

_NOTHING = Decimal(0)


def check_journal(record: Record, shelf: Shelf) -> None:
    """In one subsidiary, in its currency unless said otherwise, and in balance."""
    if not record.get("subsidiary"):
        raise missing(["Subsidiary"])
    record.setdefault("currency", shelf.all("subsidiary")[record["subsidiary"]]["currency"])
    lines = _lines(record)
    if _net(lines):
        raise user_error("The amounts in a journal entry must balance.")
    record["total"] = plain(_sum(lines, "debit"))


def check_intercompany(record: Record, shelf: Shelf) -> None:
    """Between subsidiaries: the first line is of the one it begins in, and each of them is in balance by itself."""
    if not record.get("subsidiary"):
        raise missing(["Subsidiary"])
    record.setdefault("currency", shelf.all("subsidiary")[record["subsidiary"]]["currency"])
    lines = _lines(record)
    if absent := next((line for line in lines if not line.get("lineSubsidiary")), None):
        raise user_error(f"Please enter value(s) for: Subsidiary (line {absent['line']})")
    if lines[0]["lineSubsidiary"] != record["subsidiary"]:
        raise user_error("The Subsidiary in the first line is restricted to From Subsidiary.")
    taking_part = list(dict.fromkeys(line["lineSubsidiary"] for line in lines))
    if len(taking_part) == 1:
        raise user_error("An intercompany journal entry must have lines of at least two subsidiaries.")
    for subsidiary in taking_part:
        _refuse_imbalance([line for line in lines if line["lineSubsidiary"] == subsidiary], subsidiary, shelf)
    for line in lines:
        line.setdefault("lineFxRate", _rate(record, line["lineSubsidiary"], shelf))
    record["total"] = plain(_sum(lines, "debit"))


def _lines(record: Record) -> list[dict[str, Any]]:
    if not record.get("line"):
        raise user_error("You must enter at least one line item for this transaction.")
    return record["line"]


def _refuse_imbalance(lines: list[dict[str, Any]], subsidiary: str, shelf: Shelf) -> None:
    if net := _net(lines):
        name = shelf.all("subsidiary")[subsidiary]["name"]
        by = f"{name} is out of balance by {plain(net)}."
        raise user_error(f"The amounts in a journal entry must balance for each subsidiary. {by}")


def _rate(record: Record, subsidiary: str, shelf: Shelf) -> str:
    """From the currency of the journal into that of the line's books."""
    base = shelf.all("subsidiary")[subsidiary]["currency"]
    found = rate_on(shelf, record["tranDate"], source=record["currency"], base=base)
    if found is None:
        names = [shelf.all("currency")[each]["symbol"] for each in (record["currency"], base)]
        raise user_error(f"There is no exchange rate from {names[0]} to {names[1]} on {record['tranDate']}.")
    return found


def _net(lines: list[dict[str, Any]]) -> Decimal:
    return _sum(lines, "debit") - _sum(lines, "credit")


def _sum(lines: list[dict[str, Any]], side: str) -> Decimal:
    return sum((Decimal(line.get(side, "0")) for line in lines), _NOTHING)
