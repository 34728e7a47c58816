"""What a query says, as a tree."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A column, perhaps of a named table; lower case. ROWNUM is one too."""

    table: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | Decimal | None


@dataclass(frozen=True, slots=True)
class Apply:
    """A function, upper case: NVL, BUILTIN.DF, COUNT. `star` is COUNT(*)."""

    function: str
    arguments: tuple["Term", ...]
    star: bool = False
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """Text put together with ||."""

    parts: tuple["Term", ...]


type Term = Name | Constant | Apply | Joined


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Like:
    term: Term
    pattern: Term


@dataclass(frozen=True, slots=True)
class IsNull:
    term: Term


@dataclass(frozen=True, slots=True)
class In:
    term: Term
    options: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Not:
    test: "Test"


@dataclass(frozen=True, slots=True)
class And:
    tests: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class Or:
    tests: tuple["Test", ...]


type Test = Compare | Like | IsNull | In | Not | And | Or


@dataclass(frozen=True, slots=True)
class Star:
    table: str | None


@dataclass(frozen=True, slots=True)
class Item:
    term: Term | Star
    alias: str | None


@dataclass(frozen=True, slots=True)
class Source:
    table: str
    alias: str


@dataclass(frozen=True, slots=True)
class Join:
    source: Source
    on: Test
    left: bool


@dataclass(frozen=True, slots=True)
class Order:
    term: Term
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    items: tuple[Item, ...]
    source: Source
    joins: tuple[Join, ...] = ()
    where: Test | None = None
    group: tuple[Term, ...] = ()
    order: tuple[Order, ...] = ()
    skip: int = 0
    first: int | None = None
    distinct: bool = False
