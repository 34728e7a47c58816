"""What settles an invoice: customer payments and credit memos."""

from throughline.sandbox.netsuite.schema import (
    COMMON,
    Field,
    RecordType,
    Sublist,
    choice,
    day,
    flag,
    number,
    ref,
    text,
)
from throughline.sandbox.netsuite.schema_transactions import HEAD, ITEMS

PAYMENT_STATUS = {"C": "Not Deposited", "V": "Voided"}
CREDIT_STATUS = {"A": "Open", "B": "Fully Applied", "V": "Voided"}


def _applied(name: str, title: str, to: str) -> Sublist:
    """Which documents something is used on. An amount that is not given is as much as there is on both sides."""
    return Sublist(
        name=name,
        title=title,
        key="doc",
        fields=(
            Field(name="doc", title=title, kind="reference", to=to, required=True),
            flag("apply", "Apply", default=True),
            number("amount", "Amount"),
        ),
    )


_APPLY = _applied("apply", "Invoice", "invoice")

PAYMENT = RecordType(
    name="customerPayment",
    title="Payment",
    family="transaction",
    label="Payment #{tranId}",
    code="CustPymt",
    prefix="PYMT",
    posting=True,
    fields=(
        *COMMON,
        text("tranId", "Payment #", length=45),
        day("tranDate", "Date"),
        ref("customer", "Customer", "customer", required=True),
        ref("subsidiary", "Subsidiary", "subsidiary"),
        ref("currency", "Currency", "currency"),
        number("payment", "Payment Amount", required=True),
        ref("postingPeriod", "Posting Period", "accountingPeriod"),
        text("memo", "Memo", length=999),
        text("otherRefNum", "Reference #", length=45),
        choice("status", "Status", PAYMENT_STATUS, read_only=True, default="C"),
        flag("undepFunds", "Undeposited Funds", default=True),
        number("total", "Total", read_only=True),
        number("applied", "Applied", read_only=True),
        number("unapplied", "Unapplied", read_only=True),
    ),
    sublists=(_APPLY, _applied("credit", "Journal Entry", "journalEntry")),
)

CREDIT_MEMO = RecordType(
    name="creditMemo",
    title="Credit Memo",
    family="transaction",
    label="Credit Memo #{tranId}",
    code="CustCred",
    prefix="CM",
    posting=True,
    fields=(
        *HEAD,
        choice("status", "Status", CREDIT_STATUS, read_only=True, default="A"),
        ref("createdFrom", "Created From", "invoice"),
        ref("postingPeriod", "Posting Period", "accountingPeriod"),
        number("applied", "Applied", read_only=True),
        number("unapplied", "Unapplied", read_only=True),
        number("amountRemaining", "Amount Remaining", read_only=True),
    ),
    sublists=(ITEMS, _APPLY),
)

RECEIVABLES = (PAYMENT, CREDIT_MEMO)
