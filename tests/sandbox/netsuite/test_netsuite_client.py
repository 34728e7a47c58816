"""The client from PyPI, unmodified: token-based authentication, records and SuiteQL as others understand them."""

import re
import time
from typing import Any

import pytest
from netsuite import NetSuiteRestApi
from netsuite.config import Config, TokenAuth
from netsuite.exceptions import NetsuiteAPIRequestError
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from tests.sandbox.netsuite.conftest import Account, customer, order

# The client calls oauthlib and httpx by ways these have given up.
pytestmark = [
    pytest.mark.filterwarnings("ignore:use sign_hmac_sha256_with_client:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


def api(halyard: Account, /, **changes: str) -> NetSuiteRestApi:
    handed = {**halyard.netsuite.handout(), **changes}
    names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    auth = TokenAuth(**{name: handed[name] for name in names})
    return NetSuiteRestApi(Config(account=handed["account"], auth=auth))


def at(account: Account, path: str) -> str:
    return f"{account.url}/services/rest{path}"


async def test_it_writes_reads_and_deletes_records(account: Account) -> None:
    client = api(account)

    await client.put("", url=at(account, "/record/v1/customer/eid:TL-1"), json=customer(email="one@ostwald.example"))
    read: Any = await client.get("", url=at(account, "/record/v1/customer/eid:TL-1"))
    listed: Any = await client.get(
        "", url=at(account, "/record/v1/customer"), params={"q": 'email IS "one@ostwald.example"', "limit": 5}
    )
    await client.delete("", url=at(account, f"/record/v1/customer/{read['id']}"))

    assert read["companyName"] == "Ostwald Chemie GmbH"
    assert [item["id"] for item in listed["items"]] == [read["id"]]
    with pytest.raises(NetsuiteAPIRequestError, match="NONEXISTENT_ID"):
        await client.get("", url=at(account, f"/record/v1/customer/{read['id']}"))


async def test_it_queries_with_suiteql(account: Account) -> None:
    answer: Any = await api(account).suiteql(
        "SELECT id, companyname FROM customer ORDER BY id", limit=2, url=at(account, "/query/v1/suiteql")
    )

    assert answer["count"] == 2
    assert answer["hasMore"] is True
    assert answer["items"][0] == {"links": [], "id": "501", "companyname": "MERIDIAN RAIL LIMITED"}


async def test_it_reads_the_schema(account: Account) -> None:
    client = api(account)

    schema: Any = await client.jsonschema("salesOrder", url=at(account, "/record/v1/metadata-catalog/salesOrder"))
    spec: Any = await client.openapi(["customer"], url=at(account, "/record/v1/metadata-catalog"))

    assert schema["properties"]["tranDate"]["format"] == "date"
    assert list(spec["components"]["schemas"]) == ["customer"]


async def test_it_is_told_about_names_nobody_knows(account: Account) -> None:
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_CONTENT"):
        await api(account).post("", url=at(account, "/record/v1/customer"), json=customer(companyname="typo"))


@pytest.mark.parametrize("wrong", ["consumer_key", "consumer_secret", "token_id", "token_secret"])
async def test_a_wrong_key_is_refused(account: Account, wrong: str) -> None:
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_LOGIN"):
        await api(account, **{wrong: "wrong"}).get("", url=at(account, "/record/v1/customer"))


async def test_another_realm_is_refused(account: Account) -> None:
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_LOGIN"):
        await api(account, account="OTHER_SB1").get("", url=at(account, "/record/v1/customer"))


def sign(account: Account, url: str, timestamp: int | None = None) -> str:
    """Oauthlib's own signer: a second opinion on the base string."""
    handed = account.netsuite.handout()
    client = Client(
        handed["consumer_key"],
        client_secret=handed["consumer_secret"],
        resource_owner_key=handed["token_id"],
        resource_owner_secret=handed["token_secret"],
        signature_method=SIGNATURE_HMAC_SHA256,
        realm=handed["account"],
        timestamp=str(timestamp or int(time.time())),
    )
    return client.sign(url)[1]["Authorization"]


async def test_a_signature_covers_the_query_and_is_good_once(account: Account) -> None:
    url = at(account, "/record/v1/customer?q=companyName%20START_WITH%20%22Mer%22&limit=10&offset=0")
    headers = {"Authorization": sign(account, url)}

    first = await account.call("GET", url, headers=headers)
    replayed = await account.call("GET", url, headers=headers)
    elsewhere = await account.call("GET", url + "&x=1", headers={"Authorization": sign(account, url)})

    assert (first.status, first.body["count"]) == (200, 1)
    assert (replayed.status, elsewhere.status) == (401, 401)
    trail = [login["detail"] for login in (await account.control("GET", "logins")).body]
    assert trail[-2:] == ["nonce used before", "signature wrong"]


async def test_an_old_signature_is_refused(account: Account) -> None:
    url = at(account, "/record/v1/customer")

    for stamp in (time.time() - 3600, time.time() + 3600):
        answer = await account.call("GET", url, headers={"Authorization": sign(account, url, int(stamp))})
        assert answer.status == 401


async def test_through_the_gateway_the_signed_url_is_https(account: Account) -> None:
    host = "halyard-sb1.suitetalk.api.netsuite.com"
    header = sign(account, f"https://{host}/services/rest/record/v1/customer/501")

    answer = await account.rest(
        "GET", "customer/501", headers={"Authorization": header, "Host": host, "X-Forwarded-Proto": "https"}
    )

    assert answer.status == 200
    assert re.match(rf"https://{host}/services/rest/record/v1/customer/501$", answer.body["links"][0]["href"])


async def test_it_bills_credits_and_is_paid(account: Account) -> None:
    client = api(account)
    line = {"item": {"id": "101"}, "quantity": 10, "rate": 120.5, "taxCode": {"id": "202"}}
    apply = {"items": [{"doc": {"externalId": "TL-I-1"}}]}
    memo = {**order("501", {"item": {"id": "101"}, "amount": 5}), "apply": apply}
    payment = {"customer": {"id": "501"}, "payment": 441, "apply": apply}

    await client.put("", url=at(account, "/record/v1/invoice/eid:TL-I-1"), json=order("501", line))
    await client.put("", url=at(account, "/record/v1/creditMemo/eid:TL-C-1"), json=memo)
    await client.put("", url=at(account, "/record/v1/customerPayment/eid:TL-P-1"), json=payment)
    read: Any = await client.get("", url=at(account, "/record/v1/invoice/eid:TL-I-1"))
    told: Any = await client.post(
        "",
        url=at(account, "/query/v1/suiteql"),
        headers={"Prefer": "transient"},
        json={"q": "SELECT externalid, type, foreigntotal FROM transaction ORDER BY id"},
    )

    assert (read["total"], read["amountPaid"], read["amountRemaining"]) == (1446.0, 446.0, 1000.0)
    assert [(row["externalid"], row["type"], row["foreigntotal"]) for row in told["items"]] == [
        ("TL-I-1", "CustInvc", "1446"),
        ("TL-C-1", "CustCred", "5"),
        ("TL-P-1", "CustPymt", "441"),
    ]


async def test_it_is_told_why_a_closed_period_takes_nothing(account: Account) -> None:
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        await api(account).put(
            "", url=at(account, "/record/v1/invoice/eid:TL-I-1"), json=order("501", tranDate="2026-03-31")
        )

    assert refused.value.status_code == 400
    assert "closed or locked period (Mar 2026)" in refused.value.response_text


async def test_it_reads_periods_rates_and_planned_revenue(account: Account) -> None:
    client, url = api(account), at(account, "/query/v1/suiteql")
    ordered = {"orderStatus": {"id": "B"}, "startDate": "2026-11-01", "endDate": "2026-12-31"}
    line = {"item": {"id": "102"}, "quantity": 1, "amount": 100}
    await client.put("", url=at(account, "/record/v1/salesOrder/eid:TL-S-1"), json=order("501", line, **ordered))

    period: Any = await client.get("", url=at(account, "/record/v1/accountingPeriod/611"))
    locks: Any = await client.suiteql("SELECT COUNT(*) AS n FROM taskitemstatus WHERE complete = 'F'", url=url)
    rates: Any = await client.suiteql(
        "SELECT exchangerate FROM currencyrate WHERE effectivedate = TO_DATE('2026-11-20', 'YYYY-MM-DD')", url=url
    )
    planned: Any = await client.suiteql("SELECT amount, isrecognized FROM revenueplanplannedrevenue", url=url)

    assert (period["periodName"], period["closed"], period["arLocked"]) == ("Nov 2026", False, False)
    assert int(locks["items"][0]["n"]) > 0
    assert len(rates["items"]) == 6
    assert [(row["amount"], row["isrecognized"]) for row in planned["items"]] == [("50", "F"), ("50", "F")]


async def test_it_posts_between_subsidiaries(account: Account) -> None:
    client, path = api(account), "/record/v1/advInterCompanyJournalEntry/eid:TL-J-1"

    def line(subsidiary: str, account_: str, side: str) -> dict[str, Any]:
        return {"lineSubsidiary": {"id": subsidiary}, "account": {"id": account_}, side: 10, "lineFxRate": 1.15}

    lines = [line("3", "706", "debit"), line("3", "708", "credit"), line("4", "709", "debit")]
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        await client.put("", url=at(account, path), json={"subsidiary": {"id": "3"}, "line": {"items": lines}})
    lines.append(line("4", "707", "credit"))
    await client.put("", url=at(account, path), json={"subsidiary": {"id": "3"}, "line": {"items": lines}})
    read: Any = await client.get("", url=at(account, path), params={"expandSubResources": "true"})

    assert "must balance for each subsidiary. DE" in refused.value.response_text
    assert [each["lineSubsidiary"]["refName"] for each in read["line"]["items"]] == ["UK", "UK", "DE", "DE"]
