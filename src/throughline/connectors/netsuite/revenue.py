"""NetSuite's planned revenue, as one schedule for each sales order.

An order has an arrangement, and another one for lines that are added later; each line has an element with a plan, and a
plan a line for each period. The record service knows none of them: all of it is read with SuiteQL.
"""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from throughline.connectors.netsuite import pages, suiteql
from throughline.connectors.netsuite.pages import Question
from throughline.core.connector import Http, Page
from throughline.core.forms import Record

# Beside the plan that posts there is one that only forecasts.
ACTUAL = "rp.revenueplantype = 'ACTUAL'"
ELEMENT = " JOIN revenueelement re ON re.id = rp.createdfrom"
PLANS = Question("revenueplan rp", ("re.source AS source",), ELEMENT, (ACTUAL,))
JOINED = f"{ELEMENT} JOIN currency c ON c.id = rp.revenueplancurrency"
TOTALS = (
    f"rp.id AS id, rp.amount AS amount, {pages.shown('rp.lastmodifieddate')} AS changed, re.source AS source,"
    f" c.symbol AS currency FROM revenueplan rp{JOINED}"
)
PLANNED = (
    "pr.id AS id, pr.amount AS amount, pr.isrecognized AS recognised, pr.journal AS journal, re.source AS source,"
    " ap.periodname AS period, tl.custcol_throughline_line AS contract_line"
    f" FROM revenueplanplannedrevenue pr JOIN revenueplan rp ON rp.id = pr.revenueplan{ELEMENT}"
    " JOIN accountingperiod ap ON ap.id = pr.plannedperiod LEFT JOIN transactionline tl ON tl.revenueelement = re.id"
)
ORDERS = (
    "id, BUILTIN.DF(id) AS source, custbody_throughline_revenue AS treatment,"
    f" {pages.day('startdate')} AS starts, {pages.day('enddate')} AS ends FROM transaction WHERE type = 'SalesOrd'"
)


async def changes(http: Http, since: str | None) -> AsyncIterator[Page]:
    """Orders of which a plan was changed, each whole."""
    async for rows in pages.since(http, PLANS, since):
        # The element names its order as a person reads it, "Sales Order #SO1001".
        numbers = sorted({str(row["source"]).rpartition("#")[2] for row in rows})
        records = await _schedules(http, f" AND tranid IN ({_listed(numbers)})") if numbers else []
        yield Page(records, pages.instant(rows[-1]["changed"]) if rows else None)


async def find(http: Http, key: str) -> list[Record]:
    return await _schedules(http, f" AND id = {key}") if key.isdecimal() else []


async def _schedules(http: Http, wanted: str) -> list[Record]:
    orders = await pages.every(http, f"SELECT {ORDERS}{wanted} ORDER BY id")
    if not orders:
        return []
    which = f" WHERE {ACTUAL} AND re.source IN ({_listed([str(order['source']) for order in orders])})"
    plans = _by_source(await pages.every(http, f"SELECT {TOTALS}{which} ORDER BY rp.id"))
    planned = _by_source(await pages.every(http, f"SELECT {PLANNED}{which} ORDER BY ap.startdate, pr.id"))
    found = [(order, str(order["source"])) for order in orders]
    return [_schedule(order, plans[each], planned.get(each, [])) for order, each in found if each in plans]


def _schedule(order: Record, plans: list[Record], lines: list[Record]) -> Record:
    currencies = sorted({str(plan["currency"]) for plan in plans})
    return {
        "id": str(order["id"]),
        "changed": pages.instant(max(str(plan["changed"]) for plan in plans)),
        "treatment": order.get("treatment"),
        # Two currencies are none that a total could be in: the mapping refuses them.
        "currency": " and ".join(currencies),
        "starts": order.get("starts"),
        "ends": order.get("ends"),
        "total": str(sum((Decimal(plan["amount"]) for plan in plans), Decimal(0))),
        "lines": [_line(line) for line in lines],
    }


def _line(line: Record) -> dict[str, Any]:
    return {name: line.get(name) for name in ("period", "contract_line", "amount", "recognised", "journal")}


def _by_source(rows: list[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(str(row["source"]), []).append(row)
    return found


def _listed(texts: list[str]) -> str:
    return ", ".join(suiteql.text(each) for each in texts)
