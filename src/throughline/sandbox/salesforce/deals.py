"""Selling: an opportunity with lines for a customer, closed by a salesperson and not by the integration."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from throughline.sandbox.salesforce.firm import (
    CUSTOMERS,
    DEFAULT_SELLER,
    ENTITY_CURRENCIES,
    ENTITY_SELLERS,
    Customer,
)
from throughline.sandbox.salesforce.ids import canonical
from throughline.sandbox.salesforce.objects import ACCOUNT, LINE, OPPORTUNITY, PRODUCT, USER
from throughline.sandbox.salesforce.org import Org
from throughline.sandbox.salesforce.quotes import quote_deal
from throughline.sandbox.salesforce.records import create, update
from throughline.sandbox.salesforce.terms import DAYS, TERMS, Line, Sale, after, list_price, typical_lines
from throughline.sandbox.shelf import Record

KNOWN = frozenset(
    {"customer", "contract_type", "legal_entity", "lines", "amount", "missing", "name", "start_date", "stage"}
)
LINE_KEYS = frozenset({"product", "quantity", "unit_price", "role", "contract_type", "description", "service_date"})
OPEN_STAGE = "Negotiation/Review"


class Opened(Protocol):
    """What a deal needs of the simulator."""

    @property
    def org(self) -> Org: ...

    @property
    def chance(self) -> random.Random: ...


@dataclass(frozen=True, slots=True)
class Deal:
    seller: str
    fields: dict[str, Any]
    lines: list[dict[str, Any]]
    stage: str


def close_deal(salesforce: Opened, spec: Mapping[str, Any]) -> dict[str, Any]:
    """What the spec leaves open is drawn: customers, contract types and entities take turns."""
    return add_deal(salesforce.org, drawn(salesforce.org, salesforce.chance, spec))


def add_deal(org: Org, deal: Deal, at: datetime | None = None) -> dict[str, Any]:
    tx = org.begin(deal.seller, at)
    id_ = create(tx, OPPORTUNITY, deal.fields | {"StageName": OPEN_STAGE})
    for line in quote_deal(tx, id_, deal.lines):
        create(tx, LINE, line | {"OpportunityId": id_})
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, id_) or {}, {"StageName": deal.stage})
    record = tx.get(OPPORTUNITY, id_) or {}
    tx.commit()
    return {
        "opportunity_id": id_,
        "account_id": record["AccountId"],
        "name": record["Name"],
        "amount": None if record["Amount"] is None else Decimal(record["Amount"]),
        "currency": record["CurrencyIsoCode"],
    }


def drawn(org: Org, chance: random.Random, spec: Mapping[str, Any]) -> Deal:
    """A whole deal from a partial wish."""
    refuse_unknown("a deal", spec, KNOWN)
    number = org.shelf.next("deal")
    account = _account(org, spec.get("customer") or CUSTOMERS[number % len(CUSTOMERS)].name)
    entity = _one_of("legal_entity", spec.get("legal_entity") or _home(account), ENTITY_CURRENCIES)
    model = _one_of("contract_type", spec.get("contract_type") or list(TERMS)[number % len(TERMS)], TERMS)
    terms = TERMS[model]
    service_line, product = terms.service_line, terms.product
    if model == "Time and Materials":
        service_line = list(DAYS)[number % len(DAYS)]
        product = DAYS[service_line]
    today = org.clock.now().date()
    start = date.fromisoformat(spec["start_date"]) if spec.get("start_date") else after(today.replace(day=1), 1)
    amount = _amount(spec.get("amount"))
    sale = Sale(model, product, ENTITY_CURRENCIES[entity], start, amount)
    fields = {
        "Name": spec.get("name") or f"{account['Name']}: {service_line}, {model} {number:03}",
        "AccountId": account["Id"],
        "Amount": amount,
        "CloseDate": today.isoformat(),
        "CurrencyIsoCode": sale.currency,
        "Contract_Type__c": model,
        "Billing_Method__c": terms.billing_method,
        "Billing_Frequency__c": terms.billing_frequency,
        "Revenue_Treatment__c": terms.revenue_treatment,
        "Service_Line__c": service_line,
        "Legal_Entity__c": entity,
        "Project_Manager__c": f"pm.{entity.lower()}@halyard.example",
        "Start_Date__c": start.isoformat(),
        "End_Date__c": (after(start, terms.months) - timedelta(days=1)).isoformat(),
        "Purchase_Order__c": f"PO-{10_000 + number}",
    }
    lines = [_line(org, line, sale) for line in _lines(spec, sale, chance)]
    _empty(spec.get("missing") or [], fields, lines)
    return Deal(_seller(org, entity), fields, lines, spec.get("stage") or "Closed Won")


def _lines(spec: Mapping[str, Any], sale: Sale, chance: random.Random) -> list[Line]:
    lines = spec.get("lines")
    if lines is None:
        return typical_lines(sale, chance)
    if lines and sale.amount is not None:
        raise ValueError("a deal has lines or an amount, not both: the amount of lines is their sum")
    return lines


def _line(org: Org, line: Line, sale: Sale) -> dict[str, Any]:
    refuse_unknown("a line", line, LINE_KEYS)
    code = line.get("product") or sale.product
    price = line.get("unit_price")
    return {
        "Product2Id": product_id(org, code, sale.currency),
        "Quantity": line.get("quantity") or 1,
        "UnitPrice": list_price(code, sale.currency) if price is None else price,
        "Role__c": line.get("role"),
        "Contract_Type__c": line.get("contract_type"),
        "Description": line.get("description"),
        "ServiceDate": line.get("service_date"),
    }


def _empty(missing: list[str], fields: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """Leave fields empty: those of the opportunity, else those of its lines."""
    for name in missing:
        if field := OPPORTUNITY.field(name):
            fields[field.name] = None
        elif field := LINE.field(name):
            for line in lines:
                line[field.name] = None
        else:
            raise ValueError(f"missing names {name!r}, which neither an opportunity nor its lines have")


def _account(org: Org, name: str) -> Record:
    accounts = org.shelf.all(ACCOUNT.name)
    by_id = accounts.get(canonical(name) or "")
    found = by_id or next((a for a in accounts.values() if a["Name"].casefold() == name.casefold()), None)
    if found is None or found["IsDeleted"]:
        raise ValueError(f"customer {name!r} is not an account; give the name or the id of one")
    return found


def _home(account: Record) -> str:
    """The entity that sells to this customer; to an account made since, the one whose currency it uses."""
    known: dict[str, Customer] = {customer.name: customer for customer in CUSTOMERS}
    if account["Name"] in known:
        return known[account["Name"]].legal_entity
    return next(entity for entity, currency in ENTITY_CURRENCIES.items() if currency == account["CurrencyIsoCode"])


def _seller(org: Org, entity: str) -> str:
    username = ENTITY_SELLERS.get(entity, DEFAULT_SELLER)
    return next(user["Id"] for user in org.shelf.all(USER.name).values() if user["Username"] == username)


def product_id(org: Org, code: str, currency: str) -> str:
    list_price(code, currency)  # says which products there are, if this is none
    return next(each["Id"] for each in org.shelf.all(PRODUCT.name).values() if each["ProductCode"] == code)


def _amount(given: Any) -> Decimal | None:
    if given is None:
        return None
    try:
        return Decimal(str(given))
    except InvalidOperation as error:
        raise ValueError(f"amount is {given!r}; it must be a number") from error


def _one_of(name: str, value: str, known: Mapping[str, Any]) -> str:
    if value not in known:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(known)}")
    return value


def refuse_unknown(what: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := set(given) - known:
        raise ValueError(f"{what} has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
