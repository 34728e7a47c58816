"""Access tokens: asked for once for all workers, kept sealed, and renewed before they expire.

A vendor may give a new refresh token at each use and take the old one no more. So that it is asked for is written down
before the call, and what came is kept before anybody uses it; a caller who gives up, or a database that is away, does
not stop that. See docs/decisions/0016-credentials.md.
"""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from cryptography.fernet import Fernet, InvalidToken

from throughline.core import exact
from throughline.core.clock import Clock
from throughline.core.connector import Connector, Credentials, Token, TokenRequest
from throughline.core.errors import Hold, Retry, Unknown
from throughline.hub.control import Waiting
from throughline.store import tokens
from throughline.store.database import AWAY, Pool, Row

log = structlog.get_logger()

EARLY = timedelta(seconds=60)
# Longer than a call may last: whoever has not written down an answer by then has lost it.
LEASE = timedelta(seconds=30)
LOOKS, LOOK_SECONDS = 50, 0.1
AGAIN_SECONDS = 1.0

type Post = Callable[[TokenRequest], Awaitable[Token]]
type Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept for these credentials, and its number in the row of tokens this system has had."""

    token: Token | None
    number: int


class Tokens:
    """The token of one system. `post` does the exchange; it runs in one worker at a time.

    It raises Unknown when their answer did not come through, and Hold when they said no.
    """

    def __init__(self, pool: Pool, system: str, connector: Connector, credentials: Credentials, *, key: bytes,
                 clock: Clock, sleep: Sleep = asyncio.sleep) -> None:  # fmt: skip
        self._pool, self._system, self._connector, self._clock = pool, system, connector, clock
        self._credentials, self._sleep = credentials, sleep
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key).digest()))
        # Other credentials, other token: a token of the old ones is not taken for ours.
        self.fingerprint = fingerprint(credentials)
        self._token: Token | None = None
        # Within the process they line up here: one looks into the database for all.
        self._alone = asyncio.Lock()
        self._asking: set[asyncio.Task[Token]] = set()

    @property
    def current(self) -> Token | None:
        return self._token

    async def get(self, post: Post) -> Token:
        token = self._token
        if token is None or self._stale(token):
            token = await self._renew(post, instead_of=token)
        return token

    async def replace(self, refused: Token, post: Post) -> Token:
        """The system did not accept this one, whatever its date says."""
        return await self._renew(post, instead_of=refused)

    async def finish(self) -> None:
        """Wait for what has been asked for: an answer nobody keeps may be the last the vendor gives."""
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _renew(self, post: Post, *, instead_of: Token | None) -> Token:
        asked = self._connector.ask(self._credentials, self._clock())
        if isinstance(asked, Token):
            self._token = asked
            return asked
        async with self._alone:
            token = self._token
            if token is None or token == instead_of or self._stale(token):
                token = self._token = await self._shared(post, instead_of=instead_of)
            return token

    async def _shared(self, post: Post, *, instead_of: Token | None) -> Token:
        """The one that another worker has fetched meanwhile, or a new one for everybody."""
        for _ in range(LOOKS):
            kept = await self._kept()
            if kept.token and kept.token != instead_of and not self._stale(kept.token):
                return kept.token
            now = self._clock()
            before = await tokens.ask(self._pool, self._system, fingerprint=self.fingerprint, now=now, lease=LEASE)
            if before:
                # Whoever asked until now may have kept one since we looked; a caller who gives up stops nothing.
                asking = asyncio.create_task(self._ask_and_keep(post, before, instead_of=instead_of))
                self._asking.add(asking)
                asking.add_done_callback(self._told)
                return await asyncio.shield(asking)
            await self._sleep(LOOK_SECONDS)
        raise Retry(f"somebody else is being let in by {self._system}", after=timedelta(seconds=AGAIN_SECONDS))

    async def _ask_and_keep(self, post: Post, before: Row, *, instead_of: Token | None) -> Token:
        kept = await self._kept()
        if kept.token and kept.token != instead_of and not self._stale(kept.token):
            await tokens.answered(self._pool, self._system)
            return kept.token
        refresh = kept.token.refresh if kept.token else None
        asked = self._connector.ask(replace(self._credentials, refresh=refresh), self._clock())
        if isinstance(asked, Token):
            return asked
        try:
            token = await post(asked)
        except Unknown as error:
            await tokens.unanswered(self._pool, self._system, now=self._clock())
            # In doubt is the token, not what it was wanted for: that has not been sent.
            raise Retry(error.why, after=error.after, awaits=error.awaits) from error
        except Hold as hold:
            raise await self._refused(hold, before) from hold
        except (Retry, Waiting):
            await tokens.answered(self._pool, self._system)
            raise
        return await self._keep(token, kept.number)

    async def _keep(self, token: Token, number: int) -> Token:
        """Whatever it takes: while the database is away, this process is the only place where it is."""
        while True:
            try:
                is_next = await tokens.keep(
                    self._pool, self._system, fingerprint=self.fingerprint, sealed=self._seal(token),
                    expires_at=token.expires_at, instead_of=number, now=self._clock(),
                )  # fmt: skip
                kept = token if is_next else (await self._kept()).token
            except AWAY as error:
                log.warning("token.not_kept_yet", system=self._system, why=f"{type(error).__name__}: {error}")
                await self._sleep(AGAIN_SECONDS)
            else:
                return kept or token

    async def _refused(self, hold: Hold, before: Row) -> Hold:
        """They said no. If an earlier answer never reached us, that is why, and only a person can get another."""
        if not before["unanswered"]:
            await tokens.answered(self._pool, self._system)
            return hold
        await tokens.unanswered(self._pool, self._system, now=self._clock())
        return Hold(
            f"{hold.why}. It was asked for a token at {before['asked_at']:%Y-%m-%d %H:%M:%S} UTC, and its answer,"
            " with what we should ask with next, was lost",
            fix=f"Authorise Throughline in {self._system} once more, put the new secret where"
            f" systems/{self._system}.yaml says it is, then release.",
        )

    async def _kept(self) -> _Kept:
        row = await tokens.one(self._pool, self._system)
        return _Kept(self._unseal(row), row["refreshes"] if row else 0)

    def _told(self, asking: "asyncio.Task[Token]") -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # whoever waits for it is told; if nobody does any more, it is no news

    def _stale(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - EARLY <= self._clock()

    def _seal(self, token: Token) -> bytes:
        said = asdict(token) | {"expires_at": token.expires_at.isoformat() if token.expires_at else None}
        return self._fernet.encrypt(exact.dumps(said).encode())

    def _unseal(self, row: Any) -> Token | None:
        if row is None or row["fingerprint"] != self.fingerprint:
            return None
        try:
            said = exact.loads(self._fernet.decrypt(row["sealed"]))
        except InvalidToken:
            return None  # sealed under another key: ask for a new one
        expires_at = said["expires_at"] and datetime.fromisoformat(said["expires_at"])
        return Token(said["headers"], expires_at, said["url"], said.get("refresh"))


def fingerprint(credentials: Credentials) -> str:
    """Tells credentials apart without showing them."""
    return exact.digest(sorted(credentials.secrets.items()), credentials.url)
