"""Archive files: lines of JSON in small compressed pieces, with an index, so that one row is read without the rest."""

import gzip
import hashlib
import json
import os
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from throughline.core import exact

ROWS_PER_PIECE, BYTES_PER_PIECE = 500, 2**20

type Piece = tuple[int, int, int, int]
"""The first and the last key in it, where it begins, and how long it is."""


class Damaged(Exception):
    """A file is not what its certificate or its index says."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds; the digest is of the lines, so it stays the same however they are compressed."""

    first: int
    last: int
    rows: int
    digest: str


@dataclass(slots=True)
class Writer:
    """Writes under another name; only a file that is whole gets its own."""

    path: Path
    _pieces: list[Piece] = field(default_factory=list[Piece])
    _keys: list[int] = field(default_factory=list[int])
    _lines: list[bytes] = field(default_factory=list[bytes])
    rows: int = 0
    _size: int = 0
    _offset: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part(self.path).unlink(missing_ok=True)

    def add(self, rows: Sequence[tuple[int, str]]) -> None:
        for key, line in rows:
            text = line.encode() + b"\n"
            self._keys.append(key)
            self._lines.append(text)
            self._digest.update(text)
            self.rows += 1
            self._size += len(text)
            if len(self._lines) >= ROWS_PER_PIECE or self._size >= BYTES_PER_PIECE:
                self._flush()

    def close(self) -> None:
        """On the disk, under its own name."""
        self._flush()
        index = index_of(self.path)
        part(index).write_text(json.dumps({"pieces": self._pieces}))
        for each in (index, self.path):
            _to_disk(part(each))
            part(each).replace(each)
        _to_disk(self.path.parent)

    def discard(self) -> None:
        part(self.path).unlink(missing_ok=True)

    @property
    def content(self) -> Content:
        pieces = self._pieces
        return Content(pieces[0][0], pieces[-1][1], self.rows, self._digest.hexdigest())

    def _flush(self) -> None:
        if not self._lines:
            return
        data = gzip.compress(b"".join(self._lines), 6, mtime=0)
        with part(self.path).open("ab") as file:
            file.write(data)
        self._pieces.append((self._keys[0], self._keys[-1], self._offset, len(data)))
        self._offset += len(data)
        self._size = 0
        self._keys.clear()
        self._lines.clear()


def read_back(path: Path, key: str) -> Content:
    """All of it, from the disk, by its index: whatever is wrong raises Damaged."""
    digest, rows, found = hashlib.sha256(), 0, list[int]()
    for piece in _pieces(path):
        lines = _lines(path, piece)
        keys = [int(exact.loads(line)[key]) for line in lines]
        if (keys[0], keys[-1]) != piece[:2] or keys != sorted(keys):
            raise Damaged(f"{path.name}: its index says other rows than there are")
        found += [keys[0], keys[-1]]
        rows += len(lines)
        for line in lines:
            digest.update(line)
    if not found or found != sorted(found):
        raise Damaged(f"{path.name}: its pieces are not in order")
    if sum(piece[3] for piece in _pieces(path)) != path.stat().st_size:
        raise Damaged(f"{path.name}: there is more in it than its index knows")
    return Content(found[0], found[-1], rows, digest.hexdigest())


def find(path: Path, key: str, wanted: int) -> dict[str, Any] | None:
    """One row, from the one piece it can be in."""
    pieces = _pieces(path)
    at = bisect_left(pieces, wanted, key=lambda piece: piece[1])
    if at == len(pieces) or pieces[at][0] > wanted:
        return None
    rows = (exact.loads(line) for line in _lines(path, pieces[at]))
    return next((row for row in rows if row[key] == wanted), None)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """All rows, oldest first."""
    for piece in _pieces(path):
        yield from (exact.loads(line) for line in _lines(path, piece))


def keep(path: Path, text: str) -> None:
    """A small file, whole or not at all."""
    part(path).write_text(text)
    _to_disk(part(path))
    part(path).replace(path)
    _to_disk(path.parent)


def index_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".jsonl.gz") + ".index.json")


def part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _pieces(path: Path) -> list[Piece]:
    try:
        return [(a, b, c, d) for a, b, c, d in json.loads(index_of(path).read_text())["pieces"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{index_of(path).name} cannot be read: {error}") from error


def _lines(path: Path, piece: Piece) -> list[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(piece[2])
            lines = gzip.decompress(file.read(piece[3])).splitlines(keepends=True)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Damaged(f"{path.name} cannot be read at byte {piece[2]}: {error}") from error
    if not lines:
        raise Damaged(f"{path.name} holds nothing at byte {piece[2]}")
    return lines


def _to_disk(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
