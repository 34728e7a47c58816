"""The user-event webhook, and the accountant's hand."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.sandbox.netsuite.conftest import Account, customer, order


@pytest.fixture
async def heard(account: Account) -> AsyncIterator[list[tuple[bytes, dict[str, str]]]]:
    notices: list[tuple[bytes, dict[str, str]]] = []

    async def hear(request: web.Request) -> web.Response:
        notices.append((await request.read(), dict(request.headers)))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hear)
    server = TestServer(app)
    await server.start_server()
    await account.control("POST", "hook", {"url": str(server.make_url("/hook"))})
    yield notices
    await server.close()


async def told(account: Account, heard: list[tuple[bytes, dict[str, str]]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(5):
        while len(heard) < count or account.netsuite.courier.waiting:
            await asyncio.sleep(0.001)
    return [json.loads(body) for body, _ in heard]


async def test_creates_edits_and_deletes_are_announced_with_their_actor(
    account: Account, heard: list[tuple[bytes, dict[str, str]]]
) -> None:
    id_ = await account.create("customer", customer())
    await account.control("POST", "records/customer?user=clerk@halyard.example", {"id": id_, "phone": "1"})
    await account.rest("DELETE", f"customer/{id_}")

    notices = await told(account, heard, 3)

    assert [(notice["operation"], notice["actor"]) for notice in notices] == [
        ("create", "integration"),
        ("edit", "clerk@halyard.example"),
        ("delete", "integration"),
    ]
    assert {(notice["recordType"], notice["recordId"]) for notice in notices} == {("customer", id_)}
    assert {notice["at"] for notice in notices} == {"2026-11-20T10:00:00Z"}
    assert len({notice["id"] for notice in notices}) == 3


async def test_orders_and_invoices_are_announced_but_not_what_nobody_listens_for(
    account: Account, heard: list[tuple[bytes, dict[str, str]]]
) -> None:
    await account.create("billingSchedule", {"name": "Plan", "scheduleType": {"id": "STD"}})
    await account.create("salesOrder", order("501"))
    await account.create("invoice", order("501"))

    assert [notice["recordType"] for notice in await told(account, heard, 2)] == ["salesOrder", "invoice"]


async def test_a_refused_write_is_not_announced(account: Account, heard: list[tuple[bytes, dict[str, str]]]) -> None:
    await account.rest("POST", "customer", {})
    await account.create("customer", customer())

    assert len(await told(account, heard, 1)) == 1


async def test_a_notice_is_signed_over_its_time_and_body(
    account: Account, heard: list[tuple[bytes, dict[str, str]]]
) -> None:
    await account.create("customer", customer())
    await told(account, heard, 1)
    body, headers = heard[0]

    signed = headers["X-Throughline-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"netsuite-webhook-secret", signed, hashlib.sha256).hexdigest()

    assert headers["X-Throughline-Signature"] == f"v1={expected}"


async def test_a_reset_announces_nothing(account: Account, heard: list[tuple[bytes, dict[str, str]]]) -> None:
    await account.control("POST", "reset")
    await account.create("customer", customer())

    assert [notice["operation"] for notice in await told(account, heard, 1)] == ["create"]


async def test_the_accountant_creates_edits_and_deletes_by_hand(account: Account) -> None:
    created = await account.control("POST", "records/customer", customer(externalId="BY-HAND"))
    edited = await account.control("POST", "records/customer", {"id": "eid:BY-HAND", "vatRegNumber": "DE811907906"})
    shown = await account.get("customer/eid:BY-HAND")
    deleted = await account.control("DELETE", f"records/customer/{created.body['id']}")

    assert (created.status, edited.status, deleted.status) == (201, 200, 204)
    assert shown["vatRegNumber"] == "DE811907906"
    assert (await account.rest("GET", "customer/eid:BY-HAND")).status == 404


async def test_the_accountant_is_refused_in_the_same_words(account: Account) -> None:
    assert (await account.control("POST", "records/customer", {"companyName": "Nobody"})).code == "USER_ERROR"
    assert (await account.control("POST", "records/customer", customer(typo=1))).code == "INVALID_CONTENT"
    assert (await account.control("POST", "records/unicorn", {})).status == 404
    assert (await account.control("DELETE", "records/customer/1")).status == 404
    assert (await account.control("POST", "records/customer", ["not an object"])).code == "INVALID_CONTENT"
