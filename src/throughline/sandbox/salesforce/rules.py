"""What Salesforce works out by itself: stages, names, line totals, and the amounts that roll up."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce import cpq
from throughline.sandbox.salesforce.objects import ENTRY, LINE, OPPORTUNITY, PROBABILITY, PRODUCT
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.schema import SObject
from throughline.sandbox.salesforce.values import rounded
from throughline.sandbox.salesforce.wire import Refused
from throughline.sandbox.shelf import Record

CLOSED = ("Closed Won", "Closed Lost")


def derive(
    tx: Transaction, kind: SObject, record: Record, *, before: Record | None, named: Collection[str]
) -> dict[str, Any]:
    """The fields nobody may set, from those somebody did; `named` are the fields of this request."""
    match kind.name:
        case "Opportunity":
            return _opportunity(record, before, named)
        case "OpportunityLineItem":
            return _line(tx, record, before, named)
        case "Contact" | "User":
            return {"Name": " ".join(filter(None, (record["FirstName"], record["LastName"])))}
        case "PricebookEntry":
            product = tx.get(PRODUCT, record["Product2Id"]) or {}
            return {"Name": product.get("Name"), "ProductCode": product.get("ProductCode")}
        case _:
            return cpq.derive(tx, kind, record, before=before)


def ripple(tx: Transaction, kind: SObject, record: Record) -> None:
    """A line's change touches its opportunity: amount, and the stamps that say when it changed."""
    cpq.ripple(tx, kind, record)
    if kind is not LINE or not (opportunity := tx.alive(OPPORTUNITY, record["OpportunityId"])):
        return
    lines = tx.having(LINE, "OpportunityId", opportunity["Id"])
    amount = sum((Decimal(line["TotalPrice"]) for line in lines), Decimal("0.00"))
    book = tx.get(ENTRY, record["PricebookEntryId"]) or {}
    rolled = {"Amount": str(amount), "HasOpportunityLineItem": bool(lines), "Pricebook2Id": book.get("Pricebook2Id")}
    tx.stage(OPPORTUNITY, opportunity | rolled)


def _opportunity(record: Record, before: Record | None, named: Collection[str]) -> dict[str, Any]:
    stage = record["StageName"]
    derived: dict[str, Any] = {"IsClosed": stage in CLOSED, "IsWon": stage == "Closed Won"}
    moved = before is None or before["StageName"] != stage
    if moved and ("Probability" not in named or record["Probability"] is None):
        derived["Probability"] = str(PROBABILITY.get(stage, 0))
    if before and before["HasOpportunityLineItem"]:
        if record["CurrencyIsoCode"] != before["CurrencyIsoCode"]:
            raise _broken("The currency of an opportunity with products cannot be changed.", "CurrencyIsoCode")
        # Not refused, just not done: the amount of an opportunity with products is theirs.
        derived["Amount"] = before["Amount"]
    return derived


def _line(tx: Transaction, record: Record, before: Record | None, named: Collection[str]) -> dict[str, Any]:
    opportunity = tx.get(OPPORTUNITY, record["OpportunityId"]) or {}
    entry = _entry(tx, record, opportunity["CurrencyIsoCode"])
    product = tx.get(PRODUCT, entry["Product2Id"]) or {}
    return {
        "PricebookEntryId": entry["Id"],
        "Product2Id": entry["Product2Id"],
        "ProductCode": product.get("ProductCode"),
        "Name": f"{opportunity['Name']} {product.get('Name')}",
        "ListPrice": entry["UnitPrice"],
        "CurrencyIsoCode": opportunity["CurrencyIsoCode"],
    } | _prices(record, before, named)


def _entry(tx: Transaction, record: Record, currency: str) -> Record:
    if record["PricebookEntryId"]:
        entry = tx.get(ENTRY, record["PricebookEntryId"]) or {}
        if entry["CurrencyIsoCode"] != currency:
            message = "The pricebook entry currency code does not match the opportunity currency code"
            raise _broken(message, "PricebookEntryId")
        return entry
    if record["Product2Id"]:
        for entry in tx.having(ENTRY, "Product2Id", record["Product2Id"]):
            if entry["CurrencyIsoCode"] == currency:
                return entry
    message = "Required fields are missing: [PricebookEntryId]"
    raise Refused(400, "REQUIRED_FIELD_MISSING", message, ("PricebookEntryId",))


def _prices(record: Record, before: Record | None, named: Collection[str]) -> dict[str, str]:
    given = [name for name in ("UnitPrice", "TotalPrice") if name in named and record[name] is not None]
    if len(given) == 2:
        raise _broken("You cannot specify both UnitPrice and TotalPrice.", "UnitPrice", "TotalPrice")
    if not given and (before is None or record["UnitPrice"] is None):
        raise Refused(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", ("UnitPrice",))
    quantity = Decimal(record["Quantity"])
    if not quantity:
        raise _broken("Quantity must be nonzero", "Quantity")
    if given == ["TotalPrice"]:
        return {"UnitPrice": str(rounded(Decimal(record["TotalPrice"]) / quantity, 2))}
    return {"TotalPrice": str(rounded(Decimal(record["UnitPrice"]) * quantity, 2))}


def _broken(message: str, *fields: str) -> Refused:
    return Refused(400, "FIELD_INTEGRITY_EXCEPTION", message, fields)
