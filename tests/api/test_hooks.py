"""The door for webhooks: nothing is acknowledged that is not kept, and nothing large is read."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from throughline.hub.intake import LARGEST_DELIVERY
from throughline.hub.machine import Machine

SECRET = b"netsuite-webhook_secret-for-tests"
NOTICE = json.dumps(
    {
        "id": "notice-1", "recordType": "customer", "recordId": "123", "operation": "edit",
        "at": "2026-11-20T12:00:00Z", "actor": "somebody",
    }
).encode()  # fmt: skip


def signed(body: bytes, machine: Machine) -> dict[str, str]:
    at = str(int(machine.clock().timestamp()))
    signature = hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-throughline-timestamp": at, "x-throughline-signature": f"v1={signature}"}


async def test_a_signed_delivery_is_kept_before_it_is_acknowledged(caller: Any, machine: Machine) -> None:
    answer = await caller.call("POST", "/hooks/netsuite", NOTICE, headers=signed(NOTICE, machine))

    assert answer.status == 200
    row = await machine.pool.fetchrow("select * from captures")
    assert row
    assert (row["system"], row["state"], row["request_body"]) == ("netsuite", "new", NOTICE)


async def test_a_wrong_signature_is_refused_and_remembered(caller: Any, machine: Machine) -> None:
    answer = await caller.call("POST", "/hooks/netsuite", NOTICE + b" ", headers=signed(NOTICE, machine))
    await machine.captures.safe()

    assert answer.status == 401
    assert answer.headers["content-type"].startswith("text/plain")
    assert await machine.pool.fetchval("select state from captures") == "refused"


@pytest.mark.parametrize("path", ["/hooks/nobody", "/hooks/", "/hooks/salesforce"])
async def test_a_system_that_sends_no_webhooks_is_not_found(path: str, caller: Any) -> None:
    assert (await caller.call("POST", path, NOTICE)).status == 404


async def test_only_post_is_taken(caller: Any) -> None:
    answer = await caller.get("/hooks/netsuite")

    assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_fifty_megabytes_are_refused_without_being_read(caller: Any, machine: Machine) -> None:
    answer = await caller.call("POST", "/hooks/netsuite", bytes(50 * 2**20), headers=signed(NOTICE, machine))

    assert answer.status == 413
    assert caller.left * 2**16 > 50 * 2**20 - 2 * LARGEST_DELIVERY


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(caller: Any) -> None:
    answer = await caller.call("POST", "/hooks/netsuite", b"x" * 70000, headers={"content-length": str(2**30)})

    assert (answer.status, caller.left) == (413, 2)


async def test_what_cannot_be_committed_is_not_acknowledged(caller: Any, machine: Machine) -> None:
    await machine.pool.execute("alter table captures rename to captures_away")

    answer = await caller.call("POST", "/hooks/netsuite", NOTICE, headers=signed(NOTICE, machine))

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_a_strange_host_may_deliver_because_the_signature_decides(caller: Any, machine: Machine) -> None:
    headers = {"host": "hooks.example.com", **signed(NOTICE, machine)}

    assert (await caller.call("POST", "/hooks/netsuite", NOTICE, headers=headers)).status == 200
