"""What a salesperson does with a contract: amends it line by line, cancels it, renews it, and closes the deal."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce.cpq import held
from throughline.sandbox.salesforce.deals import Opened, product_id, refuse_unknown
from throughline.sandbox.salesforce.ids import canonical
from throughline.sandbox.salesforce.objects import LINE, OPPORTUNITY
from throughline.sandbox.salesforce.objects_cpq import CONTRACT, QUOTE, QUOTE_LINE
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.quotes import CARRIED, contracted, subscribe
from throughline.sandbox.salesforce.records import create, update
from throughline.sandbox.salesforce.terms import after, list_price
from throughline.sandbox.salesforce.values import rounded
from throughline.sandbox.shelf import Record

AMENDMENT = frozenset({"opportunity", "name", "lines", "end_date", "effective", "status", "notes", "cancel"})
RENEWAL = frozenset({"opportunity", "name", "months", "uplift_percent", "status"})
CHANGE = frozenset({"line", "quantity", "remove", "product", "unit_price", "role", "description", "contract_type"})
DECISION = frozenset({"quote", "accepted"})
OPEN, WON, LOST = "Negotiation/Review", "Closed Won", "Closed Lost"
TERMS_KEPT = (
    "Contract_Type__c", "Billing_Method__c", "Billing_Frequency__c", "Revenue_Treatment__c", "Service_Line__c",
    "Legal_Entity__c", "Project_Manager__c", "Purchase_Order__c",
)  # fmt: skip


def amend(salesforce: Opened, spec: Mapping[str, Any]) -> dict[str, Any]:
    """An amendment quote of the contract of a won deal. Each line names the whole quantity that is to hold."""
    refuse_unknown("an amendment", spec, AMENDMENT)
    tx, deal = _began(salesforce, spec)
    contract = contracted(tx, deal["Id"])
    effective = _day(spec.get("effective")) or salesforce.org.clock.now().date()
    ends = _day(spec.get("end_date")) or date.fromisoformat(contract["EndDate"])
    word = "Cancellation" if spec.get("cancel") else "Amendment"
    opportunity = _opened(tx, deal, spec.get("name") or f"{word} for {deal['Name']}", ends, effective)
    change = {"SBQQ__AmendedContract__c": contract["Id"]}
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, opportunity) or {}, change)
    quote = _quote(tx, deal, opportunity, contract, ("Amendment", effective, ends, spec))
    for line in _changes(tx, contract, spec):
        create(tx, QUOTE_LINE, line | {"SBQQ__Quote__c": quote, "SBQQ__EndDate__c": ends.isoformat()})
    return _told(tx, opportunity, quote, contract)


def renew(salesforce: Opened, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A renewal opportunity for the term behind the contract's end, at its prices or so many per cent above."""
    refuse_unknown("a renewal", spec, RENEWAL)
    tx, deal = _began(salesforce, spec)
    contract = contracted(tx, deal["Id"])
    starts = date.fromisoformat(contract["EndDate"]) + timedelta(days=1)
    ends = after(starts, int(spec.get("months") or 12)) - timedelta(days=1)
    opportunity = _renewal(tx, deal, contract, (starts, ends, spec))
    quote = _quote(tx, deal, opportunity, contract, ("Renewal", starts, ends, spec))
    factor = 1 + Decimal(str(spec.get("uplift_percent") or 0)) / 100
    for subscription, quantity in held(tx, contract["Id"]).values():
        if quantity:
            price = rounded(Decimal(subscription["SBQQ__NetPrice__c"]) * factor, 2)
            line = _line_of(subscription, quantity) | {"SBQQ__NetPrice__c": str(price)}
            renewed = line | {"SBQQ__Quote__c": quote, "SBQQ__RenewedSubscription__c": subscription["Id"]}
            _sold(tx, opportunity, line, create(tx, QUOTE_LINE, renewed))
    return _told(tx, opportunity, quote, contract)


