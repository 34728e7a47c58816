"""What NetSuite refuses, and in which words."""

from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Account, customer, order


async def test_a_wrong_reference_names_its_path_in_the_documented_document(account: Account) -> None:
    answer = await account.rest("POST", "salesOrder", order("501", {"item": {"id": "9999"}, "amount": 1}))

    assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"
    assert answer.body == {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1",
        "title": "Bad Request",
        "status": 400,
        "o:errorDetails": [
            {
                "detail": "Error while accessing a resource. You have entered an Invalid Field Value 9999 for the"
                " following field: item",
                "o:errorCode": "INVALID_CONTENT",
                "o:errorPath": "item.items[0].item",
            }
        ],
    }


async def test_a_bad_login_says_what_the_documentation_says(account: Account) -> None:
    answer = await account.rest("GET", "customer", headers={"Authorization": "Bearer x"})

    assert answer.body == {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
        "title": "Unauthorized",
        "status": 401,
        "o:errorDetails": [
            {
                "detail": "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at"
                " Setup > Users/Roles > User Management > View Login Audit Trail.",
                "o:errorCode": "INVALID_LOGIN",
            }
        ],
    }


MISSING: list[tuple[str, dict[str, Any], str]] = [
    ("customer", {}, "Company Name, Primary Subsidiary"),
    ("customer", {"isPerson": True, "subsidiary": {"id": "2"}}, "First Name, Last Name"),
    ("salesOrder", {"item": {"items": []}}, "Customer"),
    ("salesOrder", order("501", {"quantity": 1, "amount": 1}), "Item"),
    ("salesOrder", order("501", {"item": {"id": "101"}}), "Amount"),
    ("billingSchedule", {"name": "Plan"}, "Type"),
    ("job", {"companyName": "Project"}, "Customer"),
]


async def test_what_is_missing_is_named(account: Account) -> None:
    for type_, body, titles in MISSING:
        answer = await account.rest("POST", type_, body)
        assert (answer.status, answer.code) == (400, "USER_ERROR")
        assert answer.detail == f"Error while accessing a resource. Please enter value(s) for: {titles}"


CONTENT: list[tuple[dict[str, Any], str]] = [
    ({"subsidiary": {"id": "99"}}, "subsidiary"),
    ({"subsidiary": "2"}, "subsidiary"),
    ({"subsidiary": {"externalId": "nobody"}}, "subsidiary"),
    ({"creditLimit": "a lot"}, "creditLimit"),
    ({"creditLimit": "NaN"}, "creditLimit"),
    ({"isPerson": "yes"}, "isPerson"),
    ({"email": 5}, "email"),
    ({"companyName": "x" * 84}, "companyName"),
    ({"category": {"id": "77"}}, "category"),
    ({"addressbook": []}, "addressbook"),
    ({"addressbook": {"items": [{"addressbookAddress": {"country": {"id": "Atlantis"}}}]}},
     "addressbook.items[0].addressbookAddress.country"),
]  # fmt: skip


async def test_a_value_of_the_wrong_kind_names_its_path(account: Account) -> None:
    for change, path in CONTENT:
        answer = await account.rest("POST", "customer", customer(**change))
        assert (answer.status, answer.code, answer.path) == (400, "INVALID_CONTENT", path)


@pytest.mark.parametrize("validation", ["error", "Warning", "ignore", ""])
async def test_an_unknown_property_is_an_error_a_warning_or_ignored(account: Account, validation: str) -> None:
    headers = {"X-NetSuite-PropertyNameValidation": validation} if validation else {}

    answer = await account.rest("POST", "customer", customer(shoeSize=43), headers=headers)

    if validation == "error":
        assert (answer.status, answer.code, answer.path) == (400, "INVALID_CONTENT", "shoeSize")
    else:
        assert answer.status == 204
        assert ("X-NetSuite-Warning" in answer.headers) is (validation != "ignore")


async def test_a_validation_nobody_knows_is_refused(account: Account) -> None:
    answer = await account.rest("POST", "customer", {}, headers={"X-NetSuite-PropertyNameValidation": "maybe"})

    assert answer.body["o:errorDetails"][0]["o:errorHeader"] == "X-NetSuite-PropertyNameValidation"


