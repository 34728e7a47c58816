"""Webhooks: events brought to a subscriber over HTTP, signed, in the order of each key; or by mail."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from throughline.core import exact
from throughline.core.clock import Clock
from throughline.core.cloud_events import STRUCTURED, CloudEvent
from throughline.core.deliveries import LARGEST_BODY, Judged, Outcome, judge
from throughline.core.events import SubscriptionSwitchedOff
from throughline.core.letters import SCHEME, address_of, letter
from throughline.core.standard_webhooks import headers_for
from throughline.core.targets import NotATarget, Targets
from throughline.hub.horizon import Horizon
from throughline.hub.post import NotPosted, Post
from throughline.hub.seal import Broken, Safe
from throughline.hub.turn import Turn, TurnLost
from throughline.hub.wire import Lost, NotSent, Request, Transport
from throughline.store import deliveries, events, leaves, runs, subscriptions
from throughline.store.database import Pool, Row, Sql, transaction
from throughline.store.leaves import OURSELVES
from throughline.store.runs import NewEvent

log = structlog.get_logger()

AT_ONCE = 16
QUEUED_AT_ONCE = 200
# A subscriber that is away must not copy the whole event log into its queue: the rest waits where it is.
MOST_KEYS = 1000
LOOK_SECONDS = 1.0
USER_AGENT = "throughline"
# What a mail server says of a letter it has taken, https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3
TAKEN = 250


@dataclass(frozen=True, slots=True)
class Answered:
    """The status, or why there is none."""

    status: int | None
    why: str | None


def cloud_event(row: Row) -> CloudEvent:
    return CloudEvent(
        id=row["id"],
        type=row["type"],
        subject=row["subject"],
        time=row["at"],
        engagement=row["correlation"],
        data=row["fields"],
    )


def purpose(subscription: str) -> str:
    """What a subscriber's secret is sealed for: moved to another subscriber, it cannot be opened."""
    return f"subscription/{subscription}"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Whoever does the telling over HTTP; the pool, the horizon and the transport are shared by all turns."""

    pool: Pool
    horizon: Horizon
    transport: Transport
    targets: Targets
    safe: Safe
    clock: Clock
    most_keys: int = MOST_KEYS
    post: Post | None = None
    """Whoever brings letters, to those who are told by mail."""

    async def tell(self, turn: Turn) -> None:
        """Bring what is due, several keys at once, until nothing is. A slow one keeps up its own key only."""
        sending: dict[asyncio.Task[None], int] = {}
        try:
            while True:
                await turn.keep_fresh()
                more = await self._queue(turn)
                free = AT_ONCE - len(sending)
                for each in await deliveries.due(
                    self.pool, turn.subscription, but=list(sending.values()), now=self.clock(), limit=free
                ):
                    sending[asyncio.create_task(self._bring(turn, each))] = each["seq"]
                if not sending and not more:
                    return
                if sending:
                    done, _ = await asyncio.wait(sending, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        del sending[task]
                        task.result()
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def send(self, row: Row, event: CloudEvent) -> Answered:
        """One attempt to bring one event to one subscriber."""
        if row["url"].startswith(SCHEME):
            return await self._write(row, event)
        body = event.within(LARGEST_BODY, at=f"/api/v1/events/{event.id}").structured()
        try:
            self.targets.check_url(row["url"])
            headers = headers_for(event.id, body, at=self.clock(), secrets=self._secrets(row, self.clock()))
            headers |= {"Content-Type": STRUCTURED, "User-Agent": USER_AGENT}
            raw = await self.transport.exchange(Request("POST", row["url"], headers, body))
        except (NotATarget, Broken) as error:
            return Answered(None, f"not sent: {error}")
        except (NotSent, Lost) as error:
            return Answered(None, str(error))
        return Answered(raw.status, None)

    async def _write(self, row: Row, event: CloudEvent) -> Answered:
        """A letter that the mail server took is delivered: what becomes of it there, nobody tells us."""
        if self.post is None:
            return Answered(None, "no mail server is set: THROUGHLINE_MAIL_URL")
        try:
            await self.post.send(letter(event, sender=self.post.sender, to=address_of(row["url"])))
        except NotPosted as error:
            return Answered(None, str(error))
        return Answered(TAKEN, None)

    async def _queue(self, turn: Turn) -> bool:
        """Queue what the subscriber is to be told next; true when there is more at once."""
        until = await self.horizon.look()
        async with transaction(self.pool) as sql:
            row = await turn.hold(sql)
            if row["state"] != "active":
                raise TurnLost(f"{turn.subscription} is {row['state']}")
            if row["place"] >= until:
                return False
            if await deliveries.keys_open(sql, turn.subscription, most=self.most_keys) >= self.most_keys:
                return False
            found = await events.following(sql, row["place"], until=until, types=row["types"], limit=QUEUED_AT_ONCE)
            if found.rows:
                await deliveries.add(sql, turn.subscription, found.rows, now=self.clock())
            await subscriptions.advance(sql, turn.subscription, found.place)
            return found.more

    async def _bring(self, turn: Turn, delivery: Row) -> None:
        event = await events.numbered(self.pool, delivery["seq"])
        row = await subscriptions.one(self.pool, turn.subscription)
        if row is None:
            return
        turn.check()
        began = asyncio.get_running_loop().time()
        answered = (
            await self.send(row, cloud_event(event)) if event else Answered(None, "the event is not kept any more")
        )
        took_ms = (asyncio.get_running_loop().time() - began) * 1000
        await self._remember(turn, delivery, answered, took_ms)

    async def _remember(self, turn: Turn, delivery: Row, answered: Answered, took_ms: float) -> None:
        now = self.clock()
        async with transaction(self.pool) as sql:
            row = await turn.hold(sql)
            judged = judge(
                answered.status,
                answered.why,
                step=delivery["step"],
                failing_since=row["failing_since"],
                active=row["state"] == "active",
                now=now,
            )
            await deliveries.tried(sql, delivery, status=answered.status, why=judged.why, took_ms=took_ms, now=now)
            await _follow(sql, delivery, judged, now=now)
        if judged.why:
            log.warning("delivery.failed", subscription=turn.subscription, id=delivery["event"], why=judged.why)

    def _secrets(self, row: Row, now: datetime) -> list[str]:
        """The newest first; the one before it for as long as receivers may not know the new one."""
        sealed = [row["secret"]]
        if row["previous"] and row["previous_until"] > now:
            sealed.append(row["previous"])
        return [self.safe.read(purpose(row["id"]), each) for each in sealed]


async def _follow(sql: Sql, delivery: Row, judged: Judged, *, now: datetime) -> None:
    """What an attempt means for its delivery, for its key, and for the subscriber."""
    id_, why = delivery["subscription"], judged.why or ""
    match judged.outcome:
        case Outcome.DELIVERED:
            await deliveries.settle(sql, delivery, "delivered", why=None, now=now)
            await subscriptions.works(sql, id_)
        case Outcome.GIVEN_UP:
            await deliveries.settle(sql, delivery, "failed", why=why, now=now)
            await subscriptions.fails(sql, id_, why, now=now)
        case Outcome.AGAIN:
            await deliveries.postpone(sql, delivery, why=why, due_at=judged.due_at or now)
            await subscriptions.fails(sql, id_, why, now=now)
        case Outcome.OFF:
            await deliveries.postpone(sql, delivery, why=why, due_at=now)
            await _switch_off(sql, id_, why, now=now)


async def _switch_off(sql: Sql, id_: str, why: str, *, now: datetime) -> None:
    """Nobody calls there any more until a person resumes it; what it was to be told is kept. Others are told so."""
    row = await subscriptions.one(sql, id_)
    if row is None or row["state"] != "active":
        return
    await subscriptions.stand(sql, id_, "off", why=why, now=now)
    fact = SubscriptionSwitchedOff(subscription=id_, why=why)
    said = fact.model_dump(mode="json")
    new = NewEvent(exact.digest(fact.type, id_, now.isoformat()), fact.type, id_, said, id_, None)
    await runs.publish(sql, [new], now=now)
    await leaves.add(sql, actor=OURSELVES, action="switched off", object_=id_, content=said, now=now)
    log.error("subscription.off", subscription=id_, why=why)
