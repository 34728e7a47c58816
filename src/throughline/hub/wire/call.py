"""A call as a connector wants it made, where to and on whose behalf; and the answer as a connector reads it."""

import hashlib
from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from throughline.core import exact
from throughline.core.connector import Answer
from throughline.core.priority import Priority
from throughline.hub.wire.transport import Raw


def always() -> None:
    """Nothing stands in the way of sending."""


@dataclass(frozen=True)
class Context:
    """On whose behalf calls are made. `may_send` raises when the lane has been lost since.

    `called` are the systems that let one of them in: whoever has begun there is not sent away for a newcomer.
    """

    correlation: str | None = None
    run: str | None = None
    may_send: Callable[[], None] = always
    priority: Priority = Priority.NORMAL
    lane: str | None = None
    called: set[str] = field(default_factory=set[str], compare=False)

    @cached_property
    def trace(self) -> dict[str, str]:
        """W3C trace context: one trace per engagement, so that every system's log can be joined."""
        if self.correlation is None:
            return {}
        trace = hashlib.sha256(self.correlation.encode()).hexdigest()[:32]
        span = hashlib.sha256(f"{self.correlation}/{self.run}".encode()).hexdigest()[:16]
        return {"X-Correlation-Id": self.correlation, "traceparent": f"00-{trace}-{span}-01"}


@dataclass(frozen=True)
class Call:
    """What a connector wants to be asked, and for whom. A safe call changes nothing over there."""

    context: Context
    method: str
    path: str
    headers: Dict[str, str]
    body: bytes
    safe: bool

    @cached_property
    def endpoint(self) -> str:
        """Where a call goes, without ids: `PATCH /services/data/v65.0/sobjects/Account/*`."""
        steps = urlsplit(self.path).path.split("/")
        return f"{self.method} {'/'.join(step if _is_word(step) else '*' for step in steps)}"


def _is_word(step: str) -> bool:
    return not step or step.startswith("v") or (len(step) < 30 and not any(char.isdigit() for char in step))


def understood(raw: Raw) -> Answer:
    """The answer as a connector reads it: with its JSON, if that is what it is."""
    text = raw.body.decode("utf-8", "replace")
    try:
        body = exact.loads(text) if text.lstrip()[:1] in {*'{["tfn-0123456789'} else None
    except (ValueError, RecursionError):
        body = None
    return Answer(raw.status, raw.headers, body, text)
