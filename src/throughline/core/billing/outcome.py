"""What becomes of one source line: a charge, no charge and why, or a hold that says what to do."""

from collections.abc import Callable
from dataclasses import dataclass

from throughline.core.entities import BillingItem
from throughline.core.errors import Hold
from throughline.core.money import Money


@dataclass(frozen=True, slots=True)
class Held:
    """A line somebody must look at; the other lines go on without it."""

    reference: str
    why: str
    fix: str
    owner: str | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class NotCharged:
    """A line in order that nobody pays for by itself: it costs us, and is not billed."""

    reference: str
    why: str


type Outcome = BillingItem | NotCharged | Held


def outcome(reference: str, decide: Callable[[], BillingItem | NotCharged]) -> Outcome:
    """The decision, or the line as a hold."""
    try:
        return decide()
    except Hold as hold:
        return Held(reference, hold.why, hold.fix, hold.owner, hold.amount)
