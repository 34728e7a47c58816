"""Subscriptions over HTTP: who is told of events by webhook, and what became of each delivery."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import AwareDatetime, Field

from throughline.api.asking import Actor, Cursor, Limit, TheMachine, link_next
from throughline.api.holds import Key
from throughline.api.shapes import Asked, Page, Shape
from throughline.core import exact
from throughline.core.rights import Right, needs
from throughline.core.standard_webhooks import Signing
from throughline.hub import subscriptions
from throughline.hub.machine import Machine
from throughline.hub.once import Once
from throughline.hub.subscriptions import Made, Told, Tried
from throughline.store.database import Row

router = APIRouter(tags=["process"])

Id = Annotated[str, Path(examples=["subscription-ufdlmrkwbx"])]


class Subscription(Shape):
    """Somebody who is told of events, and how far they have been told."""

    id: str = Field(examples=["subscription-ufdlmrkwbx"])
    kind: Literal["webhook", "nats"]
    url: str = Field(examples=["https://example.com/hooks/throughline"])
    types: list[str] = Field(description="The types of events; empty for all.", examples=[["ProjectOpened"]])
    state: Literal["active", "paused", "off"]
    why: str | None = Field(description="Why it is not active, or what failed last; null when nothing does.")
    signing: str = Field(examples=["v1"])
    public_key: str | None = Field(description="What a v1a signature is checked with.")
    failing_since: datetime | None
    behind_since: datetime | None = Field(description="When the oldest event happened that has not arrived.")
    created_at: datetime


class NewSubscription(Asked):
    """Where to, and what of."""

    url: Annotated[str, Field(max_length=2000, examples=["https://example.com/hooks/throughline"])]
    types: Annotated[tuple[str, ...], Field(max_length=100, examples=[["ProjectOpened"]])] = ()
    signing: Annotated[Signing, Field(description="v1 shares a secret; v1a signs with a key only we have.")] = (
        Signing.SHARED
    )


class Since(Asked):
    """From when on."""

    since: Annotated[AwareDatetime, Field(examples=["2026-11-20T06:00:00Z"])]


class SecretOnce(Shape):
    """A subscription with its secret, which is not shown again: null in an answer that was given before."""

    subscription: Subscription
    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class Recovered(Shape):
    """What is sent again; what was never queued since then is sent besides."""

    subscription: Subscription
    again: int


class Answered(Shape):
    """What a subscriber answered to a test."""

    arrived: bool
    status: int | None
    why: str | None


class Attempt(Shape):
    """One attempt to bring an event."""

    at: datetime
    status: int | None
    why: str | None
    took_ms: float


class Delivery(Shape):
    """One event on its way to one subscriber. `behind` waits for an older one of the same subject."""

    event: str
    type: str
    subject: str
    happened_at: datetime
    state: Literal["due", "behind", "delivered", "failed"]
    due_at: datetime
    why: str | None
    finished_at: datetime | None
    attempts: list[Attempt]


class Subscriptions(Shape):
    """Everybody who is told."""

    data: list[Subscription]


@router.get("/subscriptions")
@needs(Right.SUBSCRIBE)
async def list_subscriptions(machine: TheMachine) -> Subscriptions:
    """Everybody who is told of events."""
    return Subscriptions(data=[_shape(each) for each in await subscriptions.listed(machine)])


@router.post("/subscriptions", status_code=status.HTTP_201_CREATED)
@needs(Right.SUBSCRIBE)
async def create_subscription(
    machine: TheMachine, actor: Actor, asked: NewSubscription, key: Key, response: Response
) -> SecretOnce:
    """Be told of what happens from now on, signed as Standard Webhooks 1.0 says. The secret is shown this once."""
    once = Once(key, exact.digest("subscribe", asked.url, asked.types, asked.signing))
    made = await subscriptions.create(
        machine, asked.url, types=asked.types, signing=asked.signing, person=actor, once=once
    )
    response.headers["Location"] = f"/api/v1/subscriptions/{made.id}"
    return await _with_secret(machine, made, response)


@router.get("/subscriptions/{id}")
@needs(Right.SUBSCRIBE)
async def get_subscription(machine: TheMachine, id: Id) -> Subscription:  # noqa: A002 - the name in the path
    """One of those who are told."""
    return _shape(await subscriptions.one(machine, id))


@router.delete("/subscriptions/{id}", status_code=status.HTTP_204_NO_CONTENT)
@needs(Right.SUBSCRIBE)
async def delete_subscription(machine: TheMachine, actor: Actor, id: Id) -> None:  # noqa: A002 - same
    """Tell them nothing more; what was on its way is dropped."""
    await subscriptions.delete(machine, id, person=actor)


@router.post("/subscriptions/{id}/pause")
@needs(Right.SUBSCRIBE)
async def pause_subscription(machine: TheMachine, actor: Actor, id: Id, key: Key, response: Response) -> Subscription:  # noqa: A002 - same
    """Send nothing until it is resumed; nothing is lost meanwhile."""
    made = await subscriptions.pause(machine, id, person=actor, once=Once(key, exact.digest("pause", id)))
    return await _stands(machine, made, response)


@router.post("/subscriptions/{id}/resume")
@needs(Right.SUBSCRIBE)
async def resume_subscription(machine: TheMachine, actor: Actor, id: Id, key: Key, response: Response) -> Subscription:  # noqa: A002 - same
    """Send what waits, in order, and what happens from now on."""
    made = await subscriptions.resume(machine, id, person=actor, once=Once(key, exact.digest("resume", id)))
    return await _stands(machine, made, response)


@router.post("/subscriptions/{id}/rotate")
@needs(Right.SUBSCRIBE)
async def rotate_secret(machine: TheMachine, actor: Actor, id: Id, key: Key, response: Response) -> SecretOnce:  # noqa: A002 - same
    """A new secret, shown this once. For a day deliveries carry the old one's signature as well."""
    made = await subscriptions.rotate(machine, id, person=actor, once=Once(key, exact.digest("rotate", id)))
    return await _with_secret(machine, made, response)


