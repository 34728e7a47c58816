"""What a change order must bring before its effect is worked out, and what it may never do."""

from decimal import Decimal

from throughline.core.changes.agreement import Agreement, delta, version_of
from throughline.core.entities import ChangeOrder, ChangeOrderLine, Contract, ContractLine
from throughline.core.errors import Hold
from throughline.core.money import Money, total

MANDATORY = {
    "currency": "currency",
    "amount_delta": "amount",
    "effective_from": "day from which it holds",
    "lines": "at least one line",
}
CORRECT = "Correct the change order where it was entered; the run goes on by itself."


def refuse_unsound(change: ChangeOrder, agreed: Agreement) -> None:
    """A change that was applied was sound when it was; what was billed since does not make it wrong."""
    _refuse_incomplete(change, agreed.contract)
    if version_of(change, agreed.contract.versions):
        return
    _refuse_untrue_total(change)
    for line in change.lines:
        _refuse_too_little(change, line, agreed.contract)
    _refuse_days(change, agreed.contract)
    _refuse_below_billed(change, agreed)


def line_changed(line: ChangeOrderLine, contract: Contract) -> ContractLine | None:
    """The line of the contract that a line of the change is about; None for one that is new."""
    if line.contract_line is None:
        return None
    return next((each for each in contract.lines if line.contract_line in {each.key, each.quote_line}), None)


def amount_of(line: ChangeOrderLine, currency: str) -> Money:
    return line.amount_delta if line.amount_delta is not None else Money.zero(currency)


def _refuse_incomplete(change: ChangeOrder, contract: Contract) -> None:
    missing = [words for field, words in MANDATORY.items() if not getattr(change, field)]
    if missing:
        raise Hold(f"{change.name} lacks {', '.join(missing)}", fix=CORRECT)
    strangers = {each.currency for each in (delta(change), *_amounts(change))} - {contract.currency}
    if strangers:
        raise Hold(
            f"{change.name} is in {', '.join(sorted(strangers))}, its contract in {contract.currency}", fix=CORRECT
        )


def _refuse_untrue_total(change: ChangeOrder) -> None:
    unpriced = [_named(line) for line in change.lines if line.amount_delta is None]
    if unpriced:
        raise Hold(f"{change.name} has lines without an amount: {', '.join(unpriced)}", fix=CORRECT)
    broken = [f"{_named(line)} at {line.amount_delta}" for line in change.lines if _has_parts(line.amount_delta)]
    if broken:
        raise Hold(f"{change.name} cannot be billed in whole units: {', '.join(broken)}", fix=CORRECT)
    summed = total(_amounts(change), delta(change).currency)
    if summed != delta(change):
        raise Hold(f"{change.name} says {delta(change)}, and its lines add up to {summed}", fix=CORRECT)


def _refuse_too_little(change: ChangeOrder, line: ChangeOrderLine, contract: Contract) -> None:
    if line.contract_line is None:
        if amount_of(line, contract.currency).amount < 0:
            why = f"{change.name} takes {line.amount_delta} off {_named(line)}, and says of no line what it was"
            raise Hold(why, fix=CORRECT)
        return
    held = line_changed(line, contract)
    if held is None:
        raise Hold(
            f"{change.name} changes {_named(line)}, and {contract.name} has no such line",
            fix="Compare the lines of the change with the deal's in the CRM, and correct the one that is wrong.",
        )
    quantity = held.quantity + (line.quantity_delta or Decimal(0))
    amount = held.amount + amount_of(line, contract.currency)
    if quantity < 0 or amount.amount < 0:
        raise Hold(
            f"{change.name} takes more off {_named(line)} than there is: {held.quantity:f} at {held.amount}"
            f" would become {quantity:f} at {amount}",
            fix=CORRECT,
            amount=abs(amount_of(line, contract.currency)),
        )


def _refuse_days(change: ChangeOrder, contract: Contract) -> None:
    starts = max(change.effective_from or contract.starts, contract.starts)
    ends = change.new_end or contract.ends
    if ends and ends < starts:
        raise Hold(f"{change.name} ends on {ends}, before it holds on {starts}", fix=CORRECT)


def _refuse_below_billed(change: ChangeOrder, agreed: Agreement) -> None:
    """A customer is never asked for less than was billed without a credit memo that somebody decided on."""
    value = agreed.contract.value + delta(change)
    if value < agreed.billed:
        raise Hold(
            f"{change.name} takes {agreed.contract.name} from {agreed.contract.value} to {value},"
            f" and {agreed.billed} is billed already",
            fix="Credit what was billed too much in the ERP, or correct the change order; then release.",
            amount=agreed.billed - value,
        )


def _amounts(change: ChangeOrder) -> list[Money]:
    return [line.amount_delta for line in change.lines if line.amount_delta is not None]


def _has_parts(amount: Money | None) -> bool:
    return amount is not None and amount != amount.rounded()


def _named(line: ChangeOrderLine) -> str:
    return line.description or line.product or line.key
