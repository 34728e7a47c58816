"""The swimlane chart of one engagement, from its story: what caused what, and what is still to come."""

from collections.abc import Sequence

from throughline.console.charts.lanes import Lane, Lanes, Point
from throughline.console.from_hub import wording
from throughline.console.states import State
from throughline.hub.stages import Reached, Stage
from throughline.hub.story import Beat

LANES = (("crm", "CRM"), ("hub", "HUB"), ("erp", "ERP"), ("psa", "PSA"), ("chat", "CHAT"))

# What each thing is called in three words at most, and what it waits for: the first of these that is there.
LABELS = {
    "OpportunityWon": "Closed-won",
    "customer": "Customer",
    "billing_plan": "Billing plan",
    "contract": "Contract",
    "project": "Project",
    "task": "Tasks",
    "demand": "Roles",
    "billing_milestone": "Milestones",
    "message": "Kick-off",
    "handoff": "Status back",
}
CAUSES: dict[str, tuple[tuple[str, ...], ...]] = {
    "customer/erp": (("began",),),
    "customer/psa": (("began",),),
    "billing_plan": (("customer/erp", "began"),),
    "contract": (("billing_plan", "customer/erp", "began"),),
    "project": (("customer/psa", "began"),),
    "task": (("project",),),
    "demand": (("task", "project"),),
    "billing_milestone": (("task", "project"),),
    "message": (("demand", "task", "project"),),
    "handoff": (("contract", "billing_plan", "customer/erp", "began"), ("message", "demand", "project")),
    "finance": (("contract", "billing_plan", "customer/erp", "began"),),
    "delivery": (("message", "demand", "task", "project", "customer/psa", "began"),),
    "gate": (("began",),),
}
TO_COME = {
    Stage.CUSTOMER: ("erp", "customer/erp", "Customer"),
    Stage.CONTRACT: ("erp", "contract", "Contract"),
    Stage.PROJECT: ("psa", "project", "Project"),
    Stage.KICK_OFF: ("chat", "message", "Kick-off"),
}


def chart(beats: Sequence[Beat], stages: Sequence[Reached]) -> Lanes:
    """What happened as points in the order it happened, and behind them what is still to come."""
    shown = [beat for beat in beats if _is_shown(beat)]
    points = [*_happened(shown), *_to_come(stages, shown)]
    used = {point.system for point in points} | {"hub"}
    lanes = [Lane(system=system, name=name) for system, name in LANES if system in used]
    others = sorted(used - {system for system, _ in LANES})
    started = f"{beats[0].at.day} {beats[0].at:%b}" if beats else ""
    return Lanes(
        lanes=(*lanes, *(Lane(system=each, name=each.upper()) for each in others)),
        points=tuple(points),
        started=started,
    )


def _is_shown(beat: Beat) -> bool:
    if beat.kind == "effect":
        return beat.entity in LABELS
    return beat.entity in {"OpportunityWon", "hold"}


def _happened(beats: Sequence[Beat]) -> list[Point]:
    points: list[Point] = []
    newest: dict[str, str] = {}
    before: Beat | None = None
    for beat in beats:
        name = _name(beat)
        elapsed = wording.lasted(beat.at - before.at) if before else ""
        points.append(
            Point(
                key=beat.key,
                system=beat.role,
                label=_label(beat),
                at=wording.at(beat.at).text,
                state=State(beat.state),
                elapsed=elapsed,
                causes=_causes(name, newest),
            )
        )
        newest[name] = beat.key
        if name == "OpportunityWon":
            newest["began"] = f"{beat.key}-read"
            points.append(_read(beat))
        before = beat
    return points


def _read(won: Beat) -> Point:
    return Point(
        key=f"{won.key}-read", system="hub", label="Deal read", at=wording.at(won.at).text, state=State.DONE,
        causes=(won.key,), beside=True,
    )  # fmt: skip


def _to_come(stages: Sequence[Reached], shown: Sequence[Beat]) -> list[Point]:
    there = {_name(beat): beat.key for beat in shown}
    missing = [each for each in stages if each.stage in TO_COME and each.state != "done"]
    points: list[Point] = []
    for each in missing:
        system, _, label = TO_COME[each.stage]
        running = each.state == "running"
        point = Point(
            key=f"to-come-{each.stage.value}", system=system, label=label, at="not yet", elapsed="not yet",
            state=State.RUNNING if running else State.WAITING, causes=_awaited(each.stage, missing, there),
            # Two in one lane cannot stand in one column.
            beside=bool(points) and system not in {other.system for other in points},
        )  # fmt: skip
        points.append(point)
    return points


def _awaited(stage: Stage, missing: Sequence[Reached], there: dict[str, str]) -> tuple[str, ...]:
    """What stands in its way: the hold of its part, or the stage before it that is missing too."""
    part = "finance" if stage in {Stage.CUSTOMER, Stage.CONTRACT} else "delivery"
    earlier = {Stage.CONTRACT: Stage.CUSTOMER, Stage.KICK_OFF: Stage.PROJECT}.get(stage)
    if earlier and any(each.stage is earlier for each in missing):
        return (f"to-come-{earlier.value}",)
    for name in (part, "gate"):
        if name in there:
            return (there[name],)
    return _causes(TO_COME[stage][1], there)


def _causes(name: str, newest: dict[str, str]) -> tuple[str, ...]:
    found = [next((newest[each] for each in options if each in newest), "") for options in CAUSES.get(name, ())]
    return tuple(dict.fromkeys(each for each in found if each))


def _name(beat: Beat) -> str:
    if beat.entity == "hold":
        return beat.part or "process"
    return f"customer/{beat.role}" if beat.entity == "customer" else beat.entity


def _label(beat: Beat) -> str:
    if beat.entity == "hold":
        return beat.title
    if beat.count > 1 and beat.entity != "handoff":
        return f"{beat.count} {LABELS[beat.entity].lower()}"
    return LABELS[beat.entity]
