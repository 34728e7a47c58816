"""`demo`: the whole product on a simulated firm, in one command."""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

from throughline.cli.demo_folder import DATABASE, SANDBOX, ours
from throughline.cli.exits import Exit, Stop
from throughline.cli.printing import step
from throughline.cli.where import HERE, Where
from throughline.settings import Settings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What this demo shall be like, and when it began."""

    browser: bool
    until: str | None
    month: bool
    json: bool
    seed: int
    speed: float | None
    where: Where
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


async def demo(
    *,
    reset: bool = False,
    browser: bool = True,
    month: bool = False,
    until: Literal["project-open", "month-closed"] | None = None,
    port: int | None = None,
    seed: int = 42,
    speed: float | None = None,
    json: bool = False,
    where: Where = HERE,
) -> int:
    """Start a simulated firm with its CRM, ERP, PSA, chat and HR, and win a deal.

    Parameters
    ----------
    reset
        Start over: forget everything the demo made in its folder.
    browser
        Open the page in a browser.
    month
        Go on with a month: forty deals, three hundred people, billed, paid and closed. It takes some minutes.
    until
        End by itself: when the first deal's project is open, or the month is closed. Exit 7 if a part of the deal is
        held, or the month's books do not tie.
    port
        The console's port; 7420, or a free one when that is taken.
    seed
        The sandbox's chance.
    speed
        How fast the sandbox's clock runs.
    json
        One JSON document: every id in every system, or how the month's books tie and what is held.
    """
    settings = where.settings(port=port)
    if reset and settings.database_url:
        raise Stop("The database is not the demo's own: empty it yourself, then start without --reset.", Exit.CONFLICT)
    wishes = Wishes(browser and not until, until, month or until == "month-closed", json, seed, speed, where)
    with ours(settings.data, reset=reset):
        async with AsyncExitStack() as stack:
            return await _started(stack, settings.model_copy(update={"firm": settings.data / "firm"}), wishes)


async def _started(stack: AsyncExitStack, settings: Settings, wishes: Wishes) -> int:
    """Three things take seconds, each in a process or thread of its own: systems, database, our own modules."""
    from throughline.cli.sandbox import estate

    coming = await stack.enter_async_context(estate(settings.data / SANDBOX, seed=wishes.seed, speed=wishes.speed))
    reading = asyncio.create_task(asyncio.to_thread(import_module, "throughline.cli.first_deal"))
    stack.callback(reading.cancel)
    url = await stack.enter_async_context(_database(settings))
    kept = "DATABASE_URL" if settings.database_url else str(settings.data / DATABASE)
    step("PostgreSQL", took_seconds=wishes.seconds, aside=kept)
    handout = await coming.handout()
    step("5 simulated systems  CRM ERP PSA CHAT HR", took_seconds=wishes.seconds, aside=f"seed {wishes.seed}")
    first_deal = await reading
    return await first_deal.play(settings.model_copy(update={"database_url": url}), handout, wishes)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[str]:
    """The demo's own is started before anything of ours is read; `opened` then finds it running."""
    import structlog

    from throughline.store.embedded import DatabaseUnavailable, EmbeddedPostgres

    # Until our own log is set up, nothing of it may reach stdout.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    if settings.database_url:
        yield settings.database_url
        return
    try:
        async with EmbeddedPostgres(settings.data / DATABASE) as url:
            yield url
    except DatabaseUnavailable as error:
        raise Stop(str(error), Exit.UNAVAILABLE) from error
