"""The stream: what happens, as CloudEvents over SSE, from where a client left off."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from throughline.api.asking import TheMachine
from throughline.api.problems import Pointed, Wrong
from throughline.core import exact
from throughline.core.events import EVENTS
from throughline.hub.machine import Machine
from throughline.hub.pulse import Pulse
from throughline.store import events
from throughline.store.database import Row

router = APIRouter(tags=["process"])

BATCH = 200
HEARTBEAT_SECONDS = 15.0
# A transaction that gave out a lower number is still running: look again soon.
AGAIN_SECONDS = 0.3
# After this long no transaction can still be about to commit an event with a lower number.
SETTLED = timedelta(hours=24)


class EventStream(StreamingResponse):
    """`text/event-stream`, kept by nobody on the way."""

    media_type = "text/event-stream"


@router.get(
    "/stream",
    response_class=EventStream,
    responses={
        200: {
            "description": "CloudEvents 1.0 in JSON, one for each `data:` line; `id:` is where to go on from.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream_events(
    machine: TheMachine,
    request: Request,
    types: Annotated[
        str | None,
        Query(description="Only these types, separated by commas.", examples=["OpportunityWon,ProjectOpened"]),
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="The last `id:` seen; 0 for all. From now on when left out."),
    ] = None,
) -> EventStream:
    """What happens, from now on or from where a client left off."""
    wanted = tuple(each.strip() for each in types.split(",")) if types else ()
    if unknown := [each for each in wanted if each not in EVENTS]:
        raise Wrong("invalid", errors=[Pointed(pointer="query:types", detail=f"No such type: {', '.join(unknown)}.")])
    place = await events.newest(machine.pool) if last_event_id is None else _place(last_event_id)
    pulse: Pulse = request.app.state.pulse
    return EventStream(
        _told(machine, pulse, place, wanted), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def cloud_event(row: Row) -> dict[str, Any]:
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md"""
    return {
        "specversion": "1.0",
        "id": row["id"],
        "source": "/throughline",
        "type": f"throughline.{row['type']}",
        "subject": row["subject"],
        "time": row["at"].isoformat(),
        "datacontenttype": "application/json",
        "engagement": row["correlation"],
        "data": row["fields"],
    }


async def _told(machine: Machine, pulse: Pulse, place: int, types: tuple[str, ...]) -> AsyncGenerator[str]:
    async with pulse.listen() as listener:
        yield "retry: 3000\n\n"
        while not pulse.over:
            found = await events.following(
                machine.pool, place, types=types, old_before=machine.clock() - SETTLED, limit=BATCH
            )
            for row in found.rows:
                yield f"id: {row['seq']}\nevent: {row['type']}\ndata: {exact.dumps(cloud_event(row))}\n\n"
            moved, place = found.place > place, found.place
            if moved or await listener.heard(within=AGAIN_SECONDS if found.more else HEARTBEAT_SECONDS) or found.more:
                continue
            # A comment keeps the line open; the id lets a client go on from here though nothing concerned it.
            yield f": still here\nid: {place}\n\n"


def _place(last_event_id: str) -> int:
    if last_event_id.isdecimal() and len(last_event_id) <= 18:
        return int(last_event_id)
    raise Wrong("invalid", errors=[Pointed(pointer="header:Last-Event-ID", detail="It is a whole number, as given.")])
