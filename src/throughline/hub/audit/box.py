"""The zip an evidence pack is written into; it remembers what each file is, to the byte."""

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from zipfile import ZipFile


@dataclass(slots=True)
class Sheet:
    """One file while it is written."""

    file: IO[bytes]
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self.file.write(data)


@dataclass(frozen=True, slots=True)
class Box:
    """Files by their names; `digests` has those that are whole."""

    archive: ZipFile
    digests: dict[str, str] = field(default_factory=dict[str, str])

    @contextmanager
    def sheet(self, name: str) -> Generator[Sheet]:
        """For what is longer than one likes to hold at once."""
        with self.archive.open(name, "w") as file:
            sheet = Sheet(file)
            yield sheet
        self.digests[name] = sheet.digest.hexdigest()

    def put(self, name: str, text: str) -> None:
        with self.sheet(name) as sheet:
            sheet.write(text.encode())
