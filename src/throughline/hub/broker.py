"""The broker: events published to NATS JetStream, one after the other, so that their order is the log's."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from re import sub

import structlog

from throughline.core.clock import Clock
from throughline.hub.horizon import Horizon
from throughline.hub.turn import Turn
from throughline.hub.webhooks import cloud_event
from throughline.store import events, subscriptions
from throughline.store.database import Pool, Row, transaction
from throughline.store.subscriptions import NewSubscription

try:
    import nats
    from nats.aio.client import Client
    from nats.errors import Error as NatsError
    from nats.js import JetStreamContext
    from nats.js.api import StreamConfig
    from nats.js.errors import NotFoundError
except ImportError as missing:
    raise ImportError("THROUGHLINE_NATS_URL needs the extra: install throughline[nats]") from missing

log = structlog.get_logger()

ID = "nats"
PREFIX = "throughline.events"
AT_ONCE = 200
PATIENCE_SECONDS = 5.0
LONGEST_PAUSE = timedelta(seconds=30)
# The broker forgets a message's id after this long; what it still holds, we look up ourselves (`_last_told`).
DUPLICATE_SECONDS = 3600.0
# Below what a broker takes by default (1 MiB), headers included.
LARGEST_BODY = 900_000


@dataclass(frozen=True, slots=True)
class Broker:
    """Whoever does the telling through NATS. A cluster is named by all its servers, separated by commas."""

    pool: Pool
    horizon: Horizon
    clock: Clock
    url: str
    stream: str

    async def join(self) -> None:
        """The broker is a subscriber like any other, told everything from the first event on."""
        shown = ",".join(server.rpartition("@")[2].rpartition("/")[2] for server in self.url.split(","))
        new = NewSubscription(ID, "nats", shown, (), "none", None, None, 0)
        await subscriptions.add(self.pool, new, now=self.clock())

    async def tell(self, turn: Turn) -> None:
        """Publish until nothing is left. A broker that is away is asked again, at most every half minute."""
        try:
            async with self._connected() as stream:
                await self._publish(turn, stream, await self._last_told(stream))
        except (NatsError, OSError) as error:
            await self._failed(turn, str(error) or type(error).__name__)

    async def _publish(self, turn: Turn, stream: JetStreamContext, told: int) -> None:
        while True:
            await turn.keep_fresh()
            until = await self.horizon.look()
            row = await subscriptions.one(self.pool, ID)
            if row is None or row["place"] >= until:
                return
            found = await events.following(self.pool, row["place"], until=until, limit=AT_ONCE)
            for each in found.rows:
                if each["seq"] > told:
                    turn.check()
                    await self._one(stream, each)
            async with transaction(self.pool) as sql:
                await turn.hold(sql)
                await subscriptions.advance(sql, ID, found.place)
                await subscriptions.works(sql, ID)

    async def _one(self, stream: JetStreamContext, row: Row) -> None:
        """Acknowledged when enough of the cluster has it on disk. One at a time: a hole could not be seen later."""
        event = cloud_event(row).within(LARGEST_BODY, at=f"/api/v1/events/{row['id']}")
        headers, body = event.binary()
        await stream.publish(
            subject_of(row["type"], row["subject"]), body, timeout=PATIENCE_SECONDS, stream=self.stream,
            headers={**headers, "Nats-Msg-Id": event.id},
        )  # fmt: skip

    async def _last_told(self, stream: JetStreamContext) -> int:
        """The place of the newest event that the broker holds.

        It was published in the order of the log, so nothing before it is missing, and nothing up to it is published
        again: not even when the acknowledgement was lost, and the broker away for longer than it remembers ids.
        """
        try:
            last = await stream.get_last_msg(self.stream, f"{PREFIX}.>")
        except NotFoundError:
            return 0
        event = await events.one(self.pool, (last.headers or {}).get("Nats-Msg-Id", ""))
        return event["seq"] if event else 0

    async def _failed(self, turn: Turn, why: str) -> None:
        now = self.clock()
        async with transaction(self.pool) as sql:
            row = await turn.hold(sql)
            await subscriptions.fails(sql, ID, why, now=now, next_at=now + pause(row["failing_since"], now))
        log.warning("broker.away", why=why)

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[JetStreamContext]:
        """JetStream on the first server that answers, with our stream in it. One that is there is left as it is."""
        connection = await self._first()
        try:
            stream = connection.jetstream(timeout=PATIENCE_SECONDS)
            try:
                await stream.stream_info(self.stream)
            except NotFoundError:
                config = StreamConfig(self.stream, subjects=[f"{PREFIX}.>"], duplicate_window=DUPLICATE_SECONDS)
                await stream.add_stream(config)
            yield stream
        finally:
            await connection.close()

    async def _first(self) -> Client:
        failed: Exception = OSError("no server is named")
        for server in self.url.split(","):
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await nats.connect(server.strip(), allow_reconnect=False, error_cb=_told_by_what_it_raises)
            except (NatsError, OSError) as error:
                failed = error
        raise failed


def subject_of(type_: str, subject: str) -> str:
    """What can be subscribed to by kind, by entity, or both; whatever means something to NATS is replaced."""
    return f"{PREFIX}.{type_}.{sub(r'[^A-Za-z0-9_-]', '_', subject) or '_'}"


def pause(failing_since: datetime | None, now: datetime) -> timedelta:
    """Half as long as it has been away, between a second and half a minute."""
    away = now - (failing_since or now)
    return min(max(away / 2, timedelta(seconds=1)), LONGEST_PAUSE)


async def _told_by_what_it_raises(_: Exception) -> None:
    """The client would print every failed attempt."""