def contract(salesforce: Opened, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A salesperson checks *Contracted* on a won deal: the package makes its contract."""
    refuse_unknown("a contract", spec, frozenset({"opportunity"}))
    tx, deal = _began(salesforce, spec)
    made = contracted(tx, deal["Id"])
    tx.commit()
    return {"contract_id": made["Id"], "opportunity_id": deal["Id"], "ends": made["EndDate"]}


def decide(salesforce: Opened, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The customer says yes or no. A yes changes what the contract holds."""
    refuse_unknown("a decision", spec, DECISION)
    looking = salesforce.org.begin("")
    quote = looking.alive(QUOTE, canonical(str(spec.get("quote"))) or "") or {}
    deal = looking.get(OPPORTUNITY, quote.get("SBQQ__Opportunity2__c") or "") or {}
    contract = looking.get(CONTRACT, deal.get("SBQQ__AmendedContract__c") or deal.get("SBQQ__RenewedContract__c") or "")
    if contract is None:
        raise ValueError(f"quote {spec.get('quote')!r} changes or renews no contract")
    tx = salesforce.org.begin(deal["OwnerId"])
    accepted = bool(spec.get("accepted", True))
    update(tx, QUOTE, quote, {"SBQQ__Status__c": "Accepted" if accepted else "Rejected"})
    update(tx, OPPORTUNITY, deal, {"StageName": WON if accepted else LOST})
    if accepted and quote["SBQQ__Type__c"] == "Amendment":
        _apply(tx, contract, quote)
    return _told(tx, deal["Id"], quote["Id"], contract)


def _renewal(tx: Transaction, deal: Record, contract: Record, about: tuple[date, date, Mapping[str, Any]]) -> str:
    """The one there is for this term, as the package does, if nobody has quoted it yet; else a new one."""
    starts, ends, spec = about
    change = {"SBQQ__Renewal__c": True, "SBQQ__RenewedContract__c": contract["Id"]}
    change |= {"Start_Date__c": starts.isoformat(), "End_Date__c": ends.isoformat(), "StageName": OPEN}
    change |= {name: deal[name] for name in TERMS_KEPT}
    for each in tx.having(OPPORTUNITY, "SBQQ__RenewedContract__c", contract["Id"]):
        if not each["IsClosed"] and not each["SBQQ__PrimaryQuote__c"]:
            update(tx, OPPORTUNITY, each, change)
            return str(each["Id"])
    opportunity = _opened(tx, deal, spec.get("name") or f"Renewal of {deal['Name']}", ends, starts)
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, opportunity) or {}, change)
    return opportunity


def _began(salesforce: Opened, spec: Mapping[str, Any]) -> tuple[Transaction, Record]:
    """A transaction of the deal's own salesperson."""
    id_ = canonical(str(spec.get("opportunity"))) or ""
    deal = salesforce.org.begin("").alive(OPPORTUNITY, id_)
    if deal is None:
        raise ValueError(f"opportunity {spec.get('opportunity')!r} is none; give the id of a won deal")
    return salesforce.org.begin(deal["OwnerId"]), deal


def _opened(tx: Transaction, deal: Record, name: str, ends: date, starts: date) -> str:
    """An opportunity of its own, on the terms of the deal it follows."""
    return create(
        tx,
        OPPORTUNITY,
        {
            "Name": name,
            "AccountId": deal["AccountId"],
            "StageName": OPEN,
            "CloseDate": tx.at.date().isoformat(),
            "Start_Date__c": starts.isoformat(),
            "End_Date__c": ends.isoformat(),
            "CurrencyIsoCode": deal["CurrencyIsoCode"],
            **{name: deal[name] for name in TERMS_KEPT},
        },
    )


def _quote(tx: Transaction, deal: Record, opportunity: str, contract: Record,
           about: tuple[str, date, date, Mapping[str, Any]]) -> str:  # fmt: skip
    type_, starts, ends, spec = about
    quote = create(
        tx,
        QUOTE,
        {
            "SBQQ__Account__c": deal["AccountId"],
            "SBQQ__Opportunity2__c": opportunity,
            "SBQQ__MasterContract__c": contract["Id"],
            "SBQQ__Primary__c": True,
            "SBQQ__Status__c": spec.get("status") or "Presented",
            "SBQQ__Type__c": type_,
            "SBQQ__StartDate__c": starts.isoformat(),
            "SBQQ__EndDate__c": ends.isoformat(),
            "SBQQ__Notes__c": spec.get("notes"),
            "CurrencyIsoCode": deal["CurrencyIsoCode"],
        },
    )
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, opportunity) or {}, {"SBQQ__PrimaryQuote__c": quote})
    return quote


