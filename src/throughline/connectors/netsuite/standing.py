"""What a record of NetSuite's receivables amounts to: where an invoice stands, what a payment is for. Pure."""

from decimal import Decimal

from throughline.connectors.netsuite import intercompany
from throughline.core.forms import Record


def seen(resource: str, record: Record) -> Record | None:
    """The record with what its fields mean together; None for one that is not what its resource is to us."""
    match resource:
        case "invoice":
            return {**record, "standing": standing(record)}
        case "creditMemo":
            return _with_invoice(record)
        case "customerPayment":
            return _payment(record)
        case "journalEntry":
            return _write_off(record)
        case "advInterCompanyJournalEntry":
            return intercompany.flat(record)
        case _:
            return record


def standing(invoice: Record) -> str:
    """NetSuite knows open, paid and voided; the rest is in its amounts, its approval and the stamp of the script."""
    status, approval = ((invoice.get(name) or {}).get("id") for name in ("status", "approvalStatus"))
    if status == "V":
        return "void"
    if approval == "1":
        return "draft"
    if status == "B":
        return "paid"
    if status != "A":
        return f"status {status}"  # not one we know: the mapping refuses it
    if Decimal(invoice.get("amountPaid", 0)) > 0:
        return "partly_paid"
    return "sent" if invoice.get("custbody_throughline_sent_on") else "posted"


def ticked(record: Record, sublist: str) -> list[Record]:
    """The lines in use: NetSuite also shows those it merely offers."""
    held = record.get(sublist)
    lines = held.get("items", []) if isinstance(held, dict) else []
    return [line for line in lines if line.get("apply")]


def _with_invoice(memo: Record) -> Record:
    """One entered by hand names its invoice only where it is applied."""
    docs = [line["doc"] for line in ticked(memo, "apply")]
    return memo if memo.get("createdFrom") or len(docs) != 1 else {**memo, "createdFrom": docs[0]}


def _payment(payment: Record) -> Record | None:
    """A payment of nothing only moves a credit onto an invoice; no money came in."""
    if not Decimal(payment.get("payment", 0)):
        return None
    return {**payment, "apply": {"items": ticked(payment, "apply")}}


def _write_off(journal: Record) -> Record | None:
    """The accountants' own entries are none of our write-offs."""
    if not journal.get("custbody_throughline_write_off"):
        return None
    named = (line["entity"] for line in journal.get("line", {}).get("items", []) if line.get("entity"))
    return {**journal, "customer": next(named, None) or {}}
