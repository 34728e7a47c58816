"""Several calls in one: references between them, and one transaction for all of them when asked."""

from typing import Any

ROOT = "/services/data/v60.0"


def part(method: str, path: str, name: str, body: Any = None, **headers: str) -> dict[str, Any]:
    return {"method": method, "url": f"{ROOT}/{path}", "referenceId": name, "body": body, "httpHeaders": headers}


async def composite(api: Any, *parts: dict[str, Any], together: bool = False) -> list[dict[str, Any]]:
    status, body = await api.call("POST", "composite", {"allOrNone": together, "compositeRequest": list(parts)})
    assert status == 200, body
    return body["compositeResponse"]


async def test_a_later_part_may_use_what_an_earlier_one_answered(api: Any) -> None:
    answers = await composite(
        api,
        part("POST", "sobjects/Account", "customer", {"Name": "New Customer"}),
        part("POST", "sobjects/Contact", "person", {"LastName": "Buyer", "AccountId": "@{customer.id}"}),
        part("GET", "query?q=SELECT+Id,Name+FROM+Account+WHERE+Id='@{customer.id}'", "found"),
        part("PATCH", "sobjects/Account/@{found.records[0].Id}", "changed", {"Phone": "@{found.records[0].Name}!"}),
        part("GET", "sobjects/Contact/@{person.id}?fields=Account.Name,AccountId", "wrong"),
    )

    assert [answer["httpStatusCode"] for answer in answers] == [201, 201, 200, 204, 400]
    assert [answer["referenceId"] for answer in answers] == ["customer", "person", "found", "changed", "wrong"]
    customer = answers[0]["body"]["id"]
    assert answers[0]["httpHeaders"]["Location"] == f"{ROOT}/sobjects/Account/{customer}"
    assert (await api.read("Contact", answers[1]["body"]["id"]))["AccountId"] == customer
    assert (await api.read("Account", customer))["Phone"] == "New Customer!"


async def test_a_part_that_refers_to_a_failed_one_is_halted(api: Any) -> None:
    answers = await composite(
        api,
        part("POST", "sobjects/Account", "customer", {}),
        part("POST", "sobjects/Contact", "person", {"LastName": "Buyer", "AccountId": "@{customer.id}"}),
        part("POST", "sobjects/Account", "other", {"Name": "Other"}),
    )

    assert [answer["httpStatusCode"] for answer in answers] == [400, 400, 201]
    assert answers[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


async def test_all_or_none_takes_everything_back(api: Any, simulator: Any) -> None:
    answers = await composite(
        api,
        part("POST", "sobjects/Account", "one", {"Name": "One"}),
        part("POST", "sobjects/Account", "two", {}),
        part("POST", "sobjects/Account", "three", {"Name": "Three"}),
        together=True,
    )

    assert [answer["httpStatusCode"] for answer in answers] == [400, 400, 400]
    codes = [answer["body"][0]["errorCode"] for answer in answers]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert simulator.shelf.counters["Account"] == {}


async def test_all_or_none_sees_its_own_changes(api: Any) -> None:
    answers = await composite(
        api,
        part("PATCH", "sobjects/Account/Throughline_Id__c/c-1", "one", {"Name": "One"}),
        part("PATCH", "sobjects/Account/Throughline_Id__c/c-1", "two", {"Phone": "1"}),
        part("GET", "query?q=SELECT+Phone+FROM+Account+WHERE+Throughline_Id__c='c-1'", "three"),
        together=True,
    )

    assert [answer["httpStatusCode"] for answer in answers] == [201, 200, 200]
    assert answers[2]["body"]["records"][0]["Phone"] == "1"


async def test_a_composite_has_parts_with_names_of_their_own_and_not_too_many(api: Any) -> None:
    same = [part("GET", "limits", "same")] * 2
    many = [part("GET", "limits", f"n{number}") for number in range(26)]

    for parts, code in (([], "INVALID_INPUT"), (same, "INVALID_INPUT"), (many, "LIMIT_EXCEEDED")):
        status, body = await api.call("POST", "composite", {"compositeRequest": parts})
        assert (status, body[0]["errorCode"]) == (400, code)


async def test_a_part_has_headers_of_its_own(api: Any) -> None:
    id_ = await api.account()
    early = {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}

    [answer] = await composite(api, part("PATCH", f"sobjects/Account/{id_}", "one", {"Phone": "1"}, **early))

    assert answer["httpStatusCode"] == 412


async def test_a_batch_runs_parts_that_know_nothing_of_each_other(api: Any) -> None:
    parts = [
        {"method": "POST", "url": "v60.0/sobjects/Account", "richInput": {"Name": "One"}},
        {"method": "GET", "url": "v60.0/sobjects/Nothing"},
        {"method": "GET", "url": "v60.0/limits"},
    ]

    status, body = await api.call("POST", "composite/batch", {"batchRequests": parts})
    _, halting = await api.call("POST", "composite/batch", {"batchRequests": parts, "haltOnError": True})

    assert (status, body["hasErrors"]) == (200, True)
    assert [result["statusCode"] for result in body["results"]] == [201, 404, 200]
    assert [result["statusCode"] for result in halting["results"]] == [201, 404, 412]
    assert halting["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
