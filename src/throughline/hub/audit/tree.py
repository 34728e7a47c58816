"""The tree as the database has it: the roots of any leaves next to each other, read from few rows."""

from collections.abc import Sequence

from throughline.core.merkle import Frontier, Span, complete, folded
from throughline.store import audit_log
from throughline.store.database import Sql

# Of every so many levels one is kept, so that a root is made of at most 128 hashes.
KEPT = 8


class Torn(Exception):
    """Part of the log is not there, so that nothing can be proved with it."""


async def roots(sql: Sql, spans: Sequence[Span]) -> list[bytes]:
    """The root over each span, as proofs are made of them."""
    return [folded([await root(sql, level, number) for level, number in complete(span)]) for span in spans]


async def root(sql: Sql, level: int, number: int) -> bytes:
    """The root of one complete subtree."""
    height = level % KEPT
    found = await audit_log.hashes(sql, level - height, first=number << height, count=1 << height)
    if len(found) != 1 << height:
        raise Torn(f"{(1 << height) - len(found)} of the hashes from place {number << level} on are missing.")
    frontier = Frontier()
    for each in found:
        frontier.append(each)
    return frontier.root()
