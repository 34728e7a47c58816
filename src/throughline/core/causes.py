"""Causes: what several holds have in common, found in what each says once names, ids, amounts and days are left out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from throughline.core import exact

GAP = "…"
# In this order: what is quoted may hold anything, and an amount begins with a number. Currencies and countries stay,
# for a missing tax code of one country is mended by another row than that of the next.
_VARIES = (
    re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”"),
    re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?(?:T[\d:.+Z-]+)?"),
    re.compile(r"\b[A-Za-z][A-Za-z_]*-(?=[\w-]*\d)[\w-]+"),
    re.compile(r"\b(?=[A-Za-z]*\d)[A-Za-z0-9_]{2,}(?:[.,-]\w+)*|\b\d\b"),
)
_GAPS = re.compile(rf"{GAP}(?:\s*[,;&]?\s*(?:and\s+|or\s+)?{GAP})+")
SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """Why holds belong together: the same process, part and kind, and the same reason once `pattern` leaves things out.

    The id is made of just that: whichever worker meets it first, it is the same.
    """

    workflow: str | None
    part: str | None
    kind: str
    pattern: str

    @property
    def id(self) -> str:
        return f"cause-{exact.digest(self.workflow, self.part, self.kind, self.pattern)[:10].lower()}"


def pattern(why: str, names: Iterable[str] = ()) -> str:
    """A reason without what is peculiar to one: `names` are what those it is about are called."""
    left = why
    for name in sorted({each for each in names if len(each) >= SHORTEST_NAME}, key=len, reverse=True):
        left = left.replace(name, GAP)
    for varies in _VARIES:
        left = varies.sub(GAP, left)
    return " ".join(_GAPS.sub(GAP, left).split())
