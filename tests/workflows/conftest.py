"""Workflows are tested without a network: nothing here may open a socket."""

import socket
from typing import Any

import pytest


class Closed(socket.socket):
    """Refuses to come into being; only the pair an event loop wakes itself with is let through, already open."""

    def __init__(self, *args: Any, fileno: int | None = None, **options: Any) -> None:
        if fileno is None and len(args) < 4:
            raise RuntimeError("a test of the workflows opened a socket: use the pretend World, not a network")
        super().__init__(*args, fileno=fileno, **options) if fileno is not None else super().__init__(*args, **options)


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Closed)
