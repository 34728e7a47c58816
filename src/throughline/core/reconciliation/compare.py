"""The comparison itself: two streams in the order of their keys, side by side, a few entries in memory at a time."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby, islice
from operator import itemgetter

from throughline.core.reconciliation.breaks import Break, Cell, Comparison, Entry, Field, Sort

# Two are enough to know that there are too many.
ENOUGH = 2
# Amounts in two currencies cannot be compared: the currency is what is wrong.
SILENCED = {Sort.CURRENCY: frozenset({Sort.AMOUNT, Sort.RATE})}


class OutOfOrder(ValueError):
    """A stream whose keys do not rise would be compared with the wrong ones: it is refused."""


def compare(comparison: Comparison, left: Iterable[Entry], right: Iterable[Entry]) -> Iterator[Break]:
    """What does not agree, in the order of the keys."""
    for ours, theirs in _side_by_side(_groups(left), _groups(right)):
        if ours != theirs or len(ours) > 1:
            yield from breaks_of(comparison, ours, theirs)


def breaks_of(comparison: Comparison, ours: list[Entry], theirs: list[Entry]) -> Iterator[Break]:
    """What is wrong about one key: everything each side said of it, at least one of them something."""
    key = (ours or theirs)[0][0]
    mine, other = (said[0][1] if said else None for said in (ours, theirs))
    if len(ours) > 1 or len(theirs) > 1:
        yield Break(key, Sort.DOUBLED, (), mine, other)
    elif other is None:
        yield Break(key, Sort.MISSING, (), mine, None)
    elif mine is None:
        if comparison.orphans:
            yield Break(key, Sort.ORPHAN, (), None, other)
    else:
        yield from _differing(comparison, key, mine, other)


def _differing(comparison: Comparison, key: str, mine: tuple[Cell, ...], other: tuple[Cell, ...]) -> Iterator[Break]:
    """One break for each sort of difference, with all the fields that show it."""
    differing: dict[Sort, list[str]] = {}
    for field, one, two in zip(comparison.fields, mine, other, strict=True):
        if not _agree(field, one, two):
            differing.setdefault(field.sort, []).append(field.name)
    silent = frozenset[Sort]().union(*(SILENCED.get(sort, frozenset()) for sort in differing))
    for sort, names in differing.items():
        if sort not in silent:
            yield Break(key, sort, tuple(names), mine, other)


def _agree(field: Field, one: Cell, two: Cell) -> bool:
    if isinstance(one, Decimal) and isinstance(two, Decimal):
        return abs(one - two) <= field.tolerance
    return one == two


def _groups(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """What is said of each key; of one that is said ever so often, no more than shows it."""
    before = ""
    for key, said in groupby(entries, key=itemgetter(0)):
        if key <= before:
            raise OutOfOrder(f"{key!r} comes after {before!r}: sort both sides by their keys, byte by byte")
        before = key
        yield list(islice(said, ENOUGH))


def _side_by_side(left: Iterator[list[Entry]], right: Iterator[list[Entry]]
                  ) -> Iterator[tuple[list[Entry], list[Entry]]]:  # fmt: skip
    ours, theirs = next(left, None), next(right, None)
    while ours or theirs:
        if theirs is None or (ours and ours[0][0] < theirs[0][0]):
            yield ours or [], []
            ours = next(left, None)
        elif ours is None or theirs[0][0] < ours[0][0]:
            yield [], theirs
            theirs = next(right, None)
        else:
            yield ours, theirs
            ours, theirs = next(left, None), next(right, None)
