"""How a pass is interrupted, beyond the two errors content knows."""

from datetime import datetime

from throughline.core.errors import Hold
from throughline.core.money import Money

# Who mends what is no decision: a fault, or credentials that are not accepted.
SUPPORT = "Integration support"


class Question(Hold):
    """A hold that a choice answers. The choice is remembered under `name`."""

    def __init__(self, name: str, why: str, *, choices: tuple[str, ...], owner: str | None, amount: Money | None,
                 fix: str | None = None, kind: str = "question", candidates: tuple[dict[str, str], ...] = ()
                 ) -> None:  # fmt: skip
        super().__init__(why, fix=fix or f"Choose: {' or '.join(choices)}.", owner=owner, amount=amount,
                         candidates=candidates)  # fmt: skip
        self.name, self.choices, self.kind = name, choices, kind


class Waiting(Exception):
    """The run goes on at a moment, or when something happens; nobody has to do anything."""

    def __init__(self, why: str, *, until: datetime | None = None) -> None:
        super().__init__(why)
        self.why, self.until = why, until


class LockedOut(Waiting):
    """A system does not accept our credentials. One hold says so for all who wait; nobody calls until it is closed."""

    def __init__(self, system: str, why: str) -> None:
        super().__init__(why)
        self.system = system

    @property
    def about(self) -> str:
        """What a run that waits for it remembers having read, so that it is found when the system lets us in again."""
        return about_system(self.system)


class LaneLost(Exception):
    """Another worker has been let into this lane, or may be soon: this pass must not send nor commit."""


def about_system(name: str) -> str:
    return f"system/{name}"
