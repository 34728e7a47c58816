"""Subscriptions, as people manage them: who is told of events, and what became of what they were told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from throughline.core.cloud_events import CloudEvent
from throughline.core.events import EVENTS
from throughline.core.letters import SCHEME, NotAnAddress, address_of
from throughline.core.standard_webhooks import SECRET_BYTES, Signing, public_key_of, secret_of
from throughline.core.targets import NotATarget
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.hub.outbox import KEPT
from throughline.hub.overview import Places, Slice
from throughline.hub.seal import Seal
from throughline.hub.webhooks import Answered, Webhooks, purpose
from throughline.store import deliveries, events, journal, subscriptions
from throughline.store.database import Row, Sql, transaction
from throughline.store.subscriptions import NewSubscription

# For this long deliveries carry two signatures, so that a receiver may change its secret when it suits.
ROTATION = timedelta(hours=24)
MOST_SUBSCRIPTIONS = 100


class NoSuchSubscription(LookupError):
    """There is no subscription of that id."""


class NotSubscribable(ValueError):
    """This cannot be subscribed to; the text says why."""


class NotNow(Exception):
    """The subscription is there, and this cannot be done to it; the text says why and what can."""


@dataclass(frozen=True, slots=True)
class Told:
    """A subscription as it stands, without its secret. `behind_since` is when its oldest undelivered event happened."""

    row: Row
    behind_since: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """What was decided. The secret is told this once, and never again: it is not even remembered with the answer."""

    id: str
    secret: str | None
    replayed: bool
    again: int = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """One delivery with every attempt at it."""

    delivery: Row
    attempts: tuple[Row, ...]


async def listed(machine: Machine) -> list[Told]:
    return [await _told(machine, row) for row in await subscriptions.listed(machine.pool)]


async def one(machine: Machine, id_: str) -> Told:
    row = await subscriptions.one(machine.pool, id_)
    if row is None:
        raise NoSuchSubscription(f"There is no subscription {id_}.")
    return await _told(machine, row)


async def create(
    machine: Machine, url: str, *, types: tuple[str, ...] = (), signing: Signing = Signing.SHARED, person: str,
    once: Once | None = None,
) -> Made:  # fmt: skip
    """Somebody wants to be told, from now on. Without types, of everything."""
    hooks = _webhooks(machine)
    if unknown := sorted(set(types) - set(EVENTS)):
        raise NotSubscribable(f"No such type of event: {', '.join(unknown)}.")
    _check(hooks, url)
    by_mail = url.startswith(SCHEME)
    id_, secret = machine.ids("subscription"), secret_of(machine.chance.randbytes(SECRET_BYTES), signing)

    async def add(sql: Sql) -> dict[str, Any]:
        if len(await subscriptions.listed(sql)) >= MOST_SUBSCRIPTIONS:
            raise NotNow(f"There are {MOST_SUBSCRIPTIONS} subscriptions: delete one that is not needed first.")
        sealed, public = hooks.safe.keep(purpose(id_), secret), public_key_of(secret)
        place, wanted = await events.newest(sql), tuple(sorted(set(types)))
        new = NewSubscription(id_, "webhook", url, wanted, signing, public, sealed, place)
        if by_mail:
            new = NewSubscription(id_, "webhook", url, wanted, "none", None, None, place)
        await subscriptions.add(sql, new, now=machine.clock())
        return {"id": id_}

    told = await _done(machine, "subscribe", id_, add, person=person, once=once, detail={"url": url})
    shared = None if told["replayed"] or by_mail else _shared(secret)
    return Made(told["id"], shared, told["replayed"])


async def pause(machine: Machine, id_: str, *, person: str, once: Once | None = None) -> Made:
    """Nothing is sent until it is resumed; what happens meanwhile is told then."""

    async def stop(sql: Sql) -> dict[str, Any]:
        row = await _there(sql, id_)
        if row["state"] == "off":
            raise NotNow(f"{id_} is switched off already: {row['why']} Resume it, or delete it.")
        await subscriptions.stand(sql, id_, "paused", why=f"Paused by {person}.", now=machine.clock())
        return {"id": id_}

    return _made(await _done(machine, "pause", id_, stop, person=person, once=once))


async def resume(machine: Machine, id_: str, *, person: str, once: Once | None = None) -> Made:
    """Everything that waits is sent now, in the order of each key."""

    async def go_on(sql: Sql) -> dict[str, Any]:
        await _there(sql, id_)
        await subscriptions.stand(sql, id_, "active", why=None, now=machine.clock())
        await deliveries.hurry(sql, id_, now=machine.clock())
        return {"id": id_}

    return _made(await _done(machine, "resume", id_, go_on, person=person, once=once))


async def delete(machine: Machine, id_: str, *, person: str) -> None:
    """Nothing is sent any more, and what was on its way is dropped."""

    async def remove(sql: Sql) -> dict[str, Any]:
        _own(await _there(sql, id_))
        await subscriptions.remove(sql, id_)
        return {"id": id_}

    await _done(machine, "unsubscribe", id_, remove, person=person, once=None)


async def rotate(machine: Machine, id_: str, *, person: str, once: Once | None = None) -> Made:
    """A new secret; for a day deliveries are signed with the old one as well."""
    hooks = _webhooks(machine)
    seed = machine.chance.randbytes(SECRET_BYTES)
    chosen: list[str] = []

    async def replace(sql: Sql) -> dict[str, Any]:
        row = _own(await _there(sql, id_))
        if row["url"].startswith(SCHEME):
            raise NotNow(f"{id_} is told by mail: letters are not signed, and have no secret.")
        secret = secret_of(seed, Signing(row["signing"]))
        chosen.append(secret)
        now = machine.clock()
        await subscriptions.replace_secret(
            sql, id_, secret=hooks.safe.keep(purpose(id_), secret), public_key=public_key_of(secret),
            previous_until=now + ROTATION, now=now,
        )  # fmt: skip
        return {"id": id_}

    told = await _done(machine, "rotate", id_, replace, person=person, once=once)
    return Made(id_, None if told["replayed"] else _shared(chosen[0]), told["replayed"])


async def recover(machine: Machine, id_: str, since: datetime, *, person: str, once: Once | None = None) -> Made:
    """Everything since then that has not arrived is sent, whether it was given up or never queued."""
    now = machine.clock()
    if not now - KEPT <= since <= now:
        raise NotSubscribable(f"Only what happened in the last {KEPT.days} days can be recovered.")

    async def again(sql: Sql) -> dict[str, Any]:
        await _there(sql, id_)
        revived = await deliveries.revive(sql, id_, since=since, now=now)
        await subscriptions.go_back(sql, id_, await events.place_before(sql, since), now=now)
        return {"id": id_, "again": revived}

    detail = {"since": since.isoformat()}
    return _made(await _done(machine, "recover", id_, again, person=person, once=once, detail=detail))


async def test(machine: Machine, id_: str, *, person: str) -> Answered:
    """Send one event that means nothing, now and once, and say what was answered."""
    hooks = _webhooks(machine)
    row = _own((await one(machine, id_)).row)
    now = machine.clock()
    event = CloudEvent(machine.ids("test"), "Test", id_, now, id_, {"subscription": id_, "by": person})
    return await hooks.send(row, event)


async def delivered(
    machine: Machine, id_: str, *, failed: bool = False, cursor: str | None = None, limit: int = 50
) -> Slice[Tried]:
    """What was sent or is on its way, newest first, with each attempt."""
    await one(machine, id_)
    places = Places(Seal(machine.firms.key), f"deliveries/{id_}/{failed}")
    ask = deliveries.failed if failed else deliveries.listed
    rows = await ask(machine.pool, id_, before=places.opened(cursor), limit=limit + 1)
    tries = await deliveries.attempts(machine.pool, id_, [row["seq"] for row in rows])
    told = tuple(Tried(row, tuple(each for each in tries if each["seq"] == row["seq"])) for row in rows)
    return places.slice(told, limit, lambda each: each.delivery["seq"])


async def _told(machine: Machine, row: Row) -> Told:
    waiting = await deliveries.oldest(machine.pool, row["id"]), await events.oldest_after(machine.pool, row["place"])
    return Told(row, min((each for each in waiting if each), default=None))


async def _done(
    machine: Machine, action: str, id_: str, work: Callable[[Sql], Awaitable[dict[str, Any]]], *, person: str,
    once: Once | None, detail: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Once, and in the journal, in the transaction of what is done."""
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return {**told, "replayed": True}
        told = await work(sql)
        now = machine.clock()
        await journal.note(sql, actor=person, action=action, object_=id_, detail=detail or {}, now=now)
        if once:
            await once.keep(sql, told, now=now)
    return {**told, "replayed": False}


