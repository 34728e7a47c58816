"""Rights: what somebody may do. All of them, and which role has which, are on this page and nowhere else."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Right(StrEnum):
    """One thing that may be allowed. Each endpoint, and each address of the console, needs exactly one."""

    READ = "read"
    ESTATE = "estate"
    RATES = "rates"
    PLAN = "plan"
    DECIDE = "decide"
    APPROVE = "approve"
    CANCEL = "cancel"
    EXCHANGES = "exchanges"
    REPLAY = "replay"
    USAGE = "usage"
    SUBSCRIBE = "subscribe"
    FOLLOW = "follow"
    AUDIT = "audit"
    PEOPLE = "people"


class PersonRole(StrEnum):
    """What somebody is to the machine; a person has one or several."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    INTEGRATOR = "integrator"
    AUDITOR = "auditor"
    ADMIN = "admin"


ALL = frozenset(Right)
# Nobody has to be let in to see this: health, the login, the files of the console.
OPEN = "open"

MEANING: Mapping[Right, str] = {
    Right.READ: "See engagements, holds, runs, and what is not reconciled.",
    Right.ESTATE: "See how the systems stand, and whether the whole firm reconciles.",
    Right.RATES: "See rates, salaries and what else the firm masks; they are masked for everybody else.",
    Right.PLAN: "See what a change order or a run would do, before it does it.",
    Right.DECIDE: "Answer and release holds.",
    Right.APPROVE: "Say yes or no where an approval is asked for.",
    Right.CANCEL: "Cancel runs.",
    Right.EXCHANGES: "Read what was exchanged with systems, to the letter, and what failed and was set aside.",
    Right.REPLAY: "Go through again what failed, or was gone through before.",
    Right.USAGE: "Hand in what meters said, to be billed with the month.",
    Right.SUBSCRIBE: "Say who is told of events, and how.",
    Right.FOLLOW: "Follow every event, and read the figures of the machine.",
    Right.AUDIT: "Read the audit log, prove it, and take evidence home.",
    Right.PEOPLE: "Say who may come in, as what, and with which keys.",
}

_SEE = frozenset({Right.READ, Right.ESTATE})
_WORK = _SEE | {Right.PLAN, Right.DECIDE}
ROLES: Mapping[PersonRole, frozenset[Right]] = {
    PersonRole.VIEWER: _SEE,
    PersonRole.OPERATOR: _WORK | {Right.CANCEL},
    PersonRole.APPROVER: _WORK | {Right.APPROVE, Right.RATES},
    PersonRole.INTEGRATOR: _WORK
    | {Right.CANCEL, Right.EXCHANGES, Right.REPLAY, Right.USAGE, Right.SUBSCRIBE, Right.FOLLOW},
    PersonRole.AUDITOR: _SEE | {Right.RATES, Right.EXCHANGES, Right.AUDIT},
    PersonRole.ADMIN: ALL,
}

FOR: Mapping[PersonRole, str] = {
    PersonRole.VIEWER: "sees how things stand",
    PersonRole.OPERATOR: "works the holds, and cancels runs",
    PersonRole.APPROVER: "works the holds, approves, and sees rates for it",
    PersonRole.INTEGRATOR: "looks after the systems: exchanges, replays, subscriptions",
    PersonRole.AUDITOR: "reads everything, the audit log too, and changes nothing",
    PersonRole.ADMIN: "everything, and who comes in",
}

# What these show or do belongs to the whole firm. Whoever is limited to some of its companies has none of them.
OF_THE_WHOLE_FIRM = frozenset(
    {Right.ESTATE, Right.EXCHANGES, Right.REPLAY, Right.USAGE, Right.SUBSCRIBE, Right.FOLLOW, Right.AUDIT, Right.PEOPLE}
)


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who was let in: under which name, with which rights, and limited to which legal entities, if to any."""

    name: str
    rights: frozenset[Right]
    legal_entities: frozenset[str] | None = None

    def may(self, needed: Right | None) -> bool:
        """What says not what it needs is for those only who may do everything."""
        return self.rights == ALL if needed is None else needed in self.rights


def rights_of(roles: Iterable[str], *, limited: bool) -> frozenset[Right]:
    """Everything that any of these roles may do."""
    together = frozenset[Right]().union(*(ROLES[PersonRole(role)] for role in roles))
    return together - OF_THE_WHOLE_FIRM if limited else together


def both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The legal entities that two limits leave; None is no limit."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def needs[F: Callable[..., Any]](right: Right) -> Callable[[F], F]:
    """Says of an endpoint which right it needs. The door's guard looks before anything of the request is read."""

    def declare(endpoint: F) -> F:
        endpoint.__dict__["needs"] = right
        return endpoint

    return declare


def open_to_all[F: Callable[..., Any]](endpoint: F) -> F:
    """Says of an endpoint that nobody has to be let in to use it."""
    endpoint.__dict__["needs"] = OPEN
    return endpoint


def needed_by(endpoint: object) -> Right | str | None:
    """The right an endpoint said it needs, OPEN, or None when it said nothing."""
    return getattr(endpoint, "needs", None)
