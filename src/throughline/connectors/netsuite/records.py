"""NetSuite's record service: one record read whole, and one put under an external id of ours."""

from urllib.parse import quote

from throughline.connectors.netsuite.shapes import as_read
from throughline.core.connector import Http
from throughline.core.forms import Record

RECORDS = "/services/rest/record/v1"
STRICT = {"X-NetSuite-PropertyNameValidation": "error"}


async def read(http: Http, resource: str, key: str) -> Record | None:
    # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545141395.html
    path = f"{RECORDS}/{resource}/{quote(key, safe=':')}"
    answer = await http.call("GET", path, params={"expandSubResources": "true"})
    return as_read(answer.body) if answer.status == 200 else None


async def upsert(http: Http, resource: str, id_: str, record: Record) -> str:
    """Their id. Every list of the record replaces theirs, or a repetition would add its lines once more."""
    # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html
    eid = f"{RECORDS}/{resource}/eid:{quote(id_, safe='')}"
    answer = await http.call("PUT", eid, params=replacing(whole(record)), json=record, headers=STRICT)
    if location := answer.headers.get("location", ""):
        return location.rstrip("/").rsplit("/", 1)[-1]
    return str((await http.call("GET", eid, params={"fields": "id"})).body["id"])


def whole(record: Record) -> list[str]:
    """The lists in a record."""
    return [name for name, value in record.items() if isinstance(value, dict) and "items" in value]


def replacing(names: list[str]) -> dict[str, str] | None:
    return {"replace": ",".join(names)} if names else None
