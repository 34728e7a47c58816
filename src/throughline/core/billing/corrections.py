"""Taking back what was charged: credit memos and write-offs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from throughline.core.billing.checks import refuse_unapproved
from throughline.core.entities import (
    Approval,
    CreditMemo,
    CreditMemoId,
    Invoice,
    InvoiceLine,
    WriteOff,
    WriteOffId,
)
from throughline.core.errors import Hold
from throughline.core.money import Money, total


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, why, and for which day of the books. `number` tells several corrections of one invoice apart."""

    number: int
    day: date
    reason: str
    approval: Approval | None


def credit(
    invoice: Invoice, taken: Mapping[str, Money], decision: Decision, *, before: Mapping[str, Money]
) -> CreditMemo:
    """Take back amounts of some lines, with their tax; with what was taken `before`, at most what was billed."""
    refuse_unapproved(decision.approval)
    lines = tuple(
        _credited(_line(key, invoice), amount, before.get(key) or Money.zero(invoice.currency), invoice)
        for key, amount in sorted(taken.items())
    )
    net = total((line.amount for line in lines), invoice.currency)
    tax = total((line.tax for line in lines if line.tax), invoice.currency)
    return CreditMemo(
        id=CreditMemoId(f"credit-of-{invoice.id}-{decision.number}"),
        customer=invoice.customer,
        invoice=invoice.id,
        legal_entity=invoice.legal_entity,
        currency=invoice.currency,
        issued_on=decision.day,
        reason=decision.reason,
        total=net + tax,
        tax=tax,
        approval=decision.approval,
        lines=lines,
    )


def write_off(invoice: Invoice, amount: Money, decision: Decision) -> WriteOff:
    """Give up what a customer will not pay: at most what is still open."""
    refuse_unapproved(decision.approval)
    if invoice.open_amount is None or not 0 < amount.amount <= invoice.open_amount.amount:
        raise Hold(
            f"{amount} cannot be written off: {invoice.open_amount or 'nothing known'} is open on {_named(invoice)}",
            fix="Write off at most what is open; wait for the ledger's figure if there is none.",
            amount=amount,
        )
    return WriteOff(
        id=WriteOffId(f"write-off-of-{invoice.id}-{decision.number}"),
        customer=invoice.customer,
        invoice=invoice.id,
        amount=amount,
        day=decision.day,
        reason=decision.reason,
        approval=decision.approval,
    )


def _line(key: str, invoice: Invoice) -> InvoiceLine:
    found = [line for line in invoice.lines if line.key == key]
    if len(found) != 1:
        raise Hold(f"{_named(invoice)} has {len(found)} lines {key}", fix="Name one line of the invoice.")
    return found[0]


def _credited(line: InvoiceLine, amount: Money, before: Money, invoice: Invoice) -> InvoiceLine:
    left = line.amount - before
    if not 0 < amount.amount <= left.amount or amount != amount.rounded():
        raise Hold(
            f"{amount} cannot be taken back from line {line.key} of {_named(invoice)}: {left} of it is left",
            fix="Credit at most what is left, in whole cents.",
            amount=amount,
        )
    tax = _tax_until(line, before + amount) - _tax_until(line, before) if line.tax else None
    # One piece at its amount: a ledger that multiplies finds the same.
    return line.model_copy(update={"quantity": Decimal(1), "unit_price": amount, "amount": amount, "tax": tax})


def _tax_until(line: InvoiceLine, credited: Money) -> Money:
    """The tax on the first part of a line: several credits of it never add up to more tax, or less, than it had."""
    tax = line.tax or Money.zero(line.amount.currency)
    return tax.allocate([credited.amount, (line.amount - credited).amount])[0]


def _named(invoice: Invoice) -> str:
    return f"invoice {invoice.number or invoice.id}"
