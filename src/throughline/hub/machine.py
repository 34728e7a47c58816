"""The machine, whole: what the doors are handed."""

import random
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from pathlib import Path

from throughline.core.checkpoints import Signer
from throughline.core.clock import Clock
from throughline.core.connector import Connector
from throughline.core.ids import Ids
from throughline.core.workflow import Workflow
from throughline.hub.anchors import Anchor
from throughline.hub.captures import Captures
from throughline.hub.firms import Firms
from throughline.hub.horizon import Horizon
from throughline.hub.intake import Intake
from throughline.hub.lease import LEASE
from throughline.hub.outbox import Outbox, Teller
from throughline.hub.polls import Polls
from throughline.hub.runs import Runner
from throughline.hub.timekeeper import Timekeeper
from throughline.hub.wakes import Wakes
from throughline.hub.webhooks import Webhooks
from throughline.store.database import Pool


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything works on the same pool, clock and chance; nothing is found by looking around."""

    pool: Pool
    clock: Clock
    ids: Ids
    chance: random.Random
    connectors: Dict[str, Connector]
    workflows: tuple[Workflow, ...]
    firms: Firms
    captures: Captures
    wakes: Wakes
    archive: Path | None = None
    """Where what is over goes. Without it nothing is ever removed."""
    webhooks: Webhooks | None = None
    broker: Teller | None = None
    timekeeper: Timekeeper | None = None
    """Whose time `clock` is. Without it the clock is believed, as one that is driven is."""
    signer: Signer | None = None
    """Signs the audit log. Without it leaves wait."""
    anchor: Anchor | None = None

    @property
    def everything(self) -> tuple[Workflow, ...]:
        """The workflows, and what undoes them."""
        return (*self.workflows, *(undoing for each in self.workflows if (undoing := each.undoing)))

    def runner(self, worker: str) -> Runner:
        return Runner(
            pool=self.pool,
            firms=self.firms,
            workflows={each.name: each for each in self.everything},
            captures=self.captures,
            wakes=self.wakes,
            clock=self.clock,
            ids=self.ids,
            chance=self.chance,
            worker=worker,
            lease_length=LEASE,
            timekeeper=self.timekeeper,
        )

    def polls(self) -> Polls:
        return Polls(self.pool, self.firms, self.workflows, self.wakes, self.clock, self.ids)

    def intake(self) -> Intake:
        return Intake(self.pool, self.firms, self.workflows, self.captures, self.wakes, self.clock, self.ids)

    def outbox(self, worker: str) -> Outbox:
        tellers = {"webhook": self.webhooks, "nats": self.broker}
        there = {kind: teller for kind, teller in tellers.items() if teller is not None}
        return Outbox(self.pool, Horizon(self.pool), self.clock, worker, there)