async def _there(sql: Sql, id_: str) -> Row:
    row = await subscriptions.for_update(sql, id_)
    if row is None:
        raise NoSuchSubscription(f"There is no subscription {id_}.")
    return row


def _own(row: Row) -> Row:
    if row["kind"] != "webhook":
        raise NotNow(f"{row['id']} comes from THROUGHLINE_NATS_URL: change it there, or pause it.")
    return row


def _check(hooks: Webhooks, url: str) -> None:
    """Whether anything can be sent there."""
    try:
        if not url.startswith(SCHEME):
            hooks.targets.check_url(url)
        elif hooks.post is None:
            raise NotSubscribable("No mail can be sent: set THROUGHLINE_MAIL_URL and THROUGHLINE_MAIL_FROM.")
        else:
            address_of(url)
    except (NotATarget, NotAnAddress) as error:
        raise NotSubscribable(f"Nothing can be sent to {url}: {error}.") from error


def _webhooks(machine: Machine) -> Webhooks:
    if machine.webhooks is None:
        raise NotNow("This process has nothing to send webhooks with.")
    return machine.webhooks


def _shared(secret: str) -> str | None:
    """Only what both sides must know is told; of a key pair the receiver gets the public half, as often as it likes."""
    return None if public_key_of(secret) else secret


def _made(told: dict[str, Any]) -> Made:
    return Made(told["id"], None, told["replayed"], told.get("again", 0))
