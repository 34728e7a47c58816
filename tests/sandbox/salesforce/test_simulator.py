"""The org as a whole: its limits, its bad days, its restart, and the firm it starts with."""

import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce import Salesforce
from throughline.sandbox.shelf import Shelf


async def test_every_answer_says_how_many_calls_are_used(api: Any) -> None:
    await api.control("limits", daily=3)

    for used, path in ((1, "limits"), (2, "sobjects/Nothing"), (3, "limits")):
        await api.call("GET", path)
        assert api.last.headers["Sforce-Limit-Info"] == f"api-usage={used}/3"

    status, body = await api.call("GET", "limits")
    assert (status, body[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert api.last.headers["Sforce-Limit-Info"] == "api-usage=3/3"


async def test_the_limit_is_for_a_day(api: Any, clock: SandboxClock) -> None:
    await api.control("limits", daily=1000, used=1000)
    assert (await api.call("GET", "limits"))[0] == 403

    clock.advance(86_400)
    await api.login()

    status, body = await api.call("GET", "limits")
    assert (status, body["DailyApiRequests"]) == (200, {"Max": 1000, "Remaining": 999})


@pytest.mark.parametrize(
    ("fault", "status", "code", "words"),
    [
        ({"kind": "throttle"}, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded"),
        ({"kind": "throttle", "status": 429}, 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit"),
        ({"kind": "error"}, 503, "SERVER_UNAVAILABLE", "busy"),
        ({"kind": "error", "status": 500}, 500, "UNKNOWN_EXCEPTION", "ErrorId"),
        ({"kind": "lock"}, 400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        ({"kind": "maintenance"}, 503, "SERVER_UNAVAILABLE", "maintenance"),
    ],
)
async def test_a_bad_day_is_worded_by_salesforce(
    api: Any, fault: dict[str, Any], status: int, code: str, words: str
) -> None:
    await api.control("faults", **fault, retry_after=7)

    answer, body = await api.call("GET", "limits")

    assert (answer, body[0]["errorCode"]) == (status, code)
    assert words in body[0]["message"]
    assert api.last.headers["Retry-After"] == "7"
    assert "Sforce-Limit-Info" in api.last.headers
    assert (await api.call("GET", "limits"))[0] == 200


async def test_an_error_after_the_effect_has_the_effect(api: Any) -> None:
    await api.control("faults", kind="error_after", method="PATCH", status=500)

    status, _ = await api.call("PATCH", "sobjects/Account/Throughline_Id__c/c-1", {"Name": "One"})

    assert status == 500
    assert len(await api.records("SELECT Id FROM Account WHERE Throughline_Id__c = 'c-1'")) == 1


async def test_a_restart_forgets_nothing_that_was_committed(
    tmp_path: Path, clock: SandboxClock, public_pem: bytes, api: Any
) -> None:
    def org() -> Salesforce:
        shelf = Shelf(tmp_path / "salesforce.db")
        return Salesforce(clock=clock, shelf=shelf, chance=random.Random(1), public_key_pem=public_pem)

    async def visit(body: Any) -> tuple[int, Any]:
        async with TestClient(TestServer(api.simulator.app())) as api.http:
            if body:
                await api.login()
                await api.control("skew", seconds=60)
            return await api.call("PATCH", "sobjects/Account/Throughline_Id__c/c-1", body or {"Phone": "1"})

    api.simulator = org()
    first = await visit({"Name": "One"})
    api.simulator = org()
    second = await visit(None)

    assert (first[0], second[0], second[1]["id"]) == (201, 200, first[1]["id"])
    api.simulator = org()
    async with TestClient(TestServer(api.simulator.app())) as api.http:
        assert await api.records("SELECT Id FROM Account WHERE Name = 'One'") == []
        clock.advance(60)
        assert len(await api.records("SELECT Id FROM Account WHERE Name = 'One'")) == 1


async def test_a_reset_starts_the_firm_again(api: Any) -> None:
    await api.create("Account", Name="New Customer", Throughline_Id__c="c-1")
    await api.control("limits", daily=5)

    await api.control("reset")

    await api.login()
    assert await api.records("SELECT Id FROM Account WHERE Throughline_Id__c = 'c-1'") == []
    assert api.last.headers["Sforce-Limit-Info"] == "api-usage=1/1000000"


async def test_the_firm_has_its_customers(api: Any) -> None:
    found = await api.records("SELECT Name, BillingCountryCode, Tax_Id__c, Parent.Name, CurrencyIsoCode FROM Account")

    accounts = {record["Name"]: record for record in found}
    assert len(accounts) == 10
    assert accounts["Meridian Rail Ltd"]["Tax_Id__c"] == "GB823456726"
    assert accounts["Norrvik Marine AS"]["Tax_Id__c"] is None
    assert accounts["Lumen Civic LLC"]["Parent"]["Name"] == "Bluewater Utilities Inc."
    assert accounts["Alpenblick Versicherung AG"]["CurrencyIsoCode"] == "EUR"
    contacts = await api.records("SELECT Account.Name, Email FROM Contact")
    assert {record["Account"]["Name"] for record in contacts} == set(accounts)
    users = {record["Username"] for record in await api.records("SELECT Username FROM User")}
    assert users == {"integration@halyard.example", "sales.europe@halyard.example", "sales.america@halyard.example"}


async def test_the_firm_has_a_price_for_every_product_in_every_currency(api: Any) -> None:
    entries = await api.records(
        "SELECT ProductCode, CurrencyIsoCode, UnitPrice, Pricebook2.IsStandard FROM PricebookEntry"
    )

    assert {(entry["ProductCode"], entry["CurrencyIsoCode"]) for entry in entries} == {
        (code, currency)
        for code in ("ADV-DAY", "IMP-DAY", "IMP-FIX", "ANA-DAY", "MS-MONTH", "RET-MONTH", "USG-UNIT", "SUB-YEAR")
        for currency in ("USD", "GBP", "EUR")
    }
    assert all(entry["UnitPrice"] > 0 and entry["Pricebook2"]["IsStandard"] for entry in entries)


async def test_the_firm_has_open_business_and_no_traffic(api: Any) -> None:
    found = await api.records("SELECT Amount, IsClosed, (SELECT Id FROM OpportunityLineItems) FROM Opportunity")

    assert len(found) == 6
    assert all(record["Amount"] > 0 and not record["IsClosed"] for record in found)
    assert all(record["OpportunityLineItems"]["totalSize"] for record in found)
    assert (await api.call("GET", "/__sandbox__/counters"))[1] == {}