def _changes(tx: Transaction, contract: Record, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every subscription comes along, changed or not, as the package does it; then what is new."""
    given: list[Mapping[str, Any]] = list(spec.get("lines") or [])
    for each in given:
        refuse_unknown("a change", each, CHANGE)
    wanted = {str(each["line"]): each for each in given if "line" in each}
    lines: list[dict[str, Any]] = []
    for number, (subscription, quantity) in enumerate(held(tx, contract["Id"]).values(), start=1):
        change = wanted.pop(str(number), {})
        none = spec.get("cancel") or change.get("remove")
        line = _line_of(subscription, Decimal(0) if none else Decimal(str(change.get("quantity", quantity))))
        lines.append(
            line | {"SBQQ__PriorQuantity__c": str(quantity), "SBQQ__UpgradedSubscription__c": subscription["Id"]}
        )
    if wanted:
        raise ValueError(f"the contract has no line {', '.join(wanted)}; it has {len(lines)}, counted from 1")
    return lines + [_new(tx, contract, each) for each in given if "line" not in each]


def _sold(tx: Transaction, opportunity: str, line: dict[str, Any], quoted: str) -> None:
    """The package shows the lines of a renewal's quote on its opportunity too."""
    create(
        tx,
        LINE,
        {
            "OpportunityId": opportunity,
            "Product2Id": line["SBQQ__Product__c"],
            "Quantity": line["SBQQ__Quantity__c"],
            "UnitPrice": line["SBQQ__NetPrice__c"],
            "Description": line["SBQQ__Description__c"],
            "SBQQ__QuoteLine__c": quoted,
            **{name: line[name] for name in CARRIED},
        },
    )


def _line_of(subscription: Record, quantity: Decimal) -> dict[str, Any]:
    return {
        "SBQQ__Product__c": subscription["SBQQ__Product__c"],
        "SBQQ__Quantity__c": str(quantity),
        "SBQQ__NetPrice__c": subscription["SBQQ__NetPrice__c"],
        "SBQQ__Description__c": subscription["SBQQ__Description__c"],
        **{name: subscription[name] for name in CARRIED},
    }


def _new(tx: Transaction, contract: Record, given: Mapping[str, Any]) -> dict[str, Any]:
    code, currency = str(given.get("product")), contract["CurrencyIsoCode"]
    price = given.get("unit_price")
    return {
        "SBQQ__Product__c": product_id(tx.org, code, currency),
        "SBQQ__Quantity__c": str(given.get("quantity") or 1),
        "SBQQ__NetPrice__c": str(list_price(code, currency) if price is None else price),
        "SBQQ__Description__c": given.get("description"),
        "Role__c": given.get("role"),
        "Contract_Type__c": given.get("contract_type"),
    }


def _apply(tx: Transaction, contract: Record, quote: Record) -> None:
    """What changed becomes subscriptions beside those that were there, and the contract may end on another day."""
    for line in tx.having(QUOTE_LINE, "SBQQ__Quote__c", quote["Id"]):
        if difference := Decimal(line["SBQQ__EffectiveQuantity__c"]):
            subscribe(tx, contract, line, difference)
    update(tx, CONTRACT, contract, {"EndDate": quote["SBQQ__EndDate__c"]})


def _told(tx: Transaction, opportunity: str, quote: str, contract: Record) -> dict[str, Any]:
    lines = tx.having(QUOTE_LINE, "SBQQ__Quote__c", quote)
    amount = sum((Decimal(line["SBQQ__NetTotal__c"]) for line in lines), Decimal("0.00"))
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, opportunity) or {}, {"Amount": str(amount)})
    deal = tx.get(OPPORTUNITY, opportunity) or {}
    tx.commit()
    return {
        "opportunity_id": opportunity,
        "quote_id": quote,
        "contract_id": contract["Id"],
        "name": deal["Name"],
        "stage": deal["StageName"],
        "amount": amount,
        "currency": deal["CurrencyIsoCode"],
    }


def _day(given: Any) -> date | None:
    return date.fromisoformat(str(given)) if given else None
