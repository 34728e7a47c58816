"""Telling subscribers: in order per key, at least once, each apart from the others, however long they are away."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from throughline.core.clock import Clock
from throughline.core.deliveries import OFF_AFTER, SCHEDULE
from throughline.core.targets import Targets, networks
from throughline.hub import subscriptions
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.hub.outbox import KEPT, Outbox
from throughline.hub.seal import Safe
from throughline.hub.subscriptions import Made, NotNow, NotSubscribable
from throughline.hub.turn import LEASE, TurnLost, take
from throughline.hub.webhooks import Webhooks
from throughline.hub.wire import Lost, NotSent, Raw, Request
from throughline.store import deliveries
from throughline.store.database import Pool

EVENT = "insert into events (id, type, subject, fields, correlation, at) values ($1, $2, $3, $4, $3, $5)"
URL = "https://reader.example/hook"

# pyright: reportPrivateUsage=false
# One delivery is stopped between two of its lines.

type Behaviour = Callable[[str, Any], int | Exception]


def fine(_url: str, _said: Any) -> int:
    return 200


@dataclass
class Readers:
    """The subscribers, behind the transport: what each was sent, and what it answers."""

    behaviour: Behaviour = fine
    before: Callable[[Request], Any] | None = None
    requests: list[Request] = field(default_factory=list[Request])
    arrived: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def exchange(self, request: Request) -> Raw:
        self.requests.append(request)
        if self.before:
            await self.before(request)
        said = json.loads(request.body)
        answer = self.behaviour(request.url, said)
        if isinstance(answer, Exception):
            raise answer
        if 200 <= answer < 300:
            self.arrived.append((request.url, said["id"]))
        return Raw(answer, {}, b"")

    def heard(self, url: str = URL) -> list[str]:
        return [id_ for at, id_ in self.arrived if at == url]


@dataclass
class Telling:
    """A machine, its readers, and a worker's outbox in a test's hands."""

    machine: Machine
    readers: Readers
    outbox: Outbox
    clock: Any

    @property
    def pool(self) -> Pool:
        return self.machine.pool

    async def happened(self, id_: str, subject: str = "s", type_: str = "ProjectOpened", **fields: Any) -> None:
        await self.pool.execute(EVENT, id_, type_, subject, fields, self.clock())

    async def tell(self) -> None:
        await look(self.outbox)
        await self.outbox.quiet()

    async def until(self, span: timedelta, *, step: timedelta = timedelta(minutes=1)) -> None:
        """Time goes by, and the worker ticks."""
        end = self.clock() + span
        while self.clock() < end:
            self.clock.advance(step.total_seconds())
            await self.tell()

    async def subscribe(self, url: str = URL, **how: Any) -> Made:
        return await subscriptions.create(self.machine, url, person="test", **how)

    async def stands(self, id_: str) -> Any:
        return (await subscriptions.one(self.machine, id_)).row

    async def queue(self, state: str = "") -> list[Any]:
        rows = await self.pool.fetch("select * from deliveries order by subscription, seq")
        return [row for row in rows if not state or row["state"] == state]


async def look(outbox: Outbox) -> None:
    """Until it has seen all there is: a transaction of another test may keep the horizon back for a moment."""
    await outbox.look()
    while outbox.horizon.waiting:
        await asyncio.sleep(0.01)
        await outbox.look()


def another(machine: Machine, readers: Readers, clock: Clock, *, worker: str = "worker-1") -> tuple[Machine, Outbox]:
    pool = machine.pool
    targets = Targets(networks(["127.0.0.0/8"]))
    hooks = Webhooks(pool, Horizon(pool), readers, targets, Safe(b"key"), clock, most_keys=150)
    built = replace(machine, webhooks=hooks, clock=clock, chance=random.Random(3))
    return built, built.outbox(worker)


@pytest.fixture
async def telling(world: Any) -> AsyncGenerator[Telling]:
    readers = Readers()
    machine, outbox = another(world.machine, readers, world.clock)
    yield Telling(machine, readers, outbox, world.clock)
    await outbox.close()


# What is sent


async def test_a_subscriber_is_told_from_when_it_subscribed(telling: Telling) -> None:
    await telling.happened("before")
    await telling.subscribe()
    await telling.happened("after")

    await telling.tell()

    assert telling.readers.heard() == ["after"]


async def test_a_delivery_is_a_signed_cloud_event(telling: Telling) -> None:
    made = await telling.subscribe()
    await telling.happened("e-1", "project-1", project="project-1")

    await telling.tell()

    (request,) = telling.readers.requests
    assert made.secret
    assert request.headers["Content-Type"] == "application/cloudevents+json"
    assert request.headers["webhook-id"] == "e-1"
    # The clock of a test is not the verifier's: the signature alone is checked, as its own sign() makes it.
    signed = Webhook(made.secret).sign("e-1", telling.clock(), request.body.decode())
    assert request.headers["webhook-signature"] == signed
    said = json.loads(request.body)
    assert (said["specversion"], said["type"], said["subject"]) == ("1.0", "throughline.ProjectOpened", "project-1")
    assert said["data"] == {"project": "project-1"}


async def test_only_the_types_that_were_asked_for_are_sent(telling: Telling) -> None:
    await telling.subscribe(types=("OpportunityWon",))
    await telling.happened("opened")
    await telling.happened("won", type_="OpportunityWon")

    await telling.tell()

    assert telling.readers.heard() == ["won"]


async def test_a_large_event_is_sent_without_its_data_and_says_where_they_are(telling: Telling) -> None:
    await telling.subscribe()
    await telling.happened("large", text="x" * 20_000)

    await telling.tell()

    (request,) = telling.readers.requests
    assert len(request.body) < 20_000
    assert json.loads(request.body)["dataref"] == "/api/v1/events/large"


# Once, and in order


async def test_what_arrived_is_not_sent_again(telling: Telling) -> None:
    await telling.subscribe()
    await telling.happened("e-1")

    for _ in range(3):
        await telling.tell()

    assert telling.readers.heard() == ["e-1"]


async def test_a_lost_answer_is_repeated_under_the_same_id(telling: Telling) -> None:
    await telling.subscribe()
    await telling.happened("e-1")
    telling.readers.behaviour = lambda _url, _said: Lost("reset")
    await telling.tell()

    telling.readers.behaviour = fine
    await telling.until(timedelta(seconds=10), step=timedelta(seconds=5))

    assert [request.headers["webhook-id"] for request in telling.readers.requests] == ["e-1", "e-1"]


async def test_a_key_that_fails_keeps_its_order_and_stops_no_other(telling: Telling) -> None:
    await telling.subscribe()
    for n in range(3):
        await telling.happened(f"bad-{n}", "bad")
        await telling.happened(f"good-{n}", "good")
    telling.readers.behaviour = lambda _url, said: 500 if said["subject"] == "bad" else 200

    await telling.until(timedelta(hours=1))
    assert telling.readers.heard() == ["good-0", "good-1", "good-2"]
    assert {json.loads(r.body)["id"] for r in telling.readers.requests if b'"bad"' in r.body} == {"bad-0"}

    telling.readers.behaviour = fine
    await telling.until(timedelta(hours=3))
    assert telling.readers.heard()[3:] == ["bad-0", "bad-1", "bad-2"]


async def test_one_that_is_slow_keeps_up_nobody_else(telling: Telling) -> None:
    """The slow one answers only after the quick one has heard everything."""
    slow = "https://slow.example/hook"
    await telling.subscribe()
    await telling.subscribe(slow)
    for n in range(5):
        await telling.happened(f"e-{n}", f"s-{n}")

    all_heard = asyncio.Event()

    async def wait_for_the_other(request: Request) -> None:
        if request.url == slow:
            await all_heard.wait()
        elif len(telling.readers.heard()) == 4:  # this is the fifth
            all_heard.set()

    telling.readers.before = wait_for_the_other

    await telling.tell()

    assert sorted(telling.readers.heard()) == sorted(telling.readers.heard(slow)) == [f"e-{n}" for n in range(5)]


async def test_an_event_that_commits_late_is_told_in_its_place(telling: Telling) -> None:
    await telling.subscribe()
    async with telling.pool.acquire() as connection, connection.transaction():
        await connection.execute(EVENT, "late", "ProjectOpened", "s", {}, telling.clock())
        await telling.happened("early")
        await telling.outbox.look()
        await telling.outbox.quiet()
        assert telling.readers.heard() == []

    await telling.tell()

    assert telling.readers.heard() == ["late", "early"]


# One worker at a time


async def test_two_workers_tell_each_thing_once(telling: Telling) -> None:
    _, other = another(telling.machine, telling.readers, telling.clock, worker="worker-2")
    await telling.subscribe()
    for n in range(20):
        await telling.happened(f"e-{n}", f"s-{n % 4}")

    # As workers do, again and again: one that came in the middle of the other's turn finds nothing to do.
    for _ in range(3):
        await look(telling.outbox)
        await look(other)
        await telling.outbox.quiet()
        await other.quiet()

    assert sorted(telling.readers.heard()) == sorted(f"e-{n}" for n in range(20))


async def test_a_worker_that_was_frozen_sends_nothing_when_it_wakes(telling: Telling) -> None:
    """It wakes with its second delivery in hand, after another worker has told everything."""
    _, other = another(telling.machine, telling.readers, telling.clock, worker="worker-2")
    await telling.subscribe()
    await telling.happened("e-1")
    await telling.happened("e-2")

    async def freeze(_: Request) -> None:
        telling.readers.before = None
        telling.clock.advance(3 * LEASE.total_seconds())
        await look(other)
        await other.quiet()

    telling.readers.before = freeze
    await telling.tell()

    assert telling.readers.heard() == ["e-1", "e-2", "e-1"]  # at least once: the first was under way when it froze
    told = [(row["state"], row["tried"]) for row in await telling.queue()]
    assert told == [("delivered", 1), ("delivered", 1)]  # what it remembers is refused by the fence


async def test_a_delivery_in_hand_for_too_long_is_not_sent(telling: Telling) -> None:
    """Its worker was frozen between taking it up and sending it: another may have sent it, and more, by now."""
    made = await telling.subscribe()
    await telling.happened("e-1")
    hooks = telling.machine.webhooks
    turn = await take(telling.pool, made.id, worker="frozen", clock=telling.clock)
    assert hooks
    assert turn
    await hooks._queue(turn)
    (in_hand,) = await deliveries.due(telling.pool, made.id, but=(), now=telling.clock(), limit=1)
    telling.clock.advance(LEASE.total_seconds() / 3 + 1)

    with pytest.raises(TurnLost):
        await hooks._bring(turn, in_hand)

    assert telling.readers.requests == []


async def test_a_worker_that_died_is_followed_by_another_and_nothing_is_lost(telling: Telling) -> None:
    _, other = another(telling.machine, telling.readers, telling.clock, worker="worker-2")
    await telling.subscribe()
    for n in range(5):
        await telling.happened(f"e-{n}", f"s-{n}")
    never = asyncio.Event()

    async def hang(_: Request) -> None:
        await never.wait()

    telling.readers.before = hang
    await look(telling.outbox)
    while not telling.readers.requests:
        await asyncio.sleep(0)
    await telling.pool.execute("update subscriptions set fence = fence + 1")  # as if its goodbye were never written
    await telling.outbox.close()

    telling.readers.before = None
    await look(other)
    await other.quiet()
    assert telling.readers.heard() == []  # the dead worker's lease still stands

    telling.clock.advance(LEASE.total_seconds() + 1)
    await look(other)
    await other.quiet()
    assert sorted(telling.readers.heard()) == [f"e-{n}" for n in range(5)]


# Away for long


@pytest.mark.parametrize("hours", [4, 30])
async def test_away_for_hours_loses_nothing_and_keeps_every_keys_order(telling: Telling, hours: int) -> None:
    await telling.subscribe()
    telling.readers.behaviour = lambda _url, _said: NotSent("refused")
    for n in range(hours):
        for key in ("a", "b"):
            await telling.happened(f"{key}-{n:02}", key)
        await telling.until(timedelta(hours=1), step=timedelta(minutes=10))

    telling.readers.behaviour = fine
    await telling.until(timedelta(hours=20), step=timedelta(minutes=10))

    for key in ("a", "b"):
        assert [e for e in telling.readers.heard() if e.startswith(key)] == [f"{key}-{n:02}" for n in range(hours)]


async def test_attempts_follow_the_schedule(telling: Telling) -> None:
    await telling.subscribe()
    await telling.happened("poison", "poison")
    tried: list[float] = []

    async def note(request: Request) -> None:
        if b"poison" in request.body:
            tried.append(telling.clock().timestamp())

    telling.readers.before = note
    telling.readers.behaviour = lambda _url, said: 500 if said["id"] == "poison" else 200
    await telling.tell()
    for n, step in enumerate(SCHEDULE[1:]):
        telling.clock.advance(step.total_seconds() - 1)
        await telling.happened(f"other-{n}", "other")  # others arrive, so it is not the subscriber that is away
        await telling.tell()
        telling.clock.advance(1)
        await telling.tell()

    assert [later - earlier for earlier, later in pairwise(tried)] == [each.total_seconds() for each in SCHEDULE[1:]]
    (given_up,) = await telling.queue("failed")
    assert given_up["tried"] == 10


async def test_after_what_is_given_up_its_key_goes_on_and_it_can_be_recovered(telling: Telling) -> None:
    made = await telling.subscribe()
    began = telling.clock()
    await telling.happened("poison", "key")
    await telling.happened("next", "key")
    telling.readers.behaviour = lambda _url, said: 500 if said["id"] == "poison" else 200
    for n in range(80):
        await telling.happened(f"other-{n}", "other")
        await telling.until(timedelta(hours=1), step=timedelta(minutes=30))
    assert "next" in telling.readers.heard()
    assert "poison" not in telling.readers.heard()

    telling.readers.behaviour = fine
    recovered = await subscriptions.recover(telling.machine, made.id, began, person="test")
    await telling.tell()

    assert recovered.again == 1
    assert telling.readers.heard().count("poison") == 1
    assert telling.readers.heard().count("next") == 1


async def test_whoever_is_away_for_days_is_switched_off_and_told_of_and_loses_nothing(telling: Telling) -> None:
    made = await telling.subscribe()
    watcher = "https://watcher.example/"
    await telling.subscribe(watcher, types=("SubscriptionSwitchedOff",))
    telling.readers.behaviour = lambda url, _said: 503 if url == URL else 200
    for n in range(4):
        await telling.happened(f"e-{n}", f"s-{n % 2}")
        await telling.until(timedelta(hours=24), step=timedelta(minutes=30))

    stands = await telling.stands(made.id)
    assert stands["state"] == "off"
    assert "3 days" in stands["why"]
    assert len(telling.readers.heard(watcher)) == 1
    assert await telling.queue("failed") == []
    sent = len(telling.readers.requests)
    await telling.until(timedelta(hours=48), step=timedelta(hours=1))
    assert len(telling.readers.requests) == sent

    telling.readers.behaviour = fine
    await subscriptions.resume(telling.machine, made.id, person="test")
    await telling.tell()

    heard = telling.readers.heard()
    assert [each for each in heard if each in {"e-0", "e-2"}] == ["e-0", "e-2"]
    assert [each for each in heard if each in {"e-1", "e-3"}] == ["e-1", "e-3"]
    assert sum(SCHEDULE, timedelta()) > OFF_AFTER


async def test_one_that_is_paused_during_a_last_attempt_is_told_of_it_when_it_is_resumed(telling: Telling) -> None:
    made = await telling.subscribe()
    telling.readers.behaviour = lambda _url, _said: 503
    await telling.happened("e-1")
    await telling.tell()
    await telling.pool.execute("update deliveries set step = $1, due_at = $2", len(SCHEDULE) - 1, telling.clock())

    async def pause(_: Request) -> None:
        await subscriptions.pause(telling.machine, made.id, person="test")

    telling.readers.before = pause
    await telling.tell()
    telling.readers.before, telling.readers.behaviour = None, fine
    await subscriptions.resume(telling.machine, made.id, person="test")
    await telling.tell()

    assert len(telling.readers.requests) == 3
    assert telling.readers.heard() == ["e-1"]


async def test_gone_is_not_asked_again(telling: Telling) -> None:
    made = await telling.subscribe()
    telling.readers.behaviour = lambda _url, _said: 410
    await telling.happened("e-1")
    await telling.until(timedelta(hours=1))

    assert len(telling.readers.requests) == 1
    assert (await telling.stands(made.id))["state"] == "off"


async def test_one_that_is_away_does_not_copy_the_log_into_its_queue(telling: Telling) -> None:
    await telling.subscribe()
    await telling.pool.execute(
        """insert into events (id, type, subject, fields, correlation, at)
           select n::text, 'ProjectOpened', 's-' || n, '{}', 'o', $1 from generate_series(1, 300) n""",
        telling.clock(),
    )
    telling.readers.behaviour = lambda _url, _said: NotSent("refused")
    await telling.tell()
    assert len(await telling.queue()) == 200

    telling.readers.behaviour = fine
    await telling.until(timedelta(seconds=20), step=timedelta(seconds=5))

    assert len(set(telling.readers.heard())) == len(telling.readers.heard()) == 300


async def test_what_was_delivered_long_ago_is_forgotten(telling: Telling) -> None:
    made = await telling.subscribe()
    await telling.happened("e-1")
    await telling.tell()
    telling.clock.advance(KEPT.total_seconds() + 1)

    await telling.outbox.forget()

    assert await telling.queue() == []
    assert await deliveries.attempts(telling.pool, made.id, [1]) == []


# What people do


async def test_paused_it_is_sent_nothing_and_resumed_everything(telling: Telling) -> None:
    made = await telling.subscribe()
    await subscriptions.pause(telling.machine, made.id, person="test")
    await telling.happened("e-1")
    await telling.tell()
    assert telling.readers.requests == []

    await subscriptions.resume(telling.machine, made.id, person="test")
    await telling.tell()

    assert telling.readers.heard() == ["e-1"]


async def test_after_a_rotation_both_secrets_sign_for_a_day(telling: Telling) -> None:
    made = await telling.subscribe()
    new = await subscriptions.rotate(telling.machine, made.id, person="test")
    await telling.happened("e-1")
    await telling.tell()
    telling.clock.advance(timedelta(hours=24).total_seconds())
    await telling.happened("e-2")
    await telling.tell()

    first, second = telling.readers.requests
    assert made.secret
    assert new.secret
    both = first.headers["webhook-signature"].split()
    body = first.body.decode()
    at = telling.clock() - timedelta(hours=24)
    assert both == [Webhook(each).sign("e-1", at, body) for each in (new.secret, made.secret)]
    assert second.headers["webhook-signature"] == Webhook(new.secret).sign("e-2", telling.clock(), second.body.decode())


async def test_the_secret_is_kept_sealed_and_opens_nowhere_else(telling: Telling) -> None:
    one, other = await telling.subscribe(), await telling.subscribe("https://other.example/")
    assert one.secret

    kept = await telling.pool.fetch("select * from subscriptions order by id")
    assert not any(one.secret in str(row) or one.secret.encode() in (row["secret"] or b"") for row in kept)
    await telling.pool.execute(
        "update subscriptions set secret = (select secret from subscriptions where id = $1) where id = $2",
        one.id,
        other.id,
    )
    await telling.happened("e-1")
    await telling.tell()

    assert telling.readers.heard("https://other.example/") == []


async def test_what_happened_before_it_subscribed_can_be_recovered(telling: Telling) -> None:
    began = telling.clock()
    await telling.happened("e-1")
    telling.clock.advance(60)
    made = await telling.subscribe()
    await telling.happened("e-2")
    await telling.tell()

    await subscriptions.recover(telling.machine, made.id, began, person="test")
    await telling.tell()

    assert telling.readers.heard() == ["e-2", "e-1"]


async def test_a_test_is_sent_at_once_and_leaves_nothing_behind(telling: Telling) -> None:
    made = await telling.subscribe()
    telling.readers.behaviour = lambda _url, _said: 204

    answered = await subscriptions.test(telling.machine, made.id, person="test")

    assert (answered.status, answered.why) == (204, None)
    assert json.loads(telling.readers.requests[0].body)["type"] == "throughline.Test"
    assert await telling.queue() == []


@pytest.mark.parametrize("url", ["ftp://x.example/", "https://user@x.example/", "nothing"])
async def test_what_cannot_be_sent_to_cannot_be_subscribed(telling: Telling, url: str) -> None:
    with pytest.raises(NotSubscribable):
        await telling.subscribe(url)


async def test_there_is_an_end_to_how_many_may_subscribe(telling: Telling) -> None:
    for _ in range(100):
        await telling.subscribe()

    with pytest.raises(NotNow):
        await telling.subscribe()
