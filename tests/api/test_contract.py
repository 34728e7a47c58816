"""The API against its own description: whatever is sent, it never answers with a fault, nor with what is undocumented.

The real server, over loopback; requests are made from the OpenAPI document by schemathesis, the same ones each time.
"""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from throughline import main, server
from throughline.api.application import described
from throughline.hub.audit import Sequencer
from throughline.hub.machine import Machine
from throughline.settings import Settings
from throughline.store import journal, workers

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
# One does not end, the other calls an address that was made up: each has tests of its own.
ELSEWHERE = {"stream_events", "check_subscription"}
EXAMPLES = 20
KNOWN = {
    "any_id": ["opportunity-1", "006000000000001AAA", "101"],
    "seq": ["0", "2"],
    "name": ["netsuite", "salesforce"],
    "code": ["not_found"],
    "id": ["opportunity-1", "hold-1", "run-1", "EVENT1", "1", "break-1"],
}
HOSTILE = ["\0", "a\0b", "%", "'", "\ud7ff", "é" * 300, "x" * 3000, "9" * 30, "-1", "٣"]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example]
GENERATED = settings(derandomize=True, database=None, deadline=None, max_examples=EXAMPLES, suppress_health_check=SLOW)


@contextmanager
def served(settings: Settings, clock: Any) -> Generator[str]:
    """The whole program but its workers, on a thread and loop of its own."""
    started, address = threading.Event(), list[str]()
    over = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with main.machine(settings, clock=clock) as machine:
            app = server.app(machine, settings)
            config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", access_log=False)
            web = uvicorn.Server(config)
            web.install_signal_handlers = lambda: None  # type: ignore[method-assign, attr-defined] - a thread has none
            task = asyncio.create_task(web.serve())
            while not web.started:
                await asyncio.sleep(0)
            address.append(f"http://127.0.0.1:{web.servers[0].sockets[0].getsockname()[1]}")
            started.set()
            await over.wait()
            web.should_exit = True
            await task

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.fixture
async def known(machine: Machine, clock: Any, win: Any) -> None:
    """A firm in which something has happened, and was signed; its worker is alive."""
    await workers.beat(machine.pool, "worker-1", host="here", pid=1, now=clock())
    for number in (1, 2):
        await win(number, choices=("approve", "decline"))
    await journal.note(machine.pool, actor="Ada", action="released", object_="hold-1", detail={}, now=clock())
    assert machine.signer
    await Sequencer(machine.pool, machine.signer, clock).tick()


def operations() -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(described().openapi())
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return {each.label: each for each in found}


def either(operation: Any) -> st.SearchStrategy[Any]:
    """What fits the description, and, where there is something to get wrong, what does not."""
    fitting, unfitting = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    takes_something = bool(operation.path_parameters or operation.query or operation.body)
    return fitting | unfitting if takes_something else fitting


def wrong(operation: Any, address: str) -> list[str]:
    """What was found, with the call that shows it."""
    found: list[str] = []

    @GENERATED
    @given(case=either(operation), known=st.booleans(), data=st.data())
    def checked(case: Any, known: bool, data: Any) -> None:
        for name in case.path_parameters or {} if known else ():
            case.path_parameters[name] = data.draw(st.sampled_from(KNOWN[name] + HOSTILE))
        case.call_and_validate(base_url=address, checks=CHECKS, timeout=20)

    try:
        checked()
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - each finding is told with its operation
        found.append(f"{operation.label}: {error}")
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("known")
async def test_whatever_is_sent_no_fault_comes_back_and_nothing_undocumented(settings: Settings, clock: Any) -> None:
    asked = {name: each for name, each in operations().items() if _id(each) not in ELSEWHERE}

    with served(settings, clock) as address:
        found = await asyncio.to_thread(lambda: [what for each in asked.values() for what in wrong(each, address)])

    assert "\n\n".join(found) == ""
    assert len(asked) == len(operations()) - len(ELSEWHERE)


def _id(operation: Any) -> str:
    return operation.definition.raw["operationId"]
