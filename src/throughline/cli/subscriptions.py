"""`subscriptions`: who is told of events by webhook."""

import getpass
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, out, span, table, talk
from throughline.cli.where import HERE, Where
from throughline.core.standard_webhooks import Signing
from throughline.hub import subscriptions
from throughline.hub.machine import Machine
from throughline.hub.subscriptions import Made, NoSuchSubscription, NotNow, NotSubscribable, Told

HIDDEN = {"secret", "previous", "fence"}


async def list_(*, json: bool = False, where: Where = HERE) -> int:
    """Who is told of events, and how far.

    Parameters
    ----------
    json
        One JSON document instead of a table.
    """
    async with _asked(where) as machine:
        told, now = await subscriptions.listed(machine), machine.clock()
    if json:
        document("subscriptions", [_plain(each) for each in told])
    elif not told:
        talk.print("Nobody is told of events.")
    else:
        rows = [(t.row["id"], t.row["state"], _behind(t, now), t.row["url"], t.row["why"] or "") for t in told]
        table(("subscription", "state", "behind", "to", "why"), rows, flexible=4)
    return Exit.DONE


async def show(subscription: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One subscription as it stands.

    Parameters
    ----------
    subscription
        Its id.
    json
        One JSON document instead of text.
    """
    async with _asked(where) as machine:
        told, now = await subscriptions.one(machine, subscription), machine.clock()
    if json:
        document("subscription", _plain(told))
        return Exit.DONE
    row = told.row
    for name, said in (
        ("to", row["url"]),
        ("types", ", ".join(row["types"]) or "all"),
        ("state", row["state"]),
        ("why", row["why"]),
        ("behind", _behind(told, now)),
        ("signed", row["signing"]),
        ("public key", row["public_key"]),
        ("since", clock(row["created_at"])),
    ):
        if said:
            out.print(f"  {name:<11} {said}", markup=False, soft_wrap=True)
    after(where.again(f"subscriptions deliveries {subscription}"))
    return Exit.DONE


async def create(url: str, /, *, types: tuple[str, ...] = (), signing: Signing = Signing.SHARED,
                 json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """Have events sent to an address from now on.

    Deliveries are signed as Standard Webhooks 1.0 says.

    Parameters
    ----------
    url
        Where to: an address that begins with https://, or mailto:name@example.com.
    types
        Only these types of events; all of them if not said. May be given several times.
    signing
        v1 shares a secret; v1a signs with a key only we have.
    json
        One JSON document instead of text.
    """
    async with _asked(where) as machine:
        made = await subscriptions.create(machine, url, types=types, signing=signing, person=getpass.getuser())
        told = await subscriptions.one(machine, made.id)
    return _say_secret(made, told, json=json)


async def pause(subscription: str, /, *, where: Where = HERE) -> int:
    """Send nothing until it is resumed; nothing is lost.

    Parameters
    ----------
    subscription
        Its id.
    """
    async with _asked(where) as machine:
        await subscriptions.pause(machine, subscription, person=getpass.getuser())
    talk.print(f"{subscription} is paused.")
    after(where.again(f"subscriptions resume {subscription}"))
    return Exit.DONE


async def resume(subscription: str, /, *, where: Where = HERE) -> int:
    """Send what waits, and what happens from now on.

    Parameters
    ----------
    subscription
        Its id.
    """
    async with _asked(where) as machine:
        await subscriptions.resume(machine, subscription, person=getpass.getuser())
    talk.print(f"{subscription} is active; a worker sends what waits.")
    return Exit.DONE


async def delete(subscription: str, /, *, where: Where = HERE) -> int:
    """Send nothing any more, and drop what waits.

    Parameters
    ----------
    subscription
        Its id.
    """
    async with _asked(where) as machine:
        await subscriptions.delete(machine, subscription, person=getpass.getuser())
    talk.print(f"{subscription} is deleted.")
    return Exit.DONE


async def rotate(subscription: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """Make a new secret; the old one signs for a day more.

    Parameters
    ----------
    subscription
        Its id.
    json
        One JSON document instead of text.
    """
    async with _asked(where) as machine:
        made = await subscriptions.rotate(machine, subscription, person=getpass.getuser())
        told = await subscriptions.one(machine, subscription)
    return _say_secret(made, told, json=json)


async def try_out(subscription: str, /, *, where: Where = HERE) -> int:
    """Send an event that means nothing, once and now.

    Parameters
    ----------
    subscription
        Its id.
    """
    async with _asked(where) as machine:
        found = await subscriptions.test(machine, subscription, person=getpass.getuser())
    if found.status is not None and 200 <= found.status < 300:
        out.print(f"It arrived: answered {found.status}.")
        return Exit.DONE
    out.print(f"It did not arrive: {found.why or f'answered {found.status}'}", markup=False, soft_wrap=True)
    return Exit.FOUND


async def recover(subscription: str, since: datetime, /, *, where: Where = HERE) -> int:
    """Send everything since a time that has not arrived.

    Parameters
    ----------
    subscription
        Its id.
    since
        From when on, such as 2026-11-20T06:00:00; in UTC when no offset is said.
    """
    moment = since if since.tzinfo else since.replace(tzinfo=UTC)
    async with _asked(where) as machine:
        made = await subscriptions.recover(machine, subscription, moment, person=getpass.getuser())
    talk.print(f"{made.again} that were given up are sent again, and whatever was never tried since then.")
    return Exit.DONE


async def deliveries(subscription: str, /, *, failed: bool = False, limit: int = 50, json: bool = False,
                     where: Where = HERE) -> int:  # fmt: skip
    """What was sent and what is on its way.

    Parameters
    ----------
    subscription
        Its id.
    failed
        Only those that were given up.
    limit
        How many at most.
    json
        One JSON document instead of a table, with every attempt.
    """
    async with _asked(where) as machine:
        found = (await subscriptions.delivered(machine, subscription, failed=failed, limit=limit)).rows
    if json:
        document("deliveries", [{**each.delivery, "attempts": [dict(a) for a in each.attempts]} for each in found])
    else:
        rows = [(r["event"], r["type"], r["subject"], r["state"], r["tried"], r["why"] or "")
                for r in (each.delivery for each in found)]  # fmt: skip
        table(("event", "type", "subject", "state", "tried", "why"), rows, flexible=5)
    return Exit.DONE


@asynccontextmanager
async def _asked(where: Where) -> AsyncGenerator[Machine]:
    async with asked(where.settings()) as machine:
        try:
            yield machine
        except NoSuchSubscription as error:
            raise Stop(f"{error} See: throughline subscriptions list", Exit.FOUND) from error
        except NotSubscribable as error:
            raise Stop(str(error), Exit.USAGE) from error
        except NotNow as error:
            raise Stop(str(error), Exit.CONFLICT) from error


def _say_secret(made: Made, told: Told, *, json: bool) -> int:
    if json:
        document("subscription", {**_plain(told), "secret": made.secret})
        return Exit.DONE
    out.print(f"subscription  {made.id}")
    if told.row["public_key"]:
        out.print(f"public key    {told.row['public_key']}", markup=False)
    else:
        out.print(f"secret        {made.secret}", markup=False)
        talk.print("The secret is not shown again. Give it to the receiver now.")
    return Exit.DONE


def _behind(told: Told, now: datetime) -> str:
    return span(now - told.behind_since) if told.behind_since else ""


def _plain(told: Told) -> dict[str, object]:
    shown = {name: value for name, value in told.row.items() if name not in HIDDEN}
    return {**shown, "behind_since": told.behind_since}
