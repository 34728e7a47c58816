"""REST records as documented: create, read, merge, upsert, delete, list, describe."""

import json
from decimal import Decimal
from typing import Any

from yarl import URL

from tests.sandbox.netsuite.conftest import Account, customer, order, quoted


async def test_a_record_is_created_and_its_location_told(account: Account) -> None:
    answer = await account.rest("POST", "customer", customer())

    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["Location"] == f"{account.url}/services/rest/record/v1/customer/{answer.new_id}"


async def test_a_record_is_shown_with_links_and_named_references(account: Account) -> None:
    shown = await account.get(f"customer/{await account.create('customer', customer(externalId='TL-1'))}")

    root = f"{account.url}/services/rest/record/v1"
    assert shown["links"] == [{"rel": "self", "href": f"{root}/customer/{shown['id']}"}]
    assert shown["subsidiary"] == {
        "links": [{"rel": "self", "href": f"{root}/subsidiary/4"}],
        "id": "4",
        "refName": "DE",
    }
    assert shown["currency"]["id"] == "4", "the subsidiary's currency is the default"
    assert shown["entityId"] == "CUST1001"
    assert shown["externalId"] == "TL-1"
    assert shown["isPerson"] is False
    assert shown["lastModifiedDate"] == "2026-11-20T10:00:00Z"
    assert shown["addressbook"] == {"links": [{"rel": "self", "href": f"{root}/customer/{shown['id']}/addressbook"}]}


async def test_sublists_are_shown_when_asked_for(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))

    closed, opened = (
        await account.get(f"salesOrder/{id_}"),
        await account.get(f"salesOrder/{id_}", expandSubResources="true"),
    )
    alone = await account.get(f"salesOrder/{id_}/item", expandSubResources="true")
    line = await account.get(f"salesOrder/{id_}/item/1")

    assert "items" not in closed["item"]
    assert opened["item"]["totalResults"] == 1
    assert opened["item"]["items"][0]["item"]["refName"] == "SVC-TM"
    assert alone["items"] == opened["item"]["items"]
    assert line == opened["item"]["items"][0]


async def test_fields_narrow_the_answer(account: Account) -> None:
    shown = await account.get("customer/501", fields="companyName,currency")

    assert set(shown) == {"links", "companyName", "currency"}


async def test_a_patch_changes_what_it_names_and_null_clears(account: Account) -> None:
    id_ = await account.create("customer", customer(email="a@ostwald.example", phone="1"))
    account.clock.advance(60)

    answer = await account.rest("PATCH", f"customer/{id_}", {"email": None, "phone": "2"})
    shown = await account.get(f"customer/{id_}")

    assert answer.status == 204
    assert "email" not in shown
    assert shown["phone"] == "2"
    assert shown["companyName"] == "Ostwald Chemie GmbH"
    assert shown["lastModifiedDate"] == "2026-11-20T10:01:00Z"
    assert shown["createdDate"] == "2026-11-20T10:00:00Z"


async def lines_of(account: Account, id_: str) -> list[dict[str, Any]]:
    return (await account.get(f"salesOrder/{id_}", expandSubResources="true"))["item"]["items"]


async def test_lines_with_a_key_are_merged_and_lines_without_are_added(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))
    items = [{"line": 1, "quantity": 4}, {"item": {"id": "102"}, "amount": 500}]

    await account.rest("PATCH", f"salesOrder/{id_}", {"item": {"items": items}})
    first, second = await lines_of(account, id_)

    assert (first["line"], first["quantity"], first["rate"], first["amount"]) == (1, 4.0, 120.5, 482.0)
    assert (second["line"], second["item"]["refName"], second["amount"]) == (2, "SVC-FIXED", 500.0)


async def test_a_line_is_found_by_its_unique_key_too(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))
    key = (await lines_of(account, id_))[0]["lineUniqueKey"]

    answer = await account.rest(
        "PATCH", f"salesOrder/{id_}", {"item": {"items": [{"lineUniqueKey": key, "description": "changed"}]}}
    )

    assert answer.status == 204
    assert [line["description"] for line in await lines_of(account, id_)] == ["changed"]


