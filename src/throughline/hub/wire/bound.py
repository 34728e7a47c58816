"""What a connector is handed: a line, on behalf of somebody."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from throughline.core import exact
from throughline.core.connector import Answer, Credentials
from throughline.hub.wire.call import Call, Context

SAFE = frozenset({"GET", "HEAD"})


class Caller(Protocol):
    """As much of a line as is needed here."""

    credentials: Credentials

    async def call(self, call: Call, /) -> Answer: ...


@dataclass(frozen=True, slots=True)
class BoundHttp:
    """A line, on behalf of somebody: what connectors see."""

    line: Caller
    context: Context

    @property
    def settings(self) -> Dict[str, str]:
        return self.line.credentials.settings

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Dict[str, str] | None = None,
        json: Any = None,
        headers: Dict[str, str] | None = None,
        text: str | None = None,
        reads: bool = False,
    ) -> Answer:
        sent = {"Accept": "application/json", **(headers or {})}
        body = text.encode() if text is not None else b""
        if json is not None:
            body = exact.dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        if params:
            path = f"{path}{'&' if '?' in path else '?'}{urlencode(params)}"
        return await self.line.call(Call(self.context, method, path, sent, body, reads or method in SAFE))
