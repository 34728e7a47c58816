"""The token endpoint: what a JWT must say, what a session is good for, and how a refusal is worded."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce import Salesforce

TOKEN = "/services/oauth2/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Applicant:
    """Asks for a token with a JWT that is right but for what a test changes."""

    def __init__(self, api: Any, key: rsa.RSAPrivateKey, clock: SandboxClock) -> None:
        self.api, self.key, self.clock = api, key, clock

    def assertion(self, key: rsa.RSAPrivateKey | None = None, algorithm: str = "RS256", **changed: Any) -> str:
        claims = {
            "iss": "throughline-sandbox-consumer-key",
            "sub": "integration@halyard.example",
            "aud": "https://login.salesforce.com",
            "exp": int((self.clock.now() + timedelta(minutes=3)).timestamp()),
        }
        return jwt.encode(claims | changed, key or self.key, algorithm=algorithm)

    async def ask(self, assertion: str, **headers: str) -> tuple[int, Any]:
        form = {"grant_type": GRANT, "assertion": assertion}
        async with self.api.http.post(TOKEN, data=form, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
def applicant(api: Any, private_key: rsa.RSAPrivateKey, clock: SandboxClock) -> Applicant:
    return Applicant(api, private_key, clock)


async def test_a_signed_assertion_opens_a_session_of_the_user(applicant: Applicant, api: Any) -> None:
    status, token = await applicant.ask(applicant.assertion())

    assert status == 200
    assert set(token) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert token["token_type"] == "Bearer"
    assert token["instance_url"] == f"http://127.0.0.1:{api.http.port}"
    api.headers["Authorization"] = f"Bearer {token['access_token']}"
    account = await api.create("Account", Name="New Customer")
    user = (await api.records("SELECT Id FROM User WHERE Username = 'integration@halyard.example'"))[0]["Id"]
    assert (await api.read("Account", account))["LastModifiedById"] == user
    assert token["id"].endswith(f"/{user}")


async def test_an_expiry_may_be_a_string(applicant: Applicant, clock: SandboxClock) -> None:
    exp = f"{(clock.now() + timedelta(minutes=3)).timestamp():.0f}"

    status, _ = await applicant.ask(applicant.assertion(exp=exp))

    assert status == 200


@pytest.mark.parametrize("audience", ["https://test.salesforce.com", "https://halyard.my.salesforce.com"])
async def test_other_hosts_of_salesforce_are_audiences_too(applicant: Applicant, audience: str) -> None:
    status, _ = await applicant.ask(applicant.assertion(aud=audience))

    assert status == 200


@pytest.mark.parametrize(
    ("changed", "error", "description"),
    [
        ({"iss": "somebody"}, "invalid_client_id", "client identifier invalid"),
        ({"aud": "https://login.example.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1_700_000_000}, "invalid_grant", "expired authorization code"),
        ({"exp": None}, "invalid_grant", "expired authorization code"),
        ({"sub": "nobody@halyard.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "sales.europe@halyard.example"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
async def test_a_wrong_claim_is_refused_in_salesforces_words(
    applicant: Applicant, changed: dict[str, Any], error: str, description: str
) -> None:
    status, body = await applicant.ask(applicant.assertion(**changed))

    assert (status, body) == (400, {"error": error, "error_description": description})


async def test_another_key_or_algorithm_is_refused(applicant: Applicant) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    for assertion in (applicant.assertion(stranger), applicant.assertion(algorithm="PS256"), "no.jwt.at-all", ""):
        status, body = await applicant.ask(assertion)
        assert (status, body["error_description"]) == (400, "invalid assertion")


async def test_an_assertion_is_timely_by_either_clock(applicant: Applicant, clock: SandboxClock) -> None:
    by_the_wall = applicant.assertion()
    clock.advance(86_400)

    assert (await applicant.ask(by_the_wall))[0] == 200
    assert (await applicant.ask(applicant.assertion()))[0] == 200


async def test_the_instance_is_where_the_request_came_from(applicant: Applicant) -> None:
    headers = {"Host": "halyard.my.salesforce.com", "X-Forwarded-Proto": "https"}

    _, token = await applicant.ask(applicant.assertion(), **headers)

    assert token["instance_url"] == "https://halyard.my.salesforce.com"


async def test_client_credentials_come_in_a_basic_header_or_in_the_form(api: Any) -> None:
    key, secret = "throughline-sandbox-consumer-key", "throughline-sandbox-consumer-secret"
    basic = {"Authorization": "Basic dGhyb3VnaGxpbmUtc2FuZGJveC1jb25zdW1lci1rZXk6d3Jvbmc="}
    form = {"grant_type": "client_credentials"}

    async with api.http.post(TOKEN, data=form | {"client_id": key, "client_secret": secret}) as answer:
        assert answer.status == 200
    async with api.http.post(TOKEN, data=form, headers=basic) as answer:
        assert (await answer.json())["error"] == "invalid_client"
    async with api.http.post(TOKEN, data=form | {"client_id": "who"}) as answer:
        assert (await answer.json())["error"] == "invalid_client_id"
    headers = {"Host": "login.salesforce.com", "X-Forwarded-Proto": "https"}
    async with api.http.post(TOKEN, data=form | {"client_id": key, "client_secret": secret}, headers=headers) as answer:
        assert (await answer.json())["error_description"] == "request not supported on this domain"
    async with api.http.post(TOKEN, data={"grant_type": "password"}) as answer:
        assert (await answer.json())["error"] == "unsupported_grant_type"


async def test_a_session_ends_after_two_hours(api: Any, clock: SandboxClock) -> None:
    clock.advance(2 * 3600 - 1)
    assert (await api.call("GET", "limits"))[0] == 200

    clock.advance(1)

    status, body = await api.call("GET", "limits")
    assert (status, body) == (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


async def test_revoking_ends_all_sessions(api: Any) -> None:
    token = await api.login()

    assert (await api.control("revoke"))["revoked"] == 2

    assert (await api.call("GET", "limits", headers={"Authorization": f"Bearer {token}"}))[0] == 401
    await api.login()
    assert (await api.call("GET", "limits"))[0] == 200


async def test_one_session_can_be_revoked_by_its_owner(api: Any) -> None:
    token = await api.login()

    async with api.http.post("/services/oauth2/revoke", data={"token": token}) as answer:
        assert answer.status == 200

    assert (await api.call("GET", "limits"))[0] == 401


async def test_without_a_session_only_the_versions_are_told(api: Any) -> None:
    api.headers.clear()

    status, versions = await api.call("GET", "/services/data")

    assert status == 200
    assert [versions[0]["version"], versions[-1]["version"]] == ["50.0", "68.0"]
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert (await api.call("GET", "query", q="SELECT Id FROM Account"))[0] == 401


async def test_userinfo_says_who_is_logged_in(api: Any) -> None:
    status, body = await api.call("GET", "/services/oauth2/userinfo")

    assert status == 200
    assert body["preferred_username"] == "integration@halyard.example"
    assert body["organization_id"].startswith("00D")
    assert (await api.call("GET", "/services/oauth2/userinfo", headers={"Authorization": "Bearer x"}))[0] == 403


async def test_without_a_registered_key_a_pair_is_made_and_handed_out(
    clock: SandboxClock, simulator: Salesforce
) -> None:
    keyless = Salesforce(clock=clock, shelf=simulator.shelf, chance=simulator.chance)
    keyless.reseed()
    again = Salesforce(clock=clock, shelf=simulator.shelf, chance=simulator.chance)

    assert keyless.handout()["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert again.handout() == keyless.handout(), "it survives a restart"
    keyless.reseed()
    assert keyless.handout() == again.handout(), "and a reset"
    assert "private_key" not in simulator.handout()
    simulator.shelf.close()