async def test_replace_swaps_the_whole_sublist(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))
    body = {"item": {"items": [{"item": {"id": "103"}, "amount": 7}]}}

    await account.rest("PATCH", f"salesOrder/{id_}", body, replace="item")

    assert [line["item"]["id"] for line in await lines_of(account, id_)] == ["103"]


async def test_an_unknown_line_key_is_refused(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))

    answer = await account.rest("PATCH", f"salesOrder/{id_}", {"item": {"items": [{"line": 9, "quantity": 1}]}})

    assert (answer.status, answer.code, answer.path) == (400, "INVALID_CONTENT", "item.items[0].line")


async def test_put_upserts_by_external_id(account: Account) -> None:
    first = await account.rest("PUT", "customer/eid:TL-9", customer())
    second = await account.rest("PUT", "customer/eid:TL-9", {"phone": "42"})
    shown = await account.get("customer/eid:TL-9")

    assert (first.status, second.status) == (204, 204)
    assert first.new_id == second.new_id == shown["id"]
    assert (shown["companyName"], shown["phone"], shown["externalId"]) == ("Ostwald Chemie GmbH", "42", "TL-9")
    counters = (await account.control("GET", "counters")).body["customer"]
    assert counters == {"created": 1, "updated": 1}


async def test_repeating_an_upsert_doubles_the_lines_unless_they_are_replaced(account: Account) -> None:
    body = order("501")
    id_ = (await account.rest("PUT", "salesOrder/eid:SO-1", body)).new_id
    await account.rest("PUT", "salesOrder/eid:SO-1", body)
    doubled = len(await lines_of(account, id_))

    await account.rest("PUT", "salesOrder/eid:SO-1", body, replace="item")

    assert (doubled, len(await lines_of(account, id_))) == (2, 1)


async def test_an_external_id_may_hold_anything(account: Account) -> None:
    url = f"{account.url}/services/rest/record/v1/customer/eid:{quoted('a/b c:ü?')}"
    await account.call("PUT", URL(url, encoded=True), json=customer())

    shown = await account.call("GET", URL(url, encoded=True))

    assert shown.body["externalId"] == "a/b c:ü?"


async def test_eid_works_for_patch_and_delete(account: Account) -> None:
    await account.create("customer", customer(externalId="TL-2"))

    patched = await account.rest("PATCH", "customer/eid:TL-2", {"phone": "3"})
    deleted = await account.rest("DELETE", "customer/eid:TL-2")
    gone = await account.rest("GET", "customer/eid:TL-2")

    assert (patched.status, deleted.status, gone.status, gone.code) == (204, 204, 404, "NONEXISTENT_ID")


async def test_references_may_be_by_id_external_id_or_name(account: Account) -> None:
    await account.create("customer", customer(externalId="TL-3"))
    by_external_id = order("0") | {"entity": {"externalId": "TL-3"}}
    by_name = order("501", terms={"refName": "Net 30"})

    first = await account.get(f"salesOrder/{await account.create('salesOrder', by_external_id)}")
    second = await account.get(f"salesOrder/{await account.create('salesOrder', by_name)}")

    assert first["entity"]["refName"] == "CUST1001 Ostwald Chemie GmbH"
    assert second["terms"]["id"] == "2"


async def test_a_collection_is_listed_in_pages(account: Account) -> None:
    page = await account.get("customer", limit="2", offset="2")

    assert page["count"] == 1
    assert page["totalResults"] == 3
    assert page["hasMore"] is False
    assert [set(item) for item in page["items"]] == [{"links", "id"}]
    assert {link["rel"] for link in page["links"]} == {"self", "first", "previous"}


FILTERS = [
    ('companyName IS "meridian rail limited"', ["501"]),
    ('companyName START_WITH "Norrvik"', ["505"]),
    ("companyName CONTAIN bank", ["503"]),
    ("companyName CONTAIN_NOT bank", ["501", "505"]),
    ("terms ANY_OF [2,3] AND subsidiary EQUAL 3", ["501", "503", "505"]),
    ("companyName CONTAIN rail OR (companyName CONTAIN marine AND vatRegNumber EMPTY)", ["501", "505"]),
    ("isInactive IS true", []),
    ("id ANY_OF [501, 505] AND id GREATER 501", ["505"]),
    ("lastModifiedDate ON_OR_AFTER 11/20/2026", ["501", "503", "505"]),
    ('lastModifiedDate BEFORE "2026-11-20"', []),
    ("vatRegNumber EMPTY", ["505"]),
    ('externalId IS "nobody"', []),
]


