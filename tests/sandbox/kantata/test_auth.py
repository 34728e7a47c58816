"""Who gets in: the bearer token, the authorization code flow, and revocation."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.kantata.conftest import Api, Record

CLIENT = {"client_id": "kantata-sandbox-client", "client_secret": "kantata-sandbox-secret"}
CALLBACK = "https://hub.example/callback"


async def _code(api: Api, **more: str) -> dict[str, list[str]]:
    query = {"response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": CALLBACK, **more}
    async with api.client.get("/oauth/authorize", params=query, allow_redirects=False) as answer:
        assert answer.status == 302
        return parse_qs(urlsplit(answer.headers["Location"]).query)


async def _token(api: Api, code: str, **more: str) -> tuple[int, Record]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **CLIENT, **more}
    async with api.client.post("/oauth/token", data=form) as answer:
        return answer.status, await answer.json()


async def _status(api: Api, header: dict[str, str]) -> tuple[int, Record]:
    async with api.client.get("/api/v1/users/me", headers=header) as answer:
        return answer.status, await answer.json()


async def test_without_a_good_token_the_answer_is_the_vendors_401(api: Api) -> None:
    refusal = {"errors": [{"type": "oauth", "message": "Invalid OAuth 2 Request"}]}

    assert await _status(api, {}) == (401, refusal)
    assert await _status(api, {"Authorization": "Bearer wrong"}) == (401, refusal)
    assert await _status(api, {"Authorization": "Basic kantata-sandbox-token"}) == (401, refusal)


async def test_the_code_flow_ends_in_a_token_that_works(api: Api) -> None:
    answer = await _code(api, state="s 1")
    assert answer["state"] == ["s 1"]

    status, granted = await _token(api, answer["code"][0])

    assert (status, granted["token_type"]) == (200, "bearer")
    assert (await _status(api, {"Authorization": f"Bearer {granted['access_token']}"}))[0] == 200


async def test_a_code_works_once_and_for_five_minutes(api: Api) -> None:
    used, late = (await _code(api))["code"][0], (await _code(api))["code"][0]

    assert (await _token(api, used))[0] == 200
    assert (await _token(api, used))[1]["error"] == "invalid_grant"
    api.simulator.clock.advance(timedelta(minutes=5).total_seconds())
    assert (await _token(api, late))[1]["error"] == "invalid_grant"


async def test_a_code_is_for_one_client_and_one_address(api: Api) -> None:
    code = (await _code(api))["code"][0]

    assert (await _token(api, code, client_secret="wrong"))[0] == 401
    assert (await _token(api, code, redirect_uri="https://elsewhere.example"))[0] == 400


async def test_a_revoked_token_is_refused_until_it_is_given_back(api: Api) -> None:
    header = {"Authorization": "Bearer kantata-sandbox-token"}

    await api.control("revoke", {})
    assert (await _status(api, header))[0] == 401
    await api.control("revoke", {"revoked": False})
    assert (await _status(api, header))[0] == 200


async def test_the_handout_opens_the_door(api: Api) -> None:
    given = api.simulator.handout()

    assert (await _status(api, {"Authorization": f"Bearer {given['token']}"}))[0] == 200
    assert {given["client_id"], given["client_secret"]} == set(CLIENT.values())
