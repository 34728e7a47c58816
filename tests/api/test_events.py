"""The stream of events, and each event alone."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from throughline.api.events import EventStream
from throughline.hub.machine import Machine
from throughline.store.database import transaction

EVENT = "insert into events (id, type, subject, fields, correlation, at) values ($1, $2, 's', '{}', 'o', $3)"


class Line:
    """A client that listens: takes messages as they are sent, until it hangs up."""

    def __init__(self, caller: Any, path: str, **headers: str) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self._gone = asyncio.Event()
        scope = caller.scope("GET", path, headers)
        self._task = asyncio.create_task(caller.app(scope, self._receive, self._send))

    async def message(self) -> dict[str, str]:
        """The next message that carries data."""
        while True:
            text = await asyncio.wait_for(self.heard.get(), 5)
            fields = dict(line.split(": ", 1) for line in text.strip().splitlines() if not line.startswith(":"))
            if "data" in fields:
                return fields

    async def hang_up(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, 5)

    async def ended(self) -> None:
        await asyncio.wait_for(self._task, 5)

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            self.heard.put_nowait(message["body"].decode())


@pytest.fixture
async def line(caller: Any) -> AsyncGenerator[Any]:
    lines: list[Line] = []

    def listen(path: str, **headers: str) -> Line:
        lines.append(Line(caller, path, **headers))
        return lines[-1]

    yield listen
    for each in lines:
        await each.hang_up()


async def test_the_stream_goes_on_where_a_client_left_off(line: Any, win: Any) -> None:
    await win(1)
    listening = line("/api/v1/events", last_event_id="0")

    first = await listening.message()
    await win(2)
    second = await listening.message()

    event = json.loads(first["data"])
    assert (event["specversion"], event["type"], event["subject"]) == (
        "1.0",
        "throughline.OpportunityWon",
        "opportunity-1",
    )
    assert json.loads(second["data"])["engagement"] == "opportunity-2"
    again = await line("/api/v1/events", last_event_id=first["id"]).message()
    assert again == second


async def test_a_new_listener_hears_only_what_is_new_and_what_it_asked_for(
    line: Any, win: Any, machine: Machine
) -> None:
    await win(1)
    listening = line("/api/v1/events?types=ProjectOpened")
    await asyncio.wait_for(listening.heard.get(), 5)
    await win(2)
    await machine.pool.execute(EVENT, "P", "ProjectOpened", machine.clock())

    assert json.loads((await listening.message())["data"])["id"] == "P"


async def test_only_what_happened_to_these_is_heard(line: Any, machine: Machine) -> None:
    listening = line("/api/v1/events?subjects=project-1,project-2", last_event_id="0")
    for n in range(4):
        await machine.pool.execute(EVENT.replace("'s'", f"'project-{n}'"), f"E{n}", "ProjectOpened", machine.clock())

    heard = [json.loads((await listening.message())["data"])["id"] for _ in range(2)]

    assert heard == ["E1", "E2"]


async def test_who_does_not_read_is_cut_off_and_nothing_is_kept_for_them() -> None:
    sent: list[Any] = []
    told, ended = 0, False

    async def tell() -> AsyncGenerator[str]:
        nonlocal told, ended
        try:
            while True:
                told += 1
                yield f"data: {told}\n\n"
        finally:
            ended = True

    async def full_after_two(message: Any) -> None:
        sent.append(message)
        if len(sent) > 3:
            await asyncio.Event().wait()

    stream = EventStream(tell())
    stream.patience_seconds = 0.05
    await asyncio.wait_for(stream.stream_response(full_after_two), 5)

    assert ended
    assert told == 3


async def test_one_event_is_told_whole(caller: Any, win: Any) -> None:
    await win(1)

    found = await caller.get("/api/v1/events/EVENT1")

    assert found.headers["content-type"] == "application/cloudevents+json"
    assert found.json["data"] == {"opportunity": "opportunity-1"}
    assert (await caller.get("/api/v1/events/none")).problem["code"] == "not_found"


async def test_an_event_that_commits_late_is_not_stepped_over(line: Any, machine: Machine) -> None:
    listening = line("/api/v1/events", last_event_id="0")
    async with transaction(machine.pool) as late:
        await late.execute(EVENT, "LATE", "OpportunityWon", machine.clock())
        await machine.pool.execute(EVENT, "EARLY", "OpportunityWon", machine.clock())
        await asyncio.sleep(0.7)  # two looks of the watcher, on a real clock: the database's transactions have no other

    heard = [json.loads((await listening.message())["data"])["id"] for _ in range(2)]

    assert heard == ["LATE", "EARLY"]


@pytest.mark.parametrize(
    ("path", "headers"), [("?types=Nothing", {}), ("", {"last_event_id": "abc"}), ("", {"last_event_id": "-1"})]
)
async def test_a_stream_that_cannot_be_is_refused(path: str, headers: dict[str, str], caller: Any) -> None:
    assert (await caller.get(f"/api/v1/events{path}", **headers)).problem["code"] == "invalid"


async def test_streams_end_when_the_server_stops(line: Any, doors: Any) -> None:
    listening = line("/api/v1/events")
    await asyncio.wait_for(listening.heard.get(), 5)

    doors.stop()

    await listening.ended()
