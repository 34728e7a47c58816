"""`people`: who may come in, as what, and limited to which legal entities."""

import getpass
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, span, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub import people, sessions
from throughline.hub.machine import Machine
from throughline.hub.people import NoSuchPerson, NotAllowedNow, NotAPerson


async def list_(*, json: bool = False, where: Where = HERE) -> int:
    """Who may come in, as what, and when they were last there.

    Parameters
    ----------
    json
        One JSON document instead of a table.
    """
    async with _asked(where) as machine:
        told, now = await people.listed(machine), machine.clock()
    if json:
        document("people", [dict(row) for row in told])
    elif not told:
        talk.print("Nobody is written down: whoever is on this machine is its admin.")
    else:
        rows = [
            (
                row["name"],
                ", ".join(row["roles"]),
                companies(row["legal_entities"]),
                row["keys"],
                span(now - row["seen_at"]) if row["seen_at"] else "",
            )
            for row in told
        ]
        table(("person", "roles", "companies", "keys", "seen"), rows, flexible=1)
    return Exit.DONE


async def add(person: str, /, *, role: tuple[str, ...], legal_entity: tuple[str, ...] = (), where: Where = HERE) -> int:
    """Let somebody in. From the first person on, everybody has to sign in.

    Parameters
    ----------
    person
        Their work address.
    role
        viewer, operator, approver, integrator, auditor or admin. May be given several times.
    legal_entity
        Only what belongs to this company of the firm; all of them if not said. May be given several times.
    """
    async with _asked(where) as machine:
        by = getpass.getuser()
        await people.add(machine, person, roles=role, legal_entities=list(legal_entity) or None, by=by)
    name = people.spelled(person)
    talk.print(f"{name} may come in as {', '.join(role)}.", markup=False)
    after(where.again(f"keys make --person {name} browser"))
    return Exit.DONE


async def role(
    person: str, /, *, role: tuple[str, ...], legal_entity: tuple[str, ...] = (), where: Where = HERE
) -> int:
    """Give somebody other roles or limits; they hold from their next request on.

    Parameters
    ----------
    person
        Their work address.
    role
        All the roles they have from now on: viewer, operator, approver, integrator, auditor or admin.
    legal_entity
        Only what belongs to this company of the firm; all of them if not said. May be given several times.
    """
    async with _asked(where) as machine:
        by = getpass.getuser()
        await people.change(machine, person, roles=role, legal_entities=list(legal_entity) or None, by=by)
    limits = f", limited to {', '.join(legal_entity)}" if legal_entity else ""
    talk.print(f"{people.spelled(person)} is {', '.join(role)} now{limits}.", markup=False)
    return Exit.DONE


async def sign_out(person: str, /, *, where: Where = HERE) -> int:
    """End every session of somebody's, in every browser.

    Parameters
    ----------
    person
        Their work address.
    """
    async with _asked(where) as machine:
        row = await people.one(machine, person)
        ended = await sessions.end_all(machine, row["name"], by=getpass.getuser())
    talk.print(f"{row['name']} was signed in in {ended} browsers, and is not any more.", markup=False)
    return Exit.DONE


async def remove(person: str, /, *, where: Where = HERE) -> int:
    """Let somebody in no more; their keys and sessions end with them.

    Parameters
    ----------
    person
        Their work address.
    """
    async with _asked(where) as machine:
        await people.remove(machine, person, by=getpass.getuser())
    talk.print(f"{people.spelled(person)} is not let in any more.", markup=False)
    return Exit.DONE


def companies(limits: Sequence[str] | None) -> str:
    """Which companies somebody is limited to, in a list."""
    return "all" if limits is None else ", ".join(limits)


@asynccontextmanager
async def _asked(where: Where) -> AsyncGenerator[Machine]:
    try:
        async with asked(where.settings()) as machine:
            yield machine
    except NoSuchPerson as error:
        raise Stop(f"{error} See `throughline people list`.", Exit.FOUND) from error
    except NotAPerson as error:
        raise Stop(str(error), Exit.USAGE) from error
    except NotAllowedNow as error:
        raise Stop(str(error), Exit.CONFLICT) from error
