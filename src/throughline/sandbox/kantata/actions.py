"""The few things that have an address of their own: deciding on what was handed in, cancelling an invoice."""

from throughline.sandbox.kantata.consequences import follow
from throughline.sandbox.kantata.errors import Refused, invalid
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.schema import COLLECTIONS
from throughline.sandbox.kantata.schema.approvals import HANDED_IN
from throughline.sandbox.kantata.schema.shape import Collection

OUTCOMES = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}


def decide(
    records: Records, sheets: Collection, id_: str, action: str, *, actor: str, description: str | None = None
) -> Record:
    """Approval makes what was handed in billable; anything else gives it back to be submitted again."""
    sheet = records.get(sheets, id_)
    if sheet["status"] != "submitted":
        raise Refused(422, [invalid("status", f"What is {sheet['status']} cannot be {OUTCOMES[action]}")])
    kind = HANDED_IN[sheets.name]
    for item in list(records.ledger.reader().by(kind, "active_submission_id", id_)):
        told: Record = {} if action == "approve" else {"active_submission_id": None}
        # Only time says of itself that it was approved; an expense leaves that to its report.
        if kind == "time_entries":
            told["approved"] = action == "approve"
        records.ledger.change(COLLECTIONS[kind], item, actor, **told)
    fields = {
        "status": OUTCOMES[action],
        "current_resolution_description": description,
        "current_resolution_creator_id": actor,
        "current_resolution_created_at_date": records.ledger.now().date().isoformat(),
    }
    return records.ledger.change(sheets, sheet, actor, **fields)


def cancel_invoice(records: Records, id_: str, actor: str) -> Record:
    invoices = COLLECTIONS["invoices"]
    invoice = records.ledger.change(invoices, records.get(invoices, id_), actor, status="canceled", balance_in_cents=0)
    follow(records, invoices, invoice, {}, actor, new=False)
    return records.get(invoices, id_)