async def test_a_collection_is_filtered(account: Account) -> None:
    for q, ids in FILTERS:
        assert [item["id"] for item in (await account.get("customer", q=q))["items"]] == ids, q


async def test_a_filter_nobody_understands_is_refused(account: Account) -> None:
    for q in ("nobody IS 1", "companyName", "companyName IS", "(companyName IS a", "email GREATER 3"):
        answer = await account.rest("GET", "customer", q=q)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER"), q
        assert answer.body["o:errorDetails"][0]["o:errorQueryParam"] == "q"


async def test_a_page_that_cannot_be_is_refused(account: Account) -> None:
    pages = ({"limit": "0"}, {"limit": "1001"}, {"limit": "10", "offset": "5"}, {"offset": "x"}, {"offset": "100000"})
    for page in pages:
        assert (await account.rest("GET", "customer", None, None, **page)).code == "INVALID_PARAMETER", page


async def test_the_catalog_describes_every_type_it_lists(account: Account) -> None:
    listed = [item["name"] for item in (await account.get("metadata-catalog"))["items"]]
    answers = [
        await account.rest("GET", f"metadata-catalog/{name}", headers={"Accept": "application/schema+json"})
        for name in listed
    ]

    assert {"customer", "salesOrder", "billingSchedule", "job", "invoice", "customerPayment"} <= set(listed)
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/schema+json"}
    assert all(answer.body["properties"]["id"]["readOnly"] for answer in answers)


async def test_numbers_are_exact(account: Account) -> None:
    body = json.dumps(order("501", {"item": {"id": "101"}, "quantity": 3, "rate": 0.1}))
    url = f"{account.url}/services/rest/record/v1/salesOrder"
    id_ = (await account.call("POST", url, data=body)).new_id

    text = (await account.call("GET", f"{url}/{id_}")).text

    assert json.loads(text, parse_float=Decimal)["total"] == Decimal("0.3")
    assert account.netsuite.shelf.all("salesOrder")[id_]["total"] == "0.3"


async def test_an_address_is_a_subrecord(account: Account) -> None:
    address = {"addr1": "Werkstrasse 12", "city": "Ludwigshafen", "country": {"id": "DE"}}
    body = customer(addressBook={"items": [{"defaultBilling": True, "addressBookAddress": address}]})
    id_ = await account.create("customer", body)

    shown = (await account.get(f"customer/{id_}", expandSubResources="true"))["addressbook"]["items"][0]

    assert shown["addressbookAddress"]["addr1"] == "Werkstrasse 12"
    assert shown["addressbookAddress"]["country"] == {"id": "DE", "refName": "DE"}


async def test_a_billing_schedule_has_milestones(account: Account) -> None:
    body = {
        "name": "Rollout",
        "scheduleType": {"refName": "Fixed Bid Milestone"},
        "initialAmount": 1000.25,
        "milestone": {"items": [{"milestoneName": "Go", "milestoneDate": "2026-12-01", "milestoneAmount": 500}]},
    }
    await account.rest("PUT", "billingSchedule/eid:BP-1", body)

    shown = await account.get("billingSchedule/eid:BP-1", expandSubResources="true")

    assert shown["scheduleType"] == {"id": "FBM", "refName": "Fixed Bid Milestone"}
    assert shown["milestone"]["items"][0]["milestoneCompleted"] is False
    assert shown["initialAmount"] == 1000.25


async def test_what_was_read_can_be_sent_back(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501", memo="as agreed"))
    shown = await account.get(f"salesOrder/{id_}", expandSubResources="true")

    answer = await account.rest(
        "PATCH", f"salesOrder/{id_}", shown, headers={"X-NetSuite-PropertyNameValidation": "error"}
    )

    assert answer.status == 204, answer.text
    assert len(await lines_of(account, id_)) == 1


async def test_the_record_type_in_the_url_is_not_case_sensitive(account: Account) -> None:
    assert (await account.get("Customer/501"))["id"] == "501"
