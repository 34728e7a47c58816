"""`keys`: what programs come in with, and people who have no sign-in service."""

import getpass
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.people import companies
from throughline.cli.printing import clock, document, out, span, table, talk
from throughline.cli.where import HERE, Where
from throughline.core.rights import ALL, Who
from throughline.hub import access_keys
from throughline.hub.access_keys import NoSuchKey, Wanted
from throughline.hub.machine import Machine
from throughline.hub.people import NoSuchPerson, NotAllowedNow, NotAPerson


async def list_(*, json: bool = False, where: Where = HERE) -> int:
    """Every key, what it is for, and when it was last used.

    Parameters
    ----------
    json
        One JSON document instead of a table.
    """
    async with _asked(where) as machine:
        told, now = await access_keys.listed(machine), machine.clock()
    shown = [{name: value for name, value in row.items() if name != "digest"} for row in told]
    if json:
        document("keys", shown)
    elif not told:
        talk.print("There are no keys.")
    else:
        rows = [
            (
                row["id"],
                row["name"],
                row["person"] or "",
                ", ".join(row["rights"]),
                companies(row["legal_entities"]),
                span(now - row["used_at"]) if row["used_at"] else "",
                "over" if now >= row["expires_at"] else clock(row["expires_at"]),
            )
            for row in told
        ]
        table(("key", "name", "person", "may", "companies", "used", "until"), rows, flexible=3)
    return Exit.DONE


async def make(name: str, /, *, right: tuple[str, ...] = (), person: str | None = None,
               legal_entity: tuple[str, ...] = (), days: int = 90, where: Where = HERE) -> int:  # fmt: skip
    """Make a key for a person or a program. It is shown this once.

    Parameters
    ----------
    name
        What it is for.
    right
        What it may do, such as read. May be given several times; a person's key may do all they may if not said.
    person
        Whose it is. It never does more than they may, and ends with them.
    legal_entity
        Only what belongs to this company of the firm. May be given several times.
    days
        After how many days it is over, 366 at most.
    """
    if not 1 <= days <= access_keys.LONGEST.days:
        raise Stop(f"A key is good for 1 to {access_keys.LONGEST.days} days.", Exit.USAGE)
    wanted = Wanted(name=name, rights=right, person=person, legal_entities=legal_entity or None, days=days)
    async with _asked(where) as machine:
        shown = await access_keys.make(machine, wanted, by=Who(getpass.getuser(), ALL))
    talk.print(f"{shown.id} is good for {days} days. Copy it now: only a digest of it is kept.")
    out.print(shown.secret, markup=False, soft_wrap=True)
    return Exit.DONE


async def remove(key: str, /, *, where: Where = HERE) -> int:
    """Refuse a key from now on.

    Parameters
    ----------
    key
        Its id.
    """
    async with _asked(where) as machine:
        await access_keys.remove(machine, key, by=getpass.getuser())
    talk.print(f"{key} is refused from now on.", markup=False)
    return Exit.DONE


@asynccontextmanager
async def _asked(where: Where) -> AsyncGenerator[Machine]:
    try:
        async with asked(where.settings()) as machine:
            yield machine
    except NoSuchKey as error:
        raise Stop(f"{error} See `throughline keys list`.", Exit.FOUND) from error
    except NoSuchPerson as error:
        raise Stop(f"{error} See `throughline people list`.", Exit.FOUND) from error
    except NotAPerson as error:
        raise Stop(str(error), Exit.USAGE) from error
    except NotAllowedNow as error:
        raise Stop(str(error), Exit.CONFLICT) from error
