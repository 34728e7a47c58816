"""Builds the machine from Settings; with `server`, the only module that knows everyone."""

import logging
import os
import random
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import structlog

from throughline.core.checkpoints import Signer
from throughline.core.clock import Clock
from throughline.core.connector import Connector
from throughline.core.ids import Ids, ids_from
from throughline.core.targets import Targets, networks
from throughline.core.workflow import Workflow
from throughline.hub.anchors import Anchor, FileAnchor, WebAnchor
from throughline.hub.captures import Captures
from throughline.hub.firms import Firms
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.hub.outbox import Teller
from throughline.hub.post import Post, Smtp
from throughline.hub.seal import Safe
from throughline.hub.timekeeper import Timekeeper
from throughline.hub.wakes import Wakes
from throughline.hub.webhooks import Webhooks
from throughline.hub.wire import AiohttpTransport, Transport
from throughline.settings import Settings
from throughline.store import clocks
from throughline.store.database import Pool, connected, migrate, queue
from throughline.store.embedded import EmbeddedPostgres


def now() -> datetime:
    return datetime.now(UTC)


def installed_connectors() -> dict[str, Connector]:
    """Ours and the firm's own: whatever is declared under the entry point `throughline.connectors`."""
    return {each.name: each.load() for each in entry_points(group="throughline.connectors")}


def installed_workflows() -> tuple[Workflow, ...]:
    return tuple(each.load() for each in entry_points(group="throughline.workflows"))


@asynccontextmanager
async def database(settings: Settings) -> AsyncGenerator[str]:
    """The URL of a database that runs: the one we were told of, or our own."""
    if settings.database_url:
        yield settings.database_url
        return
    async with EmbeddedPostgres(settings.data / "postgres", user=settings.postgres_user) as url:
        yield url


@asynccontextmanager
async def machine(
    settings: Settings,
    *,
    clock: Clock = now,
    transport: Transport | None = None,
    ids: Ids | None = None,
    connectors: dict[str, Connector] | None = None,
    workflows: tuple[Workflow, ...] | None = None,
) -> AsyncGenerator[Machine]:
    """The machine on a migrated database, with everything it was not given taken from the real world."""
    chance = random.SystemRandom()
    targets = Targets(networks(settings.private_targets.split(",")))
    async with (
        database(settings) as url,
        connected(url, size=settings.connections) as pool,
        AiohttpTransport() as real,
        AiohttpTransport(guard=targets.check_address) as guarded,
        Captures(pool) as captures,
        AsyncExitStack() as stack,
    ):
        await migrate(pool, now=clock())
        kept = _timekeeper(pool, clock)
        clock = kept.now if kept else clock
        known = installed_connectors() if connectors is None else connectors
        key = secret_key(settings)
        flows = installed_workflows() if workflows is None else workflows
        firms = Firms(pool, settings.firm, dict(os.environ), known, transport or real, captures, clock, key)
        stack.push_async_callback(firms.finish)
        yield Machine(
            pool=pool,
            clock=clock,
            ids=ids or ids_from(chance),
            chance=chance,
            connectors=known,
            workflows=flows,
            firms=firms,
            captures=captures,
            archive=settings.archive or settings.data / "archive",
            wakes=Wakes(queue(pool), {each.name: each.priority for each in flows}),
            webhooks=Webhooks(pool, Horizon(pool), guarded, targets, Safe(key), clock, post=post(settings)),
            broker=await broker(settings, pool, clock),
            timekeeper=kept,
            signer=Signer(audit_key(settings)),
            anchor=anchor(settings, transport or real),
        )


def _timekeeper(pool: Pool, clock: Clock) -> Timekeeper | None:
    """None for a clock that was handed in: it is driven, and has nothing to do with the database's."""
    return Timekeeper(now, time.monotonic, partial(clocks.of_database, pool)) if clock is now else None


async def broker(settings: Settings, pool: Pool, clock: Clock) -> Teller | None:
    """NATS, if there is one. Its client is an extra, so it is loaded only when asked for."""
    if not settings.nats_url:
        return None
    one = import_module("throughline.hub.broker").Broker(
        pool, Horizon(pool), clock, settings.nats_url, settings.nats_stream
    )
    await one.join()
    return one


def post(settings: Settings) -> Post | None:
    """The mail server, if there is one."""
    return Smtp(settings.mail_url, settings.mail_from) if settings.mail_url else None


def secret_key(settings: Settings) -> bytes:
    """The key that seals tokens: given, or made once and kept beside the data, readable by its owner alone."""
    if settings.secret_key:
        return settings.secret_key.encode()
    return _kept_once(settings.data / "secret.key")


def audit_key(settings: Settings) -> bytes:
    """What signs the audit log: given, or made once and kept beside the data, readable by its owner alone."""
    said = settings.audit_key or _kept_once(settings.data / "audit.key").decode()
    return b64decode(said)


def anchor(settings: Settings, transport: Transport) -> Anchor | None:
    """Where each checkpoint is told, if anywhere."""
    where = settings.audit_anchor
    if where is None:
        return None
    if where.startswith(("http://", "https://")):
        return WebAnchor(where, transport)
    return FileAnchor(Path(where))


def _kept_once(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_once(path)
    return path.read_bytes()


def _make_once(path: Path) -> None:
    """Two programs may start at once: the first one's key is everybody's."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(b64encode(secrets.token_bytes(32)))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def log_to_stderr(level: str) -> None:
    """Events, not prose; to stderr, so that stdout stays data."""
    logging.basicConfig(level=logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(open(2, "w", closefd=False)),  # noqa: SIM115 - stderr for as long as the process lives
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
