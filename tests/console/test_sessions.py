"""Sessions: how one begins, what it is good for, and every way it ends."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, override
from urllib.parse import urlencode

import pytest

from tests.console.test_routes import NOON, Browser, Message
from tests.console.test_routes import settings as of_the_console
from tests.hub.test_sign_in import ISSUER, SECRET, Service, firm_with
from throughline import main, server
from throughline.core.rights import ALL, Who
from throughline.hub import access_keys, people, sessions
from throughline.hub.access_keys import Wanted
from throughline.hub.machine import Machine
from throughline.settings import Settings

ANNA = "anna@example.com"
settings = of_the_console


class Proxied(Browser):
    """A browser that comes through a proxy with TLS."""

    @override
    def scope(self, method: str, path: str, headers: dict[str, str]) -> Message:
        return {**super().scope(method, path, headers), "scheme": "https"}


@dataclass(slots=True)
class Clock:
    now: Any = NOON

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def machine(settings: Settings, clock: Clock) -> AsyncGenerator[Machine]:
    async with main.machine(settings, clock=clock) as machine:
        await machine.firms.apply(by="a test")
        await people.add(machine, ANNA, roles=["admin"], legal_entities=None, by="a test")
        yield machine


@pytest.fixture
def browser(machine: Machine, settings: Settings) -> Browser:
    return Browser(server.app(machine, settings), host="hub.example.com")


async def signed_in(browser: Browser, machine: Machine, **more: Any) -> Any:
    """Whoever has a key of theirs, in a browser; the key's id."""
    shown = await access_keys.make(machine, Wanted(name="browser", person=ANNA, **more), by=Who("t", ALL))
    form = {"csrf_token": await browser.token("/login"), "person": "", "next": "/people", "key": shown.secret or ""}
    answer = await browser.post("/login", form)
    assert (answer.status, answer.headers["location"]) == (303, "/people")
    return shown.id


async def test_a_key_of_ones_own_signs_in_under_ones_own_name(browser: Browser, machine: Machine) -> None:
    await signed_in(browser, machine)

    assert f'<span class="sr">Signed in as </span>{ANNA}' in (await browser.get("/people")).text


async def test_a_session_may_no_more_than_the_key_it_began_with(browser: Browser, machine: Machine) -> None:
    await signed_in(browser, machine, rights=("read",))

    assert ((await browser.get("/engagements")).status, (await browser.get("/people")).status) == (200, 403)


async def test_a_session_ends_with_its_key(browser: Browser, machine: Machine) -> None:
    key = await signed_in(browser, machine)
    await access_keys.remove(machine, key, by="t")

    assert (await browser.get("/people")).status == 303


async def test_a_session_that_rests_for_half_an_hour_is_over(browser: Browser, machine: Machine, clock: Clock) -> None:
    await signed_in(browser, machine)
    for _ in range(3):
        clock.now += timedelta(minutes=29)
        assert (await browser.get("/people")).status == 200
    clock.now += timedelta(minutes=30)

    assert (await browser.get("/people")).status == 303


async def test_a_tab_that_asks_by_itself_keeps_nobody_signed_in(
    browser: Browser, machine: Machine, clock: Clock
) -> None:
    await signed_in(browser, machine)
    clock.now += timedelta(minutes=29)
    assert (await browser.get("/people/fragment")).status == 200
    clock.now += timedelta(minutes=1)

    assert (await browser.get("/people/fragment")).status == 401


