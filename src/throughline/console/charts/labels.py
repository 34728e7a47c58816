"""Where a label goes so that no two in one lane overlap: above its point, below it, or nowhere."""

from collections.abc import Iterable
from enum import Enum

WIDTH_OF_A_LETTER = 5.9


class Placement(Enum):
    """The distance from the middle of the mark to the foot of the letters."""

    ABOVE = -10.5
    BELOW = 19.0
    NOWHERE = 0.0


def place(labels: Iterable[tuple[str, float, str]]) -> list[Placement]:
    """One placement for each `(lane, x, text)`, in order; what fits nowhere is left to the tooltip and the log."""
    used: dict[tuple[str, Placement], float] = {}
    return [_fit(used, lane, x, text) for lane, x, text in labels]


def _fit(used: dict[tuple[str, Placement], float], lane: str, x: float, text: str) -> Placement:
    half = len(text) * WIDTH_OF_A_LETTER / 2
    for placement in (Placement.ABOVE, Placement.BELOW):
        if used.get((lane, placement), 0.0) <= x - half:
            used[lane, placement] = x + half + 4
            return placement
    return Placement.NOWHERE
