"""Anchors: places outside this database that are told each checkpoint, so that a rewritten log is found out."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from throughline.hub.wire import Request, Transport
from throughline.hub.wire.transport import Lost, NotSent


class NotAnchored(Exception):
    """The place did not take the checkpoint: it is told again."""


class Anchor(Protocol):
    """Whoever keeps checkpoints. Told twice, it keeps the same twice; that does no harm."""

    @property
    def place(self) -> str: ...

    async def keep(self, note: str) -> None: ...


@dataclass(frozen=True, slots=True)
class FileAnchor:
    """A file that is added to; best on a disk whoever runs the database cannot write."""

    path: Path

    @property
    def place(self) -> str:
        return str(self.path)

    async def keep(self, note: str) -> None:
        try:
            await asyncio.to_thread(self._add, f"{note}\n")
        except OSError as error:
            raise NotAnchored(f"{self.path} cannot be written: {error}") from error

    def _add(self, text: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


@dataclass(frozen=True, slots=True)
class WebAnchor:
    """An address each checkpoint is posted to, as text."""

    url: str
    transport: Transport

    @property
    def place(self) -> str:
        return self.url

    async def keep(self, note: str) -> None:
        said = Request("POST", self.url, {"Content-Type": "text/plain; charset=utf-8"}, note.encode())
        try:
            answer = await self.transport.exchange(said)
        except (NotSent, Lost) as error:
            raise NotAnchored(f"{type(error).__name__}: {error}") from error
        if not 200 <= answer.status < 300:
            raise NotAnchored(f"it answered {answer.status}")
