"""The sequencer: gives each leaf its place in the log, and signs what the log is by then. One over all workers."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from throughline.core import leaves as words
from throughline.core.checkpoints import Checkpoint, Forged, Signer
from throughline.core.clock import Clock
from throughline.core.merkle import Frontier, Node, leaf_hash
from throughline.hub.anchors import Anchor, NotAnchored
from throughline.hub.audit.tree import KEPT
from throughline.store import audit_log, leaves
from throughline.store.database import Pool, Row, Sql

log = structlog.get_logger()

BATCH = 5_000
TOLD = 200
# A log nothing was added to for so long says so itself: one whose end was cut off cannot.
HEARTBEAT = timedelta(hours=1)


class NotOurs(Exception):
    """The log is not what this key has signed: nothing is added to it until somebody has looked."""


@dataclass(frozen=True, slots=True)
class Sequencer:
    """Works when no other does."""

    pool: Pool
    signer: Signer
    clock: Clock
    anchor: Anchor | None = None

    async def tick(self) -> None:
        """Everything that waits gets its place, and the place outside is told."""
        async with audit_log.alone(self.pool) as sql:
            if sql is None:
                return
            try:
                while await self._enter(sql) == BATCH:
                    pass
            except NotOurs as error:
                log.critical("audit.stopped", why=str(error))
            if self.anchor:
                await self._tell(sql, self.anchor)

    async def _enter(self, sql: Sql) -> int:
        """One batch; returns how many leaves it was."""
        now = self.clock()
        async with audit_log.together(sql):
            newest = await audit_log.newest_checkpoint(sql)
            taken = await leaves.take(sql, limit=BATCH)
            entries = [words.entry(dict(row)) for row in taken]
            if not entries:
                if newest and now - newest["at"] < HEARTBEAT:
                    return 0
                entries = [words.heartbeat(now)]
            frontier = self._frontier(newest)
            first, hashes = frontier.size, [leaf_hash(entry.encode()) for entry in entries]
            await audit_log.append(sql, first=first, entries=entries, hashes=hashes)
            await audit_log.keep_nodes(sql, _kept(frontier, hashes))
            note = self.signer.sign(Checkpoint(frontier.size, frontier.root()))
            roots = b"".join(frontier.roots)
            await audit_log.checkpoint(sql, size=frontier.size, frontier=roots, note=note, now=now)
        return len(taken)

    def _frontier(self, newest: Row | None) -> Frontier:
        """Where the log goes on; only behind what this key has signed."""
        if newest is None:
            return Frontier()
        roots = [newest["frontier"][n : n + 32] for n in range(0, len(newest["frontier"]), 32)]
        frontier = Frontier(newest["size"], roots)
        try:
            signed = self.signer.verifier.read(newest["note"])
        except Forged as error:
            raise NotOurs(f"Checkpoint {newest['size']}: {error}. Is this the audit.key the log began with?") from error
        if signed != Checkpoint(frontier.size, frontier.root()):
            raise NotOurs(f"Checkpoint {newest['size']} is not what was signed. Run `throughline audit verify`.")
        return frontier

    async def _tell(self, sql: Sql, anchor: Anchor) -> None:
        told = await audit_log.anchored(sql, anchor.place)
        for row in await audit_log.checkpoints_after(sql, told, limit=TOLD):
            try:
                await anchor.keep(row["note"])
            except NotAnchored as error:
                log.warning("audit.not_anchored", place=anchor.place, size=row["size"], why=str(error))
                return
            await audit_log.anchor(sql, anchor.place, row["seq"])


def _kept(frontier: Frontier, hashes: list[bytes]) -> list[Node]:
    """The subtrees that these leaves complete and that are kept."""
    made = (node for hash_ in hashes for node in frontier.append(hash_))
    return [node for node in made if node.level and node.level % KEPT == 0]
