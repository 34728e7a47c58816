"""OAuth 2.0 machine to machine, with PyJWT as the independent signer."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sandbox.netsuite.conftest import ASSERTION_TYPE, PRIVATE, Account, serve
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.netsuite import NetSuite
from throughline.sandbox.shelf import Shelf


async def test_a_signed_assertion_is_exchanged_for_a_token(account: Account) -> None:
    answer = await account.ask_token()

    assert answer.status == 200
    assert answer.body["expires_in"] == "3600"
    assert answer.body["token_type"] == "bearer"
    assert set(answer.body) == {"access_token", "expires_in", "token_type"}
    assert jwt.decode(answer.body["access_token"], options={"verify_signature": False})["scope"] == ["rest_webservices"]


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512"])
async def test_every_pss_algorithm_is_taken(account: Account, algorithm: str) -> None:
    assert (await account.ask_token(alg=algorithm)).status == 200


async def test_rs256_is_refused_although_the_key_is_right(account: Account) -> None:
    answer = await account.ask_token(alg="RS256")

    assert (answer.status, answer.body) == (400, {"error": "invalid_request"})


async def test_an_elliptic_key_signs_with_es256(clock: SandboxClock) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    netsuite = NetSuite(clock=clock, shelf=Shelf(), chance=random.Random(1), public_key_pem=public)
    server = await serve(netsuite)

    async with aiohttp.ClientSession() as http:
        account = Account(netsuite, clock, str(server.make_url("")).rstrip("/"), http)
        right = await account.ask_token(key=private, alg="ES256")
        wrong = await account.ask_token(key=PRIVATE, alg="PS256")
    await server.close()

    assert right.status == 200
    assert wrong.body == {"error": "invalid_grant"}


WRONG_CLAIMS: list[tuple[dict[str, Any], int, str]] = [
    ({"iss": "somebody"}, 401, "invalid_client"),
    ({"aud": "https://1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"}, 400, "invalid_grant"),
    ({"scope": ["restlets"]}, 400, "invalid_request"),
    ({"exp": 99999999999}, 400, "invalid_grant"),
    ({"iat": 1000, "exp": 2000}, 400, "invalid_grant"),
    ({"iat": "now"}, 400, "invalid_request"),
]


@pytest.mark.parametrize(("claims", "status", "error"), WRONG_CLAIMS)
async def test_wrong_claims_are_refused(account: Account, claims: dict[str, Any], status: int, error: str) -> None:
    answer = await account.ask_token(account.claims(**claims))

    assert (answer.status, answer.body) == (status, {"error": error})


async def test_scopes_may_be_a_comma_separated_text(account: Account) -> None:
    assert (await account.ask_token(account.claims(scope="restlets,rest_webservices"))).status == 200


async def test_a_certificate_nobody_mapped_is_refused(account: Account) -> None:
    assert (await account.ask_token(kid="another")).body == {"error": "invalid_client"}


async def test_a_form_without_the_right_grant_is_refused(account: Account) -> None:
    assert (await account.ask_token(grant_type="password")).body == {"error": "invalid_request"}
    assert (await account.ask_token(client_assertion="not a token")).body == {"error": "invalid_request"}
    assert (await account.ask_token(client_assertion_type="other")).body == {"error": "invalid_request"}


async def test_the_audience_follows_the_gateway_and_its_host(account: Account) -> None:
    host = "halyard-sb1.suitetalk.api.netsuite.com"
    url = f"https://{host}/services/rest/auth/oauth2/v1/token"
    assertion = jwt.encode(
        account.claims(aud=url), PRIVATE, algorithm="PS256", headers={"kid": "throughline-sandbox-cert"}
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }

    answer = await account.call(
        "POST", account.token_url, data=form, headers={"Host": host, "X-Forwarded-Proto": "https"}
    )

    assert answer.status == 200


async def test_a_token_dies_after_an_hour_of_the_sandbox_clock(account: Account) -> None:
    account.clock.advance(3599)
    alive = await account.rest("GET", "customer")
    account.clock.advance(2)
    dead = await account.rest("GET", "customer")

    assert alive.status == 200
    assert (dead.status, dead.code) == (401, "INVALID_LOGIN")
    assert dead.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"


async def test_a_client_that_stamps_with_its_own_clock_is_let_in_after_a_jump(account: Account) -> None:
    account.clock.set(datetime.now(UTC))
    claims = account.claims()
    account.clock.advance(30 * 24 * 3600)

    assert (await account.ask_token(claims)).status == 200


async def test_revoking_kills_the_tokens_that_are_out_but_not_new_ones(account: Account) -> None:
    await account.control("POST", "revoke")

    refused = await account.rest("GET", "customer")
    await account.log_in()
    let_in = await account.rest("GET", "customer")

    assert (refused.status, let_in.status) == (401, 200)


async def test_a_forged_token_and_none_at_all_are_refused(account: Account) -> None:
    forged = jwt.encode({"exp": 99999999999, "generation": 1}, "x" * 64, algorithm="HS256")

    for headers in ({"Authorization": f"Bearer {forged}"}, {"Authorization": ""}):
        assert (await account.rest("GET", "customer", headers=headers)).code == "INVALID_LOGIN"


async def test_the_audit_trail_says_why(account: Account) -> None:
    await account.ask_token(alg="RS256")

    assert "RS256" in (await account.control("GET", "logins")).body[-1]["detail"]


async def test_keys_and_tokens_outlive_a_restart_and_a_reset(clock: SandboxClock, tmp_path: Path) -> None:
    chance = random.Random(1)
    before = NetSuite(clock=clock, shelf=Shelf(tmp_path / "netsuite.db"), chance=chance)
    handed = before.handout()
    key: Any = serialization.load_pem_private_key(handed["private_key"].encode(), None)
    server = await serve(before)
    assert before.shelf.get("customer", "501"), "a key on the shelf is no reason not to seed"
    async with aiohttp.ClientSession() as http:
        account = Account(before, clock, str(server.make_url("")).rstrip("/"), http)
        issued = (await account.ask_token(key=key)).body["access_token"]
        await account.control("POST", "reset")
    await server.close()

    after = NetSuite(clock=clock, shelf=Shelf(tmp_path / "netsuite.db"), chance=chance)
    server = await serve(after)
    async with aiohttp.ClientSession() as http:
        account = Account(after, clock, str(server.make_url("")).rstrip("/"), http)
        account.headers = {"Authorization": f"Bearer {issued}"}
        with_old_token = await account.rest("GET", "customer/501")
        with_old_key = await account.ask_token(key=key)
    await server.close()

    assert after.handout() == handed
    assert (with_old_token.status, with_old_key.status) == (200, 200)