@router.post("/subscriptions/{id}/test")
@needs(Right.SUBSCRIBE)
async def check_subscription(machine: TheMachine, actor: Actor, id: Id) -> Answered:  # noqa: A002 - same
    """Send an event that means nothing, once and now, and say what was answered."""
    found = await subscriptions.test(machine, id, person=actor)
    arrived = found.status is not None and 200 <= found.status < 300
    return Answered(arrived=arrived, status=found.status, why=found.why)


@router.post("/subscriptions/{id}/recover")
@needs(Right.SUBSCRIBE)
async def recover_subscription(
    machine: TheMachine,
    actor: Actor,
    *,
    id: Id,  # noqa: A002 - same
    asked: Since,
    key: Key,
    response: Response,
) -> Recovered:
    """Send everything since then that has not arrived, whether it was given up or never tried."""
    once = Once(key, exact.digest("recover", id, asked.since.isoformat()))
    made = await subscriptions.recover(machine, id, asked.since, person=actor, once=once)
    return Recovered(subscription=await _stands(machine, made, response), again=made.again)


@router.get("/subscriptions/{id}/deliveries")
@needs(Right.SUBSCRIBE)
async def list_deliveries(
    machine: TheMachine,
    request: Request,
    response: Response,
    id: Id,  # noqa: A002 - same
    *,
    failed: Annotated[bool, Query(description="Only those that were given up.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Delivery]:
    """What was sent and what is on its way, newest first, with each attempt."""
    found = await subscriptions.delivered(machine, id, failed=failed, cursor=cursor, limit=limit)
    link_next(request, response, found.next)
    return Page(data=[_delivery(each) for each in found.rows], next=found.next)


async def _stands(machine: Machine, made: Made, response: Response) -> Subscription:
    if made.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return _shape(await subscriptions.one(machine, made.id))


async def _with_secret(machine: Machine, made: Made, response: Response) -> SecretOnce:
    return SecretOnce(subscription=await _stands(machine, made, response), secret=made.secret)


def _shape(told: Told) -> Subscription:
    same = [name for name in Subscription.model_fields if name != "behind_since"]
    return Subscription(**{name: told.row[name] for name in same}, behind_since=told.behind_since)


def _delivery(tried: Tried) -> Delivery:
    attempts = [_attempt(each) for each in tried.attempts]
    same = [name for name in Delivery.model_fields if name != "attempts"]
    return Delivery(**{name: tried.delivery[name] for name in same}, attempts=attempts)


def _attempt(row: Row) -> Attempt:
    return Attempt(**{name: row[name] for name in Attempt.model_fields})
