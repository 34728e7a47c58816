"""The machine, opened for one command; every way it may refuse is one sentence and an exit code."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from throughline.cli.exits import Exit, Stop
from throughline.cli.printing import talk
from throughline.hub.firm import FirmErrors
from throughline.hub.firm.secrets import SecretMissing
from throughline.hub.firms import NothingApplied
from throughline.hub.machine import Machine
from throughline.main import log_to_stderr, machine
from throughline.settings import Settings
from throughline.store.database import AWAY, DatabaseProblem
from throughline.store.embedded import DatabaseUnavailable

PATIENCE_SECONDS = 1.0
# It went away for good, or turns us away now: the statement we sent it was none of the reason.
GONE = (
    *AWAY,
    OSError,
    asyncpg.InternalClientError,  # what it makes of a connection that is lost in the middle of a statement
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InternalServerError,
    asyncpg.PostgresSystemError,
)


@asynccontextmanager
async def asked(settings: Settings) -> AsyncGenerator[Machine]:
    """For a command that asks and goes: quiet, and it makes no database where there is none."""
    if not settings.database_url and not (settings.data / "postgres").exists():
        raise Stop(
            f"There is nothing here yet: {settings.data} has no database."
            " Start one with `throughline demo` or `throughline up`, or say where it is with --data.",
            Exit.UNAVAILABLE,
        )
    level = settings.log_level if "log_level" in settings.model_fields_set else "error"
    async with opened(settings.model_copy(update={"log_level": level})) as built:
        yield built


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Machine]:
    """For a command that works on. What takes longer than a second says so."""
    log_to_stderr(settings.log_level)
    # The pool tells each of its own attempts with a traceback; what an outage means is told once, below.
    logging.getLogger("asyncpg").setLevel(logging.ERROR)
    waiting = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, talk.print, "Opening the database ...")
    try:
        with told():
            async with machine(settings) as built:
                waiting.cancel()
                yield built
    finally:
        waiting.cancel()


@contextmanager
def told() -> Generator[None]:
    """What went wrong, for the person at the terminal."""
    try:
        yield
    except FirmErrors as error:
        raise Stop(str(error), Exit.CONFIG) from error
    except (NothingApplied, SecretMissing) as error:
        raise Stop(str(error), Exit.CONFIG) from error
    except (DatabaseProblem, DatabaseUnavailable) as error:
        raise Stop(str(error), Exit.UNAVAILABLE) from error
    except GONE as error:
        why = f"{type(error).__name__}: {error}".rstrip(": ")
        raise Stop(
            f"The database does not answer any more ({why})."
            " Nothing that was kept is lost: start the same command again when it is back.",
            Exit.UNAVAILABLE,
        ) from error
