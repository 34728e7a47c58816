"""What is read from Salesforce, over real HTTP from its simulator."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from throughline.connectors.salesforce import CONNECTOR
from throughline.connectors.salesforce.api import put_many
from throughline.core.connector import Answer, Census, Page, Sent
from throughline.core.entities import Customer, CustomerId
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.forms import Record

pytestmark = pytest.mark.asyncio(loop_scope="module")


def keys(pages: list[list[Record]]) -> list[str]:
    return [record["Id"] for page in pages for record in page]


async def deal(crm: Any, **wanted: Any) -> str:
    return (await crm.control("deals", wanted, status=201))["opportunity_id"]


def earlier(cursor: str | None, seconds: float) -> str:
    assert cursor
    return (datetime.fromisoformat(cursor) - timedelta(seconds=seconds)).isoformat()


async def read_deal(crm: Any, key: str) -> Any:
    (record,) = await crm.find("opportunity", key=key)
    crm.names.ids["customer", record["AccountId"]] = "customer-1"
    return crm.read("opportunity", record)


async def test_one_token_serves_many_calls_and_a_revoked_one_is_replaced(crm: Any) -> None:
    await crm.find("customer", key="001000000000000AAA")
    await crm.find("customer", key="001000000000000AAA")
    await crm.control("revoke", {})
    await crm.find("customer", key="001000000000000AAA")

    assert len(crm.asked("/services/oauth2/token")) == 2


async def test_a_wrong_key_is_a_hold_that_names_the_system(crm: Any) -> None:
    crm.line.credentials.settings["consumer_key"] = "somebody else"

    with pytest.raises(Hold, match="salesforce does not let us in: client identifier invalid"):
        await crm.find("customer", key="001000000000000AAA")


async def test_all_accounts_come_over_several_pages_oldest_first(crm: Any) -> None:
    for part in range(6):
        crm.advance(1)
        numbers = range(part * 200, part * 200 + 200)
        many = [Sent({"Name": f"Sample Company {n}"}, f"customer-{n}", None, "") for n in numbers]
        await put_many(crm.http, crm.mapping("customer"), many)

    pages = await crm.changes("customer")

    assert [len(page) for page in pages] == [500, 500, 210]
    assert len(set(keys(pages))) == 1210
    stamps = [record["SystemModstamp"] for page in pages for record in page]
    assert stamps == sorted(stamps)


async def test_records_of_one_and_the_same_second_are_all_read_again_from_their_cursor(crm: Any) -> None:
    first = await deal(crm, customer="Meridian Rail Ltd")
    second = await deal(crm, customer="Ostwald Chemie GmbH")
    cursor = await crm.cursor("opportunity")

    again = keys(await crm.changes("opportunity", cursor))

    assert {first, second} <= set(again)
    assert again == sorted(again)


async def test_a_slow_transaction_is_found_when_read_again_from_before_the_cursor(crm: Any) -> None:
    await crm.control("skew", {"seconds": 30})
    slow = await deal(crm, customer="Meridian Rail Ltd")
    await crm.control("skew", {"seconds": 0})
    crm.advance(5)
    quick = await deal(crm, customer="Ostwald Chemie GmbH")
    first = keys(await crm.changes("opportunity"))
    cursor = await crm.cursor("opportunity")
    crm.advance(60)

    from_cursor = keys(await crm.changes("opportunity", cursor))
    overlapped = keys(await crm.changes("opportunity", earlier(cursor, 60)))

    assert quick in first
    assert slow not in first
    assert slow not in from_cursor, "the slow one carries an earlier time than the cursor"
    assert {slow, quick} <= set(overlapped)


async def test_a_deal_is_read_whole_with_its_lines_and_who_changed_it(crm: Any) -> None:
    lines = [
        {"product": "ADV-DAY", "quantity": 10, "unit_price": 1600.25, "role": "Consultant"},
        {"product": "IMP-FIX", "quantity": 1, "unit_price": 9000},
    ]
    key = await deal(crm, customer="Meridian Rail Ltd", legal_entity="UK", contract_type="Retainer", lines=lines)

    claim = await read_deal(crm, key)

    assert claim.unread == {}
    assert claim.author
    assert claim.author != "integration@halyard.example"
    assert claim.fields["stage"] == "won"
    assert claim.fields["amount"] == {"amount": "25002.50", "currency": "GBP"}
    assert claim.fields["commercial_model"] == "retainer"
    assert [(line["product"], line["quantity"], line["unit_price"]) for line in claim.fields["lines"]] == [
        ("ADV-DAY", "10", {"amount": "1600.25", "currency": "GBP"}),
        ("IMP-FIX", "1", {"amount": "9000.00", "currency": "GBP"}),
    ]


async def test_a_deal_without_lines_has_an_empty_list_of_them(crm: Any) -> None:
    key = await deal(crm, customer="Meridian Rail Ltd", amount=5000, lines=[])

    assert (await read_deal(crm, key)).fields["lines"] == []


async def test_a_picklist_value_we_do_not_know_is_unread_and_not_guessed(crm: Any) -> None:
    key = await deal(crm, customer="Meridian Rail Ltd")
    crm.simulator.shelf.update("Opportunity", key, {**crm.kept("Opportunity")[key], "Contract_Type__c": "Barter"})

    claim = await read_deal(crm, key)

    assert "commercial_model" not in claim.fields
    assert "Contract_Type__c is 'Barter'" in claim.unread["commercial_model"]


async def test_an_amount_without_a_currency_is_unread(crm: Any) -> None:
    key = await deal(crm, customer="Meridian Rail Ltd")
    crm.simulator.shelf.update("Opportunity", key, {**crm.kept("Opportunity")[key], "CurrencyIsoCode": None})

    claim = await read_deal(crm, key)

    assert "without a currency" in claim.unread["amount"]
    assert "without a currency" in claim.unread["lines"]


async def test_a_customer_is_found_by_our_id_by_tax_id_or_by_the_telling_word_of_its_name(crm: Any) -> None:
    (one,) = await crm.find("customer", fields={"tax_id": "GB823456726"})
    (other,) = await crm.find("customer", fields={"name": "The MERIDIAN Railway"})
    await crm.put(Customer(id=CustomerId("customer-9"), name="It's 100% \\ Ours_"))
    (ours,) = await crm.find("customer", marker="customer-9")
    quoted = await crm.find("customer", fields={"tax_id": "x' OR Name != '"})
    nothing = await crm.find("customer")

    assert one["Name"] == other["Name"] == "Meridian Rail Ltd"
    assert ours["Name"] == "It's 100% \\ Ours_"
    assert quoted == nothing == []


@dataclass
class Pages:
    """An org whose inner pages are small; the simulator's never are."""

    left: list[Record]
    settings: dict[str, str] = field(default_factory=dict[str, str])

    async def call(self, method: str, path: str, **_more: Any) -> Answer:
        assert method == "GET"
        if not path.endswith("/query"):
            return Answer(200, {}, self.left.pop(0))
        inner = {"done": False, "nextRecordsUrl": "/next/1", "records": [{"Id": "line-1"}]}
        deal = {"attributes": {"type": "Opportunity"}, "Id": "006", "SystemModstamp": "2026-01-31T12:00:00.000+0000"}
        return Answer(200, {}, {"done": True, "records": [{**deal, "OpportunityLineItems": inner}]})


