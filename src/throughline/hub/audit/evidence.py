"""Evidence: what an auditor takes home about one engagement, or about a time, and checks without this program."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from throughline.core import exact, leaves, merkle
from throughline.core.checkpoints import Verifier
from throughline.core.merkle import Span
from throughline.hub.audit import tree
from throughline.hub.audit.proving import NoSuchLeaf, grown, included, verifier_of
from throughline.hub.machine import Machine
from throughline.store import audit_log, captures
from throughline.store.database import Row, Sql

PAGE = 1_000
SHOWN = 500
FORMAT = "throughline-evidence/1"
MOST = 10_000


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
    """What was written: how many leaves, captures, and under which checkpoint."""

    path: Path
    size: int
    leaves: int = 0
    captures: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


async def export(machine: Machine, wanted: Wanted, path: Path) -> Pack:
    """Write the pack as one zip."""
    draft = path.with_name(f"{path.name}.part")
    async with audit_log.standing_still(machine.pool) as sql:
        newest = await audit_log.newest_checkpoint(sql)
        if newest is None:
            raise NoSuchLeaf("There is no checkpoint yet: a worker makes the first one within a second.")
        try:
            with ZipFile(draft, "w", ZIP_DEFLATED) as archive:
                packing = _Packing(sql, verifier_of(machine), wanted, newest, archive, Pack(path, newest["size"]))
                await packing.whole(leaves.instant(machine.clock()))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return packing.pack


@dataclass(frozen=True, slots=True)
class _Packing:
    """One pack, while it is written."""

    sql: Sql
    verifier: Verifier
    wanted: Wanted
    newest: Row
    archive: ZipFile
    pack: Pack

    async def whole(self, made_at: str) -> None:
        of_one = self.wanted.engagement
        proved = await (self._of_engagement(of_one) if of_one else self._of_time())
        digest = await self._captures()
        said = {
            "format": FORMAT,
            "about": self.wanted.title,
            "made_at": made_at,
            "leaves": self.pack.leaves,
            "captures": {"count": self.pack.captures, "sha256": digest},
            **proved,
            **await self._growth(),
        }
        self.archive.writestr("pack.json", json.dumps(said, indent=2) + "\n")
        self.archive.writestr("checkpoint.txt", self.newest["note"])
        self.archive.writestr("public-key.txt", f"{self.verifier.text}\n")
        self.archive.writestr("verify.py", _shipped("offline.py"))
        self.archive.writestr("index.html", _page(self.wanted, self.pack, self.newest["note"], made_at))

    async def _of_engagement(self, engagement: str) -> dict[str, Any]:
        """Each leaf with a proof of its own: what lies between them is of others."""
        rows = await audit_log.of_engagement(self.sql, engagement, limit=MOST + 1)
        if len(rows) > MOST:
            raise TooMuch(f"{engagement} has more than {MOST:,} leaves: export the time instead.")
        if not rows:
            raise NoSuchLeaf(f"The audit log has no leaf of {engagement}.")
        lines: list[bytes] = []
        for row in reversed(rows):
            proof = await included(self.sql, self.verifier, row, self.newest)
            lines.append(self._line(row, [each.hex() for each in proof.path]))
        self.archive.writestr("leaves.jsonl", b"".join(lines))
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
        with self.archive.open("leaves.jsonl", "w") as file:
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
        if len(self.pack.shown) < SHOWN:
            self.pack.shown.append({"seq": row["seq"], **exact.loads(row["entry"])})
        said: dict[str, Any] = {"seq": row["seq"], "entry": row["entry"]}
        return (json.dumps(said if path is None else {**said, "path": path}, ensure_ascii=False) + "\n").encode()

    async def _captures(self) -> str:
        """What was exchanged, as digests: who has a capture can show that it is this one."""
        digest, after, wanted = hashlib.sha256(), -1, self.wanted
        with self.archive.open("captures.jsonl", "w") as file:
            while rows := await captures.digests(
                self.sql, correlation=wanted.engagement, since=wanted.since, until=wanted.until, after=after, limit=PAGE
            ):
                for row in rows:
                    line = (json.dumps({**dict(row), "at": leaves.instant(row["at"])}) + "\n").encode()
                    digest.update(line)
                    file.write(line)
                after, self.pack.captures = rows[-1]["id"], self.pack.captures + len(rows)
        return digest.hexdigest()

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
