"""A billing run in a process of its own, which kills itself while it reads a line: `run_process.py URL FILE LINE`."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from io import FileIO
from pathlib import Path

from throughline.core.billing.book import Book
from throughline.core.billing.stream import Stream
from throughline.demo import FIRM
from throughline.hub.billing_runs import BillingRun
from throughline.hub.firm import load
from throughline.store.database import connected

MOST = 20


def book() -> Book:
    """The small book the tests of the core judge by."""
    spec = spec_from_file_location("small_book", Path(__file__).parents[2] / "core" / "billing" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return Book.of(load(FIRM), module.entities())


class Deadly(FileIO):
    """A file one of whose lines kills whoever reads it."""

    def __init__(self, path: str, kills_at: int) -> None:
        super().__init__(path)
        self._left = kills_at

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        if line := self.readline():
            return line
        raise StopIteration


async def main(url: str, path: str, kills_at: int) -> None:
    async with connected(url, size=2) as pool:
        run = BillingRun(pool, "november", Stream(book()), lambda: datetime(2026, 12, 1, tzinfo=UTC), most=MOST)
        with Deadly(path, kills_at) as source:
            await run.go(source)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
