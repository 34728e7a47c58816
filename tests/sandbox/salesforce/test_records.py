"""Creating, reading, changing and deleting one record, and every way in which that is refused."""

from typing import Any

import pytest

from throughline.sandbox.clock import SandboxClock


async def test_a_created_record_can_be_read_by_either_spelling_of_its_id(api: Any) -> None:
    status, body = await api.call("POST", "sobjects/Account", {"Name": "  New Customer ", "BillingCity": ""})

    assert (status, body["success"], body["errors"]) == (201, True, [])
    assert api.last.headers["Location"].endswith(f"/sobjects/Account/{body['id']}")
    record = await api.read("Account", body["id"][:15])
    assert (record["Id"], record["Name"], record["BillingCity"]) == (body["id"], "New Customer", None)
    assert record["attributes"] == {"type": "Account", "url": f"/services/data/v60.0/sobjects/Account/{body['id']}"}
    stamps = {record[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")}
    assert stamps == {"2026-03-10T09:30:00.000+0000"}
    assert record["CreatedById"] == record["LastModifiedById"] == record["OwnerId"]
    assert (record["IsDeleted"], record["CurrencyIsoCode"]) == (False, "USD")


async def test_only_the_fields_asked_for_are_shown(api: Any) -> None:
    status, body = await api.call("GET", f"sobjects/Account/{await api.account()}", fields="Name,Tax_Id__c")

    assert status == 200
    assert set(body) == {"attributes", "Id", "Name", "Tax_Id__c"}


async def test_an_update_stamps_the_record(api: Any, clock: SandboxClock) -> None:
    id_ = await api.create("Account", Name="New Customer")
    clock.advance(61.5)

    status, body = await api.call("PATCH", f"sobjects/Account/{id_[:15]}", {"phone": "+44 1904 000 000"})

    assert (status, body) == (204, "")
    record = await api.read("Account", id_)
    assert record["Phone"] == "+44 1904 000 000"
    assert record["SystemModstamp"] == record["LastModifiedDate"] == "2026-03-10T09:31:01.000+0000"
    assert record["CreatedDate"] == "2026-03-10T09:30:00.000+0000"


@pytest.mark.parametrize(
    ("kind", "given", "code", "message"),
    [
        ("Account", {}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
        ("Opportunity", {"Name": "x"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [StageName, CloseDate]"),
        ("Account", {"Name": "x" * 256}, "STRING_TOO_LONG", "(max length=255)"),
        ("Account", {"Name": "x", "Nme": 1}, "INVALID_FIELD", "No such column 'Nme' on sobject of type Account"),
        ("Account", {"Name": 7}, "JSON_PARSER_ERROR", "Cannot deserialize instance of string from VALUE_NUMBER_INT"),
        ("Account", {"Name": "x", "CreatedDate": None}, "INVALID_FIELD_FOR_INSERT_UPDATE", "CreatedDate"),
        ("Account", {"Name": "x", "Id": "001Hs00000KIlhgIAD"}, "INVALID_FIELD", "Id field should not be specified"),
        ("Account", {"Name": "x", "ParentId": "nonsense"}, "MALFORMED_ID", "id value of incorrect type: nonsense"),
        ("Account", {"Name": "x", "ParentId": "003Hs00000KIlhg"}, "MALFORMED_ID", "incorrect type"),
        ("Account", {"Name": "x", "ParentId": "001Hs00000AAAAA"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross"),
        (
            "Account",
            {"Name": "x", "BillingCountryCode": "XX"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Billing Country Code: bad value for restricted picklist field: XX",
        ),
        ("Contact", {"LastName": "x", "Email": "no"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: no"),
    ],
)
async def test_a_wrong_field_is_refused(api: Any, kind: str, given: dict[str, Any], code: str, message: str) -> None:
    status, body = await api.call("POST", f"sobjects/{kind}", given)

    assert status == 400
    assert body[0]["errorCode"] == code
    assert message in body[0]["message"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("CloseDate", "31.12.2026", "JSON_PARSER_ERROR"),
        ("CloseDate", "2026-02-30", "JSON_PARSER_ERROR"),
        ("Handoff_At__c", "2026-02-20T10:00:00", "JSON_PARSER_ERROR"),
        ("Handoff_At__c", 12, "JSON_PARSER_ERROR"),
        ("Amount", "a lot", "JSON_PARSER_ERROR"),
        ("Amount", True, "JSON_PARSER_ERROR"),
        ("Amount", 1e17, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("IsWon", True, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Contract_Type__c", "Barter", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("AccountId", 7, "JSON_PARSER_ERROR"),
    ],
)
async def test_each_type_has_its_own_refusal(api: Any, field: str, value: Any, code: str) -> None:
    id_ = await api.opportunity()

    status, body = await api.call("PATCH", f"sobjects/Opportunity/{id_}", {field: value})

    assert (status, body[0]["errorCode"]) == (400, code)


async def test_values_are_read_the_way_salesforce_reads_them(api: Any) -> None:
    id_ = await api.opportunity(Amount="12.345", Handoff_At__c="2026-03-01T10:00:00.250+02:00", Description="a\nb")

    record = await api.read("Opportunity", id_)

    assert record["Amount"] == 12.35
    assert record["Handoff_At__c"] == "2026-03-01T08:00:00.000+0000"
    assert record["Description"] == "a\nb"


async def test_a_large_amount_keeps_every_cent(api: Any) -> None:
    id_ = await api.opportunity(Amount="9007199254740993.01")

    async with api.http.get(f"/services/data/v60.0/sobjects/Opportunity/{id_}", headers=api.headers) as answer:
        text = await answer.text()

    assert '"Amount": 9007199254740993.01,' in text
    assert '"Probability": 10.0,' in text, "a number always has a fraction"


@pytest.mark.parametrize("body", [b'{"Name": ', b"{'Name': 1}", b"\xff", b""])
async def test_a_body_that_is_no_json_is_refused(api: Any, body: bytes) -> None:
    status, answer = await api.call("POST", "sobjects/Account", body)

    assert (status, answer[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


async def test_what_is_not_there_is_not_found(api: Any) -> None:
    nobody = "001Hs00000AAAAA"
    for method, path in (
        ("GET", f"sobjects/Account/{nobody}"),
        ("PATCH", f"sobjects/Account/{nobody}"),
        ("DELETE", f"sobjects/Account/{nobody}"),
        ("GET", "sobjects/Account/nonsense"),
        ("GET", "sobjects/Nothing/describe"),
        ("POST", "sobjects/Nothing"),
        ("GET", "elsewhere"),
        ("GET", "/services/data/v49.0/limits"),
        ("GET", "/services/data/v69.0/limits"),
    ):
        status, body = await api.call(method, path, {} if method in {"PATCH", "POST"} else None)
        assert (status, body[0]["errorCode"]) == (404, "NOT_FOUND"), path


async def test_a_method_a_resource_has_not_is_named(api: Any) -> None:
    status, body = await api.call("DELETE", "limits")

    assert (status, body[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


async def test_a_client_without_patch_may_post_it(api: Any) -> None:
    id_ = await api.account()

    status, _ = await api.call("POST", f"sobjects/Account/{id_}", {"Phone": "1"}, _HttpMethod="PATCH")

    assert status == 204
    assert (await api.read("Account", id_))["Phone"] == "1"


async def test_a_deleted_record_is_gone_for_reads_and_named_for_writes(api: Any) -> None:
    id_ = await api.create("Account", Name="Short-lived")
    contact = await api.create("Contact", LastName="Buyer", AccountId=id_)

    assert (await api.call("DELETE", f"sobjects/Account/{id_}"))[0] == 204

    assert (await api.call("GET", f"sobjects/Account/{id_}"))[0] == 404
    assert (await api.call("GET", f"sobjects/Contact/{contact}"))[0] == 404, "it went with its account"
    for method in ("PATCH", "DELETE"):
        status, body = await api.call(method, f"sobjects/Account/{id_}", {} if method == "PATCH" else None)
        assert (status, body[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")
    status, body = await api.call("POST", "sobjects/Contact", {"LastName": "x", "AccountId": id_})
    assert (status, body[0]["errorCode"]) == (400, "ENTITY_IS_DELETED")


async def test_an_upsert_creates_once_and_then_updates(api: Any, simulator: Any) -> None:
    path = "sobjects/Account/Throughline_Id__c/cust%2F1"

    first = await api.call("PATCH", path, {"Name": "New Customer"})
    second = await api.call("PATCH", path.replace("cust", "CUST"), {"Phone": "1"})

    assert (first[0], first[1]["created"]) == (201, True)
    assert (second[0], second[1]["created"]) == (200, False)
    assert first[1]["id"] == second[1]["id"]
    status, record = await api.call("GET", path)
    assert (status, record["Throughline_Id__c"], record["Phone"]) == (200, "cust/1", "1")
    assert simulator.shelf.counters["Account"] == {"created": 1, "updated": 1}


async def test_an_upsert_may_be_told_never_to_create(api: Any) -> None:
    status, body = await api.call("PATCH", "sobjects/Account/Throughline_Id__c/new", {"Name": "x"}, updateOnly="true")

    assert (status, body[0]["errorCode"]) == (404, "NOT_FOUND")


async def test_an_upsert_by_a_key_that_repeats_names_all_of_them(api: Any) -> None:
    ids = [await api.create("Account", Name="Twin", Tax_Id__c="GB1") for _ in range(2)]

    status, body = await api.call("PATCH", "sobjects/Account/Tax_Id__c/GB1", {"Name": "Twin"})

    assert status == 300
    assert body == [f"/services/data/v60.0/sobjects/Account/{id_}" for id_ in ids]


async def test_an_upsert_needs_an_external_id_and_not_in_its_body(api: Any) -> None:
    assert (await api.call("PATCH", "sobjects/Account/Phone/1", {"Name": "x"}))[0] == 404

    status, body = await api.call("PATCH", "sobjects/Account/Throughline_Id__c/1", {"Throughline_Id__c": "1"})

    assert (status, body[0]["errorCode"]) == (400, "INVALID_FIELD")


async def test_a_unique_external_id_is_refused_twice(api: Any) -> None:
    id_ = await api.create("Account", Name="One", Throughline_Id__c="c-1")

    status, body = await api.call("POST", "sobjects/Account", {"Name": "Two", "Throughline_Id__c": "C-1"})

    assert (status, body[0]["errorCode"]) == (400, "DUPLICATE_VALUE")
    assert body[0]["message"].endswith(f"duplicates value on record with id: {id_[:15]}")
    assert (await api.call("POST", "sobjects/Account", {"Name": "One"}))[0] == 201, "a name may repeat"


async def test_a_parent_may_be_named_by_its_external_id(api: Any) -> None:
    account = await api.create("Account", Name="One", Throughline_Id__c="c-1")

    id_ = await api.opportunity(Account={"Throughline_Id__c": "c-1"})

    assert (await api.read("Opportunity", id_))["AccountId"] == account
    status, body = await api.call("POST", "sobjects/Contact", {"LastName": "x", "Account": {"Throughline_Id__c": "?"}})
    assert (status, body[0]["errorCode"]) == (400, "INVALID_FIELD")


async def test_a_write_can_be_refused_if_the_record_changed_since(api: Any, clock: SandboxClock) -> None:
    id_ = await api.create("Account", Name="One")
    await api.read("Account", id_)
    seen = {"If-Unmodified-Since": api.last.headers["Last-Modified"]}
    assert (await api.call("PATCH", f"sobjects/Account/{id_}", {"Phone": "1"}, headers=seen))[0] == 204
    clock.advance(1)
    assert (await api.call("PATCH", f"sobjects/Account/{id_}", {"Phone": "2"}))[0] == 204

    for method, body in (("PATCH", {"Phone": "3"}), ("DELETE", None), ("GET", None)):
        assert (await api.call(method, f"sobjects/Account/{id_}", body, headers=seen))[0] == 412

    assert (await api.read("Account", id_))["Phone"] == "2"


async def test_users_are_not_for_the_integration_to_make(api: Any) -> None:
    status, body = await api.call("POST", "sobjects/User", {"LastName": "x"})

    assert (status, body[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


async def test_a_stage_decides_whether_an_opportunity_is_won(api: Any) -> None:
    id_ = await api.opportunity(StageName="Qualification")
    before = await api.read("Opportunity", id_)

    await api.call("PATCH", f"sobjects/Opportunity/{id_}", {"StageName": "Closed Won"})

    after = await api.read("Opportunity", id_)
    assert (before["IsClosed"], before["IsWon"], before["Probability"]) == (False, False, 20.0)
    assert (after["IsClosed"], after["IsWon"], after["Probability"]) == (True, True, 100.0)
    await api.call("PATCH", f"sobjects/Opportunity/{id_}", {"StageName": "Closed Lost", "Probability": 3})
    lost = await api.read("Opportunity", id_)
    assert (lost["IsClosed"], lost["IsWon"], lost["Probability"]) == (True, False, 3.0)


async def test_lines_roll_up_and_touch_their_opportunity(api: Any, clock: SandboxClock) -> None:
    id_ = await api.opportunity(Amount=1, CurrencyIsoCode="GBP")
    clock.advance(10)
    given = {"OpportunityId": id_, "Product2Id": await api.product(), "Quantity": 3}

    line = await api.create("OpportunityLineItem", **given, UnitPrice=100.5)
    await api.create("OpportunityLineItem", **given, TotalPrice=99)

    record = await api.read("Opportunity", id_)
    assert (record["Amount"], record["HasOpportunityLineItem"]) == (400.5, True)
    assert record["SystemModstamp"] == "2026-03-10T09:30:10.000+0000"
    await api.call("PATCH", f"sobjects/Opportunity/{id_}", {"Amount": 7})
    assert (await api.read("Opportunity", id_))["Amount"] == 400.5, "the amount belongs to the lines"
    await api.call("PATCH", f"sobjects/OpportunityLineItem/{line}", {"Quantity": 1})
    await api.call("DELETE", f"sobjects/OpportunityLineItem/{line}")
    assert (await api.read("Opportunity", id_))["Amount"] == 99


async def test_a_line_takes_what_its_product_and_opportunity_say(api: Any) -> None:
    id_ = await api.opportunity(CurrencyIsoCode="EUR")

    line = await api.create(
        "OpportunityLineItem", OpportunityId=id_, Product2Id=await api.product(), Quantity=2, TotalPrice=101
    )

    record = await api.read("OpportunityLineItem", line)
    assert (record["UnitPrice"], record["CurrencyIsoCode"], record["ProductCode"]) == (50.5, "EUR", "ADV-DAY")
    assert record["Name"] == "A piece of work Advisory day"
    entry = await api.read("PricebookEntry", record["PricebookEntryId"])
    assert (entry["CurrencyIsoCode"], entry["UnitPrice"]) == ("EUR", record["ListPrice"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Quantity": 1}, "REQUIRED_FIELD_MISSING"),
        ({"UnitPrice": 1}, "REQUIRED_FIELD_MISSING"),
        ({"Quantity": 0, "UnitPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Quantity": 1, "UnitPrice": 1, "TotalPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
async def test_a_line_without_a_price_is_refused(api: Any, given: dict[str, Any], code: str) -> None:
    line = {"OpportunityId": await api.opportunity(), "Product2Id": await api.product()}

    status, body = await api.call("POST", "sobjects/OpportunityLineItem", line | given)

    assert (status, body[0]["errorCode"]) == (400, code)


async def test_a_price_in_another_currency_is_refused(api: Any) -> None:
    entry = (await api.records("SELECT Id FROM PricebookEntry WHERE CurrencyIsoCode = 'GBP' LIMIT 1"))[0]["Id"]
    line = {"OpportunityId": await api.opportunity(), "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 1}

    status, body = await api.call("POST", "sobjects/OpportunityLineItem", line)

    assert (status, body[0]["errorCode"]) == (400, "FIELD_INTEGRITY_EXCEPTION")


async def test_what_changed_and_what_went_is_listed_by_the_minute(api: Any, clock: SandboxClock) -> None:
    kept = await api.create("Account", Name="Kept")
    gone = await api.create("Account", Name="Gone")
    clock.advance(60)
    await api.call("DELETE", f"sobjects/Account/{gone}")
    span = {"start": "2026-03-10T09:30:59Z", "end": "2026-03-10T09:40:00+00:00"}

    status, updated = await api.call("GET", "sobjects/Account/updated", **span)
    _, deleted = await api.call("GET", "sobjects/Account/deleted", **span)

    assert (status, updated["ids"]) == (200, [kept])
    assert updated["latestDateCovered"] == "2026-03-10T09:31:00.000+0000"
    assert deleted["deletedRecords"] == [{"id": gone, "deletedDate": "2026-03-10T09:31:00.000+0000"}]
    for wrong in ({"start": span["end"], "end": span["start"]}, {}, {"start": "2026-01-01T00:00:00Z", "end": "x"}):
        status, body = await api.call("GET", "sobjects/Account/updated", **wrong)
        assert (status, body[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


async def test_an_object_describes_its_fields(api: Any) -> None:
    _, everything = await api.call("GET", "sobjects")
    status, described = await api.call("GET", "sobjects/Opportunity/describe")

    assert status == 200
    assert {each["name"] for each in everything["sobjects"]} >= {"Account", "Contact", "Opportunity", "Product2"}
    assert (described["keyPrefix"], described["label"]) == ("006", "Opportunity")
    fields = {field["name"]: field for field in described["fields"]}
    assert (fields["Throughline_Id__c"]["externalId"], fields["Throughline_Id__c"]["unique"]) == (True, True)
    assert (fields["Amount"]["type"], fields["Amount"]["scale"]) == ("currency", 2)
    entities = fields["Legal_Entity__c"]
    assert entities["restrictedPicklist"]
    assert [each["value"] for each in entities["picklistValues"]] == ["US", "UK", "DE"]
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert not fields["IsWon"]["updateable"]
    children = {each["relationshipName"]: each["field"] for each in described["childRelationships"]}
    assert children["OpportunityLineItems"] == "OpportunityId"
