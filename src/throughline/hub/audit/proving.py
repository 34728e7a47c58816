"""Proofs: that a leaf is in the log under a signed checkpoint, and that the log begins with what it was before."""

from dataclasses import dataclass

from throughline.core import merkle
from throughline.core.checkpoints import Checkpoint, Signer, Verifier
from throughline.hub.audit import tree
from throughline.hub.machine import Machine
from throughline.store import audit_log
from throughline.store.database import Row, Sql


class NoSuchLeaf(LookupError):
    """There is no leaf at this place of the audit log, or no checkpoint yet."""


class NotProvable(Exception):
    """What the database holds does not lead to what was signed: the log was changed."""


@dataclass(frozen=True, slots=True)
class Proof:
    """All that is needed to check a leaf without the database, but the public key."""

    seq: int
    entry: str
    size: int
    path: list[bytes]
    note: str


@dataclass(frozen=True, slots=True)
class Growth:
    """Shows that the log of `size` leaves begins with the log of `before` leaves."""

    before: int
    size: int
    path: list[bytes]
    note: str


async def newest(machine: Machine) -> Row:
    """The newest checkpoint."""
    row = await audit_log.newest_checkpoint(machine.pool)
    if row is None:
        raise NoSuchLeaf("There is no checkpoint yet: a worker makes the first one within a second.")
    return row


async def inclusion(machine: Machine, seq: int) -> Proof:
    """Under the newest checkpoint."""
    async with audit_log.standing_still(machine.pool) as sql:
        row = await audit_log.one(sql, seq) if 0 <= seq < 2**63 else None
        newest = await audit_log.newest_checkpoint(sql)
        if row is None or newest is None or seq >= newest["size"]:
            raise NoSuchLeaf(f"There is no leaf {seq} in the audit log.")
        return await included(sql, verifier_of(machine), row, newest)


async def included(sql: Sql, verifier: Verifier, row: Row, newest: Row) -> Proof:
    """Checked before it is given away."""
    signed = _signed(verifier, newest["note"])
    seq, size = row["seq"], signed.size
    try:
        path = await tree.roots(sql, merkle.inclusion(seq, size))
    except tree.Torn as error:
        raise NotProvable(f"{error} Run `throughline audit verify`.") from error
    hash_ = merkle.leaf_hash(row["entry"].encode())
    if not merkle.is_included(hash_, seq, size=size, path=path, root=signed.root):
        raise NotProvable(f"Leaf {seq} does not lead to checkpoint {size}. Run `throughline audit verify`.")
    return Proof(seq, row["entry"], size, path, newest["note"])


async def growth(machine: Machine, before: int) -> Growth:
    """From a size the log had to the newest checkpoint."""
    async with audit_log.standing_still(machine.pool) as sql:
        newest = await audit_log.newest_checkpoint(sql)
        if newest is None or not 0 < before <= newest["size"]:
            raise NoSuchLeaf(f"The audit log is shorter than {before} leaves.")
        return await grown(sql, verifier_of(machine), before, newest)


async def grown(sql: Sql, verifier: Verifier, before: int, newest: Row) -> Growth:
    signed = _signed(verifier, newest["note"])
    if not 0 < before <= signed.size:
        raise NotProvable(f"The log has {signed.size} leaves and is shorter than the checkpoint kept of {before}.")
    try:
        path = await tree.roots(sql, merkle.consistency(before, signed.size))
    except tree.Torn as error:
        raise NotProvable(f"{error} Run `throughline audit verify`.") from error
    return Growth(before, signed.size, path, newest["note"])


def verifier_of(machine: Machine) -> Verifier:
    return signer_of(machine).verifier


def signer_of(machine: Machine) -> Signer:
    if machine.signer is None:
        raise NotProvable("This process has no audit key.")
    return machine.signer


def _signed(verifier: Verifier, note: str) -> Checkpoint:
    try:
        return verifier.read(note)
    except ValueError as error:
        raise NotProvable(f"The newest checkpoint is not to be believed: {error}.") from error
