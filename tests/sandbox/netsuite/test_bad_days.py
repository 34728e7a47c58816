"""The pool of concurrent requests, latency, faults in NetSuite's dialect, maintenance."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Account, Answer, customer


async def at_once(account: Account, calls: int) -> Counter[int]:
    answers = await asyncio.gather(*(account.rest("GET", "customer/501") for _ in range(calls)))
    return Counter(answer.status for answer in answers)


async def test_over_the_pool_requests_are_refused_not_queued(account: Account) -> None:
    await account.control("POST", "limits", {"concurrency": 2, "latency": 0.2})

    assert await at_once(account, 5) == {200: 2, 429: 3}
    assert await at_once(account, 2) == {200: 2}, "places are given back"


async def test_the_pool_has_five_places_by_default(account: Account) -> None:
    await account.control("POST", "limits", {"latency": 0.2})

    assert await at_once(account, 7) == {200: 5, 429: 2}


async def test_the_refusal_has_the_usual_document_and_a_configurable_code(account: Account) -> None:
    await account.control("POST", "limits", {"concurrency": 0})
    usual = await account.rest("GET", "customer/501")
    await account.control("POST", "limits", {"concurrency_code": "SSS_REQUEST_LIMIT_EXCEEDED"})
    other = await account.rest("GET", "customer/501")

    assert (usual.status, usual.body["status"], usual.code) == (429, 429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert usual.detail == "Concurrent request limit exceeded. Request blocked."
    assert "Retry-After" not in usual.headers
    assert other.code == "SSS_REQUEST_LIMIT_EXCEEDED"


async def test_a_limit_nobody_knows_is_refused(account: Account) -> None:
    assert (await account.control("POST", "limits", {"speed": 1})).status == 422


async def test_the_duplicate_code_is_configurable(account: Account) -> None:
    await account.control("POST", "limits", {"duplicate_code": "USER_ERROR"})

    assert (await account.rest("POST", "customer", customer(entityId="CUST501"))).code == "USER_ERROR"


FAULTS: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "throttle"}, 429, "CONCURRENCY_LIMIT_EXCEEDED"),
    ({"kind": "error"}, 503, "UNEXPECTED_ERROR"),
    ({"kind": "error", "status": 500}, 500, "UNEXPECTED_ERROR"),
    ({"kind": "lock"}, 400, "RCRD_HAS_BEEN_CHANGED"),
]


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS)
async def test_faults_speak_netsuites_dialect(account: Account, fault: dict[str, Any], status: int, code: str) -> None:
    await account.control("POST", "faults", fault)

    struck, spared = await account.rest("GET", "customer/501"), await account.rest("GET", "customer/501")

    assert (struck.status, struck.body["status"], struck.code) == (status, status, code)
    assert struck.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"
    assert "Retry-After" not in struck.headers
    assert spared.status == 200


async def test_an_unexpected_error_has_an_id(account: Account) -> None:
    await account.control("POST", "faults", {"kind": "error", "times": 2})

    first, second = [(await account.rest("GET", "customer/501")).detail for _ in range(2)]

    assert "Error ID: " in first
    assert first != second


async def test_retry_after_is_sent_only_when_wanted(account: Account) -> None:
    await account.control("POST", "faults", {"kind": "throttle", "retry_after": 3})

    assert (await account.rest("GET", "customer/501")).headers["Retry-After"] == "3"


async def test_maintenance_is_a_page_not_a_document(account: Account) -> None:
    await account.control("POST", "maintenance", {"until": "2026-11-20T11:00:00+00:00"})

    closed: Answer = await account.rest("GET", "customer/501")
    account.clock.advance(3600)
    await account.log_in()

    assert (closed.status, closed.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "maintenance" in closed.text
    assert (await account.rest("GET", "customer/501")).status == 200


async def test_after_a_lost_answer_the_upsert_can_be_repeated(account: Account) -> None:
    await account.control("POST", "faults", {"kind": "error_after"})

    lost = await account.rest("PUT", "customer/eid:TL-1", customer())
    again = await account.rest("PUT", "customer/eid:TL-1", customer())

    assert (lost.status, again.status) == (503, 204)
    assert (await account.control("GET", "counters")).body["customer"] == {"created": 1, "updated": 1}
