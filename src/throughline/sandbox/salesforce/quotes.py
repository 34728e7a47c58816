"""The quote behind a deal: what was offered, line by line, and the contract with its subscriptions that it becomes."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from throughline.sandbox.salesforce.cpq import contract_of
from throughline.sandbox.salesforce.objects import LINE, OPPORTUNITY
from throughline.sandbox.salesforce.objects_cpq import CONTRACT, QUOTE, QUOTE_LINE, SUBSCRIPTION
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.records import create, update
from throughline.sandbox.shelf import Record

CARRIED = ("Role__c", "Contract_Type__c")


def quote_deal(tx: Transaction, opportunity: str, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The primary quote of a new deal; its lines come back as the opportunity's, each knowing where it was quoted."""
    deal = tx.get(OPPORTUNITY, opportunity) or {}
    quote = create(
        tx,
        QUOTE,
        {
            "SBQQ__Account__c": deal["AccountId"],
            "SBQQ__Opportunity2__c": opportunity,
            "SBQQ__Primary__c": True,
            "SBQQ__Status__c": "Accepted",
            "SBQQ__StartDate__c": deal["Start_Date__c"],
            "SBQQ__EndDate__c": deal["End_Date__c"],
            "CurrencyIsoCode": deal["CurrencyIsoCode"],
        },
    )
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, opportunity) or {}, {"SBQQ__PrimaryQuote__c": quote})
    return [line | {"SBQQ__QuoteLine__c": _quoted(tx, quote, line)} for line in lines]


def contracted(tx: Transaction, opportunity: str) -> Record:
    """The contract of a won deal. It is made, with a subscription for each line, when it is first needed."""
    if contract := contract_of(tx, opportunity):
        return contract
    deal = tx.get(OPPORTUNITY, opportunity) or {}
    if not deal["IsWon"]:
        raise ValueError(f"{deal['Name']} is not won, so there is no contract to change or to renew")
    id_ = create(
        tx,
        CONTRACT,
        {
            "AccountId": deal["AccountId"],
            "Status": "Activated",
            "StartDate": deal["Start_Date__c"],
            "EndDate": deal["End_Date__c"],
            "SBQQ__Quote__c": deal["SBQQ__PrimaryQuote__c"],
            "SBQQ__Opportunity__c": opportunity,
            "CurrencyIsoCode": deal["CurrencyIsoCode"],
        },
    )
    contract = tx.get(CONTRACT, id_) or {}
    for line in tx.having(LINE, "OpportunityId", opportunity):
        subscribe(tx, contract, tx.get(QUOTE_LINE, line["SBQQ__QuoteLine__c"] or "") or {}, Decimal(line["Quantity"]))
    update(tx, OPPORTUNITY, tx.get(OPPORTUNITY, opportunity) or {}, {"SBQQ__Contracted__c": True})
    return contract


def subscribe(tx: Transaction, contract: Record, quoted: Record, quantity: Decimal) -> str:
    """What was quoted, as the contract holds it; a changed line adds or takes away beside what was there."""
    if not quoted:
        raise ValueError(f"contract {contract['ContractNumber']} has a line that was never quoted")
    return create(
        tx,
        SUBSCRIPTION,
        {
            "SBQQ__Contract__c": contract["Id"],
            "SBQQ__Product__c": quoted["SBQQ__Product__c"],
            "SBQQ__QuoteLine__c": quoted["Id"],
            "SBQQ__RevisedSubscription__c": quoted["SBQQ__UpgradedSubscription__c"],
            "SBQQ__Quantity__c": str(quantity),
            "SBQQ__NetPrice__c": quoted["SBQQ__NetPrice__c"],
            "SBQQ__StartDate__c": quoted["SBQQ__StartDate__c"] or contract["StartDate"],
            "SBQQ__EndDate__c": quoted["SBQQ__EndDate__c"] or contract["EndDate"],
            "SBQQ__Description__c": quoted["SBQQ__Description__c"],
            "CurrencyIsoCode": contract["CurrencyIsoCode"],
            **{name: quoted[name] for name in CARRIED},
        },
    )


def _quoted(tx: Transaction, quote: str, line: dict[str, Any]) -> str:
    return create(
        tx,
        QUOTE_LINE,
        {
            "SBQQ__Quote__c": quote,
            "SBQQ__Product__c": line["Product2Id"],
            "SBQQ__Quantity__c": line["Quantity"],
            "SBQQ__NetPrice__c": line["UnitPrice"],
            "SBQQ__Description__c": line["Description"],
            **{name: line[name] for name in CARRIED},
        },
    )
