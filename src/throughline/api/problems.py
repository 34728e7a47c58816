"""Problems: every error of the API has one shape (RFC 9457), a code of ours, and says what to do."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from throughline.hub.access_keys import NoSuchKey
from throughline.hub.audit.evidence import TooMuch
from throughline.hub.audit.proving import NoSuchLeaf, NotProvable
from throughline.hub.cancels import NoSuchRun, NotCancellable
from throughline.hub.desk.batches import NoSuchBatch
from throughline.hub.desk.causes import NoSuchCause
from throughline.hub.engagements import NoSuchEngagement
from throughline.hub.firm import FirmErrors
from throughline.hub.firms import NothingApplied
from throughline.hub.four_eyes import MayNotApprove, NotByOne
from throughline.hub.holds import NoSuchHold, NotPossible
from throughline.hub.once import InFlight, OtherRequest
from throughline.hub.overview import NoSuchPlace
from throughline.hub.people import NoSuchPerson, NotAllowedNow, NotAPerson
from throughline.hub.portal import NoSuchInvoice
from throughline.hub.replays import NoSuchReplay, NotReplayable
from throughline.hub.retention.reading import NoSuchArchive, NotHere
from throughline.hub.subscriptions import NoSuchSubscription, NotNow, NotSubscribable
from throughline.hub.systems import NoSuchSystem

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

# code: (status, title, what to do)
CATALOGUE = {
    "several_choices": (300, "Several engagements", "Ask again with one of the ids in `choices`."),
    "malformed_json": (400, "The body is not JSON", "Send valid JSON with Content-Type: application/json."),
    "missing_idempotency_key": (400, "Idempotency-Key is missing", "Send a new Idempotency-Key with each new action."),
    "invalid_cursor": (400, "Unknown cursor", "Begin again without a cursor; take `next` as it was given."),
    "unauthorized": (
        401,
        "The key is missing, wrong or over",
        "Send Authorization: Bearer with an access key, or with the key of THROUGHLINE_API_KEY.",
    ),
    "forbidden": (403, "A right is missing", "Ask an admin for a role that has it, or for a key made for it."),
    "not_found": (404, "Not found", "Check the id; GET the list to see what there is."),
    "method_not_allowed": (405, "This cannot be done here", "See the `Allow` header and the OpenAPI document."),
    "not_possible": (409, "Not possible now", "Read it again: it says what can be done."),
    "not_by_one": (409, "Two people must agree", "Ask somebody else who may approve to answer the same."),
    "not_allowed_now": (409, "Not possible now", "See the detail: it says what can be done."),
    "not_now": (409, "Not possible now", "GET the subscription: it says how it stands."),
    "in_flight": (409, "The same request is being worked on", "Ask again in a moment with the same Idempotency-Key."),
    "firm_invalid": (409, "The firm's folder has errors", "Correct the folder, then ask again."),
    "archive_elsewhere": (
        409,
        "The archive's file is not here",
        "Ask the machine that has the archive folder, or set THROUGHLINE_ARCHIVE to where it is.",
    ),
    "not_provable": (409, "The audit log does not prove this", "GET the verification: it says what was changed."),
    "body_too_large": (413, "The body is too large", "Send at most 1 MB."),
    "misdirected": (421, "This name is not answered", "Use http://127.0.0.1 or localhost, or set THROUGHLINE_API_KEY."),
    "invalid": (422, "The request is not valid", "See `errors`: each points at what is wrong."),
    "unholdable": (422, "A character that cannot be kept", "Leave out NUL characters and halves of surrogate pairs."),
    "not_a_person": (422, "This cannot be written down", "See the detail: it says what is possible."),
    "not_subscribable": (422, "This cannot be subscribed to", "Send another address, type or time."),
    "key_reused": (422, "Idempotency-Key was used before", "Send a new key for another request."),
    "internal": (500, "A fault of ours", "Tell whoever runs Throughline, with the trace id."),
    "unavailable": (503, "Not available now", "Ask again in a few seconds."),
}


class Pointed(BaseModel):
    """One thing that is wrong: where (a JSON pointer, or the name of a parameter), and what."""

    pointer: str = Field(examples=["#/choice"])
    detail: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """What went wrong (RFC 9457), with a code of ours and the trace to quote."""

    type: str = Field(examples=["/problems/not_found"])
    title: str
    status: int
    detail: str
    code: str
    trace_id: str
    errors: list[Pointed] = []
    choices: list[str] = []
    missing_right: str = Field(default="", examples=["decide"])


class Wrong(Exception):
    """Raised by a door to end a request with a problem."""

    def __init__(
        self, code: str, detail: str = "", *, errors: Sequence[Pointed] = (), choices: Sequence[str] = ()
    ) -> None:
        super().__init__(code)
        self.code, self.detail, self.errors, self.choices = code, detail, errors, choices


def problem(
    code: str, trace_id: str, *, detail: str = "", errors: Sequence[Pointed] = (), choices: Sequence[str] = (),
    right: str | None = None,
) -> JSONResponse:  # fmt: skip
    status, title, advice = CATALOGUE[code]
    body = Problem(
        type=f"/problems/{code}",
        title=title,
        status=status,
        detail=f"{detail} {advice}".strip(),
        code=code,
        trace_id=trace_id,
        errors=list(errors),
        choices=list(choices),
        missing_right=right or "",
    )
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "5"
    return JSONResponse(
        body.model_dump(exclude_defaults=True), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


NAMED: dict[type[Exception], str] = {
    NoSuchEngagement: "not_found",
    NoSuchBatch: "not_found",
    NoSuchCause: "not_found",
    NoSuchHold: "not_found",
    NoSuchInvoice: "not_found",
    NoSuchReplay: "not_found",
    NoSuchRun: "not_found",
    NoSuchSystem: "not_found",
    NoSuchArchive: "not_found",
    NotHere: "archive_elsewhere",
    NoSuchLeaf: "not_found",
    NotProvable: "not_provable",
    TooMuch: "not_possible",
    NoSuchSubscription: "not_found",
    MayNotApprove: "forbidden",
    NotByOne: "not_by_one",
    NoSuchPerson: "not_found",
    NoSuchKey: "not_found",
    NotAPerson: "not_a_person",
    NotAllowedNow: "not_allowed_now",
    NoSuchPlace: "invalid_cursor",
    NotPossible: "not_possible",
    NotNow: "not_now",
    NotSubscribable: "not_subscribable",
    NotCancellable: "not_possible",
    NotReplayable: "not_possible",
    InFlight: "in_flight",
    OtherRequest: "key_reused",
    FirmErrors: "firm_invalid",
    NothingApplied: "unavailable",
    asyncpg.CharacterNotInRepertoireError: "unholdable",
    UnicodeEncodeError: "unholdable",
    OSError: "unavailable",
    asyncpg.PostgresError: "unavailable",
    asyncpg.InterfaceError: "unavailable",
}
# The text of these is about our database, and nobody else's business.
SILENT = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# A NUL, or half of a pair of surrogates: nothing we hold can have one.
UNHOLDABLE = (asyncpg.CharacterNotInRepertoireError, UnicodeEncodeError)


def install(api: FastAPI) -> None:
    """Every way a request can fail ends in a problem."""
    for kind in NAMED:
        api.add_exception_handler(kind, _named)
    api.add_exception_handler(Wrong, _wrong)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _internal)


def trace_id(request: Request) -> str:
    return getattr(request.state, "trace_id", "")


async def _named(request: Request, error: Exception) -> JSONResponse:
    code = next(NAMED[kind] for kind in type(error).__mro__ if kind in NAMED)
    if isinstance(error, UNHOLDABLE):
        return problem(code, trace_id(request))
    if isinstance(error, SILENT):
        log.warning("api.unavailable", why=f"{type(error).__name__}: {error}")
        return problem(code, trace_id(request), detail="The database does not answer.")
    return problem(code, trace_id(request), detail=str(error), right=getattr(error, "right", None))


async def _wrong(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Wrong):
        raise error
    return problem(error.code, trace_id(request), detail=error.detail, errors=error.errors, choices=error.choices)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(each["type"] == "json_invalid" for each in found):
        return problem("malformed_json", trace_id(request))
    if any(each["type"] == "missing" and each["loc"][:2] == ("header", "Idempotency-Key") for each in found):
        return problem("missing_idempotency_key", trace_id(request))
    return problem(
        "invalid", trace_id(request), errors=[Pointed(pointer=pointer(e["loc"]), detail=e["msg"]) for e in found]
    )


def pointer(place: Sequence[str | int]) -> str:
    """`("body", "choice")` is `#/choice`; a parameter is called by its name."""
    where, *steps = place
    if where == "body":
        return "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    return f"{where}:{'.'.join(map(str, steps))}"


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not_found", 405: "method_not_allowed", 400: "malformed_json"}.get(status, "internal")
    detail = f"There is nothing at {request.url.path}." if status == 404 else ""
    answer = problem(code, trace_id(request), detail=detail)
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


async def _internal(request: Request, error: Exception) -> JSONResponse:
    log.error("api.fault", trace=trace_id(request), exc_info=error)
    return problem("internal", trace_id(request))
