"""The guard of the transport: asked for each address as it is connected to."""

import socket
from collections.abc import Iterator

import pytest

from throughline.core.targets import Targets, networks
from throughline.hub.wire import AiohttpTransport, NotSent, Request

TRICKS = [
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://0x7f.1:{port}/", "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://0.0.0.0:{port}/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/",
    "http://0177.0.0.1:{port}/", "http://127.0.0.1.:{port}/", "http://LOCALHOST:{port}/",
]  # fmt: skip


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Somebody on loopback who notices when they are called."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.setblocking(False)
        yield one


@pytest.mark.parametrize("url", TRICKS)
async def test_no_spelling_of_our_own_machine_is_connected_to(url: str, listening: socket.socket) -> None:
    async with AiohttpTransport(guard=Targets().check_address) as transport:
        with pytest.raises(NotSent):
            await transport.exchange(Request("POST", url.format(port=listening.getsockname()[1]), {}, b"{}"))

    with pytest.raises(BlockingIOError):
        listening.accept()


async def test_a_name_that_means_another_address_a_moment_later_is_judged_by_what_is_connected_to() -> None:
    """Each address is judged as it is connected to: there is no moment between the two."""
    asked: list[str] = []

    def guard(address: str) -> None:
        asked.append(address)
        Targets().check_address(address)

    async with AiohttpTransport(guard=guard) as transport:
        with pytest.raises(NotSent, match="not on the public internet"):
            await transport.exchange(Request("POST", "http://localhost:1/", {}, b"{}"))

    assert set(asked) <= {"127.0.0.1", "::1"}
    assert asked


async def test_what_is_allowed_is_connected_to(listening: socket.socket) -> None:
    async with AiohttpTransport(deadline_seconds=0.3, guard=Targets(networks(["127.0.0.0/8"])).check_address) as open_:
        with pytest.raises(Exception, match="no whole answer"):
            await open_.exchange(Request("POST", f"http://127.0.0.1:{listening.getsockname()[1]}/", {}, b"{}"))

    caller, _ = listening.accept()
    caller.close()
