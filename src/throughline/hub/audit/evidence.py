"""Evidence: what an auditor takes home about one engagement, or about a time, and checks without this program."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from throughline.core import exact, leaves, manifests, merkle
from throughline.core.checkpoints import Signer, Verifier
from throughline.core.merkle import Span
from throughline.hub.audit import tree
from throughline.hub.audit.box import Box
from throughline.hub.audit.proving import NoSuchLeaf, grown, included, signer_of
from throughline.hub.machine import Machine
from throughline.store import audit_log, captures, journal
from throughline.store.database import Row, Sql

PAGE = 1_000
SHOWN = 500
CHUNK = 2**16
FORMAT = "throughline-evidence/2"
MOST = 10_000
JOURNAL = "journal/"


class TooMuch(Exception):
    """One pack cannot prove that much leaf by leaf."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One engagement, or all that happened from one moment up to another; `kept` is a checkpoint from outside."""

    engagement: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kept: str | None = None

    @property
    def title(self) -> str:
        if self.engagement:
            return f"engagement {self.engagement}"
        return f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"


@dataclass(slots=True)
class Pack:
    """What was written: how many leaves, captures and rows of the journal, and under which checkpoint."""

    path: Path
    size: int
    leaves: int = 0
    captures: int = 0
    words: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


async def export(machine: Machine, wanted: Wanted, path: Path) -> Pack:
    """Write the pack as one zip."""
    draft, signer = path.with_name(f"{path.name}.part"), signer_of(machine)
    async with audit_log.standing_still(machine.pool) as sql:
        newest = await audit_log.newest_checkpoint(sql)
        if newest is None:
            raise NoSuchLeaf("There is no checkpoint yet: a worker makes the first one within a second.")
        try:
            with ZipFile(draft, "w", ZIP_DEFLATED) as archive:
                packing = _Packing(
                    sql, signer.verifier, signer, wanted, newest, Box(archive), Pack(path, newest["size"])
                )
                await packing.whole(leaves.instant(machine.clock()))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return packing.pack


async def sent(machine: Machine, wanted: Wanted) -> Iterator[bytes]:
    """The pack, part by part, from a file without a name: it is gone with whoever reads it, however that ends."""
    with TemporaryDirectory() as folder:
        pack = await export(machine, wanted, Path(folder) / "evidence.zip")
        return _parts(pack.path.open("rb"))


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(CHUNK):
            yield part


