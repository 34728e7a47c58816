"""Once: a request that may be sent again, under a key of the caller's. Its answer commits together with its effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from throughline.store import idempotency_keys
from throughline.store.database import Sql


class InFlight(Exception):
    """The same request is being worked on at this moment."""


class OtherRequest(Exception):
    """The key was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Once:
    """The caller's key, and a digest of what is asked: the same key must mean the same request."""

    key: str
    request: str

    async def before(self, sql: Sql) -> dict[str, Any] | None:
        """What was answered the first time, if there was one. Nobody else can be first until the transaction ends."""
        if not await idempotency_keys.alone(sql, self.key):
            raise InFlight("The same request is being worked on: ask again in a moment.")
        row = await idempotency_keys.one(sql, self.key)
        if row is None:
            return None
        if row["request"] != self.request:
            raise OtherRequest("This Idempotency-Key was used for another request: send a new key.")
        return row["body"]

    async def keep(self, sql: Sql, answer: dict[str, Any], *, now: datetime) -> None:
        await idempotency_keys.keep(sql, self.key, request=self.request, status=200, body=answer, now=now)


async def kept(sql: Sql, once: Once | None, act: Callable[[], Awaitable[dict[str, Any]]], *, now: datetime
               ) -> dict[str, Any]:  # fmt: skip
    """Do it, or say again what was said the first time."""
    if once and (told := await once.before(sql)):
        return {**told, "replayed": True}
    told = await act()
    if once:
        await once.keep(sql, told, now=now)
    return {**told, "replayed": False}
