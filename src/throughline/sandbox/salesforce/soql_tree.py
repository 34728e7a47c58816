"""A parsed SOQL query, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    parts: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Literal:
    """`text` is unescaped for strings; for LIKE, `raw` still says which wildcards were escaped."""

    kind: str
    text: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Within:
    path: Path
    negated: bool
    literals: tuple[Literal, ...] = ()
    query: "Query | None" = None


@dataclass(frozen=True, slots=True)
class Joined:
    word: str
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Negated:
    part: "Condition"


type Condition = Comparison | Within | Joined | Negated


@dataclass(frozen=True, slots=True)
class Order:
    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    at: int
    fields: "tuple[Path | Query, ...]"
    source: str
    alias: str | None
    where: Condition | None
    orders: tuple[Order, ...]
    limit: int | None
    offset: int

    @property
    def counts(self) -> bool:
        return not self.fields
