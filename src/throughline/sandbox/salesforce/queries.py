"""`query`, `queryAll` and the pages that follow."""

import re
from typing import Any

from throughline.sandbox.salesforce.ids import numbered
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.soql import parse
from throughline.sandbox.salesforce.soql_run import run
from throughline.sandbox.salesforce.wire import Answer, Call, Refused

PAGE, SMALLEST_PAGE = 2000, 200
LOCATORS_KEPT = 50


def query(call: Call, tx: Transaction) -> Answer:
    return _asked(call, tx, deleted=False)


def query_all(call: Call, tx: Transaction) -> Answer:
    return _asked(call, tx, deleted=True)


def more(call: Call, tx: Transaction, locator: str) -> Answer:
    name, _, at = locator.rpartition("-")
    records = tx.org.pages.get(name)
    if records is None or not at.isdecimal() or int(at) >= len(records):
        raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(call, name, records, int(at))


def _asked(call: Call, tx: Transaction, *, deleted: bool) -> Answer:
    text = call.query.get("q")
    if text is None:
        raise Refused(400, "MALFORMED_QUERY", "A query string has to be specified")
    total, records = run(tx, parse(text), root=call.root, deleted=deleted)
    if not records:
        return Answer(200, {"totalSize": total, "done": True, "records": []})
    if len(records) <= _size(call):
        return Answer(200, {"totalSize": total, "done": True, "records": records})
    name = numbered("01g", tx.org.shelf.next("locator"))
    tx.org.pages[name] = records
    while len(tx.org.pages) > LOCATORS_KEPT:
        del tx.org.pages[next(iter(tx.org.pages))]
    return _page(call, name, records, 0)


def _page(call: Call, name: str, records: list[dict[str, Any]], at: int) -> Answer:
    end = at + _size(call)
    page: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records)}
    if end < len(records):
        page["nextRecordsUrl"] = f"{call.root}/query/{name}-{end}"
    return Answer(200, page | {"records": records[at:end]})


def _size(call: Call) -> int:
    found = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    return min(max(int(found.group(1)), SMALLEST_PAGE), PAGE) if found else PAGE
