"""All systems in one process, reached by clients that others wrote, by the vendors' own host names."""

import asyncio
import json
import ssl
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from slack_sdk import WebClient


@contextmanager
def running(folder: Path, *more: str) -> Generator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """The handout of an estate that runs as it does for a user."""
    command = [sys.executable, "-m", "throughline.sandbox", "--folder", str(folder), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        addresses = json.loads(process.stdout.readline())
        yield json.loads(Path(addresses["handout"]).read_text(encoding="utf-8")), process
        process.terminate()
        assert process.wait(10) in (0, -9)


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with running(tmp_path_factory.mktemp("estate"), "--in-memory") as (handout, _):
        yield handout


@pytest.fixture
def session(handout: dict[str, Any]) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.proxies, session.verify = {"https": handout["gateway"]}, handout["ca"]
        yield session


def salesforce(handout: dict[str, Any], session: requests.Session, **other: Any) -> Any:
    crm = handout["salesforce"]
    given = {"username": crm["username"], "consumer_key": crm["consumer_key"], "privatekey": crm["private_key"]}
    return Salesforce(**{**given, **other}, session=session, version="60.0")


def test_simple_salesforce_logs_in_by_jwt_and_works(handout: dict[str, Any], session: requests.Session) -> None:
    org = salesforce(handout, session)

    created = org.Account.create({"Name": "Gateway Test Ltd", "CurrencyIsoCode": "GBP"})
    found = org.query("SELECT Name FROM Account WHERE Name = 'Gateway Test Ltd'")
    seeded = org.query("SELECT Name FROM Account WHERE Name = 'Meridian Rail Ltd'")

    assert org.sf_instance == "login.salesforce.com"
    assert created["success"]
    assert [record["Name"] for record in found["records"]] == ["Gateway Test Ltd"]
    assert seeded["totalSize"] == 1


def test_simple_salesforce_is_refused_with_another_consumer_key(
    handout: dict[str, Any], session: requests.Session
) -> None:
    with pytest.raises(SalesforceAuthenticationFailed):
        salesforce(handout, session, consumer_key="somebody else")


# It uses its own dependencies in ways that are on their way out.
old_ways = pytest.mark.filterwarnings(
    "ignore:use sign_hmac_sha256_with_client:DeprecationWarning", "ignore:Use 'content=:DeprecationWarning"
)


@pytest.fixture
def netsuite(handout: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """This client takes its proxy and its authority from the environment only."""
    monkeypatch.setenv("HTTPS_PROXY", handout["gateway"])
    monkeypatch.setenv("SSL_CERT_FILE", handout["ca"])
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    erp = handout["netsuite"]
    keys = {name: erp[name] for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")}
    with warnings.catch_warnings(record=True):
        client: Any = import_module("netsuite")
    return client.NetSuite(client.Config(account=erp["account"], auth=client.TokenAuth(**keys)))


@old_ways
async def test_the_netsuite_package_signs_in_and_asks(netsuite: Any) -> None:
    subsidiaries = await netsuite.rest_api.suiteql("select id, name from subsidiary order by id", limit=10)
    customers = await netsuite.rest_api.suiteql("select companyname from customer", limit=10)

    assert len(subsidiaries["items"]) == 4
    assert "MERIDIAN RAIL LIMITED" in {customer["companyname"] for customer in customers["items"]}


@old_ways
async def test_the_netsuite_package_hears_why_it_is_refused(netsuite: Any) -> None:
    with pytest.raises(Exception, match="404") as refusal:
        await netsuite.rest_api.get("/record/v1/customer/999999")

    assert type(refusal.value).__name__ == "NetsuiteAPIRequestError"


def test_kantata_answers_by_its_own_name(handout: dict[str, Any], session: requests.Session) -> None:
    bearer = {"Authorization": f"Bearer {handout['kantata']['token']}"}

    answer = session.get("https://api.mavenlink.com/api/v1/rate_card_sets.json", headers=bearer, timeout=5)
    stranger = session.get("https://api.mavenlink.com/api/v1/rate_card_sets.json", timeout=5)

    titles = {card["title"] for card in answer.json()["rate_card_sets"].values()}
    assert {"Standard USD", "Standard GBP", "Standard EUR"} <= titles
    assert stranger.status_code == 401


async def test_slack_answers_by_its_own_name(handout: dict[str, Any]) -> None:
    trust = ssl.create_default_context(cafile=handout["ca"])
    client = WebClient(token=handout["slack"]["bot_token"], proxy=handout["gateway"], ssl=trust)

    me = await asyncio.to_thread(client.auth_test)

    assert me["bot_id"] == handout["slack"]["bot_id"]


def test_every_simulator_takes_orders(handout: dict[str, Any]) -> None:
    for system in ("salesforce", "netsuite", "kantata", "slack", "workday"):
        counters = requests.get(f"{handout[system]['url']}/__sandbox__/counters", timeout=5)
        assert counters.status_code == 200, system


def test_an_estate_that_was_killed_remembers_everything(tmp_path: Path) -> None:
    def post_message(handout: dict[str, Any]) -> None:
        url = f"{handout['slack']['url']}/api/chat.postMessage?channel=delivery-uk&text=kept&token=xoxb-sandbox"
        with urllib.request.urlopen(url, timeout=5) as answer:
            assert json.load(answer)["ok"]

    with running(tmp_path) as (before, process):
        post_message(before)
        process.kill()

    with running(tmp_path) as (after, _):
        kept = requests.get(f"{after['slack']['url']}/__sandbox__/state/messages", timeout=5).json()
        accounts = requests.get(f"{after['salesforce']['url']}/__sandbox__/counters", timeout=5).json()

    assert [message["text"] for message in kept.values()] == ["kept"]
    assert not any("created" in verbs for verbs in accounts.values()), "it was not seeded again"
    for system in ("salesforce", "netsuite"):
        assert after[system]["private_key"] == before[system]["private_key"], f"{system} gave new credentials"
