"""The guard that keeps this folder off the network."""

import asyncio
import socket

import pytest


def test_a_test_here_cannot_open_a_socket() -> None:
    with pytest.raises(RuntimeError, match="opened a socket"):
        socket.socket()


def test_nor_can_a_library_on_its_behalf() -> None:
    with pytest.raises(RuntimeError, match="opened a socket"):
        socket.create_connection(("127.0.0.1", 9))


async def test_nor_can_the_event_loop() -> None:
    with pytest.raises(RuntimeError, match="opened a socket"):
        await asyncio.open_connection("127.0.0.1", 9)
