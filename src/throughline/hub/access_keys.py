"""Access keys, as admins know them: made with a name, the rights they are for and an end; shown once."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from throughline.core.rights import OF_THE_WHOLE_FIRM, Right, Who, both, rights_of
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.hub.people import NoSuchPerson, NotAllowedNow, NotAPerson, check_limits, spelled
from throughline.hub.sessions import SECRET_BYTES, digest_of
from throughline.store import access_keys, journal, people
from throughline.store.access_keys import NewKey
from throughline.store.database import Row, Sql, transaction

PREFIX = "tl"
LONGEST = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)


class NoSuchKey(LookupError):
    """There is no access key of that id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A key for a program; with `person`, one that never does more than they may. Without `rights`, all of theirs."""

    name: str
    rights: tuple[str, ...] = ()
    person: str | None = None
    legal_entities: tuple[str, ...] | None = None
    days: int = 90


@dataclass(frozen=True, slots=True)
class Shown:
    """A key with its secret, which is told this once: None in an answer that was given before."""

    id: str
    secret: str | None
    replayed: bool


async def listed(machine: Machine) -> list[Row]:
    return await access_keys.listed(machine.pool)


async def make(machine: Machine, wanted: Wanted, *, by: Who, once: Once | None = None) -> Shown:
    """Nobody makes a key that may do more than they may themselves."""
    rights = await _rights(machine, wanted)
    if too_much := sorted(rights - by.rights):
        raise NotAllowedNow(f"You may not give what you do not have: {', '.join(too_much)}.")
    id_, secret = machine.ids("key"), machine.chance.randbytes(SECRET_BYTES).hex()
    now = machine.clock()
    new = NewKey(
        id_,
        wanted.name,
        spelled(wanted.person) if wanted.person else None,
        tuple(right.value for right in Right if right in rights),
        wanted.legal_entities,
        digest_of(secret),
        now + timedelta(days=wanted.days),
    )
    async with transaction(machine.pool) as sql:
        if once and (told := await once.before(sql)):
            return Shown(told["id"], None, replayed=True)
        await access_keys.add(sql, new, by=by.name, now=now)
        said = {"name": new.name, "person": new.person, "rights": list(new.rights), "days": wanted.days}
        await _note(machine, sql, "make key", id_, by=by.name, detail=said)
        if once:
            await once.keep(sql, {"id": id_}, now=now)
    return Shown(id_, f"{PREFIX}_{id_}_{secret}", replayed=False)


async def remove(machine: Machine, id_: str, *, by: str) -> None:
    """Whoever comes with it from now on is nobody."""
    async with transaction(machine.pool) as sql:
        gone = await access_keys.remove(sql, id_)
        if not gone:
            raise NoSuchKey(f"There is no key {id_}.")
        await _note(machine, sql, "remove key", id_, by=by, detail={"name": gone[0]})


async def who(machine: Machine, given: str) -> Who | None:
    """Whose key this is, and what it is good for now: less when its person may do less than when it was made."""
    id_, secret = parts_of(given)
    row, now = await _good(machine, id_) if id_ else None, machine.clock()
    if row is None or not hmac.compare_digest(row["digest"], digest_of(secret)):
        return None
    if row["used_at"] is None or now >= row["used_at"] + USED_EVERY:
        await access_keys.used(machine.pool, id_, now=now)
    return _of(row)


async def still(machine: Machine, id_: str) -> Who | None:
    """What a session is good for that began with this key."""
    row = await _good(machine, id_)
    return _of(row) if row else None


def parts_of(given: str) -> tuple[str, str]:
    """The id and the secret in a key; ("", "") in what is none of ours."""
    prefix, _, rest = given.partition("_")
    id_, _, secret = rest.rpartition("_")
    return (id_, secret) if prefix == PREFIX and id_ and secret else ("", "")


async def _good(machine: Machine, id_: str) -> Row | None:
    row = await access_keys.one(machine.pool, id_)
    return row if row and machine.clock() < row["expires_at"] else None


def _of(row: Row) -> Who:
    limits = both(_limits(row["legal_entities"]), _limits(row["person_legal_entities"]))
    rights = frozenset(Right(each) for each in row["rights"])
    if row["person"] is not None:
        rights &= rights_of(row["person_roles"], limited=False)
    if limits is not None:
        rights -= OF_THE_WHOLE_FIRM
    return Who(row["person"] or row["id"], rights, limits)


def _limits(said: Sequence[str] | None) -> frozenset[str] | None:
    return None if said is None else frozenset(said)


async def _rights(machine: Machine, wanted: Wanted) -> frozenset[Right]:
    """What the key is for; a right that is not limited to companies is not given to one that is."""
    if unknown := sorted(set(wanted.rights) - set(Right)):
        raise NotAPerson(f"No such right: {', '.join(unknown)}. There are {', '.join(Right)}.")
    await check_limits(machine, wanted.legal_entities)
    rights = frozenset(Right(each) for each in wanted.rights)
    if wanted.legal_entities is not None and (whole := sorted(rights & OF_THE_WHOLE_FIRM)):
        raise NotAPerson(f"Not for a key that is limited to legal entities: {', '.join(whole)}.")
    if wanted.person is None:
        if not rights:
            raise NotAPerson(f"Say what the key is for: {', '.join(Right)}.")
        return rights
    person = await people.one(machine.pool, spelled(wanted.person))
    if person is None:
        raise NoSuchPerson(f"There is nobody called {wanted.person}.")
    own = rights_of(person["roles"], limited=person["legal_entities"] is not None)
    if too_much := sorted(rights - own):
        raise NotAPerson(f"{person['name']} may not do this themselves: {', '.join(too_much)}.")
    return rights or own


async def _note(machine: Machine, sql: Sql, action: str, id_: str, *, by: str, detail: dict[str, Any]) -> None:
    await journal.note(sql, actor=by, action=action, object_=id_, detail=detail, now=machine.clock())
