"""The arithmetic of a transaction: amount is quantity times rate, a total is its lines and their tax."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from throughline.sandbox.netsuite.problems import Problem, missing, user_error
from throughline.sandbox.netsuite.wire import plain
from throughline.sandbox.shelf import Record, Shelf

_CENT, _RATE = Decimal("0.01"), Decimal("0.00000001")


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def forget_derived(line: dict[str, Any], changes: dict[str, Any]) -> None:
    """A line whose quantity or rate is changed gets a new amount; one whose amount is changed, a new rate."""
    if "amount" in changes:
        if "rate" not in changes:
            line.pop("rate", None)
    elif changes.keys() & {"quantity", "rate"}:
        line.pop("amount", None)


def reckon(shelf: Shelf, record: Record) -> None:
    """Complete every line, and add them up."""
    subtotal = taxes = Decimal(0)
    for at, line in enumerate(record["item"]):
        _reckon_line(shelf, line, at)
        subtotal += Decimal(line["amount"])
        taxes += Decimal(line.get("tax1Amt", "0"))
    record["subtotal"], record["taxTotal"] = plain(subtotal), plain(taxes)
    record["total"] = plain(subtotal + taxes)


def settle_invoice(record: Record, amount_paid: Decimal) -> None:
    remaining = Decimal(record["total"]) - amount_paid
    record["amountPaid"], record["amountRemaining"] = plain(amount_paid), plain(remaining)
    record["status"] = "B" if remaining <= 0 < Decimal(record["total"]) else "A"


def _reckon_line(shelf: Shelf, line: dict[str, Any], at: int) -> None:
    if "item" not in line:
        raise missing(["Item"])
    quantity = Decimal(line.setdefault("quantity", "1"))
    rate, amount = line.get("rate"), line.get("amount")
    if rate is None and amount is None:
        rate = (shelf.get("serviceSaleItem", line["item"]) or {}).get("rate")
    if rate is None:
        if amount is None:
            raise missing(["Amount"])
        rate = plain((Decimal(amount) / quantity).quantize(_RATE, ROUND_HALF_UP)) if quantity else "0"
    reckoned = cents(quantity * Decimal(rate))
    if amount is not None and quantity and cents(Decimal(amount)) != reckoned:
        raise _does_not_add_up(at, amount, reckoned)
    line["rate"], line["amount"] = rate, plain(reckoned if amount is None else cents(Decimal(amount)))
    _tax(shelf, line)


def _tax(shelf: Shelf, line: dict[str, Any]) -> None:
    code = shelf.get("salesTaxItem", line["taxCode"]) if line.get("taxCode") else None
    rate = Decimal(code["rate"]) if code else Decimal(0)
    line["taxRate1"], line["tax1Amt"] = plain(rate), plain(cents(Decimal(line["amount"]) * rate / 100))


def _does_not_add_up(at: int, amount: str, reckoned: Decimal) -> Problem:
    return user_error(
        f"The amount {amount} of line {at + 1} does not equal its quantity times its rate ({plain(reckoned)})."
    )
