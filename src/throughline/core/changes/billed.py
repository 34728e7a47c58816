"""How much of a contract is billed: what was invoiced of it, less what was credited."""

from collections.abc import Iterable
from typing import Any

from throughline.core.candidates import Candidate
from throughline.core.entities import Contract, CreditMemo, CreditMemoId, Invoice, InvoiceId, InvoiceState
from throughline.core.errors import Hold
from throughline.core.money import Money, total


def billed(invoices: Iterable[Candidate], memos: Iterable[Candidate], currency: str) -> Money:
    """Before tax. A draft counts too: it is about to be sent."""
    standing = [each for each in invoices if each.fields.get("state") != InvoiceState.VOID]
    charged = total((_net(each) for each in standing), currency)
    return charged - total((_lines(each) for each in memos), currency)


def invoice_of(contract: Contract) -> Invoice:
    """What an invoice of this contract is like, to find them by."""
    return Invoice(
        id=InvoiceId(f"any-of-{contract.id}"),
        customer=contract.customer,
        contract=contract.id,
        legal_entity=contract.legal_entity,
        currency=contract.currency,
        state=InvoiceState.DRAFT,
    )


def memo_of(contract: Contract, invoice: str) -> CreditMemo:
    """What a credit memo of this invoice is like, to find them by."""
    return CreditMemo(
        id=CreditMemoId(f"any-of-{invoice}"),
        customer=contract.customer,
        invoice=InvoiceId(invoice),
        legal_entity=contract.legal_entity,
        currency=contract.currency,
        total=Money.zero(contract.currency),
    )


def _net(invoice: Candidate) -> Money:
    net = invoice.fields.get("net")
    if net is None:
        raise Hold(
            f"Invoice {invoice.key} shows no amount, so nobody can say how much of the contract is billed",
            fix="Look at the invoice in the ledger; then release.",
        )
    return Money.model_validate(net)


def _lines(memo: Candidate) -> Money:
    """What a memo takes back, line by line: its total has tax in it."""
    lines: list[dict[str, Any]] = memo.fields.get("lines") or []
    amounts = [Money.model_validate(line["amount"]) for line in lines if line.get("amount")]
    return total(amounts, amounts[0].currency) if amounts else _nothing(memo)


def _nothing(memo: Candidate) -> Money:
    raise Hold(
        f"Credit memo {memo.key} shows no lines, so nobody can say how much of the contract was credited",
        fix="Look at the credit memo in the ledger; then release.",
    )
