"""What is compared, and what is wrong when it does not agree: comparisons and breaks, as values."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from throughline.core.money import Money
from throughline.core.reconciliation.sides import Side

type Cell = Decimal | str | None
# A key that both sides share, and the fields that count, in the order the comparison names them.
type Entry = tuple[str, tuple[Cell, ...]]


class Sort(StrEnum):
    """What is wrong between two sides that should agree."""

    MISSING = "missing"
    DOUBLED = "doubled"
    AMOUNT = "amount"
    RATE = "rate"
    PERIOD = "period"
    CURRENCY = "currency"
    STALE = "stale"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Field:
    """One field that counts, and what a difference in it is called. A number may be off by `tolerance`.

    `path` is where it stands in what a side says, the name itself when left out; a step `*` means every line.
    """

    name: str
    sort: Sort
    tolerance: Decimal = Decimal(0)
    path: str = ""

    @property
    def root(self) -> str:
        """The field of the entity it is part of."""
        return (self.path or self.name).partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides that should agree: which, in which fields, after how long, and whose it is when they do not.

    `left` is believed: what it has and the right has not is missing there, the other way round it is an orphan. `part`
    is looked up among the firm's `hold_owners`. A difference is a break when it is older than the firm's `sla`, or than
    `within` where the firm names none: until then it may be under way. `money` and `currency` name the fields that say
    what is at stake. Without `orphans`, only what the left has is asked for.
    """

    name: str
    title: str
    domain: str
    left: Side
    right: Side
    fields: tuple[Field, ...]
    part: str
    within: timedelta
    sla: str | None = None
    money: str | None = None
    currency: str | None = None
    orphans: bool = True

    def place(self, name: str | None) -> int | None:
        """Where a field stands in an entry."""
        return next((n for n, field in enumerate(self.fields) if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that does not agree: its sort, the fields that say so, and what each side says, None for nothing."""

    key: str
    sort: Sort
    fields: tuple[str, ...]
    left: tuple[Cell, ...] | None
    right: tuple[Cell, ...] | None


def at_stake(comparison: Comparison, found: Break) -> Money | None:
    """What a break is worth: the difference of two amounts, else the whole amount; None when nobody can say."""
    if found.sort is Sort.STALE:
        return None
    ours, theirs = (_worth(comparison, said) for said in (found.left, found.right))
    if found.sort is Sort.AMOUNT:
        return abs(ours - theirs) if ours and theirs and ours.currency == theirs.currency else None
    return ours or theirs


def _worth(comparison: Comparison, said: tuple[Cell, ...] | None) -> Money | None:
    amount, currency = comparison.place(comparison.money), comparison.place(comparison.currency)
    if said is None or amount is None or currency is None:
        return None
    value, code = said[amount], said[currency]
    return Money.of(value, code) if isinstance(value, Decimal) and isinstance(code, str) else None
