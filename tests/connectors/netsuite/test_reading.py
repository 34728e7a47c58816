"""What is read from NetSuite, over real HTTP from its simulator."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from throughline.connectors.netsuite import CONNECTOR
from throughline.core.connector import Answer
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.forms import Record

pytestmark = pytest.mark.asyncio(loop_scope="module")


def names(pages: list[list[Record]]) -> list[str]:
    return [record["companyName"] for page in pages for record in page]


async def by_hand(erp: Any, name: str, **more: Any) -> str:
    body = {"companyName": name, "subsidiary": {"id": "3"}, **more}
    return (await erp.control("records/customer", body, status=201))["id"]


async def test_the_assertion_is_signed_with_ps256_and_let_in(erp: Any) -> None:
    asked = erp.line.connector.ask(erp.line.credentials, erp.clock.now())
    await erp.find("customer", key="501")

    assert jwt.get_unverified_header(asked.form["client_assertion"])["alg"] == "PS256"
    assert len(erp.asked("/oauth2/v1/token")) == 1


async def test_a_refused_token_is_replaced_once(erp: Any) -> None:
    await erp.find("customer", key="501")
    await erp.control("revoke", {})

    assert (await erp.find("customer", key="501"))[0]["id"] == "501"
    assert len(erp.asked("/oauth2/v1/token")) == 2


async def test_a_key_that_cannot_be_read_is_a_hold(erp: Any) -> None:
    erp.line.credentials.secrets["private_key"] = "not a key"

    with pytest.raises(Hold, match="The private key for NetSuite cannot be read"):
        await erp.find("customer", key="501")


async def test_a_change_is_read_from_its_cursor_whatever_the_time_zone_of_the_account(erp: Any) -> None:
    erp.advance(10)
    cursor = erp.clock.now().isoformat()
    erp.advance(10)
    await by_hand(erp, "Changed After")

    found = names(await erp.changes("customer", cursor))
    later = (datetime.fromisoformat(cursor) + timedelta(seconds=11)).isoformat()

    assert found == ["Changed After"], "a bare literal would be eight hours off, one way or the other"
    assert names(await erp.changes("customer", later)) == []


async def test_the_cursor_is_the_last_change_in_utc_and_reads_it_again(erp: Any) -> None:
    erp.advance(10)
    await by_hand(erp, "One")
    await by_hand(erp, "Other")

    cursor = await erp.cursor("customer")

    assert cursor == "2026-11-20T10:00:10+00:00"
    assert names(await erp.changes("customer", cursor)) == ["One", "Other"]


async def test_many_of_one_second_come_over_several_pages_each_once(erp: Any) -> None:
    for number in range(250):
        erp.simulator.records.create(*_typed("customer", f"Sample Company {number}"), quiet=True)

    pages = await erp.changes("customer")

    assert [len(page) for page in pages] == [200, 53]
    assert len({record["id"] for page in pages for record in page}) == 253


def _typed(name: str, title: str) -> tuple[Any, Any]:
    from throughline.sandbox.netsuite.catalogue import TYPES
    from throughline.sandbox.netsuite.records import Edit

    return TYPES[name], Edit(body={"companyName": title, "subsidiary": {"id": "3"}}, actor="setup")


async def test_a_record_changed_between_two_pages_makes_no_other_one_go_missing(erp: Any) -> None:
    for number in range(250):
        erp.simulator.records.create(*_typed("customer", f"Sample Company {number}"), quiet=True)
    seen: list[str] = []

    async for page in erp.connector.changes(erp.http, erp.mapping("customer"), None):
        seen += [record["id"] for record in page.records]
        if len(seen) == 200:
            erp.advance(60)
            await erp.control("records/customer", {"id": seen[5], "comments": "moved to the end"})

    assert len(set(seen)) == 253
    assert seen[-1] == seen[5]


async def test_a_customer_reads_in_our_words_with_its_address(erp: Any) -> None:
    (record,) = await erp.find("customer", key="501")

    claim = erp.read("customer", record)

    assert claim.unread == {}
    told = {name: claim.fields.get(name) for name in ("name", "tax_id", "legal_entity", "currency", "payment_terms")}
    assert told == {
        "name": "MERIDIAN RAIL LIMITED",
        "tax_id": "GB823456726",
        "legal_entity": "UK",
        "currency": "GBP",
        "payment_terms": "Net 30",
    }
    assert (claim.fields["street"], claim.fields["city"]) == ("1 Station Approach", "York")
    assert (claim.fields["postal_code"], claim.fields["country"]) == ("YO24 1AB", "GB")


async def test_a_currency_without_a_row_in_the_table_is_unread(erp: Any) -> None:
    erp.simulator.shelf.create("currency", "9", {**erp.kept("currency")["1"], "id": "9", "name": "JPY"})
    key = await by_hand(erp, "Far Away KK", currency={"id": "9"})

    (record,) = await erp.find("customer", key=key)

    assert "tables/currencies.csv has no row" in erp.read("customer", record).unread["currency"]


async def test_a_customer_is_found_by_tax_id_however_it_is_written(erp: Any) -> None:
    key = await by_hand(erp, "Another Name Entirely", vatRegNumber="GB 111 2222-33")

    found = await erp.find("customer", fields={"tax_id": "gb111222233", "name": "Unheard Of Ltd"})

    assert [record["id"] for record in found] == [key]


@pytest.mark.parametrize("name", ["Norrvik Marine AS", "NORRVIK MARINE", "The Norrvik Marine Group"])
async def test_a_customer_is_found_by_its_name_whatever_its_legal_form(erp: Any, name: str) -> None:
    assert [record["id"] for record in await erp.find("customer", fields={"name": name})] == ["505"]


async def test_a_name_that_only_begins_alike_is_not_fetched(erp: Any) -> None:
    await by_hand(erp, "Norrvik Shipping AS")

    assert [record["id"] for record in await erp.find("customer", fields={"name": "Norrvik Marine AS"})] == ["505"]
    assert len(erp.asked("/record/v1/customer/")) == 1


async def test_a_customer_is_found_by_our_id_once_even_if_its_name_fits_too(erp: Any) -> None:
    key = await by_hand(erp, "Ostwald Chemie GmbH", externalId="customer-1")

    found = await erp.find("customer", marker="customer-1", fields={"name": "Ostwald Chemie GmbH"})

    assert [record["id"] for record in found] == [key]


async def test_a_quote_in_a_name_is_only_a_quote(erp: Any) -> None:
    await by_hand(erp, "O'Hara' OR '1'='1")

    assert len(await erp.find("customer", fields={"name": "O'Hara' OR '1'='1"})) == 1
    assert await erp.find("customer", fields={"tax_id": "' OR '1'='1"}) == []


async def test_nothing_asked_for_is_nothing_found(erp: Any) -> None:
    assert await erp.find("customer") == []
    assert await erp.find("contract", marker="contract-unheard-of") == []
    assert await erp.find("customer", key="999999") == []


async def test_more_calls_than_the_pool_has_places_are_throttled(erp: Any) -> None:
    await erp.line.let_in()
    await erp.control("limits", {"concurrency": 1, "latency": 0.3})

    outcomes = await asyncio.gather(*(erp.find("customer", key="501") for _ in range(3)), return_exceptions=True)

    refused = [each for each in outcomes if isinstance(each, Retry)]
    assert len(refused) == 2
    assert any("says we are too fast" in each.why for each in refused)


async def test_a_throttle_that_says_how_long_is_obeyed(erp: Any) -> None:
    await erp.line.let_in()
    await erp.fault("throttle", retry_after=17)

    with pytest.raises(Retry) as raised:
        await erp.find("customer", key="501")

    assert raised.value.after == timedelta(seconds=17)


@pytest.mark.parametrize("kind", ["throttle", "lock", "error", "maintenance", "reset_after"])
async def test_a_bad_day_while_reading_is_tried_again(erp: Any, kind: str) -> None:
    await erp.line.let_in()
    await erp.fault(kind, path="/suiteql")

    with pytest.raises(Retry) as raised:
        await erp.changes("customer")

    assert not isinstance(raised.value, Unknown), "a query changes nothing, though it is a POST"


@dataclass
class Endless:
    """Answers every query with a full page that ends in the same second."""

    asked: list[str] = field(default_factory=list[str])
    settings: dict[str, str] = field(default_factory=dict[str, str])

    async def call(self, method: str, path: str, **more: Any) -> Answer:
        if method == "GET":
            return Answer(200, {}, {"id": path.rsplit("/", 1)[1]})
        self.asked.append(more["json"]["q"])
        page = len(self.asked)
        items = [{"id": str(page * 10 + n), "changed": "2026-01-31 12:00:00"} for n in range(2)]
        return Answer(200, {}, {"items": items, "hasMore": page < 3})


async def test_the_next_page_begins_after_the_last_record_even_within_one_second() -> None:
    http, mapping = Endless(), CONNECTOR.mapping("customer")
    assert mapping
    assert CONNECTOR.changes

    pages = [page async for page in CONNECTOR.changes(http, mapping, None)]

    assert [record["id"] for page in pages for record in page.records] == ["10", "11", "20", "21", "30", "31"]
    assert "WHERE" not in http.asked[0]
    assert "AND t.id > 11)" in http.asked[1]
    assert "AND t.id > 21)" in http.asked[2]
