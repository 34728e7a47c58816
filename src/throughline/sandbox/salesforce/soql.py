"""SOQL as it is written: from text to a query, or to a refusal that points at the place."""

from decimal import Decimal

from throughline.sandbox.salesforce.soql_tree import (
    Comparison,
    Condition,
    Joined,
    Literal,
    Negated,
    Order,
    Path,
    Query,
    Within,
)
from throughline.sandbox.salesforce.soql_words import Token, pointed, tokens, unescaped
from throughline.sandbox.salesforce.wire import Refused


def parse(text: str) -> Query:
    reader = _Reader(text)
    query = reader.query()
    reader.end()
    return query


class _Reader:
    """Recursive descent, one method per phrase."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0

    def query(self) -> Query:
        at = self._now().at
        self._expect("SELECT")
        fields = self._fields()
        self._expect("FROM")
        source = self._name()
        alias = None if self._is("WHERE", "ORDER", "LIMIT", "OFFSET", ")", "") else self._name()
        where = self._condition() if self._took("WHERE") else None
        orders = self._orders() if self._took("ORDER") else ()
        limit = self._count() if self._took("LIMIT") else None
        offset = self._count() if self._took("OFFSET") else 0
        return Query(self._text, at, fields, source, alias, where, orders, limit, offset)

    def end(self) -> None:
        if self._now().kind != "end":
            raise self._wrong()

    def _fields(self) -> tuple[Path | Query, ...]:
        if self._is("COUNT") and self._tokens[self._next + 1].text == "(":
            self._next += 2
            self._expect(")")
            return ()
        fields = [self._field()]
        while self._took(","):
            fields.append(self._field())
        return tuple(fields)

    def _field(self) -> Path | Query:
        if not self._took("("):
            return self._path()
        child = self.query()
        self._expect(")")
        return child

    def _condition(self) -> Condition:
        parts = [self._part()]
        word = "AND" if self._is("AND") else "OR"  # they never mix without parentheses: the other is unexpected
        while self._took(word):
            parts.append(self._part())
        return Joined(word, tuple(parts)) if len(parts) > 1 else parts[0]

    def _part(self) -> Condition:
        if self._took("NOT"):
            return Negated(self._part())
        if self._took("("):
            condition = self._condition()
            self._expect(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Condition:
        path = self._path()
        if self._took("NOT"):
            self._expect("IN")
            return self._within(path, negated=True)
        if self._took("IN"):
            return self._within(path, negated=False)
        token = self._now()
        operator = {"<>": "!="}.get(token.text, token.text.upper())
        if operator not in {"=", "!=", "<", "<=", ">", ">=", "LIKE"}:
            raise self._wrong()
        self._next += 1
        return Comparison(path, operator, self._literal())

    def _within(self, path: Path, *, negated: bool) -> Within:
        self._expect("(")
        if self._is("SELECT"):
            within = Within(path, negated, query=self.query())
        else:
            literals = [self._literal()]
            while self._took(","):
                literals.append(self._literal())
            within = Within(path, negated, tuple(literals))
        self._expect(")")
        return within

    def _literal(self) -> Literal:
        token = self._now()
        self._next += 1
        match token.kind:
            case "string":
                return Literal("string", unescaped(token.text[1:-1]), token.text[1:-1])
            case "number":
                return Literal("number", str(Decimal(token.text)))
            case "date" | "datetime":
                return Literal(token.kind, token.text.upper())
            case "name" if token.text.lower() in {"true", "false"}:
                return Literal("boolean", token.text.lower())
            case "name" if token.text.lower() == "null":
                return Literal("null", "null")
            case "name" if "." not in token.text:
                return Literal("span", token.text.upper())
            case _:
                self._next -= 1
                raise self._wrong()

    def _orders(self) -> tuple[Order, ...]:
        self._expect("BY")
        orders = [self._order()]
        while self._took(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        path = self._path()
        descending = self._took("DESC")
        if not descending:
            self._took("ASC")
        last = False
        if self._took("NULLS"):
            last = self._took("LAST")
            if not last:
                self._expect("FIRST")
        return Order(path, descending, last)

    def _count(self) -> int:
        token = self._now()
        if token.kind != "number" or not token.text.isdigit():
            raise self._wrong()
        self._next += 1
        return int(token.text)

    def _path(self) -> Path:
        at = self._now().at
        return Path(tuple(self._name().split(".")), at)

    def _name(self) -> str:
        token = self._now()
        if token.kind != "name" or ":" in token.text:
            raise self._wrong()
        self._next += 1
        return token.text

    def _now(self) -> Token:
        return self._tokens[self._next]

    def _is(self, *words: str) -> bool:
        return self._now().kind != "string" and self._now().text.upper() in words

    def _took(self, word: str) -> bool:
        taken = self._is(word)
        self._next += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise self._wrong()

    def _wrong(self) -> Refused:
        token = self._now()
        shown = f"'{token.text}'" if token.text else "<EOF>"
        return Refused(400, "MALFORMED_QUERY", pointed(self._text, token.at, f"unexpected token: {shown}"))
