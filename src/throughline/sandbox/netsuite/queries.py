"""The query service: POST /query/v1/suiteql."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from throughline.sandbox.netsuite.calls import RESOURCE, Call, Reply
from throughline.sandbox.netsuite.moments import today
from throughline.sandbox.netsuite.paging import MOST_ROWS, page_of
from throughline.sandbox.netsuite.problems import invalid_content, invalid_header, invalid_parameter, not_allowed
from throughline.sandbox.netsuite.rates import RATE, bring_in
from throughline.sandbox.netsuite.suiteql_run import run
from throughline.sandbox.netsuite.suiteql_values import Values
from throughline.sandbox.netsuite.suiteql_words import SqlError
from throughline.sandbox.netsuite.wire import read
from throughline.sandbox.shelf import Shelf

_PREFIX = "Invalid search query. Detailed unprocessed description follows. "


class Queries:
    def __init__(self, shelf: Shelf, zone: ZoneInfo, now: Callable[[], datetime]) -> None:
        self._shelf, self._zone, self._now = shelf, zone, now

    def answer(self, call: Call) -> Reply:
        if call.method != "POST":
            raise not_allowed(call.method)
        if not call.prefers("transient"):
            raise invalid_header("The required request header 'Prefer' is missing or not 'transient'.", "Prefer")
        page = page_of(call.query)
        try:
            body = read(call.body)
            sql = body["q"]
        except (ValueError, TypeError, KeyError):
            raise invalid_content("The request body must be an object with the query in 'q'.", "q") from None
        if not isinstance(sql, str):
            raise invalid_content("The query in 'q' must be a text.", "q")
        if RATE.lower() in sql.lower():
            bring_in(self._shelf, today(self._now(), self._zone), self._now())
        try:
            lines = run(sql, self._shelf, Values(self._zone, self._now()))[:MOST_ROWS]
        except SqlError as error:
            raise invalid_parameter(_PREFIX + str(error), "q") from None
        items = [{"links": list[str](), **line} for line in page.of(lines)]
        url = call.url("query", "v1", "suiteql")
        return Reply(body=page.envelope(url, items, len(lines)), content_type=f"{RESOURCE}; type=collection")
