"""Asynchronous requests: a job is accepted, worked off a little later, and asked about. One job, one or many tasks."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

from throughline.sandbox.netsuite.calls import Call, Reply, refusal
from throughline.sandbox.netsuite.problems import (
    Problem,
    invalid_content,
    no_such_resource,
    nonexistent,
    not_allowed,
    sent_before,
)
from throughline.sandbox.netsuite.rendering import self_link
from throughline.sandbox.netsuite.wire import read, write
from throughline.sandbox.shelf import Record, Shelf

JOB, KEY = "asyncJob", "idempotencyKey"
IDEMPOTENCY = "X-NetSuite-Idempotency-Key"
_LARGEST_BATCH = 100


class Jobs:
    """`answer` does the work of a task. Jobs live on the shelf: those not done at a restart are done then."""

    def __init__(self, shelf: Shelf, *, answer: Callable[[Call], Reply], delay: Callable[[], float]) -> None:
        self._shelf, self._answer, self._delay = shelf, answer, delay
        self._working: set[asyncio.Task[None]] = set()

    def submit(self, call: Call) -> Reply:
        key = call.header(IDEMPOTENCY)
        if key and (before := self._shelf.get(KEY, key)):
            raise sent_before(call.url("async", "v1", "job", before["job"]))
        tasks = [_keep(task) for task in _tasks(call)]
        number = str(self._shelf.next(JOB))
        if key:
            self._shelf.create(KEY, key, {"job": number})
        self._shelf.create(JOB, number, {"id": number, "progress": "pending", "tasks": tasks})
        self._start(number)
        headers = {"Location": call.url("async", "v1", "job", number), "Preference-Applied": "respond-async"}
        return Reply(status=202, headers=headers, content_type="application/json")

    def resume(self) -> None:
        for job in list(self._shelf.all(JOB).values()):
            if job["progress"] in {"pending", "processing"}:
                self._start(job["id"])

    async def stop(self) -> None:
        for task in list(self._working):
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def ask(self, call: Call) -> Reply:
        """GET job/{id}[/task[/{task}[/result]]]."""
        if call.method != "GET":
            raise not_allowed(call.method)
        match call.path[2:]:
            case ("job", id_):
                return Reply(body=self._shown_job(call, self._job(id_)))
            case ("job", id_, "task"):
                tasks = [self._shown_task(call, id_, at) for at in range(len(self._job(id_)["tasks"]))]
                url = call.url("async", "v1", "job", id_, "task")
                counts = {"count": len(tasks), "hasMore": False, "offset": 0, "totalResults": len(tasks)}
                return Reply(body={"links": self_link(url), "items": tasks, **counts})
            case ("job", id_, "task", task):
                self._task(id_, task)
                return Reply(body=self._shown_task(call, id_, int(task) - 1))
            case ("job", id_, "task", task, "result"):
                return self._result(self._task(id_, task))
            case _:
                raise no_such_resource("/".join(call.path))

    # Work

    def _start(self, number: str) -> None:
        task = asyncio.get_running_loop().create_task(self._work(number))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _work(self, number: str) -> None:
        await asyncio.sleep(self._delay())
        job = self._shelf.get(JOB, number)
        if job is None:  # the estate was reset meanwhile
            return
        self._shelf.update(JOB, number, {**job, "progress": "processing"})
        tasks = [task if "reply" in task else {**task, "reply": self._reply(task)} for task in job["tasks"]]
        well = all(task["reply"]["status"] < 400 for task in tasks)
        self._shelf.update(JOB, number, {**job, "tasks": tasks, "progress": "succeeded" if well else "failed"})

    def _reply(self, task: Record) -> dict[str, Any]:
        try:
            reply = self._answer(_call(task))
        except Problem as problem:
            reply = refusal(problem)
        body = None if reply.body is None else write(reply.body)
        return {
            "status": reply.status,
            "headers": dict(reply.headers),
            "content_type": reply.content_type,
            "body": body,
        }

    # Answers

    def _job(self, id_: str) -> Record:
        job = self._shelf.get(JOB, id_)
        if job is None:
            raise nonexistent()
        return job

    def _task(self, id_: str, task: str) -> Record:
        tasks = self._job(id_)["tasks"]
        if not task.isdigit() or not 1 <= int(task) <= len(tasks):
            raise nonexistent()
        return tasks[int(task) - 1]

    def _shown_job(self, call: Call, job: Record) -> dict[str, Any]:
        url = call.url("async", "v1", "job", job["id"])
        return {
            "links": self_link(url),
            "completed": job["progress"] in {"succeeded", "failed"},
            "id": job["id"],
            "progress": job["progress"],
            "task": {"links": self_link(f"{url}/task")},
        }

    def _shown_task(self, call: Call, id_: str, at: int) -> dict[str, Any]:
        job = self._job(id_)
        url, reply = call.url("async", "v1", "job", id_, "task", str(at + 1)), job["tasks"][at].get("reply")
        progress = ("succeeded" if reply["status"] < 400 else "failed") if reply else job["progress"]
        return {
            "links": self_link(url),
            "completed": reply is not None,
            "id": str(at + 1),
            "progress": progress,
            "result": {"links": self_link(f"{url}/result")},
        }

    def _result(self, task: Record) -> Reply:
        reply = task.get("reply")
        if reply is None:
            raise nonexistent()
        body = None if reply["body"] is None else read(reply["body"].encode())
        return Reply(status=reply["status"], body=body, headers=reply["headers"], content_type=reply["content_type"])


def _tasks(call: Call) -> Iterator[Call]:
    """A collection in the body is a batch: one task per record."""
    if "type=collection" not in call.header("Content-Type") or len(call.path) != 3:
        yield call
        return
    try:
        items = read(call.body)["items"]
    except (ValueError, TypeError, KeyError):
        raise invalid_content("A batch is an object with an 'items' array.", "items") from None
    if not isinstance(items, list) or not 1 <= len(cast("list[Any]", items)) <= _LARGEST_BATCH:
        raise invalid_content(f"A batch has between 1 and {_LARGEST_BATCH} items.", "items")
    for at, item in enumerate(cast("list[Any]", items)):
        if not isinstance(item, dict):
            raise invalid_content("An item is a JSON object.", f"items[{at}]")
        yield _single(call, cast("dict[str, Any]", item), at)


def _single(call: Call, item: dict[str, Any], at: int) -> Call:
    path = call.path
    if call.method != "POST":
        external_id, id_ = item.get("externalId"), item.get("id")
        if id_ is None and external_id is None:
            raise invalid_content("An item needs an id or an externalId.", f"items[{at}]")
        path = (*path, f"eid:{external_id}" if call.method == "PUT" or id_ is None else str(id_))
    headers = {**call.headers, "content-type": "application/json"}
    return Call(
        method=call.method,
        path=path,
        query=call.query,
        headers=headers,
        body=write(item).encode(),
        base=call.base,
        actor=call.actor,
    )


def _keep(call: Call) -> Record:
    """Without `Prefer`: a task must not become a job again."""
    headers = {
        name: value for name, value in call.headers.items() if name.startswith(("x-netsuite", "content", "accept"))
    }
    return {
        "method": call.method,
        "path": list(call.path),
        "query": dict(call.query),
        "headers": headers,
        "body": call.body.decode(),
        "base": call.base,
        "actor": call.actor,
        "transient": call.prefers("transient"),
    }


def _call(task: Record) -> Call:
    headers = {**task["headers"], **({"prefer": "transient"} if task["transient"] else {})}
    return Call(
        method=task["method"],
        path=tuple(task["path"]),
        query=task["query"],
        headers=headers,
        body=task["body"].encode(),
        base=task["base"],
        actor=task["actor"],
    )
