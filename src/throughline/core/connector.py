"""What a connector is: a value. A name, mapping tables, how it proves who it is, and up to six functions."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from throughline.core.errors import Hold
from throughline.core.forms import Record
from throughline.core.mapping import Mapping

# The whole time one call may take, from the first byte to the last. What they do after it, nobody hears of.
DEADLINE_SECONDS = 25.0
# A date may be a mistake of theirs; nobody is silent for longer than a day because of one.
LONGEST_RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. `body` is parsed JSON where it was JSON, with numbers as exact decimals."""

    status: int
    headers: Dict[str, str]
    body: Any
    text: str = ""


class Http(Protocol):
    """A connection that already carries credentials, retries, limits, deadlines and capture.

    An answer that the connector's `judge` calls anything but fine never returns from here: it is raised as what
    happens next.
    """

    @property
    def settings(self) -> Dict[str, str]:
        """The firm's settings for this system: account id, integration user, ..."""
        ...

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
        """`reads` says that this POST changes nothing over there, so that it may be repeated.

        A vendor that does not speak JSON is sent `text` as it is; `headers` say what it is.
        """
        ...


@dataclass(frozen=True, slots=True)
class Fine:
    """The answer is what it seems."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too fast; nothing was done. `after` when they said so."""

    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """The credential is not accepted; nothing was done. The wire refreshes once and repeats."""

    why: str


@dataclass(frozen=True, slots=True)
class Unwell:
    """Their fault, and it will pass. `done_for_certain_not` says they promise nothing happened."""

    why: str
    nothing_happened: bool = False
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Our request is wrong and will stay wrong until somebody changes something; `fix` when we know what."""

    why: str
    field: str | None = None
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The thing is not there. `find` may treat it as an empty answer."""

    why: str


type Verdict = Fine | Throttled | Expired | Unwell | Refused | Absent


def retry_after(answer: Answer) -> timedelta | None:
    """How long they ask us to wait: in seconds, or until a moment by their own clock; None when they do not say."""
    # https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit() and len(after) < 6:
        return timedelta(seconds=int(after))
    try:
        wait = parsedate_to_datetime(after) - parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta()), LONGEST_RETRY_AFTER)


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, oldest first, and where to go on from if we die after them."""

    records: list[Record]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Where:
    """What to look for: their `key`, the `marker` of an effect of ours, or `fields` (ours) that should match.

    `pointed` says whom the fields point at, as they do: {"user_id": "7"} for somebody's assignments.
    """

    key: str | None = None
    marker: str | None = None
    fields: Dict[str, Any] = field(default_factory=dict[str, Any])
    pointed: Dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Sent:
    """What is to be written: their record, their key when there is one already, our id, and the effect's marker.

    `idempotency_key` is given on rung B: a second request that carries it changes nothing, and is answered as the first
    was. It stays the same exactly as long as the record does.
    """

    record: Record
    id: str
    key: str | None
    marker: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of many: their `key`, why it was `refused`, or why it should be sent `again`."""

    id: str
    key: str | None = None
    refused: str | None = None
    again: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something changed over there, says a webhook. Thin when there is no record: then it is read afresh."""

    id: str
    kind: str
    key: str
    record: Record | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What a delivery means: notices, and the text to answer with when the vendor wants one (a challenge)."""

    notices: tuple[Notice, ...] = ()
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How many records a system itself counts, and what they add up to in each currency, where it can add."""

    count: int
    totals: Dict[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Resolved secrets and settings. Only a connector's `token` and `signed` functions ever see one."""

    secrets: Dict[str, str] = field(repr=False)
    settings: Dict[str, str]
    url: str
    # What the last access token came with, where the vendor gives a new refresh token at each use.
    refresh: str | None = field(default=None, repr=False)

    def setting(self, name: str) -> str:
        """A setting the firm must give."""
        return self._given(self.settings, "settings", name)

    def secret(self, name: str) -> str:
        """A secret the firm must refer to."""
        return self._given(self.secrets, "credentials", name)

    def _given(self, values: Dict[str, str], where: str, name: str) -> str:
        if name not in values:
            raise Hold(
                f"The system at {self.url} has no {name} in its {where}",
                fix=f"Add {name} to {where} in its file in systems/, then release.",
            )
        return values[name]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The form to post for an access token. Built by a pure function from credentials and the time."""

    path: str
    form: Dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """How to be let in: headers, until when, where to call if they say it is elsewhere, and what to ask with next."""

    headers: Dict[str, str] = field(repr=False)
    expires_at: datetime | None = None
    url: str | None = None
    refresh: str | None = field(default=None, repr=False)


type Changes = Callable[[Http, Mapping, str | None], AsyncIterator[Page]]
type Find = Callable[[Http, Mapping, Where], Awaitable[list[Record]]]
type Put = Callable[[Http, Mapping, Sent], Awaitable[str]]
# The text is a key for the whole: a repetition with it does nothing more, and tells the outcomes.
type PutMany = Callable[[Http, Mapping, Sequence[Sent], str], Awaitable[list[Outcome]]]
# Of the records of a kind that were last changed from one moment on and before another; None where nobody can count.
type Count = Callable[[Http, Mapping, datetime, datetime], Awaitable[Census | None]]
type Receive = Callable[[Dict[str, str], bytes], Received]
type Judge = Callable[[Answer], Verdict]
type Ask = Callable[[Credentials, datetime], TokenRequest | Token]
type ReadToken = Callable[[Answer, datetime], Token]
type Signed = Callable[[Credentials, Dict[str, str], bytes, datetime], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A function left out is a thing the system cannot do; nothing else declares abilities.

    `judge` says what an answer means. `ask` makes the request for an access token (or the token itself, when the
    vendor's never expires) and `read_token` reads its answer. `signed` checks a delivery's signature.
    """

    name: str
    mappings: tuple[Mapping, ...]
    judge: Judge
    ask: Ask
    read_token: ReadToken | None = None
    changes: Changes | None = None
    find: Find | None = None
    put: Put | None = None
    put_many: PutMany | None = None
    receive: Receive | None = None
    count: Count | None = None
    signed: Signed | None = None

    def mapping(self, kind: str) -> Mapping | None:
        return next((mapping for mapping in self.mappings if mapping.kind == kind), None)

    def can(self) -> frozenset[str]:
        return frozenset(
            name for name in ("changes", "find", "put", "put_many", "receive", "count") if getattr(self, name)
        )
