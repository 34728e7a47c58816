"""Signing in by the firm's service: one of ours that can be made to lie, and one written by others."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from throughline import main
from throughline.demo.layout import SECRETS, lay_out
from throughline.hub import people, sign_in
from throughline.hub.admission import Admission
from throughline.hub.machine import Machine
from throughline.hub.seal import Seal
from throughline.hub.sign_in import NotSignedIn, challenge
from throughline.hub.wire.transport import Raw, Request
from throughline.settings import Settings

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SYSTEMS = ("salesforce", "netsuite", "kantata", "slack", "workday")
ISSUER, BACK = "https://id.example.com", "https://hub.example.com/login/return"
SECRET = "a secret of the tests"
SIGN_IN = """
sign_in:
  issuer: {issuer}
  client_id: throughline
  client_secret: env:SIGN_IN_SECRET
  roles:
    finance: [operator, approver]
    platform: [admin]
  legal_entities:
    germany: [DE]
"""
KEY, ANOTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


@dataclass(slots=True)
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Service:
    """A sign-in service behind a transport: gives each code once, to who knows the verifier; lies where it is told."""

    clock: Callable[[], datetime]
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    described: dict[str, Any] = field(default_factory=dict[str, Any])
    sign: Callable[[dict[str, Any]], str] | None = None
    asked: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    codes: dict[str, dict[str, list[str]]] = field(default_factory=dict[str, dict[str, list[str]]])

    def answer(self, address: str) -> str:
        """What the browser comes back with after somebody signed in there."""
        asked = parse_qs(urlsplit(address).query)
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return urlencode({"code": code, "state": asked["state"][0], "iss": ISSUER})

    async def exchange(self, request: Request) -> Raw:
        place = urlsplit(request.url).path
        if place == "/.well-known/openid-configuration":
            return self._json({
                "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys", **self.described,
            })  # fmt: skip
        return self._json({"keys": [public(KEY)]}) if place == "/keys" else self._token(parse_qs(request.body.decode()))

    def _token(self, form: dict[str, list[str]]) -> Raw:
        asked = self.codes.pop(form["code"][0], None)
        if asked is None or challenge(form["code_verifier"][0]) != asked["code_challenge"][0]:
            return Raw(400, {}, b'{"error": "invalid_grant"}')
        now = int(self.clock().timestamp())
        claims = {
            "iss": ISSUER, "aud": "throughline", "sub": "1", "iat": now, "exp": now + 300, "nonce": asked["nonce"][0],
            "email": "Anna@example.com", "email_verified": True, "groups": ["finance"], **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return self._json({"id_token": self.sign(claims) if self.sign else signed(claims)})

    @staticmethod
    def _json(said: Any) -> Raw:
        return Raw(200, {"content-type": "application/json"}, json.dumps(said).encode())


def signed(claims: dict[str, Any], key: Any = KEY, *, kid: str = "k", algorithm: str = "RS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def public(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    told = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**told, "kid": "k", "use": "sig", "alg": "RS256"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Service:
    return Service(clock)


def firm_with(tmp_path: Path, issuer: str) -> Path:
    handout = {name: {"url": "http://127.0.0.1:1"} for name in SYSTEMS}
    for system, secret in SECRETS.values():
        handout[system][secret] = SECRET
    firm = lay_out(tmp_path, handout)
    policies = firm / "policies.yaml"
    policies.write_text(policies.read_text() + SIGN_IN.format(issuer=issuer))
    return firm


@pytest.fixture
async def machine(
    tmp_path: Path, database_url: str, clock: Clock, service: Service, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Machine]:
    monkeypatch.setenv("SIGN_IN_SECRET", SECRET)
    settings = Settings(firm=firm_with(tmp_path, ISSUER), data=tmp_path / "data", database_url=database_url)
    async with main.machine(settings, clock=clock, transport=service) as machine:
        await machine.firms.apply(by="a test")
        yield machine


async def signed_in(machine: Machine, service: Service) -> Any:
    begun = await sign_in.begin(machine, back=BACK, then="/holds")
    session, then = await sign_in.finish(machine, begun.kept, service.answer(begun.address))
    assert then == "/holds"
    return await Admission(None, Seal(b"k"), machine).signed_in(session, active=True)


async def test_who_is_in_a_group_is_what_the_firm_says_of_it(machine: Machine, service: Service) -> None:
    who = await signed_in(machine, service)

    assert (who.name, who.legal_entities) == ("anna@example.com", None)
    assert {"decide", "approve"} <= who.rights
    assert "people" not in who.rights


async def test_groups_limit_to_companies(machine: Machine, service: Service) -> None:
    service.claims = {"groups": ["finance", "germany"]}

    assert (await signed_in(machine, service)).legal_entities == {"DE"}


async def test_groups_are_looked_at_each_time_anew(machine: Machine, service: Service) -> None:
    first = await signed_in(machine, service)
    service.claims = {"groups": ["platform"]}
    second = await signed_in(machine, service)
    service.claims = {"groups": []}

    assert ("people" in first.rights, "people" in second.rights) == (False, True)
    with pytest.raises(NotSignedIn, match="no group that has a role"):
        await signed_in(machine, service)
    assert await people.listed(machine) == []


async def test_what_an_admin_wrote_down_stands(machine: Machine, service: Service) -> None:
    await people.add(machine, "anna@example.com", roles=["auditor"], legal_entities=None, by="t")

    assert "audit" in (await signed_in(machine, service)).rights


async def test_with_a_service_nobody_is_let_in_unasked(machine: Machine) -> None:
    assert not await Admission(None, Seal(b"k"), machine).open()


async def test_the_service_is_asked_for_a_code_with_a_challenge_a_state_and_a_nonce(machine: Machine) -> None:
    first, second = [await sign_in.begin(machine, back=BACK, then="/") for _ in range(2)]
    asked, again = (parse_qs(urlsplit(each.address).query) for each in (first, second))

    assert first.address.startswith(f"{ISSUER}/auth?")
    assert (asked["response_type"], asked["code_challenge_method"], asked["redirect_uri"]) == (
        ["code"],
        ["S256"],
        [BACK],
    )
    assert asked["client_id"] == ["throughline"]
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))
    assert asked["state"][0] not in first.kept


def unsigned(claims: dict[str, Any]) -> str:
    return signed(claims, None, algorithm="none")


def by_another(claims: dict[str, Any]) -> str:
    return signed(claims, ANOTHER)


def by_a_stranger(claims: dict[str, Any]) -> str:
    return signed(claims, ANOTHER, kid="other")


def no_token(_: dict[str, Any]) -> str:
    return ""


PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def with_the_public_key_as_a_secret(claims: dict[str, Any]) -> str:
    """What PyJWT itself refuses to make: HS256 under the key everybody knows."""

    def part(said: bytes) -> bytes:
        return base64.urlsafe_b64encode(said).rstrip(b"=")

    body = part(b'{"alg":"HS256","kid":"k"}') + b"." + part(json.dumps(claims).encode())
    return (body + b"." + part(hmac.digest(PEM, body, hashlib.sha256))).decode()


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "another client": {"claims": {"aud": "another"}},
    "several clients": {"claims": {"aud": ["throughline", "another"]}},
    "asked for by another": {"claims": {"aud": ["throughline", "another"], "azp": "another"}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "over": {"claims": {"exp": int(NOON.timestamp()) - 60}},
    "no end": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": int(NOON.timestamp()) + 3600}},
    "not good yet": {"claims": {"nbf": int(NOON.timestamp()) + 3600}},
    "an address nobody checked": {"claims": {"email_verified": False}},
    "no name": {"claims": {"email": None}},
    "a name of the machine's": {"claims": {"email": "API"}},
    "no group": {"claims": {"groups": None}},
    "groups that are none": {"claims": {"groups": "platform"}},
    "unsigned": {"sign": unsigned},
    "signed by another": {"sign": by_another},
    "signed by a key nobody knows": {"sign": by_a_stranger},
    "signed with the public key": {"sign": with_the_public_key_as_a_secret},
    "no token": {"sign": no_token},
    "described by another": {"described": {"issuer": "https://evil.example"}},
    "tokens in the open": {"described": {"token_endpoint": "http://id.example.com/token"}},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_lets_nobody_in(lie: str, machine: Machine, service: Service) -> None:
    for name, value in LIES[lie].items():
        setattr(service, name, value)

    with pytest.raises(NotSignedIn):
        await signed_in(machine, service)
    assert await machine.pool.fetchval("select count(*) from sessions") == 0
    assert await people.listed(machine) == []


async def test_an_answer_that_was_used_lets_nobody_in_again(machine: Machine, service: Service) -> None:
    begun = await sign_in.begin(machine, back=BACK, then="/")
    answer = service.answer(begun.address)
    await sign_in.finish(machine, begun.kept, answer)

    with pytest.raises(NotSignedIn, match="refused"):
        await sign_in.finish(machine, begun.kept, answer)


async def test_an_answer_to_anothers_sign_in_lets_nobody_in(machine: Machine, service: Service) -> None:
    mine, theirs = [await sign_in.begin(machine, back=BACK, then="/") for _ in range(2)]

    with pytest.raises(NotSignedIn, match="another sign-in"):
        await sign_in.finish(machine, mine.kept, service.answer(theirs.address))


async def test_a_stolen_code_is_of_no_use_without_the_verifier(machine: Machine, service: Service) -> None:
    mine, theirs = [await sign_in.begin(machine, back=BACK, then="/") for _ in range(2)]
    state = parse_qs(urlsplit(mine.address).query)["state"][0]
    code = parse_qs(service.answer(theirs.address))["code"][0]

    with pytest.raises(NotSignedIn, match="refused"):
        await sign_in.finish(machine, mine.kept, urlencode({"code": code, "state": state}))


async def test_a_sign_in_takes_ten_minutes_at_most(machine: Machine, service: Service, clock: Clock) -> None:
    begun = await sign_in.begin(machine, back=BACK, then="/")
    answer = service.answer(begun.address)
    clock.now += timedelta(minutes=10)

    with pytest.raises(NotSignedIn, match="too long"):
        await sign_in.finish(machine, begun.kept, answer)


@pytest.mark.parametrize("kept", ["", "x", "gAAAAABl"])
async def test_a_browser_that_began_nothing_is_not_let_in(kept: str, machine: Machine) -> None:
    with pytest.raises(NotSignedIn, match="does not know"):
        await sign_in.finish(machine, kept, "code=1&state=2")
