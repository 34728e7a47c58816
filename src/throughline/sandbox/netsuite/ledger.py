"""The control interface's view of the books: what was invoiced, credited, received and written off, to the cent."""

from decimal import Decimal
from typing import Any

from throughline.sandbox.netsuite.problems import user_error
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

_COUNTED = ("invoiced", "net", "tax", "credited", "received", "unapplied", "written_off", "open")


def books(shelf: Shelf) -> list[dict[str, Any]]:
    """One row per subsidiary and currency. `open` is what the invoices say is left of them."""
    rows: dict[tuple[str, str], dict[str, Decimal]] = {}

    def add(record: Record, **amounts: str) -> None:
        row = rows.setdefault((record["subsidiary"], record["currency"]), dict.fromkeys(_COUNTED, Decimal(0)))
        for name, amount in amounts.items():
            row[name] += Decimal(amount)

    for each in shelf.all("invoice").values():
        add(each, invoiced=each["total"], net=each["subtotal"], tax=each["taxTotal"], open=each["amountRemaining"])
    for each in shelf.all("creditMemo").values():
        add(each, credited=each["total"], unapplied=each["unapplied"])
    for each in shelf.all("customerPayment").values():
        add(each, received=each["payment"], unapplied=each["unapplied"])
    for each in shelf.all("journalEntry").values():
        if each.get("custbody_throughline_write_off"):
            add(each, written_off=each["total"])
    return [_shown(shelf, *place, row) for place, row in sorted(rows.items())]


def payment_of(shelf: Shelf, invoice: str, amount: object) -> dict[str, Any]:
    """The record of a payment of an invoice, named by its id, number or external id; whole when no amount is said."""
    found = invoice_called(shelf, invoice)
    paying = str(amount or found["amountRemaining"])
    line = {"doc": {"id": found["id"]}, "amount": paying}
    return {
        "customer": {"id": found["entity"]},
        "currency": {"id": found["currency"]},
        "payment": paying,
        "apply": {"items": [line]},
    }


def invoice_called(shelf: Shelf, name: str) -> Record:
    found = next((each for each in shelf.all("invoice").values() if name in _names(each)), None)
    if found is None:
        raise user_error(f"There is no invoice {name}: give its number, its id or its external id.")
    return found


def _names(invoice: Record) -> tuple[str | None, ...]:
    return invoice["id"], invoice["tranId"], invoice.get("externalId")


def _shown(shelf: Shelf, subsidiary: str, currency: str, row: dict[str, Decimal]) -> dict[str, Any]:
    names = {
        "subsidiary": shelf.all("subsidiary")[subsidiary]["name"],
        "currency": shelf.all("currency")[currency]["symbol"],
    }
    return {**names, **{name: plain(amount) for name, amount in row.items()}}
