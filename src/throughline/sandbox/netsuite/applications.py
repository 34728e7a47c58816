"""What is used on what: payments and credit memos on invoices, journal entries on invoices through a payment."""

from decimal import Decimal

from throughline.sandbox.netsuite.problems import user_error
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

_APPLYING = ("customerPayment", "creditMemo")
_NOTHING = Decimal(0)


def paid(shelf: Shelf, invoice: str, *, but: str = "") -> Decimal:
    """What is applied to this invoice, by payments and by credit memos; `but` is a record left out of account."""
    return sum((_used(record, "apply", invoice) for record in _applying(shelf) if record["id"] != but), _NOTHING)


def concerned(*versions: Record) -> list[str]:
    """The invoices these versions of a record are applied to."""
    return list({line["doc"]: None for version in versions for line in version.get("apply", [])})


def apply(type_: RecordType, record: Record, shelf: Shelf) -> None:
    """Complete the lines that say what this is used on, and refuse more than there is on either side."""
    gross = Decimal(record["payment"] if type_.name == "customerPayment" else record["total"])
    available = gross + _borrowed(record, shelf)
    applied = _NOTHING
    for line in _ticked(record, "apply"):
        open_amount = _open(shelf, line["doc"], record)
        amount = Decimal(line.setdefault("amount", plain(max(_NOTHING, min(available - applied, open_amount)))))
        if amount > open_amount:
            raise user_error(f"The amount applied ({plain(amount)}) exceeds the amount due ({plain(open_amount)}).")
        applied += amount
    if applied > available:
        raise user_error("The amount applied is greater than the payment amount.")
    record["applied"], record["unapplied"] = plain(applied), plain(available - applied)
    if type_.name == "creditMemo":
        record["amountRemaining"], record["status"] = record["unapplied"], "A" if applied < available else "B"


def _borrowed(record: Record, shelf: Shelf) -> Decimal:
    """What a payment takes from journal entries."""
    borrowed = _NOTHING
    for line in _ticked(record, "credit"):
        left = _left(shelf, line["doc"], record)
        amount = Decimal(line.setdefault("amount", plain(left)))
        if amount > left:
            raise user_error(f"The credit applied ({plain(amount)}) exceeds what is left of it ({plain(left)}).")
        borrowed += amount
    return borrowed


def _open(shelf: Shelf, invoice: str, record: Record) -> Decimal:
    """What of an invoice this record may settle: of its own customer and currency only."""
    found = shelf.all("invoice")[invoice]
    customer = record.get("entity") or record.get("customer")
    if (found["entity"], found["currency"]) != (customer, record["currency"]):
        raise user_error(f"Invoice {invoice} is of another customer or in another currency.")
    return Decimal(found["total"]) - paid(shelf, invoice, but=record["id"])


def _left(shelf: Shelf, journal: str, record: Record) -> Decimal:
    """What a journal entry credits the customer's receivables with, less what other payments took of it."""
    receivables = {id_ for id_, account in shelf.all("account").items() if account["acctType"] == "AcctRec"}
    found = shelf.all("journalEntry")[journal]
    if found["currency"] != record["currency"]:
        raise user_error(f"Journal entry {journal} is in another currency.")
    credited = (
        Decimal(line.get("credit", "0")) - Decimal(line.get("debit", "0"))
        for line in found["line"]
        if line["account"] in receivables and line.get("entity") == record["customer"]
    )
    others = (other for other in shelf.all("customerPayment").values() if other["id"] != record["id"])
    return sum(credited, _NOTHING) - sum((_used(other, "credit", journal) for other in others), _NOTHING)


def _applying(shelf: Shelf) -> list[Record]:
    return [record for kind in _APPLYING for record in shelf.all(kind).values()]


def _ticked(record: Record, sublist: str) -> list[Record]:
    return [line for line in record.get(sublist, []) if line.get("apply")]


def _used(record: Record, sublist: str, doc: str) -> Decimal:
    return sum((Decimal(line["amount"]) for line in _ticked(record, sublist) if line["doc"] == doc), _NOTHING)
