"""How to ask Salesforce."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any
from urllib.parse import quote

from throughline.connectors.salesforce.renewals import RENEWAL_PLAN, renewing
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
from throughline.core.errors import Hold, Retry
from throughline.core.forms import Amount, Record, dig
from throughline.core.lists import Lines
from throughline.core.mapping import Mapping
from throughline.core.matching import search_word

VERSION = "/services/data/v65.0"
# The calls of the last 24 hours are spent; they come back little by little.
DAY_SPENT = timedelta(minutes=5)
PAGE = {"Sforce-Query-Options": "batchSize=500"}
MOST_AT_ONCE = 200
# Errors that say nothing was done and that pass by themselves. A locator lives as long as its session: ask anew.
PASSING = frozenset(
    {"REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"}
)


# Two kinds may live in one object, and a quote is not worth reading before its prices are calculated.
ONLY = {
    "change_order": "SBQQ__Type__c = 'Amendment' AND SBQQ__Uncalculated__c = false",
    "renewal": "SBQQ__RenewedContract__c != null",
}
# What the CPQ package adds carries its name. An org without it does not know the fields, and refuses the whole query.
PACKAGE = "SBQQ__"


async def changes(http: Http, mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    """Records by SystemModstamp, oldest first, with the id as tie-break."""
    if mapping.kind in ONLY and not _has_package(http):
        return
    # `>=`, not `>`: two records may share a timestamp, and a repeat is harmless.
    wanted = [f"{mapping.changed} >= {_literal(since)}"] if since else []
    where = _where([*wanted, *_only(mapping)])
    async for records in _pages(http, mapping, f"{where} ORDER BY {mapping.changed}, Id"):
        yield Page(records, _cursor(mapping, records))


async def count(http: Http, mapping: Mapping, since: datetime, until: datetime) -> Census | None:
    """How many of what we read were last changed in a time, as Salesforce counts them."""
    if mapping.kind in ONLY and not _has_package(http):
        return None
    # https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_count.htm
    changed = mapping.changed
    within = [f"{changed} >= {_literal(since.isoformat())}", f"{changed} < {_literal(until.isoformat())}"]
    query = f"SELECT COUNT() FROM {mapping.resource}{_where([*within, *_only(mapping)])}"  # noqa: S608 - our own table; moments are spelled by us
    return Census(int((await http.call("GET", f"{VERSION}/query", params={"q": query})).body["totalSize"]))


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    """By their id; else whatever carries our id, the same tax id, or a name that begins alike."""
    conditions = _conditions(mapping, where)
    if not conditions or (mapping.kind in ONLY and not _has_package(http)):
        return []
    wanted = _where([f"({' OR '.join(conditions)})", *_only(mapping)])
    pages = _pages(http, mapping, f"{wanted} ORDER BY Id")
    return [record async for records in pages for record in records]


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """Update by their id, or upsert by ours."""
    record = {name: value for name, value in sent.record.items() if name != mapping.key}
    if mapping.kind == RENEWAL_PLAN.kind:
        record = await renewing(http, record, VERSION)
    path = f"{VERSION}/sobjects/{mapping.resource}"
    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_update_fields.htm
    if key := sent.key or sent.record.get(mapping.key):
        await http.call("PATCH", f"{path}/{key}", json=record)
        return str(key)
    if mapping.id_field is None:
        raise ValueError(f"{mapping.kind} {sent.id} is written onto a {mapping.resource}, and it is not said which")
    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm
    answer = await http.call("PATCH", f"{path}/{mapping.id_field}/{quote(sent.id, safe='')}", json=record)
    return str(answer.body["id"])


async def put_many(http: Http, mapping: Mapping, many: list[Sent]) -> list[str | Hold | Retry]:
    """Upsert by our ids, 200 at a time; each has an outcome of its own."""
    if not mapping.id_field:
        raise ValueError(f"{mapping.resource} has no external id to upsert many by")
    outcomes: list[str | Hold | Retry] = []
    for some in batched(many, MOST_AT_ONCE):
        kind = {"attributes": {"type": mapping.resource}}
        records = [{**kind, mapping.id_field: each.id, **each.record} for each in some]
        # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
        answer = await http.call(
            "PATCH",
            f"{VERSION}/composite/sobjects/{mapping.resource}/{mapping.id_field}",
            json={"allOrNone": False, "records": records},
        )
        outcomes.extend(outcome(each) for each in answer.body)
    return outcomes


def outcome(result: Record) -> str | Hold | Retry:
    """One record's part of a collection's answer: its id, or why not. Here a code is called `statusCode`."""
    if result["success"]:
        return str(result["id"])
    why = "; ".join(f"{error['statusCode']}: {error['message']}" for error in result["errors"])
    if all(error["statusCode"] in PASSING for error in result["errors"]):
        return Retry(f"Salesforce could not take one record now: {why}")
    return Hold(f"Salesforce refused one record: {why}", fix="Correct the record, then release.")


def judge(answer: Answer) -> Verdict:
    """Errors come as a list of {message, errorCode, fields}."""
    if answer.status < 300:
        if _all_throttled(answer.body):
            return Throttled(retry_after(answer))
        told = answer.body is not None or not answer.text
        return Fine() if told else Unwell(f"an answer that is not JSON: {answer.text[:100]}")
    code, message, field = _first_error(answer)
    why = f"{code or answer.status}: {message}"
    match answer.status, code:
        case 401, _:
            return Expired(why)
        case (429, _) | (_, "REQUEST_LIMIT_EXCEEDED"):
            spent = DAY_SPENT if message.startswith("TotalRequests") else None
            return Throttled(retry_after(answer) or spent)
        case 404, _:
            return Absent(why)
        case _, passing if passing in PASSING:
            return Unwell(why, nothing_happened=True, after=retry_after(answer))
        case status, _ if status >= 500:
            return Unwell(why, after=retry_after(answer))
        case _:
            return Refused(why, field)


def _all_throttled(body: Any) -> bool:
    """A collection of records is answered with 200, even when none of them got past the limit."""
    results = body if isinstance(body, list) else []
    return bool(results) and all(
        isinstance(each, dict)
        and isinstance(errors := each.get("errors"), list)
        and any(isinstance(e, dict) and e.get("statusCode") == "REQUEST_LIMIT_EXCEEDED" for e in errors)
        for each in results
    )


def fields(mapping: Mapping, *, package: bool = True) -> list[str]:
    """What to select: the table is the list. Lines become a child query."""
    wanted = [mapping.key, *filter(None, (mapping.changed, mapping.author, mapping.id_field))]
    for row in mapping.rows:
        if row.flow == "out" or not row.ours or (row.theirs.startswith(PACKAGE) and not package):
            continue
        if isinstance(row.form, Lines):
            inner = ", ".join(each.theirs for each in row.form.lines if package or PACKAGE not in each.theirs)
            wanted.append(f"(SELECT {inner} FROM {_relationship(row.theirs)} ORDER BY Id)")  # noqa: S608 - our own table
            continue
        wanted.append(row.theirs)
        if isinstance(row.form, Amount):
            wanted.append(row.form.currency)
    return list(dict.fromkeys(wanted))


async def _pages(http: Http, mapping: Mapping, rest: str) -> AsyncIterator[list[Record]]:
    """A query's records, page by page. A locator shows what was there when the query began: nothing drifts."""
    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
    query = f"SELECT {', '.join(fields(mapping, package=_has_package(http)))} FROM {mapping.resource}{rest}"  # noqa: S608 - our own table; values are quoted
    answer = await http.call("GET", f"{VERSION}/query", params={"q": query}, headers=PAGE)
    while True:
        yield [await _whole(http, mapping, record) for record in answer.body["records"]]
        if answer.body["done"]:
            return
        answer = await http.call("GET", answer.body["nextRecordsUrl"], headers=PAGE)


