"""Twins: every page as JSON, every list as CSV, from the same values as the page itself."""

import csv
import dataclasses
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Any

from starlette.responses import Response, StreamingResponse

from throughline.console.charts.flow import Flow
from throughline.console.charts.lanes import Lanes
from throughline.console.pieces import Clock, Moment
from throughline.console.rendering import LivePage, StillPage

# A spreadsheet takes these for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(page: LivePage | StillPage) -> Response:
    """What the page says, without its frame and its drawing."""
    return Response(json.dumps(facts(page), ensure_ascii=False), media_type="application/json")


def facts(page: LivePage | StillPage) -> dict[str, Any]:
    drawn = {field.name for field in dataclasses.fields(page) if isinstance(getattr(page, field.name), Lanes | Flow)}
    whole = {field.name: getattr(page, field.name) for field in dataclasses.fields(page)}
    return {
        name: _plain(value) for name, value in whole.items() if name not in {"shell", "fragment_url", "empty", *drawn}
    }


def as_csv(name: str, parts: AsyncIterator[Iterable[Any]]) -> Response:
    """All rows, page after page, as they are read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(parts), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(parts: AsyncIterator[Iterable[Any]]) -> AsyncGenerator[str]:
    headed = False
    async for rows in parts:
        text = io.StringIO()
        writer = csv.writer(text)
        for row in rows:
            names = [field.name for field in dataclasses.fields(row)]
            if not headed:
                writer.writerow(names)
                headed = True
            writer.writerow([cell(getattr(row, name)) for name in names])
        yield text.getvalue()


def cell(value: Any) -> str:
    """One value in one cell: a time for machines, the words of a clock, several values with spaces."""
    if isinstance(value, Moment):
        return value.iso
    if isinstance(value, Clock):
        return value.text
    if isinstance(value, tuple):
        return " ".join(str(each) for each in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
