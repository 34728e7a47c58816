"""Queries over HTTP: what is selected, filtered, sorted, counted and paged, and how a mistake is pointed at."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce import Salesforce
from throughline.sandbox.salesforce.objects import ACCOUNT, OPPORTUNITY
from throughline.sandbox.salesforce.org import Org
from throughline.sandbox.salesforce.records import create
from throughline.sandbox.salesforce.seed import INTEGRATION_ID
from throughline.sandbox.salesforce.soql import parse
from throughline.sandbox.salesforce.soql_run import run
from throughline.sandbox.salesforce.wire import Refused
from throughline.sandbox.shelf import Shelf


@pytest.fixture(scope="module")
def org(public_pem: bytes) -> Iterator[Org]:
    """The firm, and three opportunities with amounts 10, 20 and none. Nobody writes to it, so all tests share it."""
    clock = SandboxClock(datetime(2026, 3, 10, 9, 30, tzinfo=UTC), speed=0.0)
    salesforce = Salesforce(clock=clock, shelf=Shelf(), chance=random.Random(7), public_key_pem=public_pem)
    salesforce.reseed()
    tx = salesforce.org.begin(INTEGRATION_ID)
    [account] = [each for each in tx.seen(ACCOUNT) if each["Name"] == "Lumen Civic LLC"]
    given: dict[str, dict[str, Any]] = {
        "Alpha": {"Amount": 10, "AccountId": account["Id"], "Start_Date__c": "2026-03-10", "Contract_Type__c": "Usage"},
        "beta": {"Amount": 20, "Start_Date__c": "2026-04-10", "StageName": "Closed Won"},
        "Gamma's 100%_": {"Handoff_At__c": "2026-03-10T12:00:00Z", "Throughline_Id__c": "opp-3"},
    }
    for name, fields in given.items():
        needed = {"Name": name, "StageName": "Prospecting", "CloseDate": "2026-12-24"}
        create(tx, OPPORTUNITY, needed | fields)
    tx.commit()
    yield salesforce.org
    salesforce.shelf.close()


def found(org: Org, soql: str) -> list[dict[str, Any]]:
    return run(org.begin(INTEGRATION_ID), parse(soql), root="/services/data/v60.0", deleted=False)[1]


def names(org: Org, rest: str) -> str:
    """The first letters of those of the three that are found, in order."""
    return "".join(record["Name"][0] for record in found(org, f"SELECT Name FROM Opportunity WHERE {rest}"))


@pytest.mark.parametrize(
    ("where", "letters"),
    [
        ("Name = 'ALPHA'", "a"),
        ("Name != 'alpha'", "bg"),
        ("Name IN ('alpha', 'BETA')", "ab"),
        ("Name NOT IN ('alpha', 'BETA')", "g"),
        ("Name LIKE 'a%'", "a"),
        ("Name LIKE '_e_a'", "b"),
        (r"Name LIKE '%\'s 100\%\_'", "g"),
        (r"Name LIKE '%a\%'", ""),
        (r"Name = 'Gamma\'s 100%_'", "g"),
        (r"Name = 'G\u0061mma\'s 100%_'", "g"),
        ("Amount = 10", "a"),
        ("Amount = 10.00", "a"),
        ("Amount > 10", "b"),
        ("Amount >= 1e1", "ab"),
        ("Amount < 10.01", "a"),
        ("Amount <= -1", ""),
        ("Amount != 10", "bg"),
        ("Amount = null", "g"),
        ("Amount <> NULL", "ab"),
        ("NOT Amount > 10", "ag"),
        ("IsWon = true", "b"),
        ("IsWon != TRUE", "ag"),
        ("Start_Date__c > 2026-03-10", "b"),
        ("Start_Date__c = TODAY", "a"),
        ("Start_Date__c = NEXT_N_DAYS:31", "b"),
        ("Start_Date__c <= YESTERDAY", ""),
        ("Handoff_At__c = 2026-03-10T12:00:00Z", "g"),
        ("Handoff_At__c = 2026-03-10T14:00:00+02:00", "g"),
        ("Handoff_At__c > 2026-03-10T11:59:59.999Z", "g"),
        ("Handoff_At__c > 2026-03-10T12:00:00.001+0000", ""),
        ("Handoff_At__c = TODAY", "g"),
        ("Contract_Type__c = 'usage'", "a"),
        ("Throughline_Id__c = 'OPP-3'", "g"),
        ("Account.Name = 'lumen civic llc'", "a"),
        ("Account.Parent.Name LIKE 'Bluewater%'", "a"),
        ("Account.Name = null", "bg"),
        ("AccountId IN (SELECT Id FROM Account WHERE Name = 'Lumen Civic LLC')", "a"),
        ("Amount = 10 OR Amount = 20", "ab"),
        ("Amount = 10 AND IsWon = true", ""),
        ("(Amount = 10 AND IsWon = false) OR (NOT Amount != null)", "ag"),
        ("NOT (Amount = 10 OR Amount = 20)", "g"),
    ],
)
def test_a_condition_finds_exactly_what_it_says(org: Org, where: str, letters: str) -> None:
    assert names(org, f"CloseDate = 2026-12-24 AND ({where}) ORDER BY Name").lower() == letters


def test_ids_are_found_by_either_spelling(org: Org) -> None:
    [record] = found(org, "SELECT Id FROM Opportunity WHERE Name = 'Alpha'")

    for id_ in (record["Id"], record["Id"][:15], record["Id"].lower()):
        assert names(org, f"Id = '{id_}'") == "A"
        assert names(org, f"Id IN ('{id_}', '006Hs00000AAAAA')") == "A"


@pytest.mark.parametrize(
    ("by", "letters"),
    [
        ("Amount", "GAb"),
        ("Amount DESC", "GbA"),
        ("Amount ASC NULLS LAST", "AbG"),
        ("Amount DESC NULLS LAST", "bAG"),
        ("Amount NULLS FIRST", "GAb"),
        ("Name DESC", "GbA"),
        ("StageName DESC, Amount NULLS LAST", "AGb"),
        ("Account.Name NULLS LAST, Name", "AbG"),
        ("Name LIMIT 1 OFFSET 1", "b"),
    ],
)
def test_order_takes_several_columns_and_says_where_nulls_go(org: Org, by: str, letters: str) -> None:
    assert names(org, f"CloseDate = 2026-12-24 ORDER BY {by}") == letters


async def test_parents_and_children_are_nested_records(api: Any) -> None:
    book = await api.product()
    id_ = await api.opportunity(AccountId=await api.account("Lumen Civic LLC"), Name="Nested")
    await api.create("OpportunityLineItem", OpportunityId=id_, Product2Id=book, Quantity=2, UnitPrice=5)
    await api.create("OpportunityLineItem", OpportunityId=id_, Product2Id=book, Quantity=1, UnitPrice=7, Role__c="X")

    records = await api.records(
        "SELECT Name, Account.Name, Account.Parent.Name, Owner.Email,"
        " (SELECT Quantity, Product2.ProductCode FROM OpportunityLineItems WHERE Role__c = null)"
        f" FROM Opportunity WHERE Id = '{id_}'"
    )

    [record] = records
    assert record["attributes"]["type"] == "Opportunity"
    assert record["Account"]["attributes"]["type"] == "Account"
    assert (record["Account"]["Name"], record["Account"]["Parent"]["Name"]) == (
        "Lumen Civic LLC",
        "Bluewater Utilities Inc.",
    )
    assert record["Owner"]["Email"] == "integration@halyard.example"
    lines = record["OpportunityLineItems"]
    assert (lines["totalSize"], lines["done"]) == (1, True)
    assert lines["records"][0]["attributes"]["type"] == "OpportunityLineItem"
    assert (lines["records"][0]["Quantity"], lines["records"][0]["Product2"]["ProductCode"]) == (2.0, "ADV-DAY")


async def test_what_has_no_parent_or_children_has_nulls(api: Any) -> None:
    id_ = await api.opportunity()

    [record] = await api.records(
        f"SELECT Account.Name, (SELECT Id FROM OpportunityLineItems) FROM Opportunity WHERE Id = '{id_}'"
    )

    assert (record["Account"], record["OpportunityLineItems"]) == (None, None)


async def test_names_do_not_mind_their_case_and_answers_have_the_right_one(api: Any) -> None:
    body = await api.query("select id, NAME, owner.EMAIL from ACCOUNT a where a.name = 'Hexham Council' limit 1")

    assert list(body["records"][0]) == ["attributes", "Id", "Name", "Owner"]


async def test_a_count_has_a_size_and_no_records(api: Any) -> None:
    assert await api.query("SELECT COUNT() FROM Account") == {"totalSize": 10, "done": True, "records": []}
    assert (await api.query("SELECT count() FROM Account WHERE BillingCountryCode = 'GB'"))["totalSize"] == 3


async def test_deleted_records_are_in_query_all_only(api: Any) -> None:
    id_ = await api.create("Account", Name="Gone")
    await api.call("DELETE", f"sobjects/Account/{id_}")
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Gone'"

    assert await api.records(soql) == []

    status, body = await api.call("GET", "queryAll", q=soql)
    assert (status, [record["IsDeleted"] for record in body["records"]]) == (200, [True])


async def test_a_long_answer_comes_in_pages(api: Any) -> None:
    for at in range(0, 450, 150):
        records = [{"attributes": {"type": "Account"}, "Name": f"Many {number}"} for number in range(at, at + 150)]
        assert (await api.call("POST", "composite/sobjects", {"records": records}))[0] == 200

    page = await api.query(
        "SELECT Id FROM Account WHERE Name LIKE 'Many %'", **{"Sforce-Query-Options": "batchSize=200"}
    )

    assert (page["totalSize"], page["done"], len(page["records"])) == (450, False, 200)
    assert page["nextRecordsUrl"].startswith("/services/data/v60.0/query/01g")
    assert page["nextRecordsUrl"].endswith("-200")
    ids = {record["Id"] for record in page["records"]}
    status, rest = await api.call("GET", page["nextRecordsUrl"])
    assert (status, rest["done"], len(rest["records"])) == (200, True, 250), "a page is 2000 unless told otherwise"
    assert "nextRecordsUrl" not in rest
    assert len(ids | {record["Id"] for record in rest["records"]}) == 450
    for locator in ("01gNothing-200", page["nextRecordsUrl"].rpartition("/")[2].replace("-200", "-450")):
        status, body = await api.call("GET", f"query/{locator}")
        assert (status, body[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Id, Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'."),
        ("SELECT Account.Foo FROM Contact", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'."),
        ("SELECT Id FROM Account WHERE Foo = 1", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Id FROM Account ORDER BY Foo", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Foo.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path."),
        ("SELECT (SELECT Id FROM Foos) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Foos'"),
        ("SELECT (SELECT Foo FROM Contacts) FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'Contact'"),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Opportunity WHERE Amount = '1'", "INVALID_FIELD", "must be of type double and should not"),
        ("SELECT Id FROM Account WHERE Name = 1", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "type dateTime"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-13-01T00:00:00Z", "MALFORMED_QUERY", "Invalid datetime"),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Account WHERE IsDeleted > true", "INVALID_QUERY_FILTER_OPERATOR", "boolean field"),
        ("SELECT Id FROM Account WHERE Name > null", "INVALID_QUERY_FILTER_OPERATOR", "null"),
        ("SELECT Id FROM Opportunity WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Opportunity WHERE Amount LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Account WHERE CreatedDate = SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'SOMEDAY'"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY", "unexpected token: 'FORM'"),
        ("SELECT FROM Account", "MALFORMED_QUERY", "unexpected token: 'Account'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: <EOF>"),
        ("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY", "unexpected character: '''"),
        (r"SELECT Id FROM Account WHERE Name = '\x'", "MALFORMED_QUERY", r"Illegal backslash: \x"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY", "token: 'OR'"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY", "unexpected token: 'x'"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id FROM Account WHERE Name = 'a';", "MALFORMED_QUERY", "unexpected character: ';'"),
        ("SELECT Name FROM Account GROUP BY Name", "MALFORMED_QUERY", "unexpected token"),
        ("", "MALFORMED_QUERY", "<EOF>"),
    ],
)
def test_a_mistake_is_named(org: Org, soql: str, code: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        found(org, soql)

    assert (refused.value.status, refused.value.code) == (400, code)
    assert message in refused.value.message


async def test_a_mistake_is_pointed_at(api: Any) -> None:
    status, [error] = await api.call("GET", "query", q="SELECT Id, Foo FROM Account")

    assert (status, error["errorCode"]) == (400, "INVALID_FIELD")
    assert error["message"].startswith(
        "\nSELECT Id, Foo FROM Account\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo'"
    )


async def test_a_plus_that_was_not_encoded_is_a_space(api: Any) -> None:
    """The classic trap of a cursor with a zone: it must be refused, not misread."""
    path = "/services/data/v60.0/query?q=SELECT+Id+FROM+Account+WHERE+CreatedDate>2026-01-01T00:00:00+00:00"

    status, body = await api.call("GET", path)

    assert (status, body[0]["errorCode"]) == (400, "MALFORMED_QUERY")


async def test_a_slow_transaction_is_seen_after_its_stamp(api: Any, clock: SandboxClock) -> None:
    old = await api.create("Account", Name="Before")
    await api.control("skew", seconds=5)

    late = await api.create("Account", Name="Late")
    await api.call("PATCH", f"sobjects/Account/{old}", {"Name": "After"})
    await api.control("skew", seconds=0)
    quick = await api.create("Account", Name="Quick")

    recent = "SELECT Id, Name, SystemModstamp FROM Account WHERE CreatedDate = TODAY ORDER BY Name"
    assert [record["Name"] for record in await api.records(recent)] == ["Before", "Quick"]
    assert await api.records("SELECT Id FROM Account WHERE Name = 'After'") == []
    clock.advance(4.9)
    assert [record["Name"] for record in await api.records(recent)] == ["Before", "Quick"]
    clock.advance(0.1)
    seen = await api.records(recent)
    assert [record["Id"] for record in seen] == [old, late, quick]
    assert {record["SystemModstamp"] for record in seen} == {"2026-03-10T09:30:00.000+0000"}