async def _whole(http: Http, mapping: Mapping, record: Record) -> Record:
    """A record without its envelope, and with all its lines. An empty child query is null, and means no lines."""
    whole = _bare(record)
    for row in mapping.rows:
        if isinstance(row.form, Lines) and row.flow != "out":
            name = _relationship(row.theirs)
            whole[name] = {"records": await _children(http, whole.get(name))}
    return whole


async def _children(http: Http, envelope: Record | None) -> list[Record]:
    if envelope is None:
        return []
    children, page = list(envelope["records"]), envelope
    while not page["done"]:
        page = _bare((await http.call("GET", page["nextRecordsUrl"], headers=PAGE)).body)
        children.extend(page["records"])
    return children


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name != "attributes"}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _conditions(mapping: Mapping, where: Where) -> list[str]:
    if where.key:
        return [f"{mapping.key} = '{_quoted(where.key)}'"]
    theirs = {row.ours: row.theirs for row in mapping.rows if row.flow != "out"}
    conditions = [f"{mapping.id_field} = '{_quoted(where.marker)}'"] if where.marker and mapping.id_field else []
    if "tax_id" in theirs and (tax_id := where.fields.get("tax_id")):
        conditions.append(f"{theirs['tax_id']} = '{_quoted(str(tax_id))}'")
    if "name" in theirs and (word := search_word(str(where.fields.get("name") or ""))):
        # LIKE does not mind the case, but reads `_` as any letter.
        conditions.append(f"{theirs['name']} LIKE '{_quoted(word).replace('_', r'\_')}%'")
    return conditions


def _only(mapping: Mapping) -> list[str]:
    return [ONLY[mapping.kind]] if mapping.kind in ONLY else []


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _has_package(http: Http) -> bool:
    return http.settings.get("cpq", "yes") != "no"


def _relationship(theirs: str) -> str:
    return theirs.partition(".")[0]


def _cursor(mapping: Mapping, records: list[Record]) -> str | None:
    stamps = [str(dig(record, mapping.changed or "")[1]) for record in records]
    return max(datetime.fromisoformat(stamp) for stamp in stamps).astimezone(UTC).isoformat() if stamps else None


def _literal(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _first_error(answer: Answer) -> tuple[str, str, str | None]:
    """Code, message and fields of what went wrong, whatever shape it came in."""
    first = answer.body[0] if isinstance(answer.body, list) and answer.body else None
    if answer.status == 300:
        return "MULTIPLE_CHOICES", f"several records carry this external id: {answer.text[:300]}", None
    if not isinstance(first, dict):
        return "", answer.text[:200], None
    named = first.get("fields")
    field = ", ".join(map(str, named)) if isinstance(named, list) and named else None
    return str(first.get("errorCode", "")), str(first.get("message", "")), field