async def test_an_unknown_custom_column_names_its_line(account: Account) -> None:
    line = {"item": {"id": "101"}, "amount": 1, "custcol_other": "x"}

    answer = await account.rest(
        "POST", "salesOrder", order("501", line), headers={"X-NetSuite-PropertyNameValidation": "error"}
    )

    assert answer.path == "item.items[0].custcol_other"


async def test_an_external_id_is_unique_among_all_transactions(account: Account) -> None:
    await account.create("salesOrder", order("501", externalId="T-1"))

    posted = await account.rest("POST", "invoice", order("501", externalId="T-1"))
    put = await account.rest("PUT", "invoice/eid:T-1", order("501"))
    schedule = await account.rest("PUT", "billingSchedule/eid:T-1", {"name": "P", "scheduleType": {"id": "STD"}})

    assert (posted.status, posted.code, posted.path) == (400, "UNIQUE_EXT_ID_REQD", "externalId")
    assert put.code == "UNIQUE_EXT_ID_REQD"
    assert schedule.status == 204, "billing schedules are another family"


async def test_a_customer_is_not_entered_twice_under_one_entity_id(account: Account) -> None:
    answer = await account.rest("POST", "customer", customer(entityId="cust501"))
    free = await account.rest("POST", "customer", customer(companyName="MERIDIAN RAIL LIMITED"))
    patched = await account.rest("PATCH", "customer/503", {"entityId": "CUST501"})

    assert (answer.status, answer.code) == (400, "DUP_ENTITY")
    assert answer.detail == "Error while accessing a resource. This entity already exists."
    assert free.status == 204, "with numbers given automatically, nothing stops a second of the same name"
    assert patched.code == "DUP_ENTITY"


async def test_an_external_id_that_was_given_up_is_free_again(account: Account) -> None:
    id_ = await account.create("customer", customer(externalId="TL-1"))
    await account.rest("PATCH", f"customer/{id_}", {"externalId": "TL-2"})

    assert (await account.rest("GET", "customer/eid:TL-1")).status == 404
    assert (await account.rest("POST", "customer", customer(externalId="TL-1"))).status == 204


async def test_a_record_others_depend_on_is_not_deleted(account: Account) -> None:
    await account.create("salesOrder", order("501"))

    assert (await account.rest("DELETE", "customer/501")).code == "USER_ERROR"
    assert (await account.rest("DELETE", "customer/503")).status == 204


async def test_what_does_not_exist_is_nonexistent(account: Account) -> None:
    order_id = await account.create("salesOrder", order("501"))

    for method, path in (("GET", "customer/1"), ("PATCH", "customer/1"), ("DELETE", "customer/eid:x")):
        answer = await account.rest(method, path, {})
        assert (answer.status, answer.code) == (404, "NONEXISTENT_ID")
    assert (await account.rest("GET", f"invoice/{order_id}")).status == 404, "a sales order is no invoice"
    assert (await account.rest("GET", "unicorn")).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "customer/501"), ("PUT", "customer/eid:"), ("DELETE", "customer"), ("POST", "customer/501")],
)
async def test_a_method_that_is_not_there_is_refused(account: Account, method: str, path: str) -> None:
    assert (await account.rest(method, path, {})).status == 405


@pytest.mark.parametrize("body", ["", "[1]", "{", '{"creditLimit": NaN}'])
async def test_a_body_that_is_no_object_is_refused(account: Account, body: str) -> None:
    answer = await account.call("POST", f"{account.url}/services/rest/record/v1/customer", data=body)

    assert (answer.status, answer.code) == (400, "INVALID_CONTENT")


async def test_a_refused_write_leaves_nothing_behind(account: Account) -> None:
    id_ = await account.create("salesOrder", order("501"))
    before = await account.get(f"salesOrder/{id_}", expandSubResources="true")
    wrong = {"item": {"items": [{"line": 1, "quantity": 2, "rate": 10, "amount": 9}]}}

    await account.rest("PATCH", f"salesOrder/{id_}", wrong)

    assert await account.get(f"salesOrder/{id_}", expandSubResources="true") == before