async def test_lines_beyond_the_first_inner_page_are_read_too() -> None:
    more: Record = {"done": False, "nextRecordsUrl": "/next/2", "records": [{"Id": "line-2", "attributes": {}}]}
    last: Record = {"done": True, "records": [{"Id": "line-3"}]}
    mapping, read = CONNECTOR.mapping("opportunity"), CONNECTOR.changes
    assert mapping
    assert read

    pages: list[Page] = [page async for page in read(Pages([more, last]), mapping, None)]

    assert pages[0].records[0]["OpportunityLineItems"] == {"records": [{"Id": f"line-{n}"} for n in (1, 2, 3)]}
    assert pages[0].cursor == "2026-01-31T12:00:00+00:00"


@pytest.mark.parametrize("kind", ["throttle", "lock", "error", "maintenance", "reset_before", "reset_after"])
async def test_a_bad_day_while_reading_is_tried_again(crm: Any, kind: str) -> None:
    await crm.line.let_in()
    # Twice: aiohttp itself asks again, once, when a connection it had kept open turns out to be closed.
    await crm.fault(kind, path="/query", times=2)

    with pytest.raises(Retry) as raised:
        await crm.changes("customer")

    assert not isinstance(raised.value, Unknown)


async def test_salesforce_counts_what_was_changed_in_a_time_as_the_poll_reads_it(crm: Any) -> None:
    crm.advance(60)
    await crm.put(Customer(id=CustomerId("customer-9"), name="Late Ltd"))
    read = [record for page in await crm.changes("customer") for record in page]
    moments = sorted(datetime.fromisoformat(str(record["SystemModstamp"])) for record in read)
    second = timedelta(seconds=1)

    assert await crm.count("customer", moments[0], moments[-1] + second) == Census(len(read))
    inside = sum(moments[0] + second <= each < moments[-1] for each in moments)
    assert await crm.count("customer", moments[0] + second, moments[-1]) == Census(inside)
