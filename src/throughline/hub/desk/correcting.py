"""Edit and retry: a person corrects a value that a system refused, and the run goes on with it.

The value must be one the entity may have and the mapping can write. It is said to that system by that run alone, as
long as the run would still say what was refused: a correction at the source outdoes it.
"""

from functools import partial
from typing import Any

from pydantic import ValidationError

from throughline.core import exact
from throughline.core.entities import entity_kind
from throughline.core.forms import Unreadable
from throughline.core.masking import hides
from throughline.hub import holds
from throughline.hub.applied import Applied, Spelled
from throughline.hub.desk.hands import Told
from throughline.hub.holds import NotPossible, still_open
from throughline.hub.machine import Machine
from throughline.hub.once import Once, kept
from throughline.store import corrections, entities, journal
from throughline.store.corrections import Correction
from throughline.store.database import Row, Sql, transaction
from throughline.store.seen_by import hidden_here, working_out


async def correct(machine: Machine, id_: str, field: str, value: Any, *, person: str, reason: str,
                  once: Once | None = None) -> Told:  # fmt: skip
    """Say this instead, and release. Refused with the reason when the entity or the mapping cannot have it."""
    if hides(field, hidden_here() or frozenset()):
        raise NotPossible(f"{field} is masked for you: somebody who may see it must correct it.")
    applied = await machine.firms.current()
    # The whole is needed to tell whether it may be, also what is masked in it; none of that is told.
    with working_out():
        return await _done(machine, id_, applied, {field: value}, person=person, reason=reason, once=once)


async def _done(machine: Machine, id_: str, applied: Applied, said: dict[str, Any], *, person: str, reason: str,
                once: Once | None) -> Told:  # fmt: skip
    async with transaction(machine.pool) as sql:
        deed = partial(_corrected, machine, sql, id_, applied, said, person=person, reason=reason)
        told = await kept(sql, once, deed, now=machine.clock())
    await machine.wakes.now([told["lane"]])
    return told


def typed(text: str) -> Any:
    """A value as people write it: JSON where it is JSON (an object, a list, a number), otherwise the text itself."""
    try:
        return exact.loads(text) if text[:1] in {"{", "["} else text
    except ValueError:
        return text


async def _corrected(machine: Machine, sql: Sql, id_: str, applied: Applied, said: dict[str, Any], *, person: str,
                     reason: str) -> Told:  # fmt: skip
    row = await still_open(sql, id_)
    put, ((field, value),) = row["refused_put"], said.items()
    if put is None or field not in put["fields"]:
        there = f"correct {', '.join(sorted(put['fields']))}" if put else "correct the cause, then release it"
        raise NotPossible(f"{id_} is not about {field!r}: {there}.")
    value = _of_the_entity(put, field, value)
    await _refuse_unwritable(sql, applied, put, {field: value})
    correction = Correction(row["run"], put["system"], put["entity"], field, put["fields"][field], value)
    await corrections.keep(sql, correction, person=person, reason=reason, now=machine.clock())
    detail = {"field": field, "from": correction.instead_of, "to": value, "reason": reason, "run": row["run"]}
    await journal.note(sql, actor=person, action="corrected", object_=id_, detail=detail, now=machine.clock())
    return await holds.released(machine, sql, id_, person=person, reason=f"{field} corrected: {reason}")


def _of_the_entity(put: Row | dict[str, Any], field: str, value: Any) -> Any:
    """The value as the entity has it, or why it cannot."""
    kind = entity_kind(put["kind"])
    try:
        whole = kind.model_validate({**put["whole"], field: value})
    except (ValidationError, ValueError) as error:
        wrong = "; ".join(each["msg"] for each in error.errors()) if isinstance(error, ValidationError) else str(error)
        raise NotPossible(f"A {kind.kind.replace('_', ' ')} cannot have {value!r} as {field}: {wrong}") from error
    return whole.model_dump(mode="json")[field]


async def _refuse_unwritable(sql: Sql, applied: Applied, put: dict[str, Any], said: dict[str, Any]) -> None:
    mapping = applied.mapping(put["system"], put["kind"])
    if mapping is None:
        raise NotPossible(f"{put['system']} has no place for a {put['kind']}: change `serves` in its file.")
    fields = {**put["fields"], **said}
    keys: dict[tuple[str, str], str] = {}
    for kind, id_ in mapping.pointers(fields):
        if link := await entities.link_of(sql, id_, put["system"], kind):
            keys[kind, id_] = link.key
    try:
        mapping.write(fields, names=Spelled(applied, {}, keys), around={**put["whole"], **said})
    except Unreadable as error:
        raise NotPossible(f"{put['system']} cannot be told this: it {error}") from error
