"""The few things that have an address of their own: deciding on a timesheet, cancelling an invoice."""

from throughline.sandbox.kantata.consequences import follow
from throughline.sandbox.kantata.errors import Refused, invalid
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.schema import COLLECTIONS

OUTCOMES = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}


def decide(records: Records, id_: str, action: str, actor: str, description: str | None = None) -> Record:
    """Approval makes the time billable for good; anything else gives it back to be submitted again."""
    sheets, entries = COLLECTIONS["timesheet_submissions"], COLLECTIONS["time_entries"]
    sheet = records.get(sheets, id_)
    if sheet["status"] != "submitted":
        raise Refused(422, [invalid("status", f"A timesheet that is {sheet['status']} cannot be {OUTCOMES[action]}")])
    for entry in list(records.ledger.reader().by("time_entries", "active_submission_id", id_)):
        still = id_ if action == "approve" else None
        records.ledger.change(entries, entry, actor, approved=action == "approve", active_submission_id=still)
    fields = {"status": OUTCOMES[action], "current_resolution_description": description}
    return records.ledger.change(sheets, sheet, actor, **fields)


def cancel_invoice(records: Records, id_: str, actor: str) -> Record:
    invoices = COLLECTIONS["invoices"]
    invoice = records.ledger.change(invoices, records.get(invoices, id_), actor, status="canceled", balance_in_cents=0)
    follow(records, invoices, invoice, {}, actor, new=False)
    return records.get(invoices, id_)
