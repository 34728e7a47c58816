"""Turns the terms and tests of a query into functions of a row. Tests know three answers: yes, no, unknown."""

from collections.abc import Callable, Mapping
from typing import Any

from throughline.sandbox.netsuite.names import ref_name
from throughline.sandbox.netsuite.suiteql_tables import TABLES, Column
from throughline.sandbox.netsuite.suiteql_tree import (
    And,
    Apply,
    Compare,
    Constant,
    In,
    IsNull,
    Joined,
    Like,
    Name,
    Not,
    Or,
    Term,
    Test,
)
from throughline.sandbox.netsuite.suiteql_values import Value, Values, like
from throughline.sandbox.netsuite.suiteql_words import SqlError, unsupported
from throughline.sandbox.shelf import Record, Shelf

type Row = dict[str, Any]  # alias -> record, or None where a left join found nothing; "" -> ROWNUM
type Take = Callable[[Row], Value]
type Ask = Callable[[Row], bool | None]

_BARE = {"sysdate", "systimestamp", "current_timestamp"}
AGGREGATES = {"COUNT", "MIN", "MAX", "SUM"}


class Terms:
    """`tables` says which table an alias stands for."""

    def __init__(self, shelf: Shelf, values: Values, tables: Mapping[str, str]) -> None:
        self._shelf, self._values, self._tables = shelf, values, tables
        self._functions = values.functions()

    def value(self, term: Term) -> Take:
        match term:
            case Constant(value):
                return lambda _row: value
            case Name():
                return self._name(term)
            case Joined(parts):
                takes = [self.value(part) for part in parts]
                return lambda row: "".join(self._values.shown(take(row)) or "" for take in takes) or None
            case Apply("BUILTIN.DF", (Name() as name,)):
                return self._display(*self.column(name))
            case Apply(function, arguments):
                return self._apply(function, arguments)

    def test(self, test: Test) -> Ask:  # noqa: PLR0911 - one per kind of test
        match test:
            case Compare(said, left, right):
                first, second = self.value(left), self.value(right)
                return lambda row: self._values.compare(said, first(row), second(row))
            case Like(term, pattern):
                return self._like(self.value(term), self.value(pattern))
            case IsNull(term):
                take = self.value(term)
                return lambda row: take(row) is None
            case In(term, options):
                return self.test(Or(tuple(Compare("=", term, option) for option in options)))
            case Not(inner):
                return _negated(self.test(inner))
            case And(tests):
                return _all([self.test(inner) for inner in tests])
            case Or(tests):
                return _negated(_all([_negated(self.test(inner)) for inner in tests]))

    def column(self, name: Name) -> tuple[str, Column]:
        """The alias and column a name means."""
        if name.table and name.table not in self._tables:
            raise self._unknown(name.table)
        aliases = [name.table] if name.table else list(self._tables)
        found = [alias for alias in aliases if name.name in TABLES[self._tables[alias]].columns]
        if not found:
            raise self._unknown(name.name)
        if len(found) > 1:
            raise unsupported(f"'{name.name}' is a column of {' and of '.join(found)}")
        return found[0], TABLES[self._tables[found[0]]].columns[name.name]

    def _name(self, name: Name) -> Take:
        if name.table is None and name.name == "rownum":
            return lambda row: row[""]
        if name.table is None and name.name in _BARE:
            now = self._functions[name.name.upper()]()
            return lambda _row: now
        alias, column = self.column(name)
        return lambda row: column.read(row[alias]) if row[alias] is not None else None

    def _display(self, alias: str, column: Column) -> Take:
        def display(row: Row) -> Value:
            record: Record | None = row[alias]
            value = column.read(record) if record else None
            if record is None or value is None:
                return None
            if column.to:
                return ref_name(self._shelf, column.to, str(value)) or None
            shown = self._values.shown(value)
            return column.choices.get(record.get("_status", "")) or column.choices.get(shown or "", shown)

        return display

    def _apply(self, function: str, arguments: tuple[Term, ...]) -> Take:
        if function in AGGREGATES:
            raise unsupported(f"{function} belongs to the SELECT list, and not inside another function")
        known = self._functions.get(function)
        if known is None:
            raise unsupported(f"the function {function} is unknown")
        takes = [self.value(argument) for argument in arguments]
        if all(isinstance(argument, Constant) for argument in arguments):
            constant = _call(known, function, [take({}) for take in takes])
            return lambda _row: constant
        return lambda row: _call(known, function, [take(row) for take in takes])

    def _like(self, take: Take, pattern: Take) -> Ask:
        def ask(row: Row) -> bool | None:
            value, wanted = self._values.shown(take(row)), self._values.shown(pattern(row))
            return None if value is None or wanted is None else like(wanted)(value)

        return ask

    def _unknown(self, name: str) -> SqlError:
        known = ", ".join(f"{alias}={table}" for alias, table in self._tables.items())
        return SqlError(f"Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{known}}}")


def _call(function: Callable[..., Value], name: str, arguments: list[Value]) -> Value:
    try:
        return function(*arguments)
    except TypeError:
        raise unsupported(f"wrong arguments for {name}") from None


def _negated(ask: Ask) -> Ask:
    def negated(row: Row) -> bool | None:
        answer = ask(row)
        return None if answer is None else not answer

    return negated


def _all(asks: list[Ask]) -> Ask:
    def every(row: Row) -> bool | None:
        unknown = False
        for ask in asks:
            answer = ask(row)
            if answer is False:
                return False
            unknown = unknown or answer is None
        return None if unknown else True

    return every
