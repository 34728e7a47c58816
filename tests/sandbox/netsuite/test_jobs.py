"""Asynchronous requests: jobs, tasks, results, idempotency keys, batches."""

import asyncio
import random
from pathlib import Path
from typing import Any

import aiohttp

from tests.sandbox.netsuite.conftest import PUBLIC_PEM, Account, Answer, customer, serve
from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.netsuite import NetSuite
from throughline.sandbox.shelf import Shelf

ASYNC = {"Prefer": "respond-async"}
BATCH = {**ASYNC, "Content-Type": "application/vnd.oracle.resource+json; type=collection"}


async def finished(account: Account, submitted: Answer) -> dict[str, Any]:
    assert submitted.status == 202, submitted.text
    async with asyncio.timeout(5):
        while True:
            job = (await account.call("GET", submitted.headers["Location"])).body
            if job["completed"]:
                return job


async def results(account: Account, job: dict[str, Any]) -> list[Answer]:
    tasks = (await account.call("GET", job["task"]["links"][0]["href"])).body["items"]
    return [await account.call("GET", task["result"]["links"][0]["href"]) for task in tasks]


async def test_a_request_becomes_a_job_and_its_result_the_answer(account: Account) -> None:
    submitted = await account.rest("POST", "customer", customer(externalId="TL-1"), headers=ASYNC)
    job = await finished(account, submitted)
    (result,) = await results(account, job)

    assert submitted.headers["Preference-Applied"] == "respond-async"
    assert submitted.headers["Location"] == f"{account.url}/services/rest/async/v1/job/{job['id']}"
    assert job["progress"] == "succeeded"
    assert result.status == 204
    assert result.new_id == (await account.get("customer/eid:TL-1"))["id"]


async def test_a_job_that_fails_keeps_the_refusal(account: Account) -> None:
    job = await finished(account, await account.rest("POST", "customer", {}, headers=ASYNC))
    (result,) = await results(account, job)

    assert job["progress"] == "failed"
    assert (result.status, result.code) == (400, "USER_ERROR")


async def test_a_query_may_be_a_job_too(account: Account) -> None:
    url = f"{account.url}/services/rest/query/v1/suiteql"
    body = {"q": "SELECT COUNT(*) AS n FROM customer"}

    submitted = await account.call("POST", url, json=body, headers={"Prefer": "transient, respond-async"})
    (result,) = await results(account, await finished(account, submitted))

    assert result.body["items"] == [{"links": [], "n": "3"}]


async def test_a_job_is_pending_until_it_is_worked_off(account: Account) -> None:
    await account.control("POST", "limits", {"job_seconds": 0.2})

    submitted = await account.rest("POST", "customer", customer(externalId="TL-1"), headers=ASYNC)
    pending = (await account.call("GET", submitted.headers["Location"])).body
    unready = await account.call("GET", f"{submitted.headers['Location']}/task/1/result")
    early = await account.rest("GET", "customer/eid:TL-1")

    assert (pending["progress"], pending["completed"]) == ("pending", False)
    assert (unready.status, early.status) == (404, 404)
    assert (await finished(account, submitted))["progress"] == "succeeded"


async def test_an_idempotency_key_is_good_once(account: Account) -> None:
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": "cac827ea-3543-4cda-add2-bae634326c27"}

    first = await account.rest("POST", "customer", customer(), headers=headers)
    second = await account.rest("POST", "customer", customer(), headers=headers)
    await finished(account, first)

    assert (second.status, second.body["title"], second.code) == (400, "Conflict", "IDEMPOTENCY_ERROR")
    assert second.headers["Location"] == first.headers["Location"]
    assert (await account.control("GET", "counters")).body["customer"] == {"created": 1}


async def test_without_respond_async_the_key_means_nothing(account: Account) -> None:
    headers = {"X-NetSuite-Idempotency-Key": "same"}

    answers = [await account.rest("POST", "customer", customer(), headers=headers) for _ in range(2)]

    assert [answer.status for answer in answers] == [204, 204]


async def test_a_batch_is_one_job_with_a_task_per_record_each_on_its_own(account: Account) -> None:
    items = [customer(externalId="TL-1"), {"externalId": "TL-2"}, customer(externalId="TL-3")]

    job = await finished(account, await account.rest("PUT", "customer", {"items": items}, headers=BATCH))
    told = await results(account, job)

    assert job["progress"] == "failed"
    assert [result.status for result in told] == [204, 400, 204]
    assert (await account.rest("GET", "customer/eid:TL-3")).status == 200


async def test_a_batch_can_change_and_delete_by_id(account: Account) -> None:
    changed = await finished(
        account, await account.rest("PATCH", "customer", {"items": [{"id": "501", "phone": "9"}]}, headers=BATCH)
    )
    deleted = await finished(
        account, await account.rest("DELETE", "customer", {"items": [{"id": "503"}]}, headers=BATCH)
    )

    assert (changed["progress"], deleted["progress"]) == ("succeeded", "succeeded")
    assert (await account.get("customer/501"))["phone"] == "9"
    assert (await account.rest("GET", "customer/503")).status == 404


async def test_a_batch_is_limited_to_a_hundred_records(account: Account) -> None:
    answer = await account.rest("POST", "customer", {"items": [customer()] * 101}, headers=BATCH)

    assert (answer.status, answer.code, answer.path) == (400, "INVALID_CONTENT", "items")


async def test_a_job_nobody_submitted_does_not_exist(account: Account) -> None:
    root = f"{account.url}/services/rest/async/v1/job"

    assert (await account.call("GET", f"{root}/99")).code == "NONEXISTENT_ID"
    assert (await account.call("DELETE", f"{root}/99")).status == 405


async def test_a_job_that_was_not_done_at_a_restart_is_done_then(clock: SandboxClock, tmp_path: Path) -> None:
    def netsuite() -> NetSuite:
        chance = random.Random(1)
        return NetSuite(clock=clock, shelf=Shelf(tmp_path / "n.db"), chance=chance, public_key_pem=PUBLIC_PEM)

    async with aiohttp.ClientSession() as http:
        before = netsuite()
        server = await serve(before)
        account = Account(before, clock, str(server.make_url("")).rstrip("/"), http)
        await account.log_in()
        await account.control("POST", "limits", {"job_seconds": 60})
        submitted = await account.rest("POST", "customer", customer(externalId="TL-1"), headers=ASYNC)
        await server.close()

        after = netsuite()
        after.gate.set({"job_seconds": 0})
        server = await serve(after)
        account.url = str(server.make_url("")).rstrip("/")
        url = f"{account.url}/services/rest/async/v1/job/{submitted.headers['Location'].rsplit('/', 1)[1]}"
        moved = Answer(202, {"Location": url}, "", None)
        job = await finished(account, moved)
        found = await account.rest("GET", "customer/eid:TL-1")
        await server.close()

    assert (job["progress"], found.status) == ("succeeded", 200)
