"""Verification: the whole log is read, hashed anew and compared with every checkpoint, and the journal with its leaves.

What is said about the database is believed of nobody: only the public key is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from throughline.core import exact, leaves, merkle
from throughline.core.checkpoints import Checkpoint, Forged, Verifier
from throughline.hub.audit.proving import verifier_of
from throughline.hub.audit.sequencer import HEARTBEAT
from throughline.hub.machine import Machine
from throughline.store import audit_log, journal
from throughline.store import leaves as stored
from throughline.store.database import Row, Sql

PAGE = 5_000
MOST_FINDINGS = 100
SLACK = timedelta(minutes=1)


@dataclass(slots=True)
class Verdict:
    """What was read, and everything that is not as it was signed."""

    leaves: int = 0
    checkpoints: int = 0
    waiting: int = 0
    findings: list[str] = field(default_factory=list[str])

    @property
    def fine(self) -> bool:
        return not self.findings

    def find(self, what: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(what)


async def verified(machine: Machine, *, kept: Sequence[str] = (), verifier: Verifier | None = None) -> Verdict:
    """Compare the log with its checkpoints, and with those that were kept elsewhere."""
    async with audit_log.standing_still(machine.pool) as sql:
        reading = _Reading(sql, verifier or verifier_of(machine), machine.clock())
        await reading.whole(kept)
        return reading.verdict


@dataclass(slots=True)
class _Reading:
    """One walk through the log, from its first leaf to its last."""

    sql: Sql
    verifier: Verifier
    now: datetime
    verdict: Verdict = field(default_factory=Verdict)
    tree: merkle.Frontier = field(default_factory=merkle.Frontier)
    expected: dict[int, list[tuple[str, bytes]]] = field(default_factory=dict[int, list[tuple[str, bytes]]])
    told: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])

    async def whole(self, kept: Sequence[str]) -> None:
        for note in kept:
            self._expect(note, "kept elsewhere")
        newest = await self._checkpoints()
        await self._leaves()
        for size, (where, _) in ((size, each) for size, all_ in sorted(self.expected.items()) for each in all_):
            self.verdict.find(
                f"The log has {self.tree.size} leaves and is shorter than the checkpoint of {size} {where}:"
                " its end was cut off."
            )
        if newest is None or self.tree.size > newest["size"]:
            signed = newest["size"] if newest else 0
            if self.tree.size:
                self.verdict.find(f"Leaves from place {signed} on are under no checkpoint: nobody has signed them.")
        await self._alive(newest)
        await self._journal()

    async def _checkpoints(self) -> Row | None:
        newest, seq, size = None, 0, 0
        while rows := await audit_log.checkpoints_after(self.sql, seq, limit=PAGE):
            for row in rows:
                self.verdict.checkpoints += 1
                said = self._expect(row["note"], "in the database")
                if row["size"] < size or (said and said.size != row["size"]):
                    self.verdict.find(f"Checkpoint {row['size']} is not where it belongs: it was exchanged.")
                newest, seq, size = row, row["seq"], row["size"]
        return newest

    def _expect(self, note: str, where: str) -> Checkpoint | None:
        try:
            said = self.verifier.read(note)
        except Forged as error:
            self.verdict.find(f"A checkpoint {where} is not to be believed: {error}.")
            return None
        self.expected.setdefault(said.size, []).append((where, said.root))
        return said

    async def _leaves(self) -> None:
        while rows := await audit_log.page(self.sql, first=self.tree.size, limit=PAGE):
            for row in rows:
                if row["seq"] != self.tree.size:
                    self.verdict.find(f"Leaf {self.tree.size} is missing: it was deleted.")
                    # Behind a gap nothing leads to any checkpoint any more.
                    self.expected.clear()
                    return
                self._leaf(row)

    def _leaf(self, row: Row) -> None:
        hash_ = merkle.leaf_hash(row["entry"].encode())
        if hash_ != row["hash"]:
            self.verdict.find(f"Leaf {row['seq']} was changed: its text is not what was hashed.")
        self.tree.append(hash_)
        self.verdict.leaves += 1
        for where, root in self.expected.pop(self.tree.size, ()):
            if root != self.tree.root():
                self.verdict.find(
                    f"The checkpoint of {self.tree.size} leaves {where} does not match:"
                    " a leaf before it was changed, put in, taken out or moved."
                )
        self._remember(row)

    def _remember(self, row: Row) -> None:
        try:
            said = exact.loads(row["entry"])
            source = said.get("source") or ""
        except (ValueError, AttributeError):
            return
        if source.startswith("journal/"):
            self.told[int(source.removeprefix("journal/"))] = said

    async def _alive(self, newest: Row | None) -> None:
        """A log whose end was cut off together with its checkpoints has one trace: it is old."""
        waiting = await stored.waiting(self.sql)
        self.verdict.waiting = waiting.leaves
        if waiting.since and self.now - waiting.since > SLACK:
            self.verdict.find(
                f"{waiting.leaves} leaves have waited for their place since {waiting.since}: run a worker."
            )
        if newest and self.now - newest["at"] > HEARTBEAT + SLACK:
            self.verdict.find(
                f"The newest checkpoint is of {newest['at']}, and there is one each hour while a worker runs:"
                " either none did, or the end of the log was cut off."
            )

    async def _journal(self) -> None:
        """What people did is in the journal in words: they must be the words the leaves were made of."""
        if not self.told:
            return
        first, last = min(self.told), max(*self.told, await journal.newest(self.sql))
        waiting = await stored.sources(self.sql)
        while first <= last:
            for row in await journal.digests(self.sql, first=first, last=min(first + PAGE - 1, last)):
                said = self.told.pop(row["seq"], None)
                if said is None:
                    if f"journal/{row['seq']}" not in waiting:
                        self.verdict.find(f"Row {row['seq']} of the journal has no leaf: it was put in.")
                elif any(said.get(name) != row[name] for name in ("actor", "action", "object", "digest")) or (
                    said.get("at") != leaves.instant(row["at"])
                ):
                    self.verdict.find(f"Row {row['seq']} of the journal was changed: it is not what its leaf says.")
            first += PAGE
        for seq in sorted(self.told):
            self.verdict.find(f"Row {seq} of the journal is missing: its leaf is there.")
