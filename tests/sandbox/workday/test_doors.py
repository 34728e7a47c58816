"""Tokens, REST, the report, and what HR's own people may do."""

import aiohttp
import pytest

from tests.sandbox.workday.conftest import Tenant
from throughline.sandbox.workday import firm

WORKERS = f"/ccx/api/common/v1/{firm.TENANT}/workers"
REPORT = f"/ccx/service/customreport2/{firm.TENANT}/{firm.REPORT_OWNER}/{firm.REPORT}"


async def test_a_refresh_token_buys_an_hour(tenant: Tenant) -> None:
    status, told = await tenant.token()
    assert (status, told["token_type"], told["expires_in"]) == (200, "Bearer", 3600)
    assert (await tenant.get(WORKERS, told["access_token"]))[0] == 200

    tenant.clock.advance(3601)

    assert await tenant.get(WORKERS, told["access_token"]) == (401, {"error": "invalid_token"})


async def test_a_restart_with_the_same_chance_makes_other_tokens(tenant: Tenant) -> None:
    _, first = await tenant.token()
    tenant.workday.chance.seed(1)

    status, second = await tenant.token()

    assert status == 200
    assert second["access_token"] != first["access_token"]


async def test_the_client_may_be_named_in_the_form(tenant: Tenant) -> None:
    form = {
        "grant_type": "refresh_token", "refresh_token": firm.REFRESH_TOKEN,
        "client_id": firm.CLIENT_ID, "client_secret": firm.CLIENT_SECRET,
    }  # fmt: skip
    async with tenant.http.post(f"{tenant.url}/ccx/oauth2/{firm.TENANT}/token", data=form) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"refresh_token": "another"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_anything_else_buys_nothing(tenant: Tenant, more: dict[str, str], refusal: str) -> None:
    assert await tenant.token(**more) == (400, {"error": refusal})


async def test_a_revoked_client_buys_nothing_and_its_tokens_are_worth_nothing(tenant: Tenant) -> None:
    _, told = await tenant.token()
    await tenant.control("revoke", {})

    assert (await tenant.token())[0] == 400
    assert (await tenant.get(WORKERS, told["access_token"]))[0] == 401


async def test_workers_are_listed_page_by_page_and_found_by_name(tenant: Tenant) -> None:
    _, told = await tenant.token()
    token = told["access_token"]

    _, page = await tenant.get(WORKERS, token, limit="10", offset="10")
    _, found = await tenant.get(WORKERS, token, search="person 12")

    assert (page["total"], len(page["data"])) == (16, 6)
    assert [each["primaryWorkEmail"] for each in found["data"]] == ["consultant.12@halyard.example"]
    assert (await tenant.get(f"{WORKERS}/{found['data'][0]['id']}", token))[1] == found["data"][0]
    assert (await tenant.get(f"{WORKERS}/nobody", token))[0] == 404


async def test_a_report_lets_in_the_integration_user(tenant: Tenant) -> None:
    user = {"Authorization": aiohttp.encode_basic_auth(f"{firm.ISU}@{firm.TENANT}", firm.ISU_PASSWORD)}
    async with tenant.http.get(f"{tenant.url}{REPORT}", headers=user, params={"format": "json"}) as answer:
        told = await answer.json()
    async with tenant.http.get(f"{tenant.url}{REPORT}") as stranger:
        assert stranger.status == 401

    assert len(told["Report_Entry"]) == 16
    assert told["Report_Entry"][0]["Email"] == "administrator@halyard.example"


@pytest.mark.parametrize(
    ("route", "wanted", "why"),
    [
        ("transfer", {"worker": "nobody", "title": "Analyst"}, "no worker nobody"),
        ("transfer", {"worker": "21101", "company": "FR"}, "no company FR"),
        ("transfer", {"worker": "21101", "cost_centre": "CC_999"}, "no cost centre CC_999"),
        ("transfer", {"worker": "21101"}, "say what changes"),
        ("hire", {"first_name": "Sample"}, "say last_name"),
        ("terminate", {"worker": "21101", "effective": "soon"}, "soon"),
        ("rescind", {"transaction": "none"}, "no transaction none"),
        ("cost-centre", {"id": "CC_999", "name": "X"}, "id of a cost centre"),
        ("limits", {"burst": 0}, "at least 1"),
        ("staff", {"people": 0}, "from 1 to 799"),
        ("staff", {"people": "many"}, "from 1 to 799"),
    ],
)
async def test_what_cannot_be_played_is_refused_with_the_reason(
    tenant: Tenant, route: str, wanted: dict[str, object], why: str
) -> None:
    status, told = await tenant.control(route, wanted)

    assert status == 422
    assert why in told["error"]


async def test_whoever_is_missing_among_the_consultants_is_hired_once(tenant: Tenant) -> None:
    assert (await tenant.control("staff", {"people": 15}))[1] == {"people": 15, "hired": 3}
    assert (await tenant.control("staff", {"people": 15}))[1] == {"people": 15, "hired": 0}

    _, told = await tenant.token()
    _, found = await tenant.get(WORKERS, told["access_token"], search="person 15")
    assert [each["primaryWorkEmail"] for each in found["data"]] == ["consultant.15@halyard.example"]


async def test_a_document_type_is_not_read(tenant: Tenant) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    path = f"{tenant.url}/ccx/service/{firm.TENANT}/Human_Resources/v42.0"
    async with tenant.http.post(path, data=bomb) as answer:
        assert answer.status == 500
        assert "DOCTYPE is not allowed" in await answer.text()


async def test_what_was_done_is_counted(tenant: Tenant) -> None:
    await tenant.control("transfer", {"worker": "21101", "title": "Analyst"})

    async with tenant.http.get(f"{tenant.url}/__sandbox__/counters") as answer:
        assert await answer.json() == {"transactions": {"created": 1}}
