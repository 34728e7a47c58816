"""Kantata's listings: one page, every page, and the records in a page."""

from collections.abc import AsyncIterator, Iterator
from collections.abc import Mapping as Dict

from throughline.core.connector import Http
from throughline.core.forms import Record

API = "/api/v1"
PAGE = 200


async def page(http: Http, resource: str, params: Dict[str, str]) -> Record:
    # https://developer.kantata.com/kantata/specification
    answer = await http.call("GET", f"{API}/{resource}.json", params={"per_page": str(PAGE), **params})
    return answer.body


async def pages(http: Http, resource: str, params: Dict[str, str]) -> AsyncIterator[Record]:
    """Every page of a short list, such as roles or people."""
    number = 1
    while True:
        body = await page(http, resource, {**params, "page": str(number)})
        yield body
        if number >= page_count(body):
            return
        number += 1


def page_count(body: Record) -> int:
    return int(body["meta"]["page_count"])


def records(body: Record) -> Iterator[Record]:
    """Order and membership come from `results` only: side-loaded objects of the same type share the map."""
    for each in body["results"]:
        yield body[each["key"]][each["id"]]
