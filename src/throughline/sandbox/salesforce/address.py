"""From the address of a request to a call on one version of the API."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from throughline.sandbox.salesforce.describe import FIRST_VERSION, LAST_VERSION
from throughline.sandbox.salesforce.wire import Call, not_found

_ADDRESS = re.compile(r"(/services/data/v(\d+)\.0)(?:/(.*))?", re.DOTALL)


def addressed(method: str, url: str, headers: Mapping[str, str], body: Any) -> Call:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise not_found() from error
    found = _ADDRESS.fullmatch(parts.path)
    if not found or not FIRST_VERSION <= int(found.group(2)) <= LAST_VERSION:
        raise not_found()
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    # For clients that cannot say PATCH.
    method = query.get("_HttpMethod", method).upper() if method == "POST" else method
    return Call(method, found.group(1), (found.group(3) or "").rstrip("/"), query, headers, body)