async def test_a_session_is_over_after_twelve_hours_whatever_is_done(
    browser: Browser, machine: Machine, clock: Clock
) -> None:
    await signed_in(browser, machine)
    for _ in range(12 * 60 // 20 - 1):
        clock.now += timedelta(minutes=20)
        assert (await browser.get("/people.json")).status == 200
    clock.now += timedelta(minutes=20)

    assert (await browser.get("/people")).status == 303


async def test_signing_out_ends_it_at_the_server_too(browser: Browser, machine: Machine) -> None:
    await signed_in(browser, machine)
    kept = dict(browser.cookies)
    answer = await browser.post("/sign-out", {"csrf_token": await browser.token("/people")})
    browser.cookies = kept

    assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert (await browser.get("/people")).status == 303


async def test_signing_out_everywhere_ends_every_session_of_a_person(
    browser: Browser, machine: Machine, settings: Settings
) -> None:
    other = Browser(server.app(machine, settings), host="hub.example.com")
    await signed_in(browser, machine)
    await signed_in(other, machine)

    assert await sessions.end_all(machine, ANNA, by="t") == 2
    assert {(await each.get("/people")).status for each in (browser, other)} == {303}


async def test_a_session_does_not_outlive_its_person(browser: Browser, machine: Machine) -> None:
    await signed_in(browser, machine)
    await people.add(machine, "other@example.com", roles=["admin"], legal_entities=None, by="t")
    await people.remove(machine, ANNA, by="t")

    assert (await browser.get("/people")).status == 303


async def test_people_and_keys_are_managed_on_their_pages(browser: Browser, machine: Machine) -> None:
    await signed_in(browser, machine)
    token = await browser.token("/people")
    added = await browser.post("/people", {"csrf_token": token, "person": "jan@example.com", "roles": "viewer"})
    made = await browser.post("/people/jan@example.com/key", {"csrf_token": token, "name": "browser", "days": "7"})
    forged = await browser.post("/people", {"csrf_token": "x", "person": "eve@example.com", "roles": "admin"})
    oneself = await browser.post(f"/people/{ANNA}/change", {"csrf_token": token, "roles": "viewer"})
    page = (await browser.get("/people/jan@example.com")).text

    assert (added.status, made.status, forged.status, oneself.status) == (303, 200, 403, 409)
    assert "tl_key-" in made.text
    assert "tl_key-" not in page
    assert "Sign out everywhere" in page
    assert await machine.pool.fetchval("select array_agg(name order by name) from people") == [ANNA, "jan@example.com"]


async def test_the_cookie_of_a_session_is_bound_to_this_host_over_https(browser: Browser, machine: Machine) -> None:
    shown = await access_keys.make(machine, Wanted(name="browser", person=ANNA), by=Who("t", ALL))
    browser = Proxied(browser.app, host="hub.example.com")
    form = {"csrf_token": await browser.token("/login"), "person": "", "next": "/", "key": shown.secret or ""}
    answer = await browser.post("/login", form)

    assert answer.headers["set-cookie"].startswith("__Host-throughline_session=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))


async def test_the_first_person_is_an_admin_and_is_shown_a_key_to_sign_in_with(
    browser: Browser, machine: Machine, settings: Settings
) -> None:
    await people.remove(machine, ANNA, by="t")
    alone = Browser(server.app(machine, settings))
    form = {"csrf_token": await alone.token("/people"), "person": ANNA}
    viewer = await alone.post("/people", {**form, "roles": "viewer"})
    admin = await alone.post("/people", {**form, "roles": "admin"})
    key = re.search(r"tl_key-\w+", admin.text)

    assert (viewer.status, admin.status) == (422, 200)
    assert key
    assert (await alone.get("/people")).status == 303
    sign_in = {"csrf_token": await browser.token("/login"), "person": "", "next": "/people", "key": key[0]}
    assert (await browser.post("/login", sign_in)).status == 303
    assert (await browser.get("/people")).status == 200


@pytest.fixture
async def by_service(
    tmp_path: Path, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Browser, Service]]:
    """A browser before an installation that has a sign-in service."""
    monkeypatch.setenv("SIGN_IN_SECRET", SECRET)
    service = Service(clock)
    settings = Settings(firm=firm_with(tmp_path, ISSUER), data=tmp_path / "data", database_url=database_url)
    async with main.machine(settings, clock=clock, transport=service) as machine:
        await machine.firms.apply(by="a test")
        yield Browser(server.app(machine, settings), host="hub.example.com"), service


async def test_the_firms_service_signs_in_and_leads_on_to_where_one_wanted(
    by_service: tuple[Browser, Service],
) -> None:
    browser, service = by_service
    led = await browser.get("/holds?owner=PMO")
    login = await browser.get(led.headers["location"])
    there = await browser.get("/login/service?next=%2Fholds%3Fowner%3DPMO")
    begun = there.headers["set-cookie"]
    back = await browser.get(f"/login/return?{service.answer(there.headers['location'])}")

    assert "/login/service?next=%2Fholds%3Fowner%3DPMO" in login.text
    assert (there.status, "SameSite=lax" in begun) == (303, True)
    assert back.status == 200
    assert '<meta http-equiv="refresh" content="0; url=/holds?owner=PMO">' in back.text
    assert (await browser.get("/holds?owner=PMO")).status == 200


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_the_service_never_leads_elsewhere(elsewhere: str, by_service: tuple[Browser, Service]) -> None:
    browser, service = by_service
    there = await browser.get(f"/login/service?{urlencode({'next': elsewhere})}")
    back = await browser.get(f"/login/return?{service.answer(there.headers['location'])}")

    assert 'content="0; url=/"' in back.text
    assert "evil" not in back.text


async def test_an_answer_without_a_beginning_signs_nobody_in(by_service: tuple[Browser, Service]) -> None:
    browser, _ = by_service
    back = await browser.get("/login/return?code=1&state=2")

    assert back.status == 403
    assert "does not know of this sign-in" in back.text
    assert (await browser.get("/holds")).status == 303
