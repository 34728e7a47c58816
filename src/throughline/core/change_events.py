"""What happens to a contract after it is signed, and how a change of an entity means it: change orders and renewals."""

from typing import ClassVar

from throughline.core.entities import ApprovalState, RenewalState
from throughline.core.entities.base import Day
from throughline.core.event import Detector, Event, Fields
from throughline.core.money import Money


class ChangeOrderProposed(Event):
    """A change of what was agreed is on the table: its effect can be worked out. Delivery asks by a scope change."""

    subject: ClassVar[str] = "change_order"
    change_order: str
    scope_change: str | None = None


class ChangeOrderApproved(Event):
    """The customer agreed to a change of what was agreed."""

    subject: ClassVar[str] = "change_order"
    change_order: str


class ChangeOrderApplied(Event):
    """Every system has a change: from now on the contract is worth this."""

    subject: ClassVar[str] = "change_order"
    change_order: str
    contract: str
    version: int
    value: Money


class RenewalUpcoming(Event):
    """A contract is about to end, and somebody works on its next term."""

    subject: ClassVar[str] = "renewal"
    renewal: str
    renews: str


class RenewalConfirmed(Event):
    """The customer goes on for another term."""

    subject: ClassVar[str] = "renewal"
    renewal: str
    renews: str


class RenewalPlanned(Event):
    """A contract ends soon: its next term, which lasts until `until`, was put before sales."""

    subject: ClassVar[str] = "contract"
    contract: str
    renews: str
    ends: Day
    until: Day


class ContractRenewed(Event):
    """A contract goes on for another term, with the project it has: from now on it is worth this."""

    subject: ClassVar[str] = "contract"
    contract: str
    project: str
    renewal: str
    ends: Day
    value: Money


ON_THE_TABLE = frozenset({ApprovalState.SUBMITTED, ApprovalState.APPROVED})
AHEAD = frozenset({RenewalState.UPCOMING, RenewalState.PROPOSED, RenewalState.CONFIRMED})


def _proposed(before: Fields, after: Fields) -> Event | None:
    if after.get("state") not in ON_THE_TABLE or before.get("state") in ON_THE_TABLE or not after.get("amends"):
        return None
    return ChangeOrderProposed(change_order=after["id"])


def _approved(before: Fields, after: Fields) -> Event | None:
    yes = ApprovalState.APPROVED
    if after.get("state") != yes or before.get("state") == yes or not after.get("amends"):
        return None
    return ChangeOrderApproved(change_order=after["id"])


def _asked(before: Fields, after: Fields) -> Event | None:
    """Delivery asks for a change: from here on it is a change order like any other, under the same id."""
    if after.get("state") not in ON_THE_TABLE or before.get("state") in ON_THE_TABLE or not after.get("project"):
        return None
    return ChangeOrderProposed(change_order=after["id"], scope_change=after["id"])


def _granted(before: Fields, after: Fields) -> Event | None:
    yes = ApprovalState.APPROVED
    if after.get("state") != yes or before.get("state") == yes or not after.get("project"):
        return None
    return ChangeOrderApproved(change_order=after["id"])


def _upcoming(before: Fields, after: Fields) -> Event | None:
    """One that was confirmed before anybody told us of it is still one to plan for."""
    if after.get("state") not in AHEAD or before.get("state") in AHEAD or not after.get("renews"):
        return None
    return RenewalUpcoming(renewal=after["id"], renews=after["renews"])


def _confirmed(before: Fields, after: Fields) -> Event | None:
    yes = RenewalState.CONFIRMED
    if after.get("state") != yes or before.get("state") == yes or not after.get("renews"):
        return None
    return RenewalConfirmed(renewal=after["id"], renews=after["renews"])


DETECTORS: dict[str, tuple[Detector, ...]] = {
    "change_order": (_proposed, _approved),
    "scope_change": (_asked, _granted),
    "renewal": (_upcoming, _confirmed),
}
