"""What hands do with one hold over HTTP: assign, snooze, note, correct, resolve."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from throughline.api.asking import Actor, TheMachine
from throughline.api.holds import Decision, HoldId, Key, decision_shape
from throughline.api.shapes import Asked
from throughline.core import exact
from throughline.core.rights import Right, needs
from throughline.hub.desk import correcting, hands
from throughline.hub.once import Once

router = APIRouter(tags=["process"])


class Assignment(Asked):
    """Whose it is from now on."""

    to: Annotated[str | None, Field(max_length=200, description="null for nobody.", examples=["Ann"])]
    reason: Annotated[str | None, Field(max_length=1000)] = None


class Snooze(Asked):
    """Until when it is out of the queue."""

    until: AwareDatetime = Field(examples=["2026-12-01T08:00:00Z"])
    reason: Annotated[str | None, Field(max_length=1000, examples=["The client is away."])] = None


class Note(Asked):
    """What the next person should know."""

    text: Annotated[str, Field(min_length=1, max_length=2000, examples=["Called them; they send the number tomorrow."])]


class CorrectedValue(Asked):
    """What a system is to be told instead."""

    field: Annotated[str, Field(min_length=1, max_length=200, examples=["tax_code"])]
    value: Any = Field(description="As the entity has it.", examples=["DE-RC-13B"])
    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["Reverse charge applies."])]


class Resolution(Asked):
    """Why nothing more has to be done."""

    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["Billed by hand, INV-1042."])]


@router.post("/holds/{id}/assign")
@needs(Right.DECIDE)
async def assign_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - the name in the path
    asked: Assignment,
    key: Key,
    response: Response,
) -> Decision:
    """Give it to somebody, or to nobody; its owner stays who the policy says."""
    once = Once(key, exact.digest("assign", id, asked.to, asked.reason))
    told = await hands.assign(machine, id, asked.to, person=actor, reason=asked.reason, once=once)
    return decision_shape(told, response)


@router.post("/holds/{id}/snooze")
@needs(Right.DECIDE)
async def snooze_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - the name in the path
    asked: Snooze,
    key: Key,
    response: Response,
) -> Decision:
    """Out of the queue until a time; then it comes back by itself, with the clock it had."""
    once = Once(key, exact.digest("snooze", id, asked.until.isoformat(), asked.reason))
    told = await hands.snooze(machine, id, asked.until, person=actor, reason=asked.reason, once=once)
    return decision_shape(told, response)


@router.post("/holds/{id}/note")
@needs(Right.DECIDE)
async def note_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - the name in the path
    asked: Note,
    key: Key,
    response: Response,
) -> Decision:
    """Something the next person should know; kept in the journal."""
    once = Once(key, exact.digest("note", id, asked.text))
    return decision_shape(await hands.note(machine, id, asked.text, person=actor, once=once), response)


@router.post("/holds/{id}/correct")
@needs(Right.DECIDE)
async def correct_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - the name in the path
    asked: CorrectedValue,
    key: Key,
    response: Response,
) -> Decision:
    """Edit a value that could not be sent, checked against entity and mapping, and release. For this run alone."""
    once = Once(key, exact.digest("correct", id, asked.field, asked.value, asked.reason))
    told = await correcting.correct(machine, id, asked.field, asked.value, person=actor, reason=asked.reason, once=once)
    return decision_shape(told, response)


@router.post("/holds/{id}/resolve")
@needs(Right.DECIDE)
async def resolve_hold(
    machine: TheMachine,
    actor: Actor,
    *,
    id: HoldId,  # noqa: A002 - the name in the path
    asked: Resolution,
    key: Key,
    response: Response,
) -> Decision:
    """It was dealt with elsewhere: the run that waits is over, and sends nothing more."""
    once = Once(key, exact.digest("resolve", id, asked.reason))
    return decision_shape(await hands.resolve(machine, id, person=actor, reason=asked.reason, once=once), response)
