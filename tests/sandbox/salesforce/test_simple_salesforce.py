"""The unmodified PyPI client, over TLS, as an independent witness of the wire."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.exceptions import (
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from throughline.sandbox.salesforce import Salesforce


@pytest.fixture(scope="module")
def certificate(private_key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate and its key in one file, for this machine by name and by number."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private_key.public_key()), critical=False)
        .sign(private_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = private_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "sandbox.pem"
    path.write_bytes(signed.public_bytes(pem) + key)
    return path


@pytest.fixture
async def address(simulator: Salesforce, certificate: Path) -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = TestServer(simulator.app(), scheme="https")
    await server.start_server(ssl=context)
    yield f"https://127.0.0.1:{server.port}"
    await server.close()


@pytest.fixture
def session(certificate: Path) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # the machine may name another CA and a proxy
        session.headers["Connection"] = "close"  # so that TLS has said goodbye before the loop ends
        session.verify = str(certificate)
        yield session


@pytest.fixture
async def client(address: str, session: requests.Session, simulator: Salesforce) -> Any:
    given = simulator.handout()
    form = {"grant_type": "client_credentials"}
    basic = (given["consumer_key"], given["consumer_secret"])
    answer = await asyncio.to_thread(session.post, f"{address}/services/oauth2/token", data=form, auth=basic)
    token = answer.json()
    assert token["instance_url"] == address
    return Client(session_id=token["access_token"], instance_url=address, session=session, version="60.0")


def content(refused: pytest.ExceptionInfo[SalesforceError]) -> Any:
    """The client's annotation says bytes; what it hands over is the parsed body."""
    return refused.value.content


async def test_it_creates_reads_changes_and_deletes(client: Any) -> None:
    def work() -> None:
        created = client.Account.create({"Name": "New Customer", "BillingCountryCode": "GB"})
        assert created["success"] is True
        assert client.Account.update(created["id"], {"Phone": "1"}) == 204
        record = client.Account.get(created["id"])
        assert (record["Name"], record["Phone"], record["attributes"]["type"]) == ("New Customer", "1", "Account")
        assert client.Account.delete(created["id"]) == 204
        with pytest.raises(SalesforceResourceNotFound):
            client.Account.get(created["id"])

    await asyncio.to_thread(work)


async def test_it_upserts_by_external_id(client: Any) -> None:
    def work() -> None:
        assert client.Account.upsert("Throughline_Id__c/c-1", {"Name": "One"}) == 201
        assert client.Account.upsert("Throughline_Id__c/c-1", {"Name": "Uno"}) == 200
        assert client.Account.get_by_custom_id("Throughline_Id__c", "c-1")["Name"] == "Uno"
        for _ in range(2):
            client.Account.create({"Name": "Twin", "Tax_Id__c": "X1"})
        with pytest.raises(SalesforceMoreThanOneRecord):
            client.Account.upsert("Tax_Id__c/X1", {"Name": "Twin"})

    await asyncio.to_thread(work)


async def test_it_queries_and_follows_pages(client: Any) -> None:
    def work() -> None:
        for at in range(0, 2100, 150):
            records = [
                {"attributes": {"type": "Contact"}, "LastName": f"Person {number}"} for number in range(at, at + 150)
            ]
            results = client.restful("composite/sobjects", method="POST", json={"records": records})
            assert all(result["success"] for result in results)
        found = client.query_all("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Person %'")
        assert (found["totalSize"], len(found["records"]), found["done"]) == (2100, 2100, True)
        assert len({record["Id"] for record in found["records"]}) == 2100

    await asyncio.to_thread(work)


async def test_it_sees_deleted_records_and_spans_of_time(client: Any) -> None:
    def work() -> None:
        id_ = client.Account.create({"Name": "Gone"})["id"]
        client.Account.delete(id_)
        soql = "SELECT Id FROM Account WHERE Name = 'Gone'"
        assert client.query(soql)["totalSize"] == 0
        assert client.query(soql, include_deleted=True)["totalSize"] == 1
        start, end = datetime(2026, 3, 10, 9, tzinfo=UTC), datetime(2026, 3, 10, 10, tzinfo=UTC)
        assert [each["id"] for each in client.Account.deleted(start, end)["deletedRecords"]] == [id_]
        assert client.Account.updated(start, end)["ids"] == []

    await asyncio.to_thread(work)


async def test_it_understands_what_the_org_says_of_itself(client: Any) -> None:
    def work() -> None:
        assert "Opportunity" in {each["name"] for each in client.describe()["sobjects"]}
        names = {field["name"] for field in client.Opportunity.describe()["fields"]}
        assert {"Handoff_Gate__c", "CurrencyIsoCode", "SystemModstamp"} <= names
        assert client.limits()["DailyApiRequests"]["Max"] == 1_000_000
        assert client.api_usage["api-usage"].total == 1_000_000

    await asyncio.to_thread(work)


async def test_it_understands_refusals(client: Any, simulator: Salesforce) -> None:
    def work() -> None:
        with pytest.raises(SalesforceMalformedRequest) as refused:
            client.Account.create({"Nme": "x"})
        assert content(refused)[0]["errorCode"] == "INVALID_FIELD"
        with pytest.raises(SalesforceMalformedRequest) as refused:
            client.query("SELECT Foo FROM Account")
        assert "No such column 'Foo'" in content(refused)[0]["message"]
        simulator.faults.add({"kind": "lock"})
        with pytest.raises(SalesforceMalformedRequest) as refused:
            client.Account.create({"Name": "x"})
        assert content(refused)[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
        simulator.sessions.close_all()
        with pytest.raises(SalesforceExpiredSession):
            client.query("SELECT Id FROM Account")

    await asyncio.to_thread(work)


async def test_its_composite_call_builds_on_earlier_parts(client: Any) -> None:
    root = "/services/data/v60.0/sobjects"
    parts = [
        {"method": "POST", "url": f"{root}/Account", "referenceId": "one", "body": {"Name": "One"}},
        {"method": "GET", "url": f"{root}/Account/@{{one.id}}", "referenceId": "two"},
    ]

    answer = await asyncio.to_thread(
        client.restful, "composite", method="POST", json={"allOrNone": True, "compositeRequest": parts}
    )

    assert [each["httpStatusCode"] for each in answer["compositeResponse"]] == [201, 200]
    assert answer["compositeResponse"][1]["body"]["Name"] == "One"
