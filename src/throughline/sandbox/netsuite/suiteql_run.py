"""Runs a query over the shelf: join, filter, group, order, cut, show."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from throughline.sandbox.netsuite.suiteql import parse
from throughline.sandbox.netsuite.suiteql_tables import TABLES
from throughline.sandbox.netsuite.suiteql_terms import AGGREGATES, Row, Take, Terms
from throughline.sandbox.netsuite.suiteql_tree import (
    And,
    Apply,
    Compare,
    Constant,
    Join,
    Name,
    Order,
    Select,
    Star,
    Term,
    Test,
)
from throughline.sandbox.netsuite.suiteql_values import Value, Values
from throughline.sandbox.netsuite.suiteql_words import SqlError, unsupported
from throughline.sandbox.shelf import Record, Shelf

type Line = dict[str, str]
type Takes = list[tuple[str, Callable[[list[Row]], Value]]]


def run(sql: str, shelf: Shelf, values: Values) -> list[Line]:
    """Every line of the answer: values as text, nulls left out, columns in lower case."""
    return _Query(parse(sql), shelf, values).lines()


class _Query:
    def __init__(self, select: Select, shelf: Shelf, values: Values) -> None:
        self._select, self._shelf, self._values = select, shelf, values
        self._tables: dict[str, str] = {}
        for source in (select.source, *(join.source for join in select.joins)):
            if source.table not in TABLES:
                raise SqlError(f"Invalid search type: {source.table}.")
            if source.alias in self._tables:
                raise unsupported(f"two tables are called {source.alias}")
            self._tables[source.alias] = source.table
        self._terms = Terms(shelf, values, self._tables)

    def lines(self) -> list[Line]:
        items = self._items()
        groups = self._groups(self._where(self._joined()), items)
        groups = self._ordered(groups, items)
        takes: Takes = [(name, self._over(term)) for name, term in items]
        lines = [self._line(takes, group) for group in groups]
        if self._select.distinct:
            lines = list({tuple(line.items()): line for line in lines}.values())
        end = None if self._select.first is None else self._select.skip + self._select.first
        return lines[self._select.skip : end]

    # From

    def _joined(self) -> list[Row]:
        source = self._select.source
        rows: list[Row] = [{source.alias: record} for record in TABLES[source.table].rows(self._shelf)]
        for join in self._select.joins:
            rows = self._join(rows, join)
        return rows

    def _join(self, rows: list[Row], join: Join) -> list[Row]:
        alias = join.source.alias
        own, other = self._equality(join.on, alias)
        test = self._terms.test(join.on)
        by_key: dict[str | None, list[Record]] = defaultdict(list)
        for record in TABLES[join.source.table].rows(self._shelf):
            by_key[self._values.shown(own({alias: record}))].append(record)
        joined: list[Row] = []
        for row in rows:
            partners = by_key.get(self._values.shown(other(row)), [])
            matches = [{**row, alias: record} for record in partners if test({**row, alias: record}) is True]
            joined += matches or ([{**row, alias: None}] if join.left else [])
        return joined

    def _equality(self, on: Test, alias: str) -> tuple[Take, Take]:
        """The first `new.column = earlier.column` of a join."""
        earlier = list(self._tables)[: list(self._tables).index(alias)]
        for test in on.tests if isinstance(on, And) else (on,):
            if isinstance(test, Compare) and test.operator == "=":
                for mine, theirs in ((test.left, test.right), (test.right, test.left)):
                    if self._alias_of(mine) == alias and self._alias_of(theirs) in earlier:
                        return self._terms.value(mine), self._terms.value(theirs)
        raise unsupported(f"a join needs an equality between {alias} and a table before it")

    def _alias_of(self, term: Term) -> str | None:
        return self._terms.column(term)[0] if isinstance(term, Name) else None

    def _where(self, rows: list[Row]) -> list[Row]:
        """ROWNUM counts the rows that passed, as in Oracle: `ROWNUM > 1` is never true."""
        test = self._terms.test(self._select.where) if self._select.where else None
        kept: list[Row] = []
        for row in rows:
            row[""] = Decimal(len(kept) + 1)
            if test is None or test(row) is True:
                kept.append(row)
        return kept

    # Select

    def _items(self) -> list[tuple[str, Term]]:
        items: dict[str, Term] = {}
        unnamed = 0
        for item in self._select.items:
            if isinstance(item.term, Star):
                items = self._every_column(item.term) | items
                continue
            name = item.alias or (item.term.name if isinstance(item.term, Name) else None)
            if name is None:
                unnamed += 1
                name = f"expr{unnamed}"
            items[name.lower()] = item.term
        return list(items.items())

    def _every_column(self, star: Star) -> dict[str, Term]:
        if star.table and star.table not in self._tables:
            raise unsupported(f"{star.table}.* of no table")
        aliases = [star.table] if star.table else list(self._tables)
        return {name: Name(alias, name) for alias in reversed(aliases) for name in TABLES[self._tables[alias]].columns}

    def _groups(self, rows: list[Row], items: list[tuple[str, Term]]) -> list[list[Row]]:
        """One group per row, unless the query groups or counts."""
        if self._select.group:
            keys = [self._terms.value(term) for term in self._select.group]
            groups: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
            for row in rows:
                groups[tuple(self._values.shown(key(row)) for key in keys)].append(row)
            return list(groups.values())
        if any(_aggregates(term) for _, term in items):
            if not all(_aggregates(term) or isinstance(term, Constant) for _, term in items):
                raise unsupported("a column beside an aggregate needs GROUP BY")
            return [rows]
        return [[row] for row in rows]

    def _over(self, term: Term) -> Callable[[list[Row]], Value]:
        if isinstance(term, Apply) and term.function in AGGREGATES:
            return self._aggregate(term)
        take = self._terms.value(term)
        return lambda rows: take(rows[0]) if rows else None

    def _aggregate(self, term: Apply) -> Callable[[list[Row]], Value]:
        if term.star:
            if term.function != "COUNT":
                raise unsupported(f"{term.function}(*)")
            return lambda rows: Decimal(len(rows))
        if len(term.arguments) != 1:
            raise unsupported(f"{term.function} takes one argument")
        take = self._terms.value(term.arguments[0])

        def over(rows: list[Row]) -> Value:
            found: list[Any] = [value for row in rows if (value := take(row)) is not None]
            if term.distinct:
                found = list({self._values.shown(value): value for value in found}.values())
            match term.function:
                case "COUNT":
                    return Decimal(len(found))
                case "SUM":
                    return sum((Decimal(value) for value in found), Decimal(0)) if found else None
                case "MIN":
                    return min(found, key=self._values.sortable, default=None)
                case _:
                    return max(found, key=self._values.sortable, default=None)

        return over

    # Order

    def _ordered(self, groups: list[list[Row]], items: list[tuple[str, Term]]) -> list[list[Row]]:
        for order in reversed(self._select.order):
            take = self._over(self._meant(order.term, items))
            groups = sorted(groups, key=cmp_to_key(self._comparing(order, take)))
        return groups

    def _meant(self, term: Term, items: Sequence[tuple[str, Term]]) -> Term:
        """ORDER BY may name a column of the answer, or its number."""
        if isinstance(term, Constant) and isinstance(term.value, Decimal) and 1 <= term.value <= len(items):
            return items[int(term.value) - 1][1]
        if isinstance(term, Name) and term.table is None:
            return dict(items).get(term.name, term)
        return term

    def _comparing(self, order: Order, take: Callable[[list[Row]], Value]) -> Callable[[list[Row], list[Row]], int]:
        def compare(left: list[Row], right: list[Row]) -> int:
            first, second = take(left), take(right)
            if first is None or second is None:
                return _nulls(first, second) * (-1 if order.nulls_first else 1)
            before = self._values.compare("<", first, second)
            after = self._values.compare(">", first, second)
            return (int(bool(after)) - int(bool(before))) * (-1 if order.descending else 1)

        return compare

    def _line(self, takes: Takes, group: list[Row]) -> Line:
        shown = ((name, self._values.shown(take(group))) for name, take in takes)
        return {name: value for name, value in shown if value is not None}


def _aggregates(term: Term) -> bool:
    return isinstance(term, Apply) and term.function in AGGREGATES


def _nulls(first: Value, second: Value) -> int:
    return int(first is None) - int(second is None)
