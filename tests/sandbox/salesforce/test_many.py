"""Several records in one call: each has its result, or all of them stand and fall together."""

from typing import Any


def account(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}} | fields


async def accounts(api: Any) -> int:
    return (await api.query("SELECT COUNT() FROM Account"))["totalSize"]


async def test_each_record_has_its_own_result(api: Any) -> None:
    before = await accounts(api)
    records = [account(Name="Good"), account(), {"attributes": {"type": "Contact"}, "LastName": "Good"}]

    status, results = await api.call("POST", "composite/sobjects", {"allOrNone": False, "records": records})

    assert status == 200
    assert [result["success"] for result in results] == [True, False, True]
    assert results[0]["errors"] == []
    assert "id" not in results[1]
    assert results[1]["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]
    assert results[2]["id"].startswith("003")
    assert await accounts(api) == before + 1


async def test_all_or_none_leaves_nothing_behind(api: Any, simulator: Any) -> None:
    before = await accounts(api)

    status, results = await api.call(
        "POST", "composite/sobjects", {"allOrNone": True, "records": [account(Name="Good"), account()]}
    )

    assert (status, [result["success"] for result in results]) == (200, [False, False])
    codes = [result["errors"][0]["statusCode"] for result in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert await accounts(api) == before
    assert simulator.shelf.counters["Account"] == {}


async def test_a_refused_record_counts_for_nothing(api: Any) -> None:
    opportunity, product = await api.opportunity(), await api.product()
    line = {"attributes": {"type": "OpportunityLineItem"}, "OpportunityId": opportunity, "Product2Id": product}

    _, results = await api.call(
        "POST",
        "composite/sobjects",
        {"records": [line | {"Quantity": 1, "UnitPrice": 5}, line | {"Quantity": 0, "UnitPrice": 7}]},
    )

    assert [result["success"] for result in results] == [True, False]
    assert (await api.read("Opportunity", opportunity))["Amount"] == 5


async def test_many_are_updated_by_id(api: Any) -> None:
    id_ = await api.create("Account", Name="One")
    records = [
        account(id=id_[:15], Phone="1"),
        account(Id="nonsense"),
        account(Phone="2"),
        account(id="001Hs00000AAAAA"),
    ]

    status, results = await api.call("PATCH", "composite/sobjects", {"records": records})

    assert (status, results[0]["id"]) == (200, id_)
    codes = [result["errors"][0]["statusCode"] for result in results[1:]]
    assert codes == ["MALFORMED_ID", "MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY"]
    assert (await api.read("Account", id_))["Phone"] == "1"


async def test_many_are_upserted_by_an_external_id(api: Any) -> None:
    await api.create("Account", Name="One", Throughline_Id__c="c-1")
    records = [
        account(Throughline_Id__c="c-1", Name="Uno"),
        account(throughline_id__c="c-2", Name="Two"),
        account(Name="x"),
    ]

    status, results = await api.call("PATCH", "composite/sobjects/Account/Throughline_Id__c", {"records": records})

    assert status == 200
    assert [(result["success"], result.get("created")) for result in results] == [
        (True, False),
        (True, True),
        (False, None),
    ]
    assert (await api.read("Account", results[0]["id"]))["Name"] == "Uno"
    doubled = {"records": [account(Throughline_Id__c="c-9", Name="A"), account(Throughline_Id__c="C-9", Name="B")]}
    status, body = await api.call("PATCH", "composite/sobjects/Account/Throughline_Id__c", doubled)
    assert (status, body[0]["errorCode"]) == (400, "DUPLICATE_VALUE")


async def test_many_are_deleted_and_read(api: Any) -> None:
    one, two = await api.create("Account", Name="One"), await api.create("Account", Name="Two")

    status, results = await api.call("DELETE", "composite/sobjects", ids=f"{one},{one},xyz")

    assert (status, [result["success"] for result in results]) == (200, [True, False, False])
    assert [result["errors"][0]["statusCode"] for result in results[1:]] == ["ENTITY_IS_DELETED", "MALFORMED_ID"]
    _, found = await api.call("GET", "composite/sobjects/Account", ids=f"{one},{two}", fields="Name")
    assert found[0] is None
    assert (found[1]["Id"], found[1]["Name"]) == (two, "Two")
    _, listed = await api.call("POST", "composite/sobjects/Account", {"ids": [two], "fields": ["Name"]})
    assert listed == [found[1]]
    status, results = await api.call("DELETE", "composite/sobjects", ids=f"{two},{one}", allOrNone="true")
    assert (await api.read("Account", two))["IsDeleted"] is False


async def test_two_hundred_is_the_limit(api: Any) -> None:
    records = [account(Name="x")] * 201

    status, body = await api.call("POST", "composite/sobjects", {"records": records})

    assert (status, body[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


async def test_an_unreadable_value_refuses_the_whole_call(api: Any) -> None:
    before = await accounts(api)

    status, body = await api.call("POST", "composite/sobjects", {"records": [account(Name="x"), account(Name=1)]})

    assert (status, body[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert await accounts(api) == before
