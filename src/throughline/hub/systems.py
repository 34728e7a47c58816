"""Systems: what is installed, and whether it can be worked with now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from throughline.core.budget import Budget, left
from throughline.core.firm import System
from throughline.hub.machine import Machine
from throughline.store import budgets, cursors, lockouts, systems
from throughline.store.database import Row


class NoSuchSystem(LookupError):
    """The firm has no system of this name."""


class Condition(StrEnum):
    """Whether a system can be worked with."""

    OK = "ok"
    THROTTLED = "throttled"
    BREAKER_OPEN = "breaker_open"
    CREDENTIAL_REVOKED = "credential_revoked"


@dataclass(frozen=True, slots=True)
class Rest:
    """An endpoint that kept failing and is left alone for a while."""

    endpoint: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Poll:
    """How far one kind has been read; `why` says what stopped the last poll."""

    kind: str
    cursor: str | None
    polled_at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One system as it stands now. `left` is how many calls its budget allows at this moment."""

    name: str
    product: str
    address: str
    roles: tuple[str, ...]
    condition: Condition
    note: str
    last_contact: datetime | None
    calls_today: int
    failed_today: int
    per_day: int | None
    per_second: float | None
    burst: int | None
    left: int | None
    token_expires_at: datetime | None
    token_refreshed_at: datetime | None
    resting: tuple[Rest, ...]
    polls: tuple[Poll, ...]


async def listed(machine: Machine) -> list[Standing]:
    """Every system of the firm, in its own order."""
    pool, now = machine.pool, machine.clock()
    installed = (await machine.firms.current()).firm.systems
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    traffic = await systems.traffic(pool, since=midnight)
    contacts = await systems.contacts(pool, [each.name for each in installed])
    spent, tokens = await systems.call_budgets(pool), await systems.tokens(pool)
    locked = {row["system"]: row["why"] for row in await lockouts.listed(pool)}
    resting, polls = await budgets.breakers(pool, now=now), await cursors.listed(pool)
    return [
        _standing(
            each,
            traffic=traffic.get(each.name),
            contact=contacts.get(each.name),
            spent=spent.get(each.name),
            token=tokens.get(each.name),
            resting=tuple(
                Rest(r["endpoint"], r["open_until"], r["why"] or "") for r in resting if r["system"] == each.name
            ),
            polls=tuple(
                Poll(p["kind"], p["cursor"], p["polled_at"], p["why"])
                for p in polls
                if p["system"] == each.name and not p["kind"].startswith("(")
            ),
            locked=locked.get(each.name),
            now=now,
        )
        for each in installed
    ]


async def one(machine: Machine, name: str) -> Standing:
    for each in await listed(machine):
        if each.name == name:
            return each
    raise NoSuchSystem(f"The firm has no system {name}.")


def _standing(
    system: System, *, traffic: Row | None, contact: Row | None, spent: Row | None, token: Row | None,
    resting: tuple[Rest, ...], polls: tuple[Poll, ...], locked: str | None, now: datetime,
) -> Standing:  # fmt: skip
    condition, note = (Condition.CREDENTIAL_REVOKED, locked) if locked else _condition(contact, resting, polls)
    limits = system.limits
    burst = limits.burst or (max(int(limits.per_second), 1) if limits.per_second else None)
    return Standing(
        name=system.name,
        product=system.connector,
        address=system.url,
        roles=tuple(role.value for role in system.roles),
        condition=condition,
        note=note,
        last_contact=contact["at"] if contact else None,
        calls_today=traffic["calls"] if traffic else 0,
        failed_today=traffic["failed"] if traffic else 0,
        per_day=limits.per_day,
        per_second=limits.per_second,
        burst=burst,
        left=left(limits, Budget.read(spent["state"]) if spent else Budget(), now),
        token_expires_at=token["expires_at"] if token else None,
        token_refreshed_at=token["refreshed_at"] if token else None,
        resting=resting,
        polls=polls,
    )


def _condition(contact: Row | None, resting: tuple[Rest, ...], polls: tuple[Poll, ...]) -> tuple[Condition, str]:
    """The worst that is true, and why, in one sentence."""
    outcome = contact["outcome"] if contact else "fine"
    trouble = next((poll.why for poll in polls if poll.why), "")
    if outcome == "expired" or "let us in" in trouble or "credentials" in trouble:
        return Condition.CREDENTIAL_REVOKED, trouble or "It does not accept our credentials."
    if resting:
        return Condition.BREAKER_OPEN, f"{resting[0].endpoint} keeps failing and rests: {resting[0].why}"
    if outcome == "throttled":
        return Condition.THROTTLED, "It said that we are too fast, and is left alone for a while."
    if outcome == "notsent":
        return Condition.BREAKER_OPEN, trouble or "It could not be reached when it was last called."
    return Condition.OK, trouble
