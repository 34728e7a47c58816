"""One side of a comparison: what a system of a role last said about a kind, what holds, or a measure of money."""

from dataclasses import dataclass
from enum import StrEnum

from throughline.core.roles import Role


class Measure(StrEnum):
    """What money is counted as on its way from the deal to the books."""

    SOLD = "sold"
    CONTRACTED = "contracted"
    PLANNED = "planned"
    WORKED = "worked"
    BILLED = "billed"
    SETTLED = "settled"
    PAID = "paid"
    INVOICED = "invoiced"
    RECOGNISED = "recognised"


@dataclass(frozen=True, slots=True)
class Holds:
    """What holds of a kind by the firm's ownership.

    An entity without the field `known_by` was only heard of: it is nothing of ours. With `named_by`, a kind and its
    field, only what one of those points at counts: a customer nobody has a contract with need not be everywhere.
    """

    kind: str
    known_by: str
    named_by: tuple[str, str] | None = None

    @property
    def word(self) -> str:
        return "what holds"


@dataclass(frozen=True, slots=True)
class Says:
    """What the system of a role last said, or agreed to, about a kind."""

    kind: str
    role: Role

    @property
    def word(self) -> str:
        return self.role.upper()


@dataclass(frozen=True, slots=True)
class Counts:
    """Money of one measure: per engagement, per engagement and period, per invoice, or per line of work."""

    measure: Measure

    @property
    def word(self) -> str:
        return self.measure.value


type Side = Holds | Says | Counts
