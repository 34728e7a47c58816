"""What is settled and what was said, written where the machine keeps it, without any process in between."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from throughline.store import cursors, entities
from throughline.store.entities import Change, Link

type Settle = Callable[..., Awaitable[None]]


@pytest.fixture
def settle(world: Any) -> Settle:
    async def settled(kind: str, id_: str, **fields: Any) -> None:
        row = (await entities.many(world.pool, [id_])).get(id_)
        version = row["version"] + 1 if row else 1
        change = Change(
            id_, kind, version, {"id": id_, **fields}, {name: [None, value] for name, value in fields.items()}, "hub"
        )
        await entities.change(world.pool, [change], now=world.clock())

    return settled


@pytest.fixture
def agree(world: Any) -> Settle:
    """A system agreed to what it was sent."""

    async def agreed(system: str, kind: str, id_: str, key: str = "", **sent: Any) -> None:
        await world.pool.execute("delete from links where entity = $1 and system = $2", id_, system)
        await entities.link(world.pool, Link(system, kind, key or f"{system}:{id_}", id_, sent), now=world.clock())

    return agreed


@pytest.fixture
def read_whole(world: Any) -> Settle:
    """The first read of a kind is over."""

    async def over(system: str, kind: str) -> None:
        now = world.clock()
        row = await cursors.claim(world.pool, system, kind, now=now, every=now - now, lease=now - now)
        assert row is not None
        await cursors.advance(world.pool, system, kind, now.isoformat(), held=row["lease_until"], now=now,
                              lease=now - now)  # fmt: skip

    return over
