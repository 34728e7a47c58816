"""The org as the demo finds it: users, price book, customers, contacts, and a few open opportunities."""

import random
from datetime import timedelta
from typing import Any

from throughline.sandbox.salesforce.cpq import calculate
from throughline.sandbox.salesforce.deals import add_deal, drawn
from throughline.sandbox.salesforce.firm import CUSTOMERS, ENTITY_CURRENCIES, PRODUCTS, SELLERS, Customer
from throughline.sandbox.salesforce.ids import numbered
from throughline.sandbox.salesforce.objects import ACCOUNT, BOOK, CONTACT, ENTRY, ORGANIZATION, PRODUCT, USER
from throughline.sandbox.salesforce.org import FIRST_NUMBER, Org, Transaction
from throughline.sandbox.salesforce.records import place

INTEGRATION_ID = numbered(USER.prefix, FIRST_NUMBER)  # the first user creates everybody, itself included
_FOUNDED, _LATELY = timedelta(days=90), timedelta(days=5)
_CONTACTS = (("Finance", "Contact", "finance"), ("Project", "Sponsor", "sponsor"))
_OPEN = (
    ("Meridian Rail Ltd", "Time and Materials", "Proposal/Price Quote"),
    ("Ostwald Chemie GmbH", "Milestone", "Negotiation/Review"),
    ("Bluewater Utilities Inc.", "Fixed Fee", "Qualification"),
    ("Hexham Council", "Managed Service", "Prospecting"),
    ("Orsay Pharma SA", "Subscription", "Proposal/Price Quote"),
    ("Castellan Bank plc", "Retainer", "Negotiation/Review"),
)


def seed_firm(org: Org, chance: random.Random) -> None:
    founding = org.begin(INTEGRATION_ID, org.clock.now() - _FOUNDED)
    _people(founding)
    _catalogue(founding)
    accounts: dict[str, str] = {}
    for customer in CUSTOMERS:
        accounts[customer.name] = _customer(founding, customer, accounts)
    founding.commit()
    for customer, contract_type, stage in _OPEN:
        spec = {"customer": customer, "contract_type": contract_type, "stage": stage}
        add_deal(org, drawn(org, chance, spec), at=org.clock.now() - _LATELY)
    calculate(org)


def _people(tx: Transaction) -> None:
    organization = {"Name": "Halyard Advisory", "InstanceName": "CS100", "IsSandbox": True}
    place(tx, ORGANIZATION, organization)
    people = [("Throughline", "Integration", "integration@halyard.example"), *SELLERS]
    for first, last, email in people:
        place(tx, USER, {"FirstName": first, "LastName": last, "Username": email, "Email": email})


def _catalogue(tx: Transaction) -> None:
    book = place(tx, BOOK, {"Name": "Standard Price Book"})
    tx.stage(BOOK, (tx.get(BOOK, book) or {}) | {"IsStandard": True})
    for product in PRODUCTS:
        given: dict[str, Any] = {"Name": product.name, "ProductCode": product.code, "Family": product.family}
        id_ = place(tx, PRODUCT, given)
        for currency, price in product.prices.items():
            entry = {"Pricebook2Id": book, "Product2Id": id_, "CurrencyIsoCode": currency, "UnitPrice": price}
            place(tx, ENTRY, entry)


def _customer(tx: Transaction, customer: Customer, accounts: dict[str, str]) -> str:
    id_ = place(
        tx,
        ACCOUNT,
        {
            "Name": customer.name,
            "ParentId": accounts[customer.parent] if customer.parent else None,
            "BillingStreet": customer.street,
            "BillingCity": customer.city,
            "BillingPostalCode": customer.postal_code,
            "BillingCountryCode": customer.country,
            "Website": f"https://www.{customer.domain}",
            "Phone": customer.phone,
            "Tax_Id__c": customer.tax_id,
            "CurrencyIsoCode": ENTITY_CURRENCIES[customer.legal_entity],
        },
    )
    for first, last, box in _CONTACTS:
        email = f"{box}@{customer.domain}"
        place(tx, CONTACT, {"AccountId": id_, "FirstName": first, "LastName": last, "Email": email})
    return id_
