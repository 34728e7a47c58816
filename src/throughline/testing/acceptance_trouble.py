"""Trouble on our side of the line: answers lost, requests lost or late, and the death of whoever sent them."""

from collections.abc import Mapping as Dict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from throughline.core.connector import DEADLINE_SECONDS, Answer, Http
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.mapping import Rung
from throughline.testing.acceptance_installed import Installed

type Fault = Literal["before", "after", "killed", "late"]

BEFORE: Fault = "before"
AFTER: Fault = "after"
KILLED: Fault = "killed"
LATE: Fault = "late"
SAFE = frozenset({"GET", "HEAD"})


class Killed(BaseException):
    """The process is dead. No connector may catch it, so it is no Exception."""


@dataclass(slots=True)
class Timeline:
    """Time as this attempt meets it: what is still on its way arrives when its moment has come."""

    installed: Installed
    now: float = 0
    under_way: list[tuple[float, Any]] = field(default_factory=list[tuple[float, Any]])

    async def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [each for each in self.under_way if each[0] <= until]:
            first = min(due, key=lambda each: each[0])
            self.under_way.remove(first)
            await self._pass(first[0] - self.now)
            # Nobody is left to hear the answer, whatever it is.
            with suppress(Hold, Retry):
                await first[1]()
        await self._pass(until - self.now)

    async def _pass(self, seconds: float) -> None:
        if seconds > 0:
            await self.installed.wait(seconds)
            self.now += seconds


class Trouble:
    """An Http on which the nth write meets a fault, once. Reads are left alone: they may be repeated anyway."""

    def __init__(self, installed: Installed, fault: Fault | None = None, *, at: int = 1) -> None:
        self._http: Http = installed.http
        self._fault, self._at = fault, at
        # What may be repeated must bear any lateness; what is looked for, as much as was declared.
        repeated = installed.mapping.rung in {Rung.UPSERT, Rung.IDEMPOTENCY_KEY}
        self._late = installed.mapping.settle_seconds if repeated else installed.mapping.late_seconds
        self.time = Timeline(installed)
        self.writes, self.struck = 0, False

    @property
    def settings(self) -> Dict[str, str]:
        return self._http.settings

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
        call = partial(self._http.call, method, path, params=params, json=json, headers=headers, text=text, reads=reads)
        if reads or method in SAFE:
            return await call()
        self.writes += 1
        if self._fault is None or self.struck or self.writes != self._at:
            return await call()
        self.struck = True
        return await self._strike(call)

    async def _strike(self, call: Any) -> Answer:
        if self._fault == LATE:
            await self.time.wait(DEADLINE_SECONDS)
            self.time.under_way.append((self.time.now + self._late, call))
            raise Unknown("no answer within the deadline")
        if self._fault != BEFORE:
            await call()
        if self._fault == KILLED:
            raise Killed
        raise Unknown("the connection broke")
