"""How a pass came to its end: what stopped it and its parts, and what people and the run are told of that."""

from dataclasses import dataclass
from typing import Any

from throughline.core import exact
from throughline.core.causes import Cause, pattern
from throughline.core.errors import Hold, Retry
from throughline.hub.control import SUPPORT, LockedOut, Question
from throughline.hub.flow import Interruption, PartState, PassFlow
from throughline.store.database import Row
from throughline.store.holds import NewHold
from throughline.store.runs import PassEnd


@dataclass(frozen=True, slots=True)
class Stopped:
    """What stopped the parts and all, or a defect. Nothing, when it went through."""

    stops: list[tuple[PartState | None, Interruption]]
    defect: Exception | None = None

    @property
    def locked_out(self) -> set[str]:
        """The systems that did not let us in."""
        return {stop.system for _, stop in self.stops if isinstance(stop, LockedOut)}

    @property
    def judges(self) -> bool:
        """Whether it shows what became of what people decided: while a system is unwell, nobody can tell."""
        return not any(isinstance(stop, Retry | LockedOut) for _, stop in self.stops)

    def awaited(self) -> str | None:
        """What the whole run waits for, where that is one thing: the lane is parked there until it is its turn."""
        waits = [stop for _, stop in self.stops if not isinstance(stop, Hold)]
        awaited = {stop.awaits if isinstance(stop, Retry) else None for stop in waits}
        return awaited.pop() if len(awaited) == 1 else None

    def told(self, row: Row, flow: PassFlow, *, state: str, attempt: int, gathers: bool) -> PassEnd:
        """How the run stands from now on."""
        whys = [self._defect()] if self.defect else [stop.why for _, stop in self.stops]
        parts: list[dict[str, Any]] = [
            {"name": part.name, "state": part.state, "why": part.why, "owner": part.owner, **_worth(part)}
            for part in flow.parts
        ]
        reads = flow.reads | {stop.about for _, stop in self.stops if isinstance(stop, LockedOut)}
        why = "; ".join(whys) or None
        return PassEnd(row["id"], row["lane"], state, why, parts, sorted(reads), attempt, gathers)

    def holds(self, row: Row, flow: PassFlow) -> list[NewHold]:
        """What a person must decide before it can go on."""
        found = [_hold(row, flow, part, stop) for part, stop in self.stops if isinstance(stop, Hold)]
        if self.defect:
            fix = "This is a fault in the workflow or its data, not a decision: correct it, then release."
            found.append(_hold(row, flow, None, Hold(self._defect(), fix=fix, owner=SUPPORT), kind="defect"))
        return found

    def _defect(self) -> str:
        return f"{type(self.defect).__name__}: {self.defect}"


def _hold(row: Row, flow: PassFlow, part: PartState | None, stop: Hold, *, kind: str = "hold") -> NewHold:
    name = stop.name if isinstance(stop, Question) else (part.name if part else "process")
    amount = stop.amount or (part.amount if part else None)
    owner = stop.owner or (part.owner if part else None) or flow.firm.policies.hold_owner(row["workflow"])
    return NewHold(
        id=f"hold-{exact.digest(row['id'], name, row['passes'])[:10].lower()}",
        run=row["id"],
        lane=row["lane"],
        subject=row["subject"],
        part=part.name if part else None,
        name=name,
        kind=_kind(stop, kind),
        why=stop.why,
        fix=stop.fix,
        owner=owner,
        amount=amount.amount if amount else None,
        currency=amount.currency if amount else None,
        choices=stop.choices if isinstance(stop, Question) else (),
        candidates=list(stop.candidates),
        correlation=row["correlation"],
        cause=Cause(row["workflow"], part.name if part else None, _kind(stop, kind), pattern(stop.why, flow.names)),
        at_system=_at_system(flow, stop),
        refused_put=dict(stop.refused_put) if stop.refused_put else None,
    )


def _kind(stop: Hold, otherwise: str) -> str:
    return stop.kind if isinstance(stop, Question) else otherwise


def _at_system(flow: PassFlow, stop: Hold) -> str | None:
    """The system that would not be told, or else the first that the reason names."""
    if stop.refused_put:
        return stop.refused_put["system"]
    said = stop.why.lower().split()
    return next((system.name for system in flow.firm.systems if system.name in said), None)


def _worth(part: PartState) -> dict[str, str]:
    return {"amount": str(part.amount.amount), "currency": part.amount.currency} if part.amount else {}
