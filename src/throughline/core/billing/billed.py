"""What of delivery's work an invoice that is out charges."""

from collections.abc import Collection

from throughline.core.entities import BilledWork, BilledWorkId, ExpenseId, Invoice, InvoiceState, ProjectId, TimeEntryId

ITEM, REST = "billing-item-of-", "-beyond"


def charged_lines(invoice: Invoice) -> frozenset[str]:
    """The ids of the lines it was made from. Of one that a retainer paid in part, the rest stands for all of it."""
    items = (item for line in invoice.lines for item in line.covers)
    return frozenset(item.removeprefix(ITEM).removesuffix(REST) for item in items)


def billed_work(
    invoice: Invoice, project: ProjectId, *, time_entries: Collection[str], expenses: Collection[str]
) -> BilledWork:
    """Of the lines delivery has, those the invoice charges."""
    charged = charged_lines(invoice)
    return BilledWork(
        id=BilledWorkId(f"billed-work-of-{invoice.id}"),
        project=project,
        invoice=invoice.id,
        number=invoice.number,
        issued_on=invoice.issued_on,
        time_entries=tuple(TimeEntryId(each) for each in sorted(charged.intersection(time_entries))),
        expenses=tuple(ExpenseId(each) for each in sorted(charged.intersection(expenses))),
        void=invoice.state is InvoiceState.VOID,
    )
