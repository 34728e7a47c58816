"""What became of what was billed: what is open, what is late, how long a customer takes to pay, what is still to bill.

Everything that shows these figures takes them from here: the CRM, the PSA, the API and the pages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from throughline.core.entities import Contract, ContractState, CreditMemo, Invoice, InvoiceState
from throughline.core.errors import Hold
from throughline.core.events import OWED
from throughline.core.money import Money, total

# A quarter: shorter, and one large invoice moves it; longer, and nobody sees a customer getting slower.
DSO_DAYS = 90
TENTH = Decimal("0.1")
OVER = frozenset({ContractState.COMPLETED, ContractState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What some invoices come to, in one currency and with tax. What is settled was paid, credited or written off."""

    billed: Money
    credited: Money
    open_amount: Money
    overdue: Money

    @property
    def settled(self) -> Money:
        return self.billed - self.open_amount


def standing(invoices: Sequence[Invoice], memos: Iterable[CreditMemo], *, currency: str, today: date) -> Standing:
    """Of invoices that are out; a draft is nobody's debt yet."""
    owed = [each for each in invoices if is_out(each)]
    theirs = {each.id for each in owed}
    return Standing(
        billed=total((_known(each, "total") for each in owed), currency),
        credited=total((each.total for each in memos if each.invoice in theirs), currency),
        open_amount=total((_known(each, "open_amount") for each in owed), currency),
        overdue=total((_known(each, "open_amount") for each in owed if is_overdue(each, today=today)), currency),
    )


def is_out(invoice: Invoice) -> bool:
    return invoice.state in OWED


def is_overdue(invoice: Invoice, *, today: date) -> bool:
    """The due day itself is in time."""
    return (
        is_out(invoice) and invoice.state is not InvoiceState.PAID and bool(invoice.due_on and invoice.due_on < today)
    )


def days_sales_outstanding(
    invoices: Sequence[Invoice], memos: Iterable[CreditMemo], *, currency: str, today: date
) -> Decimal | None:
    """For how many days of sales the customer owes us; nobody can say it of one that was billed nothing lately."""
    since = today - timedelta(days=DSO_DAYS)
    recent = [each for each in invoices if is_out(each) and each.issued_on and since < each.issued_on <= today]
    taken_back = (each.total for each in memos if each.issued_on and since < each.issued_on <= today)
    sold = total((_known(each, "total") for each in recent), currency) - total(taken_back, currency)
    if sold.amount <= 0:
        return None
    open_amount = standing(invoices, (), currency=currency, today=today).open_amount
    return (open_amount.amount / sold.amount * DSO_DAYS).quantize(TENTH)


def backlog(contract: Contract, invoices: Iterable[Invoice], memos: Iterable[CreditMemo]) -> Money:
    """What is contracted and not billed, before tax; what is over leaves nothing to bill."""
    if contract.state in OVER:
        return Money.zero(contract.currency)
    owed = [each for each in invoices if is_out(each)]
    theirs = {each.id for each in owed}
    billed = total((_known(each, "net") for each in owed), contract.currency)
    credited = total((_net(each) for each in memos if each.invoice in theirs), contract.currency)
    return max(contract.value - billed + credited, Money.zero(contract.currency))


def in_words(invoices: Iterable[Invoice], stands: Standing, *, today: date) -> str:
    """One line: what is open and late, and each invoice, the newest first."""
    said = f"open {stands.open_amount}" if not stands.open_amount.is_zero else "nothing open"
    late = f", overdue {stands.overdue}" if not stands.overdue.is_zero else ""
    owed = sorted((each for each in invoices if is_out(each)), key=lambda each: (each.issued_on or date.min, each.id))
    return "; ".join([f"{said}{late}", *(_told(each, today) for each in reversed(owed))])[:255]


def _told(invoice: Invoice, today: date) -> str:
    name = invoice.number or invoice.id
    if is_overdue(invoice, today=today):
        return f"{name} overdue since {invoice.due_on}"
    return f"{name} {(invoice.state or InvoiceState.DRAFT).value.replace('_', ' ')}"


def _net(memo: CreditMemo) -> Money:
    if memo.tax is None:
        raise _unsaid(f"Credit memo {memo.number or memo.id}", "tax")
    return memo.total - memo.tax


def _known(invoice: Invoice, field: str) -> Money:
    said: Money | None = getattr(invoice, field)
    if said is None:
        raise _unsaid(f"Invoice {invoice.number or invoice.id}", field.replace("_", " "))
    return said


def _unsaid(document: str, field: str) -> Hold:
    return Hold(
        f"{document} is out and shows no {field}, so nobody can say what it comes to",
        fix="Look at it in the ledger; the run goes on by itself when it is read again.",
    )
