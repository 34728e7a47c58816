"""Many new records at once: jobs of NetSuite, in which every record succeeds or fails on its own."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import batched
from urllib.parse import urlsplit

from throughline.connectors.netsuite import suiteql
from throughline.connectors.netsuite.api import IN_STEPS
from throughline.connectors.netsuite.records import RECORDS, STRICT, replacing, whole
from throughline.connectors.netsuite.shapes import begun, worded
from throughline.core.connector import Http, Outcome, Sent
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.mapping import Mapping

LARGEST = 100
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
STILL_AT_IT = timedelta(seconds=2)


async def put_many(http: Http, mapping: Mapping, many: Sequence[Sent], idempotency_key: str) -> list[Outcome]:
    """One outcome for each. While NetSuite works this is a `Retry`; with the same key again, it asks how far it is."""
    if any(sent.key for sent in many) or mapping.resource in IN_STEPS:
        raise ValueError(f"only new records of one request each are put in bulk, and no {mapping.resource}")
    parts = [list(part) for part in batched(many, LARGEST)]
    jobs = [await _submit(http, mapping, part, f"{idempotency_key}-{at}") for at, part in enumerate(parts, start=1)]
    told = [await _outcomes(http, mapping, part, job) for part, job in zip(parts, jobs, strict=True)]
    return [outcome for part in told for outcome in part]


async def _submit(http: Http, mapping: Mapping, part: list[Sent], key: str) -> str:
    """The path of the job; of the first one, when this key was sent before."""
    # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_0525060613.html
    named = [{**worded(mapping.resource, sent.record, {}), "externalId": sent.id} for sent in part]
    items = [begun(mapping.resource, record, http.settings) for record in named]
    lists = sorted({name for item in items for name in whole(item)})
    headers = {"Prefer": "respond-async", "Content-Type": COLLECTION, "X-NetSuite-Idempotency-Key": key}
    answer = await http.call(
        "PUT",
        f"{RECORDS}/{mapping.resource}",
        params=replacing(lists),
        json={"items": items},
        headers={**STRICT, **headers},
    )
    path = urlsplit(answer.headers.get("location", "")).path
    if not path:
        raise Unknown(f"NetSuite took {len(part)} records and did not say which job they are")
    return path


async def _outcomes(http: Http, mapping: Mapping, part: list[Sent], job: str) -> list[Outcome]:
    if not (await http.call("GET", job)).body["completed"]:
        raise Retry(f"NetSuite is still at work on {job.rsplit('/', 1)[-1]}", after=STILL_AT_IT)
    tasks = (await http.call("GET", f"{job}/task")).body["items"]
    fine = {sent.id for sent, task in zip(part, tasks, strict=True) if task["progress"] == "succeeded"}
    keys = await _keys(http, mapping, sorted(fine))
    return [
        Outcome(sent.id, key=keys[sent.id])
        if sent.id in fine
        else await _refusal(http, sent, f"{job}/task/{task['id']}")
        for sent, task in zip(part, tasks, strict=True)
    ]


async def _keys(http: Http, mapping: Mapping, ids: list[str]) -> dict[str, str]:
    """Their keys in one question: asking each task would take as many calls as putting one by one."""
    if not ids:
        return {}
    listed = ", ".join(suiteql.text(id_) for id_ in ids)
    sql = f"SELECT id, externalid FROM {suiteql.table(mapping.resource)} WHERE externalid IN ({listed}) ORDER BY id"  # noqa: S608 - quoted
    return {str(item["externalid"]): str(item["id"]) for item in (await suiteql.query(http, sql, 0))["items"]}


async def _refusal(http: Http, sent: Sent, task: str) -> Outcome:
    """Asked for its result, a task answers as the single request would have been answered."""
    try:
        await http.call("GET", f"{task}/result")
    except Hold as refused:
        return Outcome(sent.id, refused=refused.why)
    except Retry as unwell:
        return Outcome(sent.id, again=unwell.why)
    return Outcome(sent.id, again=f"NetSuite says that {task} failed, and not why")
