"""Role by address, made from the routes themselves: what each role may is let through, and everything else refused."""

import dataclasses
import json
from collections.abc import Mapping, MutableMapping
from datetime import timedelta
from typing import Any

import pytest

from throughline import server
from throughline.api import application
from throughline.api.guard import Guarded as ApiGuard
from throughline.console.guard import Guarded as ConsoleGuard
from throughline.core.declared import Declared, at
from throughline.core.rights import ALL, MEANING, OF_THE_WHOLE_FIRM, OPEN, ROLES, PersonRole, Right, Who
from throughline.hub import access_keys, people
from throughline.hub.access_keys import Wanted
from throughline.hub.machine import Machine
from throughline.settings import Settings

ADMIN = Who("the tests", ALL)
LIMITED = "limited operator"

type Guard = ApiGuard | ConsoleGuard
type Message = MutableMapping[str, Any]


@dataclasses.dataclass(slots=True)
class Behind:
    """Stands where the application is, and answers whatever the guard lets through."""

    reached: int = 0

    async def __call__(self, _: Any, __: Any, send: Any) -> None:
        self.reached += 1
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def guards(machine: Machine, settings: Settings) -> Mapping[str, Guard]:
    doors: Any = server.app(machine, settings)
    return {"api": doors.api.app, "console": doors.console.app}


@pytest.fixture
async def keys(machine: Machine) -> Mapping[str, str]:
    """A person of each role, and one who is limited to a company; each with a key."""
    said = {role.value: ([role.value], None) for role in PersonRole} | {LIMITED: ([*PersonRole], ["DE"])}
    made: dict[str, str] = {}
    for called, (roles, limits) in said.items():
        name = f"{called.replace(' ', '.')}@example.com"
        await people.add(machine, name, roles=roles, legal_entities=limits, by="the tests")
        made[called] = (await access_keys.make(machine, Wanted(name="k", person=name), by=ADMIN)).secret or ""
    return made


async def asked(guard: Guard, address: Declared, key: str | None) -> tuple[int, dict[str, Any], bool]:
    """The status, the body where it is JSON, and whether the guard let it through."""
    behind, sent = Behind(), list[Message]()
    headers = [(b"host", b"hub.example.com"), (b"accept", b"application/json")]
    headers += [(b"authorization", f"Bearer {key}".encode())] if key else []
    path = concrete(address)
    scope = {
        "type": "http", "method": address.method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers, "scheme": "https", "server": ("hub.example.com", 443), "root_path": "", "state": {},
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await dataclasses.replace(guard, app=behind)(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.loads(body) if body[:1] == b"{" else {}, bool(behind.reached)


def concrete(address: Declared) -> str:
    """The path with something in each of its places."""
    return "/".join("x-1" if step.startswith("{") else step for step in address.path.split("/"))


def rights_of(called: str) -> frozenset[Right]:
    return ALL - OF_THE_WHOLE_FIRM if called == LIMITED else ROLES[PersonRole(called)]


@pytest.mark.parametrize("door", ["api", "console"])
async def test_every_address_says_which_one_right_it_needs(door: str, guards: Mapping[str, Guard]) -> None:
    silent = [f"{each.method} {each.path}" for each in guards[door].addresses if each.needs is None]

    assert silent == [], "say it with @needs(Right...) above the endpoint, or @open_to_all"


def test_the_guard_of_the_api_knows_every_operation_that_is_described() -> None:
    described = application.described()
    known = {(each.method, each.path) for each in application.addresses(described)}
    told = {(method.upper(), path) for path, methods in described.openapi()["paths"].items() for method in methods}

    assert told <= known


@pytest.mark.parametrize("door", ["api", "console"])
async def test_what_an_address_needs_is_asked_of_whoever_comes_there(door: str, guards: Mapping[str, Guard]) -> None:
    """No address hides behind one that is tried before it and needs less."""
    addresses = guards[door].addresses
    found = [at(addresses, each.method, concrete(each)) for each in addresses]

    assert [
        f"{a.path} is taken for {b}" for a, b in zip(addresses, found, strict=True) if b is None or a.needs != b.needs
    ] == []


@pytest.mark.parametrize("door", ["api", "console"])
async def test_each_role_may_what_it_may_and_nothing_else(
    door: str, guards: Mapping[str, Guard], keys: Mapping[str, str]
) -> None:
    guard, wrong = guards[door], list[str]()
    for address in guard.addresses:
        for called, key in keys.items():
            status, said, through = await asked(guard, address, key)
            may = address.needs == OPEN or address.needs in rights_of(called)
            right = (status, through) == (299, True) if may else (status, through) == (403, False)
            if not right or (not may and door == "api" and said["missing_right"] != address.needs):
                wrong.append(f"{called} at {address.method} {address.path}: {status}")

    assert wrong == []


@pytest.mark.parametrize("door", ["api", "console"])
async def test_nobody_gets_anything_but_what_is_open(
    door: str, guards: Mapping[str, Guard], keys: Mapping[str, str]
) -> None:
    guard, stranger = guards[door], f"{keys['admin'][:-1]}{'0' if keys['admin'][-1] != '0' else '1'}"
    for address in guard.addresses:
        for key in (None, stranger, "tl__", "x"):
            status, _, through = await asked(guard, address, key)
            assert (status, through) == ((299, True) if address.needs == OPEN else (401, False)), address


@pytest.mark.parametrize("door", ["api", "console"])
@pytest.mark.parametrize("nearly", ["{}\n", "{}/", "/{}", "{}//", "{};x"])
async def test_a_path_that_is_nearly_one_is_none(
    nearly: str, door: str, guards: Mapping[str, Guard], keys: Mapping[str, str]
) -> None:
    path = {"api": "/api/v1/people", "console": "/people"}[door]
    status, _, through = await asked(guards[door], Declared("GET", nearly.format(path), OPEN), keys["viewer"])

    assert (status, through) == (404, False)


async def test_a_key_that_is_over_or_removed_lets_nobody_in(
    guards: Mapping[str, Guard], keys: Mapping[str, str], machine: Machine, clock: Any
) -> None:
    guard, address = guards["api"], Declared("GET", "/api/v1/meta", Right.READ)
    assert (await asked(guard, address, keys["viewer"]))[0] == 299

    id_, _ = access_keys.parts_of(keys["viewer"])
    await access_keys.remove(machine, id_, by="the tests")
    assert (await asked(guard, address, keys["viewer"]))[0] == 401

    clock.now += timedelta(days=90)
    assert (await asked(guard, address, keys["admin"]))[0] == 401


async def test_a_key_shrinks_with_its_person(
    guards: Mapping[str, Guard], keys: Mapping[str, str], machine: Machine
) -> None:
    guard, address = guards["api"], Declared("POST", "/api/v1/holds/x-1/answer", Right.DECIDE)
    assert (await asked(guard, address, keys["operator"]))[0] == 299

    await people.change(machine, "operator@example.com", roles=["viewer"], legal_entities=None, by="the tests")

    assert (await asked(guard, address, keys["operator"]))[0] == 403


def test_every_right_is_explained_and_is_somebodys_besides_the_admins() -> None:
    others = frozenset[Right]().union(*(rights for role, rights in ROLES.items() if role is not PersonRole.ADMIN))

    assert set(MEANING) == ALL
    assert ALL - others == {Right.PEOPLE}
