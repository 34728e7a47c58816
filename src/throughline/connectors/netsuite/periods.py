"""NetSuite's accounting periods, as the periods of each subsidiary.

A period is closed for the whole account. Before that each subsidiary locks it for itself, in its own checklist.
"""

from collections.abc import AsyncIterator

from throughline.connectors.netsuite import pages
from throughline.core.connector import Http, Page
from throughline.core.errors import Hold
from throughline.core.forms import Record

COLUMNS = ", ".join((
    "ap.id AS id", "ap.periodname AS name", "ap.closed AS closed", "ap.arlocked AS arlocked",
    "ap.alllocked AS alllocked", f"{pages.day('ap.startdate')} AS starts", f"{pages.day('ap.enddate')} AS ends",
    f"{pages.shown('ap.closedondate')} AS closed_at", f"{pages.shown('ap.lastmodifieddate')} AS changed",
))  # fmt: skip
# Quarters and years are above the months, and an adjustment lies on top of one: nothing dated falls in them by itself.
MONTHS = "ap.isyear = 'F' AND ap.isquarter = 'F' AND ap.isadjust = 'F'"
LOCKS = "'PCP_LOCK_AR', 'PCP_LOCK_ALL'"


async def changes(http: Http, since: str | None) -> AsyncIterator[Page]:
    """What is open is asked for each time: a lock of one subsidiary leaves no trace on the period."""
    then = f"TO_TIMESTAMP('{pages.moment(since)}', {pages.SPELLED})" if since else ""
    recent = f" AND (ap.closed = 'F' OR {pages.in_utc('ap.lastmodifieddate')} > {then})" if since else ""
    rows = await _rows(http, MONTHS + recent)
    newest = max((str(row["changed"]) for row in rows), default=None)
    yield Page(await _of_each_subsidiary(http, rows), newest and pages.instant(newest))


async def find(http: Http, key: str) -> list[Record]:
    period, _, subsidiary = key.partition("-")
    if not period.isdecimal() or not subsidiary.isdecimal():
        return []
    found = await _of_each_subsidiary(http, await _rows(http, f"ap.id = {period}"))
    return [record for record in found if record["id"] == key]


async def end_of(http: Http, name: str) -> tuple[str, str]:
    """The id of the period of that name, and its last day."""
    rows = await _rows(http, f"{MONTHS} AND ap.periodname = '{name.replace(chr(39), chr(39) * 2)}'")
    if len(rows) != 1:
        raise Hold(
            f"NetSuite has {len(rows) or 'no'} accounting periods called {name}",
            fix="Correct the accounting periods in NetSuite, or the period of the charge; then release.",
        )
    return str(rows[0]["id"]), str(rows[0]["ends"])


async def _rows(http: Http, wanted: str) -> list[Record]:
    return await pages.every(http, f"SELECT {COLUMNS} FROM accountingperiod ap WHERE {wanted} ORDER BY ap.startdate")  # noqa: S608 - our own names, and quoted


async def _of_each_subsidiary(http: Http, rows: list[Record]) -> list[Record]:
    if not rows:
        return []
    open_now = [str(row["id"]) for row in rows if row["closed"] == "F"]
    locked = await _locked(http, open_now) if open_now else set[tuple[str, str]]()
    subsidiaries = await _subsidiaries(http)
    return [_record(row, each, locked) for row in rows for each in subsidiaries]


async def _subsidiaries(http: Http) -> list[str]:
    """Those the firm names, or all that are not there for eliminations only."""
    if named := http.settings.get("subsidiaries"):
        return [each.strip() for each in named.split(",")]
    sql = "SELECT id FROM subsidiary WHERE iselimination = 'F' AND isinactive = 'F' ORDER BY id"
    return [str(row["id"]) for row in await pages.every(http, sql)]


async def _locked(http: Http, periods: list[str]) -> set[tuple[str, str]]:
    sql = (
        f"SELECT period, subsidiary FROM taskitemstatus WHERE complete = 'T' AND itemtype IN ({LOCKS})"  # noqa: S608 - ids of theirs
        f" AND period IN ({', '.join(periods)}) ORDER BY period, subsidiary, itemtype"
    )
    return {(str(row["period"]), str(row["subsidiary"])) for row in await pages.every(http, sql)}


def _record(row: Record, subsidiary: str, locked: set[tuple[str, str]]) -> Record:
    shut = row["arlocked"] == "T" or row["alllocked"] == "T" or (str(row["id"]), subsidiary) in locked
    closed_at = row.get("closed_at")
    return {
        "id": f"{row['id']}-{subsidiary}",
        "changed": pages.instant(row["changed"]),
        "name": row["name"],
        "subsidiary": subsidiary,
        "starts": row["starts"],
        "ends": row["ends"],
        "state": "closed" if row["closed"] == "T" else "closing" if shut else "open",
        "closed_at": closed_at and pages.instant(closed_at),
    }
