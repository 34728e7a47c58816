"""What an account insists on: defaults, required fields, subsidiaries, currencies and accounting periods."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from throughline.sandbox.netsuite.amounts import reckon, settle_invoice
from throughline.sandbox.netsuite.applications import apply, paid
from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.journals import check_intercompany, check_journal
from throughline.sandbox.netsuite.periods import check_period
from throughline.sandbox.netsuite.problems import invalid_value, missing, user_error
from throughline.sandbox.netsuite.schema import Field, RecordType
from throughline.sandbox.shelf import Record, Shelf


@dataclass(frozen=True, slots=True)
class Books:
    """What a rule may look at."""

    shelf: Shelf
    next_number: Callable[[str], int]
    today: Callable[[], date]


def complete(type_: RecordType, record: Record, books: Books) -> None:
    """Fill in what is derived, then refuse what is missing or does not fit together."""
    if rule := _RULES.get(type_.name):
        rule(type_, record, books)
    _require(type_, record)
    _check_subsidiaries(type_, record, books.shelf)
    if type_.family == "transaction":
        check_period(type_, record, books.shelf)
        if type_.sublist("item"):
            reckon(books.shelf, record)
        if type_.sublist("apply"):
            apply(type_, record, books.shelf)
        if type_.name == "invoice":
            settle_invoice(record, paid(books.shelf, record["id"]))


def _customer(type_: RecordType, record: Record, books: Books) -> None:
    _number_entity(type_, record, books)
    needed = ("firstName", "lastName") if record.get("isPerson") else ("companyName",)
    absent = [field.title for field in type_.fields if field.name in needed and not record.get(field.name)]
    if not record.get("subsidiary"):
        absent.append("Primary Subsidiary")
    if absent:
        raise missing(absent)
    if not record.get("currency"):
        record["currency"] = books.shelf.all("subsidiary")[record["subsidiary"]]["currency"]


def _job(type_: RecordType, record: Record, books: Books) -> None:
    _number_entity(type_, record, books)
    if customer := books.shelf.get("customer", record.get("parent") or ""):
        record["subsidiary"] = record.get("subsidiary") or customer["subsidiary"]
        record["currency"] = record.get("currency") or customer["currency"]


def _sale(type_: RecordType, record: Record, books: Books) -> None:
    _number_transaction(type_, record, books)
    if not record.get("entity"):
        raise missing(["Customer"])
    customer = books.shelf.all("customer")[record["entity"]]
    _belong_together(record, customer)
    if not record.get("item"):
        raise user_error("You must enter at least one line item for this transaction.")
    if type_.name == "invoice" and not record.get("dueDate"):
        term = books.shelf.get("term", record.get("terms") or customer.get("terms") or "")
        days = int(Decimal(term["daysUntilNetDue"])) if term else 0
        record["dueDate"] = (date.fromisoformat(record["tranDate"]) + timedelta(days=days)).isoformat()


def _payment(type_: RecordType, record: Record, books: Books) -> None:
    _number_transaction(type_, record, books)
    if not record.get("customer") or not record.get("payment"):
        raise missing(
            [title for name, title in (("customer", "Customer"), ("payment", "Payment Amount")) if not record.get(name)]
        )
    _belong_together(record, books.shelf.all("customer")[record["customer"]])
    record["total"] = record["payment"]


def _journal(type_: RecordType, record: Record, books: Books) -> None:
    _number_transaction(type_, record, books)
    check_journal(record, books.shelf)


def _intercompany(type_: RecordType, record: Record, books: Books) -> None:
    _number_transaction(type_, record, books)
    check_intercompany(record, books.shelf)


def _belong_together(record: Record, customer: Record) -> None:
    """A transaction is in its customer's subsidiary, and in one of its customer's currencies."""
    subsidiary = record.setdefault("subsidiary", customer["subsidiary"])
    if subsidiary != customer["subsidiary"]:
        raise user_error(f"Invalid subsidiary reference key {subsidiary} for entity {customer['id']}.")
    currency = record.setdefault("currency", customer["currency"])
    if currency not in {customer["currency"], *(line["currency"] for line in customer.get("currencyList", []))}:
        raise user_error(f"Invalid currency reference key {currency} for entity {customer['id']}.")


def _number_entity(type_: RecordType, record: Record, books: Books) -> None:
    if not record.get("entityId"):
        record["entityId"] = f"{type_.prefix}{books.next_number(type_.name)}"


def _number_transaction(type_: RecordType, record: Record, books: Books) -> None:
    if not record.get("tranId"):
        record["tranId"] = f"{type_.prefix}{books.next_number(type_.name)}"
    if not record.get("tranDate"):
        record["tranDate"] = books.today().isoformat()


def _require(type_: RecordType, record: Record) -> None:
    absent = [field.title for field in type_.fields if field.required and record.get(field.name) in (None, "")]
    for sublist in type_.sublists:
        for line in record.get(sublist.name, []):
            absent += [field.title for field in sublist.fields if field.required and line.get(field.name) is None]
    if absent:
        raise missing(absent)


def _check_subsidiaries(type_: RecordType, record: Record, shelf: Shelf) -> None:
    """A department or a tax code of another subsidiary is as wrong as one that does not exist."""
    subsidiary = record.get("subsidiary")
    for path, field, id_ in _references(type_, record):
        if subsidiary and field.in_subsidiary and subsidiary not in _open_to(shelf.get(field.to, id_), subsidiary):
            raise invalid_value(id_, field.name, path)


def _references(type_: RecordType, record: Record) -> Iterator[tuple[str, Field, str]]:
    rows: list[tuple[str, tuple[Field, ...], dict[str, Any]]] = [("", type_.fields, record)]
    for sublist in type_.sublists:
        lines = enumerate(record.get(sublist.name, []))
        rows += [(f"{sublist.name}.items[{at}].", sublist.fields, line) for at, line in lines]
    for prefix, fields, values in rows:
        for field in fields:
            if field.kind == "reference" and values.get(field.name):
                yield prefix + field.name, field, values[field.name]


def _open_to(target: Record | None, subsidiary: str) -> list[str]:
    named = (target or {}).get("subsidiary")
    return named if isinstance(named, list) else [named or subsidiary]  # pyright: ignore[reportUnknownVariableType] - a record is Any


def referrers(shelf: Shelf, type_: RecordType, id_: str) -> Iterator[tuple[RecordType, str]]:
    """Every record that points at this one."""
    for other in TYPES.values():
        for record in shelf.all(other.name).values():
            if any(field.to == type_.name and value == id_ for _, field, value in _references(other, record)):
                yield other, record["id"]


_RULES: dict[str, Callable[[RecordType, Record, Books], None]] = {
    "customer": _customer,
    "job": _job,
    "salesOrder": _sale,
    "invoice": _sale,
    "creditMemo": _sale,
    "customerPayment": _payment,
    "journalEntry": _journal,
    "advInterCompanyJournalEntry": _intercompany,
}