@dataclass(frozen=True, slots=True)
class _Packing:
    """One pack, while it is written."""

    sql: Sql
    verifier: Verifier
    signer: Signer
    wanted: Wanted
    newest: Row
    box: Box
    pack: Pack
    sources: set[int] = field(default_factory=set[int])

    async def whole(self, made_at: str) -> None:
        of_one = self.wanted.engagement
        proved = await (self._of_engagement(of_one) if of_one else self._of_time())
        digest = await self._captures()
        await self._journal()
        said = {
            "format": FORMAT,
            "about": self.wanted.title,
            "made_at": made_at,
            "leaves": self.pack.leaves,
            "captures": {"count": self.pack.captures, "sha256": digest},
            "journal": self.pack.words,
            **proved,
            **await self._growth(),
        }
        self.box.put("pack.json", json.dumps(said, indent=2) + "\n")
        self.box.put("checkpoint.txt", self.newest["note"])
        self.box.put("public-key.txt", f"{self.verifier.text}\n")
        self.box.put("verify.py", _shipped("offline.py"))
        self.box.put("index.html", _page(self.wanted, self.pack, self.newest["note"], made_at))
        self.box.put(manifests.NAME, manifests.manifest(self.signer, self.box.digests))

    async def _of_engagement(self, engagement: str) -> dict[str, Any]:
        """Each leaf with a proof of its own: what lies between them is of others."""
        rows = await audit_log.of_engagement(self.sql, engagement, limit=MOST + 1)
        if len(rows) > MOST:
            raise TooMuch(f"{engagement} has more than {MOST:,} leaves: export the time instead.")
        if not rows:
            raise NoSuchLeaf(f"The audit log has no leaf of {engagement}.")
        with self.box.sheet("leaves.jsonl") as file:
            for row in reversed(rows):
                proof = await included(self.sql, self.verifier, row, self.newest)
                file.write(self._line(row, [each.hex() for each in proof.path]))
        return {"proof": "inclusion"}

    async def _of_time(self) -> dict[str, Any]:
        """All leaves next to each other, and what is left and right of them: none between can have been left out."""
        since, until = self.wanted.since, self.wanted.until
        if since is None or until is None:
            raise NoSuchLeaf("Say an engagement, or since when and until when.")
        places = await audit_log.places_within(self.sql, leaves.instant(since), leaves.instant(until))
        if places is None:
            raise NoSuchLeaf(f"The audit log has nothing from {self.wanted.title}.")
        first, end = places[0], places[1] + 1
        with self.box.sheet("leaves.jsonl") as file:
            at = first
            while rows := await audit_log.page(self.sql, first=at, limit=PAGE, end=end):
                for row in rows:
                    file.write(self._line(row, None))
                at = rows[-1]["seq"] + 1
        left = await _subtrees(self.sql, Span(0, first))
        right = await _subtrees(self.sql, Span(end, self.newest["size"]))
        return {"proof": "range", "left": left, "right": right}

    def _line(self, row: Row, path: Sequence[str] | None) -> bytes:
        self.pack.leaves += 1
        told = exact.loads(row["entry"])
        if len(self.pack.shown) < SHOWN:
            self.pack.shown.append({"seq": row["seq"], **told})
        if str(told.get("source", "")).startswith(JOURNAL):
            self.sources.add(int(told["source"].removeprefix(JOURNAL)))
        said: dict[str, Any] = {"seq": row["seq"], "entry": row["entry"]}
        return (json.dumps(said if path is None else {**said, "path": path}, ensure_ascii=False) + "\n").encode()

    async def _captures(self) -> str:
        """What was exchanged, as digests: who has a capture can show that it is this one."""
        digest, after, wanted = hashlib.sha256(), -1, self.wanted
        with self.box.sheet("captures.jsonl") as file:
            while rows := await captures.digests(
                self.sql, correlation=wanted.engagement, since=wanted.since, until=wanted.until, after=after, limit=PAGE
            ):
                for row in rows:
                    line = (json.dumps({**dict(row), "at": leaves.instant(row["at"])}) + "\n").encode()
                    digest.update(line)
                    file.write(line)
                after, self.pack.captures = rows[-1]["id"], self.pack.captures + len(rows)
        return digest.hexdigest()

    async def _journal(self) -> None:
        """What people said when they decided, in the very spelling that their leaves have the digest of."""
        wanted = sorted(self.sources)
        with self.box.sheet("journal.jsonl") as file:
            for first in range(0, len(wanted), PAGE):
                for row in await journal.spelled(self.sql, wanted[first : first + PAGE]):
                    self.pack.words += 1
                    said = {**dict(row), "at": leaves.instant(row["at"])}
                    file.write((json.dumps(said, ensure_ascii=False) + "\n").encode())

    async def _growth(self) -> dict[str, Any]:
        if self.wanted.kept is None:
            return {}
        before = self.verifier.read(self.wanted.kept)
        found = await grown(self.sql, self.verifier, before.size, self.newest)
        return {"kept": self.wanted.kept, "growth": [each.hex() for each in found.path]}


async def _subtrees(sql: Sql, span: Span) -> list[dict[str, Any]]:
    return [
        {"level": level, "hash": (await tree.root(sql, level, number)).hex()} for level, number in merkle.complete(span)
    ]


def _shipped(name: str) -> str:
    return files("throughline.hub.audit").joinpath(name).read_text(encoding="utf-8")


def _page(wanted: Wanted, pack: Pack, note: str, made_at: str) -> str:
    columns = ("seq", "at", "actor", "action", "object", "engagement", "digest")
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(each.get(name, '')))}</td>" for name in columns) + "</tr>"
        for each in pack.shown
    )
    more = f"<p>The first {SHOWN} of {pack.leaves:,}; all are in leaves.jsonl.</p>" if pack.leaves > SHOWN else ""
    head = "".join(f"<th scope=col>{name}</th>" for name in columns)
    template = _shipped("evidence.html")
    said = {
        "title": wanted.title, "made_at": made_at, "leaves": f"{pack.leaves:,}", "captures": f"{pack.captures:,}",
        "size": f"{pack.size:,}", "note": note,
    }  # fmt: skip
    for name, value in said.items():
        template = template.replace(f"[[{name}]]", escape(value))
    return template.replace("[[head]]", head).replace("[[rows]]", rows).replace("[[more]]", more)
