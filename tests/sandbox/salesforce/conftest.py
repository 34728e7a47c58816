"""A running org on a driven clock, and a thin caller that is not one of our connectors."""

import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce import Salesforce
from throughline.sandbox.shelf import Shelf

START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
ROOT = "/services/data/v60.0"


class Caller:
    """Calls with a session; addresses are relative to one version of the API."""

    def __init__(self, http: TestClient[Any, Any], simulator: Salesforce) -> None:
        self.http, self.simulator = http, simulator
        self.headers: dict[str, str] = {}
        self.last: ClientResponse | None = None

    async def login(self) -> str:
        given = self.simulator.handout()
        form = {"client_id": given["consumer_key"], "client_secret": given["consumer_secret"]}
        form["grant_type"] = "client_credentials"
        async with self.http.post("/services/oauth2/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"
        return token

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> tuple[int, Any]:
        address = path if path.startswith("/") else f"{ROOT}/{path}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        headers = {"Content-Type": "application/json"} | self.headers | (headers or {})
        async with self.http.request(method, address, params=query, headers=headers, data=data) as answer:
            self.last = answer
            text = await answer.text()
            return answer.status, (await answer.json() if text.startswith(("{", "[")) else text)

    async def query(self, soql: str, **headers: str) -> Any:
        status, body = await self.call("GET", "query", headers=headers, q=soql)
        assert status == 200, body
        return body

    async def records(self, soql: str) -> list[dict[str, Any]]:
        return (await self.query(soql))["records"]

    async def create(self, kind: str, **fields: Any) -> str:
        status, body = await self.call("POST", f"sobjects/{kind}", fields)
        assert status == 201, body
        return body["id"]

    async def read(self, kind: str, id_: str) -> dict[str, Any]:
        status, body = await self.call("GET", f"sobjects/{kind}/{id_}")
        assert status == 200, body
        return body

    async def control(self, what: str, **body: Any) -> Any:
        status, answer = await self.call("POST", f"/__sandbox__/{what}", body)
        assert status < 300, answer
        return answer

    async def account(self, name: str = "Meridian Rail Ltd") -> str:
        return (await self.records(f"SELECT Id FROM Account WHERE Name = '{name}'"))[0]["Id"]

    async def opportunity(self, **fields: Any) -> str:
        given = {"Name": "A piece of work", "StageName": "Prospecting", "CloseDate": "2026-04-01"}
        return await self.create("Opportunity", **(given | fields))

    async def product(self, code: str = "ADV-DAY") -> str:
        return (await self.records(f"SELECT Id FROM Product2 WHERE ProductCode = '{code}'"))[0]["Id"]


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def public_pem(private_key: rsa.RSAPrivateKey) -> bytes:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key.public_key().public_bytes(serialization.Encoding.PEM, spki)


@pytest.fixture
def clock() -> SandboxClock:
    """It stands still unless a test moves it."""
    return SandboxClock(START, speed=0.0)


@pytest.fixture
def simulator(clock: SandboxClock, public_pem: bytes) -> Salesforce:
    chance = random.Random(7)
    return Salesforce(clock=clock, shelf=Shelf(), chance=chance, public_key_pem=public_pem, wall=lambda: START)


@pytest.fixture
async def api(simulator: Salesforce) -> AsyncIterator[Caller]:
    async with TestClient(TestServer(simulator.app())) as http:
        caller = Caller(http, simulator)
        await caller.login()
        yield caller
