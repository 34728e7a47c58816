"""The Merkle tree of RFC 6962: how a log is summed up in one hash, and what proves that something is in it.

https://www.rfc-editor.org/rfc/rfc6962#section-2.1
Proofs are said as ranges of leaves whose roots make them up, so that whoever has the hashes decides how to read them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

EMPTY = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """The root of a complete subtree: of 2**level leaves, the number-th of its kind from the left."""

    level: int
    number: int
    hash: bytes


class Span(NamedTuple):
    """Leaves from `first` up to, and without, `end`."""

    first: int
    end: int


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """All that is needed to go on with a tree: the roots of its complete subtrees, the largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list[bytes])

    def append(self, hash_: bytes, level: int = 0) -> list[Node]:
        """Add a leaf, or a complete subtree at its place; returns the subtrees that became complete, smallest first."""
        number = self.size >> level
        made = [Node(level, number, hash_)]
        while number & 1:
            hash_, number, level = node_hash(self.roots.pop(), hash_), number >> 1, level + 1
            made.append(Node(level, number, hash_))
        self.roots.append(hash_)
        self.size += 1 << made[0].level
        return made

    def root(self) -> bytes:
        return folded(self.roots) if self.roots else EMPTY


def folded(roots: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that get smaller from left to right."""
    whole = roots[-1]
    for root in reversed(roots[:-1]):
        whole = node_hash(root, whole)
    return whole


def complete(span: Span) -> Iterator[tuple[int, int]]:
    """The fewest complete subtrees a span is made of, as (level, number), from left to right."""
    at = span.first
    while at < span.end:
        level = (span.end - at).bit_length() - 1
        if at:
            level = min(level, (at & -at).bit_length() - 1)
        yield level, at >> level
        at += 1 << level


def inclusion(leaf: int, size: int) -> list[Span]:
    """The audit path of a leaf in a tree of this size: PATH(m, D[n])."""
    if not 0 <= leaf < size:
        raise ValueError(f"leaf {leaf} is not in a tree of {size}")
    path: list[Span] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if leaf < middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(first, middle))
            first = middle
    return path[::-1]


def consistency(before: int, size: int) -> list[Span]:
    """What proves that a tree of this size begins with the tree of `before` leaves: PROOF(m, D[n])."""
    if not 0 < before <= size:
        raise ValueError(f"a tree of {size} does not begin with one of {before}")
    path: list[Span] = []
    first, end, whole = 0, size, True
    while before != end:
        middle = first + _split(end - first)
        if before <= middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(first, middle))
            first, whole = middle, False
    if not whole:
        path.append(Span(first, end))
    return path[::-1]


def _split(size: int) -> int:
    """The largest power of two below it."""
    return 1 << ((size - 1).bit_length() - 1)


def is_included(hash_: bytes, leaf: int, *, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= leaf < size:
        return False
    last = size - 1
    for each in path:
        if last == 0:
            return False
        if leaf & 1 or leaf == last:
            hash_ = node_hash(each, hash_)
            while not leaf & 1 and leaf:
                leaf, last = leaf >> 1, last >> 1
        else:
            hash_ = node_hash(hash_, each)
        leaf, last = leaf >> 1, last >> 1
    return last == 0 and hash_ == root


def is_consistent(before: int, size: int, *, old: bytes, new: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves begins with the tree of `before` leaves (RFC 9162, 2.1.4.2)."""
    if before == size:
        return old == new and not path
    if not 0 < before < size:
        return False
    hashes = [old, *path] if before & (before - 1) == 0 else [*path]
    if not hashes:
        return False
    node, last = before - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    ours = theirs = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            ours, theirs = node_hash(each, ours), node_hash(each, theirs)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            theirs = node_hash(theirs, each)
        node, last = node >> 1, last >> 1
    return last == 0 and ours == old and theirs == new
