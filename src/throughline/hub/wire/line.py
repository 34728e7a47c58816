"""The line to one system: what happens around a call, from the breaker to the capture."""

import asyncio
import contextlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from throughline.core.clock import Clock
from throughline.core.connector import (
    Absent,
    Answer,
    Connector,
    Credentials,
    Expired,
    Fine,
    Refused,
    Throttled,
    Token,
    TokenRequest,
    Unwell,
    Verdict,
    retry_after,
)
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.firm import Limits
from throughline.hub.captures import Captures
from throughline.hub.wire import scrub
from throughline.hub.wire.bound import BoundHttp
from throughline.hub.wire.breaker import Breaker
from throughline.hub.wire.budget import SharedBudget
from throughline.hub.wire.call import Call, Context, understood
from throughline.hub.wire.gate import Gate, process_name
from throughline.hub.wire.lockout import Lockout, NotLetIn, letting_in
from throughline.hub.wire.tokens import Tokens
from throughline.hub.wire.transport import Lost, NotSent, Raw, Request, Transport
from throughline.store.captures import Capture
from throughline.store.database import Pool

THROTTLED_FOR = timedelta(seconds=2)


@dataclass(slots=True)
class Line:
    """One system's line. `http(context)` is what a connector is handed.

    With a `lockout`, a system that does not let us in is left alone by everybody; without, the caller is told.
    `renewed` fetches the credentials once more when it is over.
    """

    pool: Pool
    name: str
    connector: Connector
    credentials: Credentials
    limits: Limits
    transport: Transport
    captures: Captures
    clock: Clock
    key: bytes = field(repr=False)
    lockout: Lockout | None = None
    renewed: Callable[[], Credentials] | None = None
    gate: Gate = field(init=False)
    breaker: Breaker = field(init=False)
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        shared = SharedBudget(self.pool, self.name, self.credential, self.clock)
        self.gate = Gate(self.name, self.limits, shared, self.clock, worker=process_name(self.clock()))
        self.breaker = Breaker(self.pool, self.name, self.clock)
        self._forget_token()

    @property
    def credential(self) -> str:
        """What a vendor tells us apart by, in letters that do not give it away."""
        proofs = repr(sorted(self.credentials.secrets.items())).encode()
        return hmac.new(self.key, proofs, "sha256").hexdigest()[:12]

    def http(self, context: Context) -> BoundHttp:
        return BoundHttp(self, context)

    async def let_in(self) -> None:
        """Make sure there is a token, without asking for anything else."""
        await self.tokens.get(self._ask_for_token)

    async def call(self, call: Call) -> Answer:
        await self._is_let_in()
        await self.breaker.check(call.endpoint)
        tokens = self.tokens
        try:
            try:
                answer, verdict = await self._with_token(call, tokens)
            except NotLetIn as hold:
                raise await self._lock_out(hold, tokens) from hold
            return await self._judged(call, answer, verdict)
        except BaseException:
            await self.breaker.given_up(call.endpoint)
            raise

    async def _with_token(self, call: Call, tokens: Tokens) -> tuple[Answer, Verdict]:
        """A token that is not accepted is replaced once, and the call repeated."""
        with letting_in():
            token = await tokens.get(self._ask_for_token)
        answer, verdict = await self._said(call, token)
        if isinstance(verdict, Expired):
            refused = token
            with letting_in():
                token = await tokens.replace(refused, self._ask_for_token)
            if token != refused:
                answer, verdict = await self._said(call, token)
        if isinstance(verdict, Expired):
            raise NotLetIn(
                f"{self.name} does not accept our credentials: {self._plain(verdict.why)}",
                fix=f"Renew the credentials that systems/{self.name}.yaml refers to, then release.",
            )
        return answer, verdict

    async def _is_let_in(self) -> None:
        if self.lockout and await self.lockout.check() and self.renewed:
            with contextlib.suppress(LookupError):  # still missing: whoever asks with the old ones is told
                self.credentials = self.renewed()
            self._forget_token()

    async def _lock_out(self, hold: Hold, tokens: Tokens) -> Exception:
        if self.lockout is None:
            return hold
        if tokens is not self.tokens:
            return Retry(f"{self.name} has just been given other credentials")
        return await self.lockout.lock(hold, refused=tokens.fingerprint)

    def _forget_token(self) -> None:
        self.tokens = Tokens(self.pool, self.name, self.connector, self.credentials, key=self.key, clock=self.clock)

    async def _said(self, call: Call, token: Token) -> tuple[Answer, Verdict]:
        of = call.context
        # A poll begins where it stopped; only a pass makes all its calls again.
        number = await self.gate.enter(of.priority, of.lane, begun=of.lane is not None and self.name in of.called)
        of.called.add(self.name)
        request = Request(
            call.method,
            self._address(call.path, token),
            {**call.headers, **token.headers, **call.context.trace},
            call.body,
        )
        try:
            if self.lockout:
                self.lockout.obey()
            if not call.safe:
                call.context.may_send()
            began = self.clock()
            try:
                raw = await self.transport.exchange(request)
            except (NotSent, Lost) as error:
                await self._lost(call, request, began, error)
            except asyncio.CancelledError:
                self._capture(call.context, request, began, Raw(0, {}, b"we stopped listening"), "unknown")
                raise
        finally:
            self.gate.leave(number)
        answer = understood(raw)
        verdict = self.connector.judge(answer)
        self.gate.answered(well=not isinstance(verdict, Unwell))
        self._capture(call.context, request, began, raw, _outcome(verdict))
        if isinstance(verdict, Throttled):
            await self.gate.throttled(verdict.after or THROTTLED_FOR, sent=began)
        else:
            self.gate.allowed()
        return answer, verdict

    def _address(self, path: str, token: Token) -> str:
        """A path is theirs, wherever they are; a whole address must be theirs too, or our token goes to a stranger."""
        base = token.url or self.credentials.url
        if not path.startswith(("http:", "https:")):
            return f"{base}{path}"
        theirs = {urlsplit(each)[:2] for each in (base, self.credentials.url)}
        if urlsplit(path)[:2] not in theirs:
            raise self._refusal(f"it sends us to {urlsplit(path).netloc}, which is not its own address")
        return path

    async def _lost(self, call: Call, request: Request, began: datetime, error: NotSent | Lost) -> NoReturn:
        outcome, why = "notsent" if isinstance(error, NotSent) else "unknown", self._plain(str(error))
        self._capture(call.context, request, began, Raw(0, {}, str(error).encode()), outcome)
        self.gate.answered(well=False)
        await self.breaker.failed(call.endpoint, why)
        if isinstance(error, NotSent):
            raise Retry(f"{self.name} cannot be reached: {why}", awaits=self.breaker.place(call.endpoint)) from error
        if call.safe:
            raise Retry(f"{self.name} did not answer: {why}", awaits=self.breaker.place(call.endpoint)) from error
        raise Unknown(f"{self.name} may or may not have done it: {why}") from error

    async def _judged(self, call: Call, answer: Answer, verdict: Verdict) -> Answer:
        if not isinstance(verdict, Unwell):
            await self.breaker.worked(call.endpoint)
        match verdict:
            case Fine():
                return answer
            case Absent() if call.safe:
                return answer
            case Refused(why, fix=fix):
                raise self._refusal(why, fix)
            case Absent(why) | Expired(why):
                raise self._refusal(why)
            case Throttled(after):
                raise Retry(f"{self.name} says we are too fast", after=after or THROTTLED_FOR, awaits=self.name)
            case Unwell(said, nothing_happened, after):
                why = self._plain(said)
                await self.breaker.failed(call.endpoint, why)
                if call.safe or nothing_happened:
                    raise Retry(f"{self.name} is unwell: {why}", after=after, awaits=self.breaker.place(call.endpoint))
                raise Unknown(f"{self.name} failed and may have done it all the same: {why}", after=after)

    def _refusal(self, why: str, fix: str | None = None) -> Hold:
        fix = fix or f"Correct what {self.name} complains about, then release."
        return Hold(f"{self.name} refused: {self._plain(why)}", fix=self._plain(fix))

    async def _ask_for_token(self, asked: TokenRequest) -> Token:
        """Where tokens come from is an endpoint like any other: it is left alone while it keeps failing."""
        endpoint = f"POST {asked.path}"
        await self.breaker.check(endpoint)
        try:
            return await self._fetched_token(asked, endpoint)
        except BaseException:
            await self.breaker.given_up(endpoint)
            raise

    async def _fetched_token(self, asked: TokenRequest, endpoint: str) -> Token:
        body = urlencode(asked.form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        request = Request("POST", f"{self.credentials.url}{asked.path}", headers, body)
        if self.lockout:
            self.lockout.obey()
        began = self.clock()
        try:
            raw = await self.transport.exchange(request)
        except (NotSent, Lost) as error:
            self._capture(Context(), request, began, Raw(0, {}, str(error).encode()), "unknown")
            await self.breaker.failed(endpoint, self._plain(str(error)))
            why = f"{self.name} gave no access token: {self._plain(str(error))}"
            kind = Retry if isinstance(error, NotSent) else Unknown
            raise kind(why, awaits=self.breaker.place(endpoint)) from error
        answer = understood(raw)
        fine = raw.status < 300
        self._capture(Context(), request, began, raw, "fine" if fine else "refused")
        if raw.status >= 500 or raw.status == 429:
            await self.breaker.failed(endpoint, f"status {raw.status}")
            why, after = f"{self.name} gave no access token: {raw.status}", retry_after(answer)
            kind = Retry if raw.status == 429 else Unknown
            raise kind(why, after=after, awaits=self.breaker.place(endpoint))
        await self.breaker.worked(endpoint)
        if not fine or self.connector.read_token is None:
            said = answer.body if isinstance(answer.body, dict) else {}
            why = said.get("error_description") or said.get("error") or f"status {raw.status}"
            raise Hold(
                f"{self.name} does not let us in: {self._plain(str(why))}",
                fix=f"Check the credentials that systems/{self.name}.yaml refers to, then release.",
            )
        try:
            return self.connector.read_token(answer, self.clock())
        except (KeyError, TypeError, ValueError) as error:
            # A gateway's page in place of the answer, for example; what came is in the capture.
            raise Unknown(f"{self.name} gave no access token that can be read") from error

    def _plain(self, why: str) -> str:
        """What they say may repeat what we sent: it is told and logged without secrets."""
        return scrub.text(why, self._secrets())

    def _capture(self, context: Context, request: Request, at: datetime, raw: Raw, outcome: str) -> None:
        clean = scrub.exchange(request, raw, self._secrets())
        self.captures.keep(
            Capture(
                at=at,
                system=self.name,
                direction="out",
                state="done" if outcome in {"fine", "absent"} else "failed",
                method=request.method,
                url=clean.url,
                status=raw.status or None,
                outcome=outcome,
                took_ms=(self.clock() - at) / timedelta(milliseconds=1),
                correlation=context.correlation,
                run=context.run,
                request_headers=clean.request_headers,
                request_body=clean.request_body,
                answer_headers=clean.answer_headers,
                answer_body=clean.answer_body,
            )
        )

    def _secrets(self) -> list[str]:
        current = self.tokens.current
        bearer = [value.split()[-1] for value in current.headers.values()] if current else []
        refresh = [current.refresh] if current and current.refresh else []
        return [*self.credentials.secrets.values(), *bearer, *refresh]


def _outcome(verdict: Verdict) -> str:
    return type(verdict).__name__.lower()
