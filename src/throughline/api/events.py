"""Events over HTTP: what happens as CloudEvents over SSE, from where a client left off; and each event alone."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, override

import structlog
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from throughline.api.asking import TheMachine
from throughline.api.problems import Pointed, Wrong
from throughline.core import exact
from throughline.core.cloud_events import STRUCTURED
from throughline.core.events import EVENTS
from throughline.core.rights import Right, needs
from throughline.hub.horizon import Horizon
from throughline.hub.machine import Machine
from throughline.hub.pulse import Pulse
from throughline.hub.webhooks import cloud_event
from throughline.store import events

log = structlog.get_logger()

router = APIRouter(tags=["process"])

BATCH = 200
HEARTBEAT_SECONDS = 15.0
# A transaction that gave out a lower number is still running: look again soon.
AGAIN_SECONDS = 0.3
# Who has not taken a batch by then is cut off, and comes back with its Last-Event-ID when it can.
PATIENCE_SECONDS = 30.0
MOST_SUBJECTS = 100


class EventStream(StreamingResponse):
    """`text/event-stream`, kept by nobody on the way. Who does not read is cut off instead of being waited for."""

    media_type = "text/event-stream"
    patience_seconds = PATIENCE_SECONDS

    @override
    async def stream_response(self, send: Send) -> None:
        async def patiently(message: Message) -> None:
            async with asyncio.timeout(self.patience_seconds):
                await send(message)

        try:
            await super().stream_response(patiently)
        except TimeoutError:
            log.info("stream.cut", after_seconds=self.patience_seconds)
        finally:
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()


@router.get(
    "/events",
    response_class=EventStream,
    responses={
        200: {
            "description": "CloudEvents 1.0 in JSON, one for each `data:` line; `id:` is where to go on from.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
@needs(Right.FOLLOW)
async def stream_events(
    machine: TheMachine,
    request: Request,
    *,
    types: Annotated[
        str | None,
        Query(description="Only these types, separated by commas.", examples=["OpportunityWon,ProjectOpened"]),
    ] = None,
    subjects: Annotated[
        str | None,
        Query(description="Only what happened to these, separated by commas.", examples=["opportunity-k6b5cdsjqj"]),
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="The last `id:` seen; 0 for all. From now on when left out."),
    ] = None,
) -> EventStream:
    """What happens, from now on or from where a client left off."""
    wanted, about = _listed(types), _listed(subjects)
    if unknown := [each for each in wanted if each not in EVENTS]:
        raise Wrong("invalid", errors=[Pointed(pointer="query:types", detail=f"No such type: {', '.join(unknown)}.")])
    if len(about) > MOST_SUBJECTS:
        raise Wrong("invalid", errors=[Pointed(pointer="query:subjects", detail=f"At most {MOST_SUBJECTS}.")])
    place = await events.newest(machine.pool) if last_event_id is None else _place(last_event_id)
    state = request.app.state
    return EventStream(
        _told(machine, state.pulse, state.horizon, place, types=wanted, subjects=about),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get(
    "/events/{id}",
    response_class=Response,
    responses={
        200: {"description": "A CloudEvent 1.0 in JSON.", "content": {STRUCTURED: {"schema": {"type": "object"}}}}
    },
)
@needs(Right.FOLLOW)
async def get_event(
    machine: TheMachine,
    id: Annotated[str, Path(max_length=100, examples=["6f1d2c0b9a8e7f6d5c4b3a2918"])],  # noqa: A002 - the name in the path
) -> Response:
    """One event, whole: what a delivery too large to be sent refers to."""
    row = await events.one(machine.pool, id)
    if row is None:
        raise Wrong("not_found", f"There is no event {id}.")
    return Response(cloud_event(row).structured(), media_type=STRUCTURED)


async def _told(
    machine: Machine, pulse: Pulse, horizon: Horizon, place: int, *, types: tuple[str, ...], subjects: tuple[str, ...]
) -> AsyncGenerator[str]:
    async with pulse.listen() as listener:
        yield "retry: 3000\n\n"
        while not pulse.over:
            until = await horizon.look()
            found = await events.following(
                machine.pool, place, until=until, types=types, subjects=subjects, limit=BATCH
            )
            for row in found.rows:
                yield f"id: {row['seq']}\nevent: {row['type']}\ndata: {exact.dumps(cloud_event(row).whole)}\n\n"
            moved, place = found.place > place, found.place
            more = found.more or horizon.waiting
            if moved or await listener.heard(within=AGAIN_SECONDS if more else HEARTBEAT_SECONDS) or more:
                continue
            # A comment keeps the line open; the id lets a client go on from here though nothing concerned it.
            yield f": still here\nid: {place}\n\n"


def _listed(said: str | None) -> tuple[str, ...]:
    return tuple(each.strip() for each in said.split(",")) if said else ()


def _place(last_event_id: str) -> int:
    if last_event_id.isdecimal() and len(last_event_id) <= 18:
        return int(last_event_id)
    raise Wrong("invalid", errors=[Pointed(pointer="header:Last-Event-ID", detail="It is a whole number, as given.")])
