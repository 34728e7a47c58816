"""Access tokens: asked for once for all workers, kept sealed, and renewed before they expire."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from throughline.core import exact
from throughline.core.clock import Clock
from throughline.core.connector import Connector, Credentials, Token, TokenRequest
from throughline.store import tokens
from throughline.store.database import Pool, transaction

EARLY = timedelta(seconds=60)

type Post = Callable[[TokenRequest], Awaitable[Token]]


class Tokens:
    """The token of one system. `post` does the exchange; it runs in one worker at a time."""

    def __init__(self, pool: Pool, system: str, connector: Connector, credentials: Credentials, *, key: bytes,
                 clock: Clock) -> None:  # fmt: skip
        self._pool, self._system, self._connector, self._clock = pool, system, connector, clock
        self._credentials = credentials
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key).digest()))
        # Other credentials, other token: a token of the old ones is not taken for ours.
        self._fingerprint = exact.digest(sorted(credentials.secrets.items()), credentials.url)
        self._token: Token | None = None
        # Within the process they line up here: waiting in the database would hold a connection each.
        self._alone = asyncio.Lock()

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

    async def _renew(self, post: Post, *, instead_of: Token | None) -> Token:
        asked = self._connector.ask(self._credentials, self._clock())
        if isinstance(asked, Token):
            self._token = asked
            return asked
        async with self._alone:
            token = self._token
            if token is None or token == instead_of or self._stale(token):
                token = self._token = await self._shared(asked, post, instead_of=instead_of)
            return token

    async def _shared(self, asked: TokenRequest, post: Post, *, instead_of: Token | None) -> Token:
        """The one that another worker has fetched meanwhile, or a new one for everybody."""
        async with transaction(self._pool) as connection:
            await tokens.alone(connection, self._system)
            token = self._unseal(await tokens.one(connection, self._system))
            if token is None or self._stale(token) or token == instead_of:
                token = await post(asked)
                await tokens.keep(
                    connection,
                    self._system,
                    fingerprint=self._fingerprint,
                    sealed=self._seal(token),
                    expires_at=token.expires_at,
                    now=self._clock(),
                )
        return token

    def _stale(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - EARLY <= self._clock()

    def _seal(self, token: Token) -> bytes:
        said = asdict(token) | {"expires_at": token.expires_at.isoformat() if token.expires_at else None}
        return self._fernet.encrypt(exact.dumps(said).encode())

    def _unseal(self, row: Any) -> Token | None:
        if row is None or row["fingerprint"] != self._fingerprint:
            return None
        try:
            said = exact.loads(self._fernet.decrypt(row["sealed"]))
        except InvalidToken:
            return None  # sealed under another key: ask for a new one
        expires_at = said["expires_at"] and datetime.fromisoformat(said["expires_at"])
        return Token(headers=said["headers"], expires_at=expires_at, url=said["url"])
