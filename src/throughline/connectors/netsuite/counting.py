"""How many records NetSuite itself counts, and what the totals of its transactions come to in each currency."""

from datetime import datetime
from decimal import Decimal

from throughline.connectors.netsuite import pages, suiteql
from throughline.connectors.netsuite.pages import Question
from throughline.core.connector import Census, Http


async def counted(http: Http, question: Question, *, adds_up: bool, since: datetime, until: datetime) -> Census:
    """Of what a question is about, what was last changed in a time."""
    alias = question.table.split()[-1]
    changed = pages.in_utc(f"{alias}.lastmodifieddate")
    first, end = (f"TO_TIMESTAMP('{pages.moment(each.isoformat())}', {pages.SPELLED})" for each in (since, until))
    where = " AND ".join([*question.wanted, f"{changed} >= {first}", f"{changed} < {end}"])
    source = f"FROM {question.table}{question.joins} WHERE {where}"
    if not adds_up:
        (row,) = await _rows(http, f"SELECT COUNT(*) AS records {source}")
        return Census(int(row["records"]))
    currency = f"BUILTIN.DF({alias}.currency)"
    columns = f"{currency} AS currency, COUNT(*) AS records, SUM({alias}.foreigntotal) AS total"
    rows = await _rows(http, f"SELECT {columns} {source} GROUP BY {currency}")
    totals = {str(row["currency"]): Decimal(str(row["total"])) for row in rows}
    return Census(sum(int(row["records"]) for row in rows), totals)


async def _rows(http: Http, sql: str) -> list[dict[str, str]]:
    # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
    return (await suiteql.query(http, sql, 0))["items"]
