"""Deals on demand: sensible when nothing is said, and exactly as said otherwise."""

import random
from datetime import date
from typing import Any

import pytest

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce import Salesforce, close_deal
from throughline.sandbox.salesforce.terms import after
from throughline.sandbox.shelf import Shelf

CURRENCY = {"US": "USD", "UK": "GBP", "DE": "EUR"}


async def test_a_deal_is_won_by_a_salesperson(api: Any) -> None:
    deal = await api.control("deals")

    record = await api.read("Opportunity", deal["opportunity_id"])
    assert (record["StageName"], record["IsWon"], record["AccountId"]) == ("Closed Won", True, deal["account_id"])
    assert (record["Name"], record["Amount"]) == (deal["name"], deal["amount"])
    seller = await api.read("User", record["LastModifiedById"])
    assert seller["Username"].startswith("sales.")
    assert record["CreatedById"] == record["OwnerId"] == seller["Id"]


async def test_deals_take_turns_and_make_sense(api: Any) -> None:
    deals = [await api.control("deals") for _ in range(70)]

    soql = (
        "SELECT Account.Name, Contract_Type__c, Legal_Entity__c, CurrencyIsoCode, Amount, Project_Manager__c,"
        " Billing_Method__c, Start_Date__c, End_Date__c,"
        " (SELECT TotalPrice FROM OpportunityLineItems) FROM Opportunity WHERE IsWon = true"
    )
    won = await api.records(soql)
    assert len({deal["opportunity_id"] for deal in deals}) == len(won) == 70
    assert len({(record["Account"]["Name"], record["Contract_Type__c"]) for record in won}) == 70
    for record in won:
        assert record["CurrencyIsoCode"] == CURRENCY[record["Legal_Entity__c"]]
        assert record["Project_Manager__c"] == f"pm.{record['Legal_Entity__c'].lower()}@halyard.example"
        assert record["Billing_Method__c"]
        assert record["Start_Date__c"] == "2026-04-01" < record["End_Date__c"]
        total = sum(line["TotalPrice"] for line in record["OpportunityLineItems"]["records"])
        assert record["Amount"] == pytest.approx(total)


async def test_a_deal_is_what_was_asked_for(api: Any) -> None:
    deal = await api.control(
        "deals",
        customer="Orsay Pharma SA",
        contract_type="Managed Service",
        legal_entity="UK",
        name="Laboratory support",
        start_date="2026-01-31",
        stage="Closed Lost",
        lines=[
            {"product": "MS-MONTH", "quantity": 2, "unit_price": 10.5, "role": "Service Engineer"},
            {"product": "USG-UNIT", "quantity": 4, "contract_type": "Usage", "description": "Metered"},
        ],
    )

    assert (deal["name"], deal["amount"], deal["currency"]) == ("Laboratory support", 23.6, "GBP")
    record = await api.read("Opportunity", deal["opportunity_id"])
    assert (record["StageName"], record["Start_Date__c"], record["End_Date__c"]) == (
        "Closed Lost",
        "2026-01-31",
        "2027-01-30",
    )
    lines = await api.records(
        "SELECT ProductCode, Role__c, Contract_Type__c, Description FROM OpportunityLineItem"
        f" WHERE OpportunityId = '{deal['opportunity_id']}' ORDER BY ProductCode"
    )
    plain = [{name: value for name, value in line.items() if name != "attributes"} for line in lines]
    assert plain == [
        {"ProductCode": "MS-MONTH", "Role__c": "Service Engineer", "Contract_Type__c": None, "Description": None},
        {"ProductCode": "USG-UNIT", "Role__c": None, "Contract_Type__c": "Usage", "Description": "Metered"},
    ]


@pytest.mark.parametrize(
    "model",
    ["Time and Materials", "Fixed Fee", "Milestone", "Retainer", "Usage", "Subscription", "Managed Service"],
)
async def test_a_deal_has_the_amount_asked_for_to_the_cent(api: Any, model: str) -> None:
    for amount in ("120000", "99999.97"):
        deal = await api.control("deals", contract_type=model, amount=amount)
        assert deal["amount"] == float(amount)


async def test_a_deal_may_have_no_lines(api: Any) -> None:
    deal = await api.control("deals", lines=[], amount=500)

    assert deal["amount"] == 500
    assert not (await api.read("Opportunity", deal["opportunity_id"]))["HasOpportunityLineItem"]


async def test_a_careless_deal_lacks_what_it_should_have(api: Any) -> None:
    missing = ["Contract_Type__c", "Legal_Entity__c", "Project_Manager__c", "AccountId", "Role__c"]

    deal = await api.control("deals", contract_type="Time and Materials", missing=missing)

    record = await api.read("Opportunity", deal["opportunity_id"])
    assert [record[name] for name in missing[:-1]] == [None] * 4
    lines = await api.records(
        f"SELECT Role__c FROM OpportunityLineItem WHERE OpportunityId = '{deal['opportunity_id']}'"
    )
    assert {line["Role__c"] for line in lines} == {None}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"customer": "Nobody Ltd"}, "customer 'Nobody Ltd' is not an account"),
        ({"contract_type": "Barter"}, "it must be one of Time and Materials"),
        ({"legal_entity": "FR"}, "it must be one of US, UK, DE"),
        ({"colour": "blue"}, "a deal has no colour"),
        ({"lines": [{"colour": "blue"}]}, "a line has no colour"),
        ({"lines": [{"product": "TEA"}]}, "product 'TEA' is not sold"),
        ({"lines": [{"quantity": 1}], "amount": 5}, "lines or an amount, not both"),
        ({"amount": "much"}, "it must be a number"),
        ({"missing": ["Colour__c"]}, "missing names 'Colour__c'"),
        ({"missing": ["Name"]}, "Required fields are missing: [Name]"),
        ({"start_date": "soon"}, "soon"),
    ],
)
async def test_an_impossible_deal_is_refused_with_the_reason(api: Any, spec: dict[str, Any], words: str) -> None:
    status, body = await api.call("POST", "/__sandbox__/deals", spec)

    assert status == 422
    assert words in body["error"]
    assert await api.records("SELECT Id FROM Opportunity WHERE IsClosed = true") == []


async def test_a_slow_salesperson_is_seen_late(api: Any, clock: SandboxClock) -> None:
    await api.control("skew", seconds=30)
    deal = await api.control("deals")
    soql = (
        f"SELECT SystemModstamp, (SELECT Id FROM OpportunityLineItems) FROM Opportunity"
        f" WHERE Id = '{deal['opportunity_id']}'"
    )

    assert await api.records(soql) == []

    clock.advance(30)
    [record] = await api.records(soql)
    assert record["SystemModstamp"] == "2026-03-10T09:30:00.000+0000"
    assert record["OpportunityLineItems"]["totalSize"] >= 1


def test_the_same_chance_makes_the_same_deals(clock: SandboxClock, public_pem: bytes) -> None:
    def sold() -> list[dict[str, Any]]:
        org = Salesforce(clock=clock, shelf=Shelf(), chance=random.Random(3), public_key_pem=public_pem)
        org.reseed()
        deals = [close_deal(org, {}) for _ in range(5)]
        org.shelf.close()
        return deals

    assert sold() == sold()


def test_months_end_on_their_last_day() -> None:
    assert after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert after(date(2026, 12, 31), 12) == date(2027, 12, 31)
    assert after(date(2026, 11, 15), 1) == date(2026, 12, 15)
    assert after(date(2026, 12, 1), 1) == date(2027, 1, 1)
