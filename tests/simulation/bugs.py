"""Bugs an engine like ours could have, each planted in one part of a process. The judge must find every one of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, override

from tests.simulation.firm import connectors, judge
from tests.simulation.parts import LifeFirms, Parts
from tests.simulation.weather import Weather
from throughline.core.connector import Answer, Unwell, Verdict
from throughline.core.firm import System
from throughline.hub.wire import Context, Line, Lost, NotSent, Raw, Request, Transport
from throughline.hub.wire.line import BoundHttp


@dataclass(frozen=True, slots=True)
class Bug:
    """A part that is broken, the weather that brings it to light, and how many lives that may take."""

    parts: Parts
    lives: int
    weather: Weather | None = None


@dataclass(frozen=True, slots=True)
class _Naive:
    """Takes silence for a no: whatever was not answered is sent again."""

    real: Transport

    async def exchange(self, request: Request) -> Raw:
        try:
            return await self.real.exchange(request)
        except Lost as error:
            raise NotSent(str(error)) from error


def _optimist(answer: Answer) -> Verdict:
    verdict = judge(answer)
    return replace(verdict, nothing_happened=True) if isinstance(verdict, Unwell) else verdict


class _CarelessLine(Line):
    """Sends without asking whether the lane is still ours."""

    @override
    def http(self, context: Context) -> BoundHttp:
        return BoundHttp(self, Context(context.correlation, context.run))


class _CarelessFirms(LifeFirms):
    @override
    def _line(self, system: System) -> Line:
        line = LifeFirms._line(self, system)
        return _CarelessLine(line.pool, line.name, line.connector, line.credentials, line.limits, line.transport,
                             line.captures, line.clock, line.key)  # fmt: skip


class _Rewritten:
    """A pool, or a connection of it, whose statements say something else than the store wrote."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def rewritten(self, query: str) -> str | None:
        """What is asked instead; None to leave it out."""
        return query

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self.real.fetch(self.rewritten(query), *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self.real.fetchrow(self.rewritten(query), *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self.real.fetchval(self.rewritten(query), *args)

    async def execute(self, query: str, *args: Any) -> Any:
        said = self.rewritten(query)
        return None if said is None else await self.real.execute(said, *args)

    async def copy_records_to_table(self, *args: Any, **named: Any) -> Any:
        return await self.real.copy_records_to_table(*args, **named)

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[Any]:
        async with self.real.acquire() as connection:
            yield type(self)(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Any]:
        async with self.real.transaction():
            yield self


class _Unforgetting(_Rewritten):
    """Overwrites a field of theirs, and goes on believing that it holds what was agreed before."""

    @override
    def rewritten(self, query: str) -> str | None:
        return None if query.startswith("update links set sent = sent -") else query


class _Deserted(_Rewritten):
    """Leaves a lane to the worker that claimed it, though it will never come back."""

    @override
    def rewritten(self, query: str) -> str:
        nobody = "select key from lanes where $1::timestamptz is null and $2::timestamptz is null"
        return nobody if query.startswith("update lanes set due_at = coalesce") else query


class _Unfenced(_Rewritten):
    """Commits what it did whether or not somebody else has been let into the lane."""

    @override
    def rewritten(self, query: str) -> str:
        return query.replace("and lanes.fence = next.fence", "").replace(
            "and fence = $2 for update", "and $2 > 0 for update"
        )


class _Torn(_Rewritten):
    """Starts a run in one transaction, and wakes its lane in the next."""

    _open: Any

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Any]:
        self._open = self.real.transaction()
        await self._open.__aenter__()
        try:
            yield self
        except BaseException as error:
            await self._open.__aexit__(type(error), error, error.__traceback__)
            raise
        await self._open.__aexit__(None, None, None)

    @override
    async def execute(self, query: str, *args: Any) -> Any:
        if query.startswith("insert into lanes"):
            await self._open.__aexit__(None, None, None)
            self._open = self.real.transaction()
            await self._open.__aenter__()
        return await self.real.execute(query, *args)


# What each guard is for, and nothing else: a process that stands still between an intent and its sending, or between
# what was sent and the end of its pass, while somebody else goes on; one that dies as soon as it has begun a run.
FAIR = Weather(**dict.fromkeys(Weather.__slots__, 0) | {"customers": 1})
FROZEN = replace(FAIR, deals=4, hesitations=1)
OVERTAKEN = replace(FAIR, renames=10, lingerings=4)
LATE = replace(FAIR, deals=4, late=0.3)
STRUCK = replace(FAIR, deals=4, strikes=6)

BUGS = {
    "the lanes of a worker that died are never freed": Bug(Parts(pool=_Deserted), 20),
    "an unknown outcome is taken for a failure, and sent again": Bug(
        Parts(
            transport=_Naive,
            connectors={name: replace(each, judge=_optimist) for name, each in connectors().items()},
        ),
        lives=10,
    ),
    "a lookup does not wait until the request must have arrived": Bug(
        Parts(connectors=connectors(settle_seconds=0)), 20, LATE
    ),
    "the lease is not looked at before sending": Bug(Parts(firms=_CarelessFirms), 25, FROZEN),
    "the fence is not checked at the commit": Bug(Parts(pool=_Unfenced), 30, OVERTAKEN),
    "a run and the wake-up of its lane are two transactions": Bug(Parts(pool=_Torn), 20, STRUCK),
    "an overwritten field is remembered as it was": Bug(Parts(pool=_Unforgetting), 60, OVERTAKEN),
}
