"""Reads SuiteQL: the part of it a connector needs, by recursive descent. What is not known is refused.

SELECT [DISTINCT] ... FROM table [alias] [INNER | LEFT [OUTER]] JOIN ... ON ... WHERE ... GROUP BY ... ORDER BY ...
OFFSET n ROWS FETCH FIRST n ROWS ONLY. There is no LIMIT, as in Oracle.
"""

from decimal import Decimal

from throughline.sandbox.netsuite.suiteql_tree import (
    And,
    Apply,
    Compare,
    Constant,
    In,
    IsNull,
    Item,
    Join,
    Joined,
    Like,
    Name,
    Not,
    Or,
    Order,
    Select,
    Source,
    Star,
    Term,
    Test,
)
from throughline.sandbox.netsuite.suiteql_words import RESERVED, SqlError, Word, unsupported, words

_COMPARISONS = {"=", "!=", "<>", "<", "<=", ">", ">="}


def parse(sql: str) -> Select:
    return _Parser(words(sql)).select()


class _Parser:
    def __init__(self, found: list[Word]) -> None:
        self._words, self._at = found, 0

    def select(self) -> Select:
        self._need("SELECT")
        distinct = self._take("DISTINCT")
        items = [self._item()]
        while self._take(","):
            items.append(self._item())
        self._need("FROM")
        source = self._source()
        joins: list[Join] = []
        while join := self._join():
            joins.append(join)
        where = self._either() if self._take("WHERE") else None
        group = self._terms_after("GROUP")
        order = self._orders()
        skip, first = self._window()
        if self._now.kind != "end":
            raise unsupported(f"unexpected '{self._now.said}'")
        return Select(
            items=tuple(items),
            source=source,
            joins=tuple(joins),
            where=where,
            group=tuple(group),
            order=tuple(order),
            skip=skip,
            first=first,
            distinct=distinct,
        )

    # Clauses

    def _item(self) -> Item:
        if self._take("*"):
            return Item(Star(None), None)
        if self._now.kind == "name" and self._ahead(1).is_(".") and self._ahead(2).is_("*"):
            table = self._next().said.lower()
            self._at += 2
            return Item(Star(table), None)
        return Item(self._term(), self._alias())

    def _alias(self) -> str | None:
        if self._take("AS"):
            return self._identifier()
        if self._now.kind == "quoted" or (self._now.kind == "name" and self._now.said.upper() not in RESERVED):
            return self._identifier()
        return None

    def _source(self) -> Source:
        if self._now.is_("("):
            raise unsupported("a subquery")
        table = self._identifier()
        return Source(table, self._alias() or table)

    def _join(self) -> Join | None:
        left = self._take("LEFT")
        if left:
            self._take("OUTER")
        elif not self._take("INNER") and not self._now.is_("JOIN"):
            return None
        self._need("JOIN")
        source = self._source()
        self._need("ON")
        return Join(source, self._either(), left)

    def _terms_after(self, keyword: str) -> list[Term]:
        if not self._take(keyword):
            return []
        self._need("BY")
        terms = [self._term()]
        while self._take(","):
            terms.append(self._term())
        return terms

    def _orders(self) -> list[Order]:
        if not self._take("ORDER"):
            return []
        self._need("BY")
        orders = [self._order()]
        while self._take(","):
            orders.append(self._order())
        return orders

    def _order(self) -> Order:
        term = self._term()
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        nulls_first = descending
        if self._take("NULLS"):
            nulls_first = self._take("FIRST")
            if not nulls_first and not self._take("LAST"):
                raise unsupported("NULLS is followed by FIRST or LAST")
        return Order(term, descending, nulls_first)

    def _window(self) -> tuple[int, int | None]:
        skip, first = 0, None
        if self._take("OFFSET"):
            skip = self._whole()
            self._need("ROWS", "ROW")
        if self._take("FETCH"):
            self._need("FIRST", "NEXT")
            first = self._whole()
            self._need("ROWS", "ROW")
            self._need("ONLY")
        return skip, first

    # Tests

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else Or(tuple(tests))

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else And(tuple(tests))

    def _one(self) -> Test:
        if self._take("NOT"):
            return Not(self._one())
        if self._now.is_("("):
            return self._parenthesis()
        return self._test(self._term())

    def _parenthesis(self) -> Test:
        """Either tests in parentheses, or a term in parentheses that a test begins with: try the first."""
        at = self._at
        self._need("(")
        try:
            test = self._either()
            self._need(")")
        except SqlError:
            self._at = at
            return self._test(self._term())
        return test

    def _test(self, term: Term) -> Test:
        if self._take("IS"):
            negated = self._take("NOT")
            self._need("NULL")
            return Not(IsNull(term)) if negated else IsNull(term)
        if self._take("NOT"):
            return Not(self._membership(term))
        if self._now.said in _COMPARISONS and self._now.kind == "mark":
            return Compare(self._next().said, term, self._term())
        return self._membership(term)

    def _membership(self, term: Term) -> Test:
        if self._take("LIKE"):
            return Like(term, self._term())
        if self._take("BETWEEN"):
            low = self._term()
            self._need("AND")
            return And((Compare(">=", term, low), Compare("<=", term, self._term())))
        if self._take("IN"):
            self._need("(")
            options = [self._term()]
            while self._take(","):
                options.append(self._term())
            self._need(")")
            return In(term, tuple(options))
        raise unsupported(f"a comparison is expected before '{self._now.said}'")

    # Terms

    def _term(self) -> Term:
        parts = [self._atom()]
        while self._take("||"):
            parts.append(self._atom())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts))

    def _atom(self) -> Term:  # noqa: PLR0911 - one per kind of word
        word = self._next()
        match word.kind:
            case "text":
                return Constant(word.said or None)  # to Oracle, '' is null
            case "number":
                return Constant(Decimal(word.said))
            case "mark" if word.said == "-" and self._now.kind == "number":
                return Constant(Decimal(self._next().said).copy_negate())  # `-` would round
            case "mark" if word.said == "(":
                term = self._term()
                self._need(")")
                return term
            case "name" if word.said.upper() == "NULL":
                return Constant(None)
            case "name" if word.said.upper() not in RESERVED:
                return self._named(word.said)
            case "quoted":
                return self._named(word.said)
            case _:
                raise unsupported(f"a value is expected at '{word.said}'")

    def _named(self, name: str) -> Term:
        if self._take("."):
            other = self._identifier()
            if self._now.is_("("):
                return self._apply(f"{name}.{other}".upper())
            return Name(name.lower(), other)
        if self._now.is_("("):
            return self._apply(name.upper())
        return Name(None, name.lower())

    def _apply(self, function: str) -> Term:
        self._need("(")
        if self._take("*"):
            self._need(")")
            return Apply(function, (), star=True)
        if self._take(")"):
            return Apply(function, ())
        distinct = self._take("DISTINCT")
        arguments = [self._term()]
        while self._take(","):
            arguments.append(self._term())
        self._need(")")
        return Apply(function, tuple(arguments), distinct=distinct)

    # Words

    @property
    def _now(self) -> Word:
        return self._words[self._at]

    def _ahead(self, by: int) -> Word:
        return self._words[min(self._at + by, len(self._words) - 1)]

    def _next(self) -> Word:
        word = self._now
        if word.kind == "end":
            raise unsupported("the query ends too early")
        self._at += 1
        return word

    def _take(self, keyword: str) -> bool:
        if self._now.is_(keyword):
            self._at += 1
            return True
        return False

    def _need(self, *keywords: str) -> None:
        if not self._now.is_(*keywords):
            raise unsupported(f"{' or '.join(keywords)} is expected at '{self._now.said}'")
        self._at += 1

    def _identifier(self) -> str:
        word = self._next()
        if word.kind not in {"name", "quoted"} or (word.kind == "name" and word.said.upper() in RESERVED):
            raise unsupported(f"a name is expected at '{word.said}'")
        return word.said.lower()

    def _whole(self) -> int:
        word = self._next()
        if word.kind != "number" or not word.said.isdigit():
            raise unsupported(f"a whole number is expected at '{word.said}'")
        return int(word.said)
