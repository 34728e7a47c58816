"""A connection for the acceptance kit where there is no machine around: credentials, a session, and nothing else."""

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin

import aiohttp

from throughline.core import exact
from throughline.core.connector import (
    DEADLINE_SECONDS,
    Absent,
    Answer,
    Connector,
    Credentials,
    Expired,
    Fine,
    Refused,
    Throttled,
    Token,
    Unwell,
    Verdict,
)
from throughline.core.errors import Hold, Retry, Unknown
from throughline.testing.connector_subject import Broken

SAFE = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Direct:
    """An Http straight to a system. It gets a token once, and raises what the machine's own line would raise."""

    connector: Connector
    credentials: Credentials
    session: aiohttp.ClientSession
    clock: Callable[[], datetime]
    _token: Token | None = field(default=None, repr=False)

    @property
    def settings(self) -> Dict[str, str]:
        return self.credentials.settings

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
        token = self._token = self._token or await self._let_in()
        safe, query = reads or method in SAFE, f"?{urlencode(params)}" if params else ""
        url = f"{urljoin(token.url or self.credentials.url, path)}{query}"
        sent = {"Accept": "application/json", **(headers or {}), **token.headers}
        body = text.encode() if text is not None else b""
        if json is not None:
            body = exact.dumps(json).encode()
            sent = {"Content-Type": "application/json", **sent}
        try:
            answer = await self._exchange(method, url, sent, body)
        except aiohttp.ClientConnectorError as error:
            raise Retry(f"{self.connector.name} cannot be reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise (Retry if safe else Unknown)(f"no whole answer: {error}") from error
        return _judged(answer, self.connector.judge(answer), safe=safe)

    async def _exchange(self, method: str, url: str, headers: Dict[str, str], body: bytes) -> Answer:
        async with self.session.request(
            method,
            url,
            headers=headers,
            data=body or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS),
        ) as answer:
            text = await answer.text(errors="replace")
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, _parsed(text), text)

    async def _let_in(self) -> Token:
        asked = self.connector.ask(self.credentials, self.clock())
        if isinstance(asked, Token):
            return asked
        if self.connector.read_token is None:
            raise Broken(f"{self.connector.name} asks for a token and cannot read the answer")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url = urljoin(self.credentials.url, asked.path)
        answer = await self._exchange("POST", url, headers, urlencode(asked.form).encode())
        if answer.status >= 300:
            raise Hold(f"{self.connector.name} does not let us in: {answer.status}", fix="Check the credentials.")
        return self.connector.read_token(answer, self.clock())


def _judged(answer: Answer, verdict: Verdict, *, safe: bool) -> Answer:
    match verdict:
        case Fine():
            return answer
        case Absent() if safe:
            return answer
        case Throttled(after):
            raise Retry("too fast", after=after)
        case Unwell(why, nothing_happened, after):
            raise (Retry if safe or nothing_happened else Unknown)(why, after=after)
        case Absent(why) | Refused(why) | Expired(why):
            raise Hold(why, fix="Correct what is refused.")


def _parsed(text: str) -> Any:
    try:
        return exact.loads(text)
    except ValueError:
        return None
