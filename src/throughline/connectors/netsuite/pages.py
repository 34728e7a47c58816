"""How SuiteQL is read page by page: behind the last row that was read, and not at a number.

A record that is changed meanwhile shifts nothing. Times are asked for and compared in UTC: a bare literal would be read
in the account's own time zone.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from throughline.connectors.netsuite import suiteql
from throughline.core.connector import Http
from throughline.core.forms import Record

SPELLED = "'YYYY-MM-DD HH24:MI:SS'"


@dataclass(frozen=True, slots=True)
class Question:
    """A table and its alias; what is selected of it beside `id` and `changed`, joined to it, and wanted of it."""

    table: str
    columns: tuple[str, ...] = ()
    joins: str = ""
    wanted: tuple[str, ...] = ()

    def sql(self, after: tuple[str, int] | None) -> str:
        alias = self.table.split()[-1]
        changed, key = f"{alias}.lastmodifieddate", f"{alias}.id"
        conditions = list(self.wanted)
        if after:
            then = f"TO_TIMESTAMP('{after[0]}', {SPELLED})"
            conditions.append(f"({in_utc(changed)} > {then} OR ({in_utc(changed)} = {then} AND {key} > {after[1]}))")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        columns = ", ".join((f"{key} AS id", f"{shown(changed)} AS changed", *self.columns))
        return f"SELECT {columns} FROM {self.table}{self.joins}{where} ORDER BY {changed}, {key}"  # noqa: S608 - our own names


async def since(http: Http, question: Question, cursor: str | None) -> AsyncIterator[list[Record]]:
    """Rows by last change, oldest first; a page may be empty."""
    after = (moment(cursor), 0) if cursor else None
    more = True
    while more:
        body = await suiteql.query(http, question.sql(after), 0)
        rows: list[Record] = body["items"]
        if rows:
            after = (str(rows[-1]["changed"]), int(rows[-1]["id"]))
        yield rows
        more = bool(body["hasMore"])


async def every(http: Http, sql: str) -> list[Record]:
    """All rows of a question that has few."""
    rows, more = list[Record](), True
    while more:
        body = await suiteql.query(http, sql, len(rows))
        rows += body["items"]
        more = bool(body["hasMore"])
    return rows


def in_utc(column: str) -> str:
    return f"SYS_EXTRACT_UTC({column})"


def shown(column: str) -> str:
    """A moment as we read it back."""
    return f"TO_CHAR({in_utc(column)}, {SPELLED})"


def day(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD')"


def instant(said: str) -> str:
    """What `shown` shows, with its zone."""
    return datetime.fromisoformat(said).replace(tzinfo=UTC).isoformat()


def moment(cursor: str) -> str:
    return datetime.fromisoformat(cursor).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
