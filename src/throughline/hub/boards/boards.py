"""All boards by their names."""

from collections.abc import Awaitable
from typing import Protocol

from throughline.hub.boards import billing, changes, readiness, unposted
from throughline.hub.boards.board import Board
from throughline.hub.machine import Machine

ROWS = 100
# As many as a file or a program is given at once.
MOST = 5000


class NoSuchBoard(LookupError):
    """There is no board of this name."""


class Made(Protocol):
    """Whoever makes one."""

    def __call__(self, machine: Machine, /, *, limit: int) -> Awaitable[Board]: ...


BOARDS: dict[str, Made] = {
    readiness.NAME: readiness.readiness,
    billing.NAME: billing.billing,
    unposted.NAME: unposted.unposted,
    changes.NAME: changes.changes,
}


async def board(machine: Machine, name: str, *, limit: int = ROWS) -> Board:
    if name not in BOARDS:
        raise NoSuchBoard(f"There is no board {name}. There are: {', '.join(BOARDS)}.")
    return await BOARDS[name](machine, limit=limit)
