"""How to ask NetSuite."""

from collections.abc import AsyncIterator
from datetime import datetime

from throughline.connectors.netsuite import (
    closed,
    counting,
    following,
    intercompany,
    pages,
    periods,
    rates,
    records,
    revenue,
    suiteql,
    write_offs,
)
from throughline.connectors.netsuite.pages import Question
from throughline.connectors.netsuite.records import RECORDS, STRICT, replacing
from throughline.connectors.netsuite.shapes import begun, lists, needs_to_know, worded
from throughline.connectors.netsuite.standing import seen
from throughline.core.connector import (
    Absent,
    Answer,
    Census,
    Expired,
    Fine,
    Http,
    Page,
    Refused,
    Sent,
    Throttled,
    Unwell,
    Verdict,
    Where,
    retry_after,
)
from throughline.core.forms import Record
from throughline.core.mapping import Mapping
from throughline.core.matching import normalised_tax_id, same_name, same_tax_id, search_word

# What the record service does not know, or knows less of than SuiteQL.
TABLES = {"accountingPeriod": periods, "currencyRate": rates, "revenuePlan": revenue}
# What is more than one request, or not the record that the mapping makes of it.
IN_STEPS = {"journalEntry": write_offs.put, "advInterCompanyJournalEntry": intercompany.put}
# REST, RESTlets and SOAP draw on one pool of concurrent requests, and each says in its own way that it is empty.
TOO_MANY = frozenset(
    {"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "WS_REQUEST_BLOCKED", "WS_CONCUR_SESSION_DISALLWD"}
)
SOAP_TOO_MANY = ("ExceededConcurrentRequestLimitFault", "ExceededRequestLimitFault", *sorted(TOO_MANY))


async def changes(http: Http, mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    """Ids by last change, then each record whole: SuiteQL shows columns, not the record."""
    if table := TABLES.get(mapping.resource):
        async for page in table.changes(http, since):
            yield page
        return
    async for rows in pages.since(http, _question(mapping), since):
        found = [await _record(http, mapping, str(row["id"])) for row in rows]
        cursor = pages.instant(rows[-1]["changed"]) if rows else None
        yield Page([record for record in found if record is not None], cursor)


async def count(http: Http, mapping: Mapping, since: datetime, until: datetime) -> Census | None:
    """What is made of several rows, or of one of several tables, cannot be counted by them."""
    if mapping.resource in TABLES:
        return None
    return await counting.counted(
        http, _question(mapping), adds_up=mapping.control is not None, since=since, until=until
    )


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    """By id; else what carries our id, the same tax id or name, or was made from the same order or invoice."""
    if table := TABLES.get(mapping.resource):
        return await table.find(http, where.key) if where.key else []
    if where.key:
        keys = [where.key]
    else:
        keys = [f"eid:{where.marker}"] if where.marker else []
        keys += await _alike(http, where) if mapping.resource == "customer" else []
        keys += await following.keys(http, mapping.resource, where)
    found = [await _record(http, mapping, key) for key in keys]
    return list({str(record["id"]): record for record in found if record}.values())


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """Update by their id, or upsert by ours."""
    if two_steps := IN_STEPS.get(mapping.resource):
        return await two_steps(http, mapping, sent)
    told = {name: value for name, value in sent.record.items() if name != "id"}
    # What is written onto a record of another kind says which.
    key = sent.key or sent.record.get("id")
    if not key:
        record = begun(mapping.resource, worded(mapping.resource, told, {}), http.settings)
        return await records.upsert(http, mapping.resource, sent.id, record)
    before = await records.read(http, mapping.resource, key) if needs_to_know(told) else None
    record, path = worded(mapping.resource, told, before or {}), f"{RECORDS}/{mapping.resource}/{key}"
    await http.call("PATCH", path, params=replacing(lists(record)), json=record, headers=STRICT)
    return str(key)


def judge(answer: Answer) -> Verdict:
    """Errors are problem documents with o:errorDetails."""
    if answer.body is None and any(fault in answer.text[:4000] for fault in SOAP_TOO_MANY):
        return Throttled(retry_after(answer))
    if answer.status < 300:
        told = answer.body is not None or not answer.text
        return Fine() if told else Unwell(f"an answer that is not JSON: {answer.text[:100]}")
    code, detail, where = _first_error(answer)
    why = f"{code or answer.status}: {detail}"
    match answer.status, code:
        case 401, _:
            return Expired(why)
        case status, code if status == 429 or code in TOO_MANY:
            return Throttled(retry_after(answer))
        case 404, _:
            return Absent(why)
        case _, "IDEMPOTENCY_ERROR":
            return Fine()  # what we asked for is under way already, and the answer says where
        case _, "RCRD_HAS_BEEN_CHANGED":
            return Unwell(why, nothing_happened=True)
        case status, _ if status >= 500:
            return Unwell(why, after=retry_after(answer))
        case _:
            return closed.refused(why, detail) or Refused(why, where)


def _question(mapping: Mapping) -> Question:
    """In the table of all transactions each has a type of its own."""
    type_ = suiteql.TRANSACTIONS.get(mapping.resource)
    wanted = (f"t.type = '{type_}'",) if type_ else ()
    if mapping.resource == "journalEntry":
        wanted = (*wanted, "t.custbody_throughline_write_off IS NOT NULL")
    return Question(f"{suiteql.table(mapping.resource)} t", wanted=wanted)


async def _alike(http: Http, where: Where) -> list[str]:
    """Keys of customers with the same tax id, however it is written, or the same name but for its legal form."""
    tax_id, name = str(where.fields.get("tax_id") or ""), str(where.fields.get("name") or "")
    # Both are letters and digits only: there is nothing in them to quote.
    conditions: list[str] = []
    if digits := normalised_tax_id(tax_id):
        conditions.append(f"UPPER(vatregnumber) LIKE '{'%'.join(digits)}'")
    if word := search_word(name):
        conditions.append(f"UPPER(companyname) LIKE '%{word}%'")
    if not conditions:
        return []
    query = f"SELECT id, companyname, vatregnumber FROM customer WHERE {' OR '.join(conditions)} ORDER BY id"  # noqa: S608 - letters and digits only
    return [
        str(item["id"])
        for item in await pages.every(http, query)
        if same_tax_id(tax_id, item.get("vatregnumber")) or same_name(name, str(item.get("companyname", "")))
    ]


async def _record(http: Http, mapping: Mapping, key: str) -> Record | None:
    found = await records.read(http, mapping.resource, key)
    return None if found is None else seen(mapping.resource, found)


def _first_error(answer: Answer) -> tuple[str, str, str | None]:
    """Code, detail and path of what went wrong, whatever shape it came in."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if isinstance(error := body.get("error"), dict):  # a RESTlet
        return str(error.get("code", "")), str(error.get("message", "")), None
    details = body.get("o:errorDetails")
    first = details[0] if isinstance(details, list) and details else None
    if not isinstance(first, dict):
        return "", answer.text[:200], None
    path = first.get("o:errorPath")
    return str(first.get("o:errorCode", "")), str(first.get("detail", "")), None if path is None else str(path)
