"""A vendor that gives a new refresh token at each use and takes the old one no more: what came is never lost by us."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from throughline.core.connector import Connector, Credentials, Fine, Token, TokenRequest
from throughline.core.errors import Hold, Retry, Unknown
from throughline.hub.wire.tokens import LEASE, Tokens
from throughline.store.database import Pool, connected

CREDENTIALS = Credentials({"refresh_token": "refresh-0"}, {}, "https://north.example")


class Vendor:
    """Takes each refresh token once; the last one again within `leeway` seconds, for those whose answer was lost."""

    def __init__(self, clock: Any, *, leeway: float = 0) -> None:
        self.clock, self.leeway = clock, leeway
        self.good, self.used, self.used_at = "refresh-0", "", clock()
        self.uses = 0
        self.loses_the_answer = False

    async def __call__(self, asked: TokenRequest) -> Token:
        await asyncio.sleep(0)
        given = asked.form["refresh_token"]
        within = self.clock() - self.used_at <= timedelta(seconds=self.leeway)
        if given != self.good and not (given == self.used and within):
            raise Hold("north does not let us in: invalid_grant", fix="Check the credentials, then release.")
        if given == self.good:
            self.used, self.used_at = given, self.clock()
        self.uses += 1
        self.good = f"refresh-{self.uses}"
        await asyncio.sleep(0)
        if self.loses_the_answer:
            raise Unknown("the line was cut")
        until = self.clock() + timedelta(seconds=3600)
        return Token({"Authorization": f"Bearer access-{self.uses}"}, until, refresh=self.good)


class Killed(BaseException):
    """As kill -9: nothing that comes after it happens."""


class Breaking:
    """A pool that breaks where a token would be kept, a few times."""

    def __init__(self, pool: Pool, errors: Iterable[BaseException]) -> None:
        self._pool, self._errors = pool, list(errors)

    async def fetchval(self, query: str, *args: Any) -> Any:
        if "insert into tokens" in query and self._errors:
            raise self._errors.pop(0)
        return await self._pool.fetchval(query, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


def process(pool: Any, clock: Any, credentials: Credentials = CREDENTIALS) -> Tokens:
    def ask(given: Credentials, _now: datetime) -> TokenRequest:
        return TokenRequest("/token", {"refresh_token": given.refresh or given.secret("refresh_token")})

    async def no_time(_seconds: float) -> None:
        await asyncio.sleep(0.001)

    north = Connector(name="north", mappings=(), judge=lambda _: Fine(), ask=ask)
    return Tokens(pool, "north", north, credentials, key=b"key", clock=clock, sleep=no_time)


async def test_each_renewal_uses_what_the_last_one_brought_whoever_asked(pool: Pool, clock: Any) -> None:
    vendor = Vendor(clock)
    processes = [process(pool, clock) for _ in range(3)]

    for n in range(9):
        clock.advance(3600)
        await processes[n % 3].get(vendor)

    assert vendor.uses == 9


async def test_twenty_in_each_of_four_processes_use_one_refresh_token_between_them(
    database_url: str, clock: Any
) -> None:
    vendor = Vendor(clock)
    async with AsyncExitStack() as stack:
        pools = [await stack.enter_async_context(connected(database_url, size=2)) for _ in range(4)]
        processes = [process(pool, clock) for pool in pools]

        given = await asyncio.gather(*(processes[n % 4].get(vendor) for n in range(80)))

    assert vendor.uses == 1
    assert len({token.headers["Authorization"] for token in given}) == 1


async def test_what_came_is_kept_though_nobody_waits_for_it_any_more(pool: Pool, clock: Any) -> None:
    vendor, mine = Vendor(clock), process(pool, clock)
    gives_up = asyncio.create_task(mine.get(vendor))
    while not vendor.uses:
        await asyncio.sleep(0)
    gives_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    await mine.finish()

    clock.advance(3600)
    await process(pool, clock).get(vendor)

    assert vendor.uses == 2


async def test_what_came_while_the_database_was_away_is_kept_as_soon_as_it_is_back(pool: Pool, clock: Any) -> None:
    vendor = Vendor(clock)
    away = Breaking(pool, [ConnectionError("the server stops")] * 3)

    await process(away, clock).get(vendor)

    clock.advance(3600)
    await process(pool, clock).get(vendor)
    assert vendor.uses == 2


async def test_one_who_died_with_the_answer_in_hand_is_followed_by_one_who_asks_within_the_vendors_leeway(
    pool: Pool, clock: Any
) -> None:
    vendor = Vendor(clock, leeway=60)
    with pytest.raises(Killed):
        await process(Breaking(pool, [Killed()]), clock).get(vendor)

    with pytest.raises(Retry, match="somebody else is being let in"):
        await process(pool, clock).get(vendor)
    clock.advance(LEASE.total_seconds())
    await process(pool, clock).get(vendor)

    assert vendor.uses == 2
    clock.advance(3600)
    await process(pool, clock).get(vendor)
    assert vendor.uses == 3


async def test_an_answer_that_was_lost_on_the_way_is_asked_for_again_at_once(pool: Pool, clock: Any) -> None:
    vendor, mine = Vendor(clock, leeway=60), process(pool, clock)
    vendor.loses_the_answer = True
    with pytest.raises(Retry) as caught:
        await mine.get(vendor)
    assert type(caught.value) is Retry

    vendor.loses_the_answer = False
    await mine.get(vendor)

    assert vendor.uses == 2


async def test_a_refresh_token_that_is_really_lost_is_said_to_be_with_the_way_out(pool: Pool, clock: Any) -> None:
    vendor = Vendor(clock)
    with pytest.raises(Killed):
        await process(Breaking(pool, [Killed()]), clock).get(vendor)
    clock.advance(LEASE.total_seconds())

    for _ in range(2):  # the second who asks is told as much as the first
        with pytest.raises(Hold, match=r"asked for a token at 2026-11-20 12:00:00 UTC, and its answer.* was lost") as e:
            await process(pool, clock).get(vendor)
        assert "Authorise Throughline in north once more" in e.value.fix

    vendor.good = "refresh-anew"
    anew = Credentials({"refresh_token": "refresh-anew"}, {}, CREDENTIALS.url)
    await process(pool, clock, anew).get(vendor)
    assert vendor.uses == 2


async def test_a_plain_refusal_does_not_speak_of_a_lost_answer(pool: Pool, clock: Any) -> None:
    vendor = Vendor(clock)
    vendor.good = "revoked"

    for _ in range(2):
        with pytest.raises(Hold) as caught:
            await process(pool, clock).get(vendor)
        assert "lost" not in caught.value.why


async def test_one_who_was_paused_with_the_answer_does_not_overwrite_what_came_after_it(pool: Pool, clock: Any) -> None:
    vendor, frozen = Vendor(clock, leeway=60), asyncio.Event()

    async def freezes(asked: TokenRequest) -> Token:
        token = await vendor(asked)
        await frozen.wait()
        return token

    paused = asyncio.create_task(process(pool, clock).get(freezes))
    while not vendor.uses:
        await asyncio.sleep(0)
    clock.advance(LEASE.total_seconds())
    newer = await process(pool, clock).get(vendor)
    frozen.set()

    assert await paused == newer
    clock.advance(3600)
    await process(pool, clock).get(vendor)
    assert vendor.uses == 3


async def test_a_refresh_token_is_kept_sealed(pool: Pool, clock: Any) -> None:
    await process(pool, clock).get(Vendor(clock))

    row = await pool.fetchrow("select * from tokens")

    assert row is not None
    assert b"refresh-1" not in bytes(row["sealed"])
    assert "refresh-1" not in repr(row)
