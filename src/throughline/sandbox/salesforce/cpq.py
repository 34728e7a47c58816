"""What the CPQ package works out: line totals at once, and the amount of a quote some seconds after it was saved."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce.objects import PRODUCT
from throughline.sandbox.salesforce.objects_cpq import CONTRACT, QUOTE, QUOTE_LINE, SUBSCRIPTION
from throughline.sandbox.salesforce.org import Org, Transaction
from throughline.sandbox.salesforce.schema import SObject
from throughline.sandbox.salesforce.values import rounded
from throughline.sandbox.shelf import Record

# Prices are calculated after the save, by a job of the package. Until then a quote reads zero.
CALCULATED_AFTER = timedelta(seconds=2)
WAITING = "uncalculated"
NUMBERS = {"SBQQ__Quote__c": "Q", "SBQQ__QuoteLine__c": "QL", "SBQQ__Subscription__c": "SUB"}


def derive(tx: Transaction, kind: SObject, record: Record, *, before: Record | None) -> dict[str, Any]:
    match kind.name:
        case "SBQQ__Quote__c":
            nothing = {"SBQQ__NetAmount__c": "0.00", "SBQQ__LineItemCount__c": "0"} if before is None else {}
            return _named(tx, kind, record, before) | nothing
        case "SBQQ__QuoteLine__c":
            return _named(tx, kind, record, before) | _line(tx, record)
        case "SBQQ__Subscription__c":
            return _named(tx, kind, record, before)
        case "Contract" if before is None:
            return {"ContractNumber": f"{tx.org.shelf.next('contract number', first=100):08}"}
        case _:
            return {}


def ripple(tx: Transaction, kind: SObject, record: Record) -> None:
    """Whoever changes a line of a quote makes the quote's amount wait to be calculated."""
    quote = tx.alive(QUOTE, record["SBQQ__Quote__c"]) if kind is QUOTE_LINE else None
    if quote is None:
        return
    tx.stage(QUOTE, quote | {"SBQQ__Uncalculated__c": True, "SBQQ__NetAmount__c": "0.00"})
    waiting = tx.org.recall(WAITING) or {}
    tx.org.remember(WAITING, waiting | {quote["Id"]: tx.at.isoformat()})


def calculate(org: Org) -> None:
    """The package's job, in the name of whoever saved: a quote that has waited long enough gets amount and stamp."""
    waiting, now = org.recall(WAITING) or {}, org.clock.now()
    due = [id_ for id_, since in waiting.items() if datetime.fromisoformat(since) + CALCULATED_AFTER <= now]
    for id_ in due:
        if quote := org.shelf.get(QUOTE.name, id_):
            tx = org.begin(quote["LastModifiedById"], now)
            tx.stage(QUOTE, quote | _amounts(tx, id_))
            tx.commit()
    if due:
        org.remember(WAITING, {id_: since for id_, since in waiting.items() if id_ not in due})


def held(tx: Transaction, contract: str) -> dict[str, tuple[Record, Decimal]]:
    """What a contract holds now: each subscription that was not there before another, and how much is left of it."""
    whole = tx.having(SUBSCRIPTION, "SBQQ__Contract__c", contract)
    left: dict[str, tuple[Record, Decimal]] = {}
    for each in sorted(whole, key=lambda record: record["Id"]):
        root = each["SBQQ__RevisedSubscription__c"] or each["Id"]
        first, quantity = left.get(root, (each, Decimal(0)))
        left[root] = (first, quantity + Decimal(each["SBQQ__Quantity__c"]))
    return left


def contract_of(tx: Transaction, opportunity: str) -> Record | None:
    return next(iter(tx.having(CONTRACT, "SBQQ__Opportunity__c", opportunity)), None)


def _amounts(tx: Transaction, quote: str) -> dict[str, Any]:
    lines = tx.having(QUOTE_LINE, "SBQQ__Quote__c", quote)
    net = sum((Decimal(line["SBQQ__NetTotal__c"]) for line in lines), Decimal("0.00"))
    counted = {"SBQQ__NetAmount__c": str(net), "SBQQ__LineItemCount__c": str(len(lines))}
    return counted | {"SBQQ__Uncalculated__c": False}


def _line(tx: Transaction, record: Record) -> dict[str, Any]:
    """An amendment's line names the whole quantity; what is sold by it is the difference to what was there."""
    product = tx.get(PRODUCT, record["SBQQ__Product__c"]) or {}
    quote = tx.get(QUOTE, record["SBQQ__Quote__c"]) or {}
    effective = Decimal(record["SBQQ__Quantity__c"]) - Decimal(record["SBQQ__PriorQuantity__c"] or "0")
    price = Decimal(record["SBQQ__NetPrice__c"] or record["SBQQ__ListPrice__c"] or "0")
    return {
        "SBQQ__ProductCode__c": product.get("ProductCode"),
        "SBQQ__ProductName__c": product.get("Name"),
        "SBQQ__EffectiveQuantity__c": str(effective),
        "SBQQ__NetTotal__c": str(rounded(price * effective, 2)),
        "CurrencyIsoCode": quote.get("CurrencyIsoCode"),
    }


def _named(tx: Transaction, kind: SObject, record: Record, before: Record | None) -> dict[str, Any]:
    if before is not None:
        return {"Name": record["Name"]}
    return {"Name": f"{NUMBERS[kind.name]}-{tx.org.shelf.next(f'number/{kind.name}', first=1):05}"}
