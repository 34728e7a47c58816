"""From the keys that differ between two sides, as the database found them, to breaks with a name."""

from collections.abc import Iterator, Sequence
from itertools import repeat

from throughline.core.reconciliation.breaks import Break, Comparison, Entry
from throughline.core.reconciliation.compare import ENOUGH, compare
from throughline.core.reconciliation.entries import as_read
from throughline.store.database import Row


def named(comparison: Comparison, rows: Sequence[Row]) -> list[Break]:
    """What is wrong with these keys, in their order. What is not wrong at all, within a tolerance, is not among it."""
    return list(compare(comparison, _entries(comparison, rows, "left"), _entries(comparison, rows, "right")))


def _entries(comparison: Comparison, rows: Sequence[Row], side: str) -> Iterator[Entry]:
    """As often as it was said; that it was said more than twice makes it no worse."""
    for row in rows:
        if row[side] is not None:
            entry = (row["key"], as_read(comparison.fields, row[side]))
            yield from repeat(entry, min(row[f"{side}s"], ENOUGH))
