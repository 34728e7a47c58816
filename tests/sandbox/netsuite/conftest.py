"""A NetSuite account over real HTTP, and a client that knows nothing but the wire."""

import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
import pytest
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from yarl import URL

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.netsuite import NetSuite
from throughline.sandbox.shelf import Shelf

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    @property
    def code(self) -> str:
        return self.body["o:errorDetails"][0]["o:errorCode"]

    @property
    def detail(self) -> str:
        return self.body["o:errorDetails"][0]["detail"]

    @property
    def path(self) -> str:
        return self.body["o:errorDetails"][0].get("o:errorPath", "")

    @property
    def new_id(self) -> str:
        assert self.status == 204, self.text
        return self.headers["Location"].rsplit("/", 1)[1]


@dataclass
class Account:
    """What a test needs of the simulator."""

    netsuite: NetSuite
    clock: SandboxClock
    url: str
    http: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def token_url(self) -> str:
        return f"{self.url}/services/rest/auth/oauth2/v1/token"

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        usual = {"iss": "throughline-sandbox-client", "scope": ["restlets", "rest_webservices"], "aud": self.token_url}
        return {**usual, "iat": now, "exp": now + 3600, **changes}

    async def ask_token(self, claims: dict[str, Any] | None = None, **changes: Any) -> Answer:
        key, algorithm = changes.pop("key", PRIVATE), changes.pop("alg", "PS256")
        kid = changes.pop("kid", "throughline-sandbox-cert")
        assertion = jwt.encode(claims or self.claims(), key, algorithm=algorithm, headers={"kid": kid})
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            **changes,
        }
        return await self.call("POST", self.token_url, data=form)

    async def log_in(self) -> None:
        answer = await self.ask_token()
        assert answer.status == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.body['access_token']}"}

    async def call(self, method: str, url: str | URL, **named: Any) -> Answer:
        headers = {**self.headers, **named.pop("headers", {})}
        async with self.http.request(method, url, headers=headers, **named) as answer:
            text = await answer.text()
            body = await answer.json(content_type=None) if "json" in answer.headers.get("Content-Type", "") else None
            return Answer(answer.status, answer.headers, text, body)

    async def rest(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str
    ) -> Answer:
        url = f"{self.url}/services/rest/record/v1/{path}"
        return await self.call(method, url, json=body, params=query, headers=headers or {})

    async def create(self, type_: str, body: dict[str, Any]) -> str:
        return (await self.rest("POST", type_, body)).new_id

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self.rest("GET", path, None, None, **query)
        assert answer.status == 200, answer.text
        return answer.body

    async def query(self, sql: str, **query: str) -> Answer:
        url = f"{self.url}/services/rest/query/v1/suiteql"
        return await self.call("POST", url, json={"q": sql}, params=query, headers={"Prefer": "transient"})

    async def rows(self, sql: str) -> list[dict[str, str]]:
        answer = await self.query(sql)
        assert answer.status == 200, answer.text
        return [{name: value for name, value in row.items() if name != "links"} for row in answer.body["items"]]

    async def control(self, method: str, path: str, body: Any = None) -> Answer:
        return await self.call(method, f"{self.url}/__sandbox__/{path}", json=body)


def customer(**changes: Any) -> dict[str, Any]:
    return {"companyName": "Ostwald Chemie GmbH", "subsidiary": {"id": "4"}, **changes}


def order(entity: str, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    items = list(lines) or [{"item": {"id": "101"}, "quantity": 10, "rate": 120.5}]
    return {"entity": {"id": entity}, "item": {"items": items}, **changes}


def quoted(text: str) -> str:
    return quote(text, safe="")


async def serve(netsuite: NetSuite) -> TestServer:
    server = TestServer(netsuite.app())
    await server.start_server()
    return server


@pytest.fixture
def clock() -> SandboxClock:
    """It stands still until a test drives it."""
    return SandboxClock(START, speed=0)


@pytest.fixture
async def account(clock: SandboxClock) -> AsyncIterator[Account]:
    chance = random.Random(1)
    netsuite = NetSuite(clock=clock, shelf=Shelf(), chance=chance, public_key_pem=PUBLIC_PEM)
    netsuite.courier.pause_seconds = 0.001
    server = await serve(netsuite)
    async with aiohttp.ClientSession() as http:
        account = Account(netsuite, clock, str(server.make_url("")).rstrip("/"), http)
        await account.log_in()
        yield account
    await server.close()
