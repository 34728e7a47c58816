"""`make record-history NAME=...`: plays a process in the sandbox, stops it half-way, and keeps how everything stood."""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.histories.history import History, systems, tables
from tests.histories.scene import Scene, scene
from tests.simulation.__main__ import database, server
from throughline.hub.wire import AiohttpTransport, Lost, Raw, Request, Transport

USUAL, LARGE = 40_000, 400_000


class Stopped(BaseException):
    """The process ends here, as if it had been killed."""


@dataclass
class Stumbling:
    """The wire, until what is wrong comes to pass: `how` is asked of every change that was made over there."""

    real: Transport
    how: Callable[["Stumbling", Request], BaseException | Raw | None]
    changes: int = 0
    over: bool = False
    asked: list[str] = field(default_factory=list[str])

    async def exchange(self, request: Request) -> Raw:
        answer = await self.real.exchange(request)
        path = urlsplit(request.url).path
        if self.over or request.method == "GET" or any(word in path for word in ("suiteql", "oauth2", "token")):
            return answer
        self.changes += 1
        self.asked.append(f"{request.method} {path}")
        match self.how(self, request):
            case None:
                return answer
            case Raw() as instead:
                return instead
            case error:
                raise error


@dataclass(frozen=True, slots=True)
class Half:
    """How a process is stopped half-way, in words and in deed."""

    words: str
    how: Callable[[Stumbling, Request], BaseException | Raw | None]
    price: int = USUAL


def _after(changes: int) -> Callable[[Stumbling, Request], BaseException | None]:
    return lambda wire, _: Stopped() if wire.changes == changes else None


def _lost(path: str) -> Callable[[Stumbling, Request], BaseException | None]:
    return lambda _, request: Lost("the answer was lost") if path in request.url else None


def _stopped_at(path: str) -> Callable[[Stumbling, Request], BaseException | None]:
    return lambda _, request: Stopped() if path in request.url else None


def _undisturbed(_wire: Stumbling, _request: Request) -> None:
    """Nothing has to go wrong: it waits by itself."""


HALVES = {
    "mid-effects-in-the-ledger": Half("killed after the customer was made, before anything was confirmed", _after(2)),
    "mid-effects-in-delivery": Half("killed in the middle of the project's plan", _after(11)),
    "in-doubt": Half("killed while the project was being made: sent, and no answer read", _stopped_at("/workspaces")),
    "retrying": Half("the answer to the project was lost, and the settle time runs", _lost("/workspaces")),
    "unknown": Half("nobody knows whether the kick-off was posted; a person is asked", _lost("chat.postMessage")),
    "waiting-for-approval": Half("the deal is large, and its approval is asked for", _undisturbed, LARGE),
}


async def record(name: str, half: Half, home: Path, database_url: str) -> History:
    """Play it to the half, keep it, and play it on to its end."""
    deal, customer = "Umbau 001", "Kunde001 GmbH"
    async with AiohttpTransport() as real:
        wire = Stumbling(real, half.how)
        async with scene(home, database_url, transport=wire) as played:
            await played.hear()
            await played.sell(deal, customer, price=half.price)
            await played.hear()
            with suppress(Stopped):
                while await played.step():
                    pass
            assert await played.open(), f"it was done before it was stopped: {wire.asked}"
            rows, stood = await tables(played.machine.pool), systems(home / "sandbox")
            wire.over = True
            came = await _end(played, deal, customer)
    return History(name, half.words, deal, customer, rows, stood, came)


async def _end(played: Scene, deal: str, customer: str) -> dict[str, int]:
    await played.finish()
    came = played.came(deal, customer)
    assert came.wrong() == {}, came.wrong()
    return came.there


async def main(wanted: list[str]) -> int:
    unknown = sorted(set(wanted) - set(HALVES))
    if unknown:
        sys.stderr.write(f"There is no history {', '.join(unknown)}; there are {', '.join(HALVES)}.\n")
        return 2
    async with server() as url:
        for name in wanted or HALVES:
            with tempfile.TemporaryDirectory(prefix="throughline-history-") as home:
                async with database(url, "history") as own:
                    history = await record(name, HALVES[name], Path(home), own)
            path = history.keep()
            sys.stdout.write(f"{path.name}: {history.stopped} ({path.stat().st_size // 1000} kB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main([each for each in sys.argv[1:] if each])))
