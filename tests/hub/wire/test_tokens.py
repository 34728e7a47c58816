"""One token for all workers, kept sealed, renewed in time, and never somebody else's."""

import asyncio
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from throughline.core.connector import Connector, Credentials, Fine, Token, TokenRequest
from throughline.core.errors import Retry
from throughline.hub.wire.tokens import Tokens
from throughline.store.database import Pool

CREDENTIALS = Credentials({"key": "the-key-itself"}, {}, "https://north.example")


class Door:
    """Hands out tokens and counts them."""

    def __init__(self, clock: Any, *, lasts: float | None = 3600) -> None:
        self.clock, self.lasts, self.handed_out = clock, lasts, 0
        self.numbers = count(1)
        self.broken = False

    async def __call__(self, _asked: TokenRequest) -> Token:
        for _ in range(3):
            await asyncio.sleep(0)
        if self.broken:
            raise Retry("closed")
        self.handed_out += 1
        expires_at = None if self.lasts is None else self.clock() + timedelta(seconds=self.lasts)
        return Token({"Authorization": f"Bearer plain-token-{next(self.numbers)}"}, expires_at, "https://eu.example")


def connector(fixed: Token | None = None) -> Connector:
    def ask(_credentials: Credentials, _now: datetime) -> TokenRequest | Token:
        return fixed or TokenRequest("/token", {})

    return Connector(name="north", mappings=(), judge=lambda _: Fine(), ask=ask)


def tokens(pool: Pool, clock: Any, *, key: bytes = b"key", credentials: Credentials = CREDENTIALS) -> Tokens:
    return Tokens(pool, "north", connector(), credentials, key=key, clock=clock)


@pytest.fixture
def door(clock: Any) -> Door:
    return Door(clock)


async def test_twenty_who_ask_at_once_in_two_processes_cause_one_refresh(pool: Pool, clock: Any, door: Door) -> None:
    processes = [tokens(pool, clock), tokens(pool, clock)]

    given = await asyncio.gather(*(processes[n % 2].get(door) for n in range(20)))

    assert door.handed_out == 1
    assert len({token.headers["Authorization"] for token in given}) == 1


async def test_twenty_whose_token_was_refused_cause_one_refresh(pool: Pool, clock: Any, door: Door) -> None:
    processes = [tokens(pool, clock), tokens(pool, clock)]
    old = await processes[0].get(door)

    given = await asyncio.gather(*(processes[n % 2].replace(old, door) for n in range(20)))

    assert door.handed_out == 2
    assert {token.headers["Authorization"] for token in given} == {"Bearer plain-token-2"}


async def test_nobody_holds_a_connection_while_the_vendor_thinks(pool: Pool, clock: Any, door: Door) -> None:
    mine, held = tokens(pool, clock), list[int]()

    async def slow(asked: TokenRequest) -> Token:
        for _ in range(20):
            await asyncio.sleep(0)
        held.append(pool.get_size() - pool.get_idle_size())
        return await door(asked)

    await asyncio.gather(*(mine.get(slow) for _ in range(20)))

    assert held == [0]


async def test_a_token_is_kept_sealed(pool: Pool, clock: Any, door: Door) -> None:
    await tokens(pool, clock).get(door)

    row = await pool.fetchrow("select * from tokens")

    assert row is not None
    for said in (bytes(row["sealed"]), str(row["fingerprint"]).encode(), repr(row).encode()):
        assert b"plain-token" not in said
        assert b"the-key-itself" not in said
        assert b"Bearer" not in said


async def test_a_process_that_starts_later_uses_the_token_there_is(pool: Pool, clock: Any, door: Door) -> None:
    first = await tokens(pool, clock).get(door)

    assert await tokens(pool, clock).get(door) == first
    assert door.handed_out == 1


@pytest.mark.parametrize(
    "other",
    [
        {"key": b"another key"},
        {"credentials": Credentials({"key": "a new key"}, {}, "https://north.example")},
        {"credentials": Credentials({"key": "the-key-itself"}, {}, "https://production.example")},
    ],
)
async def test_another_key_other_credentials_or_another_address_ask_anew(
    pool: Pool, clock: Any, door: Door, other: Any
) -> None:
    await tokens(pool, clock).get(door)

    token = await tokens(pool, clock, **other).get(door)

    assert door.handed_out == 2
    assert token.headers == {"Authorization": "Bearer plain-token-2"}


async def test_a_token_is_renewed_a_minute_before_it_expires(pool: Pool, clock: Any, door: Door) -> None:
    mine = tokens(pool, clock)
    await mine.get(door)
    clock.advance(3539)
    await mine.get(door)
    assert door.handed_out == 1

    clock.advance(1)
    await mine.get(door)

    assert door.handed_out == 2


async def test_a_token_without_an_end_is_kept_until_it_is_refused(pool: Pool, clock: Any) -> None:
    door = Door(clock, lasts=None)
    mine = tokens(pool, clock)
    first = await mine.get(door)
    clock.advance(10**7)

    assert await mine.get(door) == first
    assert (await mine.replace(first, door)) != first


async def test_one_refused_here_and_renewed_elsewhere_is_not_renewed_again(pool: Pool, clock: Any, door: Door) -> None:
    here, there = tokens(pool, clock), tokens(pool, clock)
    old = await here.get(door)
    new = await there.replace(await there.get(door), door)

    assert await here.replace(old, door) == new
    assert door.handed_out == 2


async def test_a_refresh_that_fails_leaves_the_lock_free_and_is_tried_again(pool: Pool, clock: Any, door: Door) -> None:
    mine, other = tokens(pool, clock), tokens(pool, clock)
    door.broken = True
    with pytest.raises(Retry):
        await mine.get(door)

    door.broken = False

    assert await other.get(door) == await mine.get(door)


async def test_a_token_that_never_expires_needs_no_refresh_and_no_table(pool: Pool, clock: Any, door: Door) -> None:
    fixed = Token({"Authorization": "Bearer fixed"})
    mine = Tokens(pool, "north", connector(fixed), CREDENTIALS, key=b"key", clock=clock)

    assert await mine.get(door) == await mine.replace(fixed, door) == fixed

    assert door.handed_out == 0
    assert await pool.fetchval("select count(*) from tokens") == 0


async def test_the_address_that_came_with_a_token_is_remembered(pool: Pool, clock: Any, door: Door) -> None:
    await tokens(pool, clock).get(door)

    assert (await tokens(pool, clock).get(door)).url == "https://eu.example"
