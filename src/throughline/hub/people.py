"""People, as admins know them: who may come in, as what, and limited to which legal entities."""

import re
from collections.abc import Sequence
from typing import Any

from throughline.core.rights import PersonRole
from throughline.hub.machine import Machine
from throughline.store import journal, people
from throughline.store.database import Row, Sql, transaction

# What an audit log can be read with: an address, or a name without spaces.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+@-]{0,99}")
# Under these names the machine itself, and whoever has its shared key, is written down.
TAKEN = frozenset({"api", "console", "throughline", "folder", "sign-in service"})


class NoSuchPerson(LookupError):
    """There is nobody of that name."""


class NotAllowedNow(Exception):
    """They are there, and this cannot be done to them; the text says why and what can."""


class NotAPerson(ValueError):
    """This cannot be a person; the text says why."""


async def listed(machine: Machine) -> list[Row]:
    return await people.listed(machine.pool)


async def one(machine: Machine, name: str) -> Row:
    row = next((each for each in await people.listed(machine.pool) if each["name"] == spelled(name)), None)
    if row is None:
        raise NoSuchPerson(f"There is nobody called {name}.")
    return row


async def add(
    machine: Machine, name: str, *, roles: Sequence[str], legal_entities: Sequence[str] | None, by: str
) -> None:
    """From the first person on, everybody has to sign in."""
    person, kept = _a_name(name), await _checked(machine, roles, legal_entities)
    now = machine.clock()
    async with transaction(machine.pool) as sql:
        if not await people.add(sql, person, roles=kept, legal_entities=legal_entities, by=by, now=now):
            raise NotAllowedNow(f"{person} is there already: change their roles instead.")
        await _note(machine, sql, "add person", person, by=by, detail={"roles": kept, "legal_entities": legal_entities})


async def change(
    machine: Machine, name: str, *, roles: Sequence[str], legal_entities: Sequence[str] | None, by: str
) -> None:
    """Other roles or other limits; they hold from the next request on."""
    person, kept = spelled(name), await _checked(machine, roles, legal_entities)
    _not_oneself(person, by)
    async with transaction(machine.pool) as sql:
        before = await people.change(sql, person, roles=kept, legal_entities=legal_entities)
        if before is None:
            raise NoSuchPerson(f"There is nobody called {name}.")
        said = {"roles": kept, "legal_entities": legal_entities, "before": dict(before)}
        await _note(machine, sql, "change person", person, by=by, detail=said)


async def remove(machine: Machine, name: str, *, by: str) -> None:
    """Their keys and sessions end with them; what they decided stays under their name."""
    person = spelled(name)
    _not_oneself(person, by)
    async with transaction(machine.pool) as sql:
        if not await people.remove(sql, person):
            raise NoSuchPerson(f"There is nobody called {name}.")
        await _note(machine, sql, "remove person", person, by=by, detail={})


def spelled(name: str) -> str:
    """One spelling for one person: what is an address in capitals is the same address."""
    return name.strip().lower()


def _a_name(name: str) -> str:
    person = spelled(name)
    if not _NAME.fullmatch(person) or person in TAKEN:
        raise NotAPerson(f"{name!r} cannot be a person's name: give a work address, such as anna@example.com.")
    return person


async def _checked(machine: Machine, roles: Sequence[str], legal_entities: Sequence[str] | None) -> list[str]:
    """The roles in their order. A limit to nothing, or to a company the firm does not have, is a slip of the pen."""
    if unknown := sorted(set(roles) - set(PersonRole)):
        raise NotAPerson(f"No such role: {', '.join(unknown)}. There are {', '.join(PersonRole)}.")
    if not roles:
        raise NotAPerson(f"Give at least one role: {', '.join(PersonRole)}.")
    await check_limits(machine, legal_entities)
    return [role.value for role in PersonRole if role in roles]


async def check_limits(machine: Machine, legal_entities: Sequence[str] | None) -> None:
    """Refuses a limit to nothing, and one to a company that the firm's folder does not name."""
    if legal_entities is None:
        return
    known = sorted(each.code for each in (await machine.firms.current()).firm.legal_entities)
    if not legal_entities:
        raise NotAPerson(f"A limit names at least one legal entity: {', '.join(known)}.")
    if unknown := sorted(set(legal_entities) - set(known)):
        raise NotAPerson(f"No such legal entity: {', '.join(unknown)}. There are {', '.join(known)}.")


def _not_oneself(person: str, by: str) -> None:
    if person == by:
        raise NotAllowedNow("Nobody changes their own roles: ask another admin, or use the command line.")


async def _note(machine: Machine, sql: Sql, action: str, person: str, *, by: str, detail: dict[str, Any]) -> None:
    now = machine.clock()
    await journal.note(sql, actor=by, action=action, object_=f"person {person}", detail=detail, now=now)
