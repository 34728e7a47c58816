"""What changed without saying so in its own row: expenses whose report was decided, and what was deleted."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import batched

from throughline.connectors.kantata.joining import INCLUDED, whole
from throughline.connectors.kantata.pages import page, pages, records
from throughline.core.connector import Http
from throughline.core.forms import Record

# These are read before the rows and move no cursor, so they reach back further than a long reading lasts.
LOOK_BACK = timedelta(hours=1)
DELETED = {"time_entries": "time_entry:deleted", "expenses": "expense:deleted"}
ON = "on"
AT_ONCE = 100


async def aside(http: Http, resource: str, since: str, people: dict[str, str]) -> AsyncIterator[list[Record]]:
    after = (datetime.fromisoformat(since) - LOOK_BACK).isoformat()
    if resource == "expenses":
        async for found in _reported(http, after, people):
            yield found
    if resource in DELETED and http.settings.get("subscribed_events") == ON:
        async for found in _deleted(http, resource, after):
            yield found


async def _reported(http: Http, after: str, people: dict[str, str]) -> AsyncIterator[list[Record]]:
    """An expense's `updated_at` does not move when its report is approved: the reports tell which to read again."""
    asked = {"updated_after": after, "order": "updated_at:asc", "include": "expenses"}
    async for body in pages(http, "expense_report_submissions", asked):
        for report in records(body):
            for some in batched(report["expense_ids"], AT_ONCE):
                ids = [str(each) for each in some]
                told = await page(http, "expenses", {"only": ",".join(ids), "include": INCLUDED["expenses"]})
                yield [each for each in await whole(http, "expenses", told, people) if str(each["id"]) in ids]


async def _deleted(http: Http, resource: str, after: str) -> AsyncIterator[list[Record]]:
    """A deleted record is nowhere but in the events. Nobody may bill it: it is as if its approval were taken back."""
    asked = {"event_types": DELETED[resource], "created_after": after, "order": "created_at:asc"}
    async for body in pages(http, "subscribed_events", asked):
        yield [_gone(event) for event in records(body) if event["event_type"] == DELETED[resource]]


def _gone(event: Record) -> Record:
    told = {"status": "deleted", "by": None, "at": event["subject_changed_at"], "note": "Deleted in Kantata"}
    return {"id": str(event["subject_id"]), "updated_at": event["subject_changed_at"], "approval": told}
