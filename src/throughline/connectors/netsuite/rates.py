"""NetSuite's currency exchange rates: what a unit of a foreign currency is worth in a base currency from a day on."""

from collections.abc import AsyncIterator

from throughline.connectors.netsuite import pages
from throughline.connectors.netsuite.pages import Question
from throughline.core.connector import Http, Page
from throughline.core.forms import Record

RATES = Question(
    "currencyrate cr",
    columns=(f"{pages.day('cr.effectivedate')} AS day", "cr.exchangerate AS exchangerate", "b.symbol AS base",
             "t.symbol AS source"),
    joins=" JOIN currency b ON b.id = cr.basecurrency JOIN currency t ON t.id = cr.transactioncurrency",
)  # fmt: skip


async def changes(http: Http, since: str | None) -> AsyncIterator[Page]:
    async for rows in pages.since(http, RATES, since):
        records = [_record(http, row) for row in rows]
        yield Page(records, str(records[-1]["changed"]) if records else None)


async def find(http: Http, key: str) -> list[Record]:
    if not key.isdecimal():
        return []
    wanted = Question(RATES.table, RATES.columns, RATES.joins, (f"cr.id = {key}",))
    return [_record(http, row) for row in await pages.every(http, wanted.sql(None))]


def _record(http: Http, row: Record) -> Record:
    """Whose rates they are NetSuite does not say: the firm does, in the settings."""
    return {**row, "changed": pages.instant(row["changed"]), "provider": http.settings.get("fx_provider")}
