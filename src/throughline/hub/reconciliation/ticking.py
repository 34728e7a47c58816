"""Reconciling by the clock: what is due is compared and counted, but not while everything else begins."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from throughline.hub.machine import Machine
from throughline.hub.reconciliation import census, making


@dataclass(slots=True)
class Reconciling:
    """One worker's part in it; the first look only says when the next one may be."""

    machine: Machine
    rest_seconds: float
    since: datetime | None = field(default=None)

    async def look(self) -> None:
        now = self.machine.clock()
        if self.since is None:
            self.since = now
        if now - self.since < timedelta(seconds=self.rest_seconds):
            return
        await making.all_due(self.machine)
        await census.all_due(self.machine)
