"""A write-off in NetSuite: a journal entry against bad debt, and an empty payment that uses it on the invoice."""

from decimal import Decimal
from typing import Any

from throughline.connectors.netsuite import records
from throughline.core.connector import Http, Sent
from throughline.core.errors import Hold
from throughline.core.forms import Record
from throughline.core.mapping import Mapping

ACCOUNTS = ("write_off_account", "receivables_account")


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """Both by external ids of ours, so that all of it may be repeated; the same entry is never used twice."""
    if sent.key:
        return await _reworded(http, mapping, sent, sent.key)
    there = await records.read(http, mapping.resource, f"eid:{sent.id}")
    invoice = await _invoice(http, str(sent.record.get("custbody_throughline_write_off", "")))
    if there is None:
        _refuse_what_cannot_be_used(invoice, sent.record)
    journal = await records.upsert(http, mapping.resource, sent.id, _journal(sent.record, invoice, _accounts(http)))
    await records.upsert(http, "customerPayment", f"{sent.id}-applied", _application(sent.record, invoice, journal))
    return journal


async def _reworded(http: Http, mapping: Mapping, sent: Sent, key: str) -> str:
    """What is in the books stays there as it is, but for what is said about it."""
    if changed := sorted(sent.record.keys() - {"memo"}):
        raise Hold(
            f"Write-off {key} is in the books: {', '.join(changed)} cannot be changed there",
            fix="Reverse its journal entry in NetSuite, and decide on a new write-off.",
        )
    await http.call("PATCH", f"{records.RECORDS}/{mapping.resource}/{key}", json=sent.record, headers=records.STRICT)
    return key


async def _invoice(http: Http, key: str) -> Record:
    found = await records.read(http, "invoice", key) if key else None
    if found is None:
        raise Hold(
            "A write-off in NetSuite takes something off an invoice, and this one names none that is there",
            fix="Name the invoice, or write the work off before it is billed; then release.",
        )
    return found


def _refuse_what_cannot_be_used(invoice: Record, record: Record) -> None:
    """Before anything is written: an entry that cannot be used would stay in the books, half of a write-off."""
    amount, left = Decimal(record["total"]), Decimal(invoice["amountRemaining"])
    if amount > left:
        raise Hold(
            f"{amount} cannot be written off invoice {invoice['tranId']}, of which {left} is open",
            fix="Correct the amount, or drop the write-off because the invoice was settled meanwhile.",
        )
    if (theirs := invoice["currency"]["id"]) != (ours := record["currency"]["id"]):
        raise Hold(
            f"The write-off is in currency {ours}, and invoice {invoice['tranId']} in currency {theirs}",
            fix="Decide on the write-off in the currency of the invoice.",
        )


def _accounts(http: Http) -> dict[str, str]:
    if lacking := [name for name in ACCOUNTS if not http.settings.get(name)]:
        raise Hold(
            f"Nobody said which account of NetSuite a write-off goes to: {' and '.join(lacking)} is not set",
            fix="Add the internal ids to settings in the file of this system in systems/, then release.",
        )
    return {name: http.settings[name] for name in ACCOUNTS}


def _journal(record: Record, invoice: Record, accounts: dict[str, str]) -> Record:
    """The customer's receivables are credited, bad debt is debited."""
    amount, customer = record["total"], {"id": invoice["entity"]["id"]}
    kept = {name: record[name] for name in ("tranDate", "memo", "currency") if name in record}
    lines: list[dict[str, Any]] = [
        {"account": {"id": accounts["write_off_account"]}, "debit": amount},
        {"account": {"id": accounts["receivables_account"]}, "credit": amount, "entity": customer},
    ]
    marked = {"custbody_throughline_write_off": str(invoice["id"])}
    return {**kept, **marked, "subsidiary": {"id": invoice["subsidiary"]["id"]}, "line": {"items": lines}}


def _application(record: Record, invoice: Record, journal: str) -> Record:
    amount = record["total"]
    return {
        "customer": {"id": invoice["entity"]["id"]},
        "currency": record["currency"],
        "tranDate": record["tranDate"],
        "payment": 0,
        "apply": {"items": [{"doc": {"id": str(invoice["id"])}, "apply": True, "amount": amount}]},
        "credit": {"items": [{"doc": {"id": journal}, "apply": True, "amount": amount}]},
    }
