"""Connections to PostgreSQL, with our JSON on both ends, and the numbered migrations that shape it."""

import hashlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast, override

import asyncpg
from pgqueuer import AsyncpgPoolDriver, Queries
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability

from throughline.core import exact
from throughline.store import limits

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_POSTGRESQL = 150000
# Our statements are short and many: compiling one costs more than it ever saves.
# A worker that is frozen inside a transaction must not hold the others up for longer than a call may take.
SETTINGS = {
    "jit": "off",
    "application_name": "throughline",
    "idle_in_transaction_session_timeout": "30000",
    # A machine that was cut off says nothing: what it has locked is free when it has not answered for so long.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "client_connection_check_interval": "5000",
    # Plans are made once per connection, perhaps while a table is still empty: one that reads it whole would be kept.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "random_page_cost": "1.1",
}
MIGRATING = 0x7468726F  # the advisory lock that lets one program migrate at a time

# The database went away, or sent us away: nothing is wrong with what we asked, and asking again may succeed.
AWAY = (
    ConnectionError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
)
# What we asked to be written can never be written, however often it is tried.
UNWRITABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, TypeError)

# One escape in a JSON text; the two halves of a surrogate pair are one.
_ESCAPE = re.compile(r"\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|u[0-9a-f]{4}|.)")
_UNHOLDABLE = re.compile(r"\\u0000|\\ud[89a-f][0-9a-f]{2}")

type Pool = asyncpg.Pool
type Row = asyncpg.Record


class Sql(Protocol):
    """A pool or a connection: whoever can run a statement."""

    async def fetch(self, query: str, *args: Any) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: Any) -> Row | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...


class DatabaseProblem(Exception):
    """The database cannot be used as it is; the text says what to do."""


class _Connection(asyncpg.Connection):
    @override
    def get_reset_query(self) -> str:
        # Nothing of ours outlives a transaction, and LISTEN has a connection of its own: the round trip that asyncpg
        # spends on every release is saved.
        return ""


@asynccontextmanager
async def connected(url: str, *, size: int = 20) -> AsyncGenerator[Pool]:
    """A pool that speaks exact JSON. Refuses a PostgreSQL that is too old."""
    try:
        pool = await asyncpg.create_pool(
            url, min_size=1, max_size=size, init=_speak, connection_class=_Connection, server_settings=SETTINGS
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseProblem(
            f"Cannot connect to the database: {error}. Check DATABASE_URL and that it runs."
        ) from error
    try:
        found = await pool.fetchval("select current_setting('server_version_num')::int")
        if found < OLDEST_POSTGRESQL:
            raise DatabaseProblem(f"PostgreSQL {found // 10000} is too old: 15 or newer is needed.")
        yield pool
    finally:
        pool.terminate() if pool.is_closing() else await pool.close()


async def migrate(pool: Pool, *, now: datetime) -> list[str]:
    """Bring the schema up to this release, one program at a time; says which migrations ran."""
    ran: list[str] = []
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", MIGRATING)
        await connection.execute(
            "create table if not exists migrations"
            " (name text primary key, digest text not null, at timestamptz not null)"
        )
        done = {row["name"]: row["digest"] for row in await connection.fetch("select name, digest from migrations")}
        for file in sorted(MIGRATIONS.glob("*.sql")):
            text = file.read_text()
            digest = hashlib.sha256(text.encode()).hexdigest()
            if file.name not in done:
                await connection.execute(text)
                await connection.execute("insert into migrations values ($1, $2, $3)", file.name, digest, now)
                ran.append(file.name)
            elif done.pop(file.name) != digest:
                raise DatabaseProblem(f"Migration {file.name} was changed after it ran here. Restore the file.")
        if unknown := done:
            raise DatabaseProblem(
                f"The database was migrated by a newer release ({', '.join(sorted(unknown))}). Update this program."
            )
        if not await connection.fetchval("select to_regclass('pgqueuer')"):
            # A wake-up may be lost (the sweep finds the lane), so the queue needs no write-ahead log.
            settings = DBSettings(durability=Durability.volatile)
            await connection.execute(QueryBuilderEnvironment(settings).build_install_query())
            ran.append("pgqueuer")
        await limits.install(connection)
    return ran


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncGenerator[Sql]:
    """One transaction on one connection."""
    async with pool.acquire() as connection, connection.transaction():
        yield cast(Sql, connection)


def queue(pool: Pool) -> Queries:
    """The wake-up queue on this pool."""
    return Queries(AsyncpgPoolDriver(pool))


async def _speak(connection: asyncpg.Connection) -> None:
    # Binary, because COPY knows no other; jsonb's binary form is its text behind a version byte.
    await connection.set_type_codec(
        "jsonb",
        encoder=_packed,
        decoder=_unpacked,
        schema="pg_catalog",
        format="binary",
    )


def _packed(value: Any) -> bytes:
    text = exact.dumps(value)
    if "\\u0000" in text or "\\ud" in text:
        text = _ESCAPE.sub(_holdable, text)
    return b"\x01" + text.encode()


def _holdable(escape: re.Match[str]) -> str:
    """PostgreSQL holds no NUL and no half of a surrogate pair. One in a vendor's record must not stop the others."""
    return r"\ufffd" if _UNHOLDABLE.fullmatch(escape[0]) else escape[0]


def _unpacked(data: bytes) -> Any:
    return exact.loads(data[1:])
