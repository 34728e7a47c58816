"""SuiteQL cut into words."""

import re
from dataclasses import dataclass
from typing import Literal

type Kind = Literal["name", "quoted", "text", "number", "mark", "end"]

_KEYWORDS = """
    SELECT DISTINCT FROM AS INNER LEFT RIGHT FULL CROSS OUTER JOIN ON WHERE AND OR NOT IN IS NULL LIKE BETWEEN GROUP
    HAVING ORDER BY ASC DESC NULLS OFFSET FETCH FIRST NEXT ROWS ROW ONLY UNION LIMIT CASE
"""
RESERVED = frozenset(_KEYWORDS.split())
_WORD = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?\*/)"
    r"|'(?P<text>(?:[^']|'')*)'"
    r'|"(?P<quoted>[^"]+)"'
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_$#]*)"
    r"|(?P<mark><=|>=|<>|!=|\|\||[=<>(),.*+\-])",
    re.DOTALL,
)


class SqlError(Exception):
    """Why a query cannot be run, in NetSuite's words where they are known."""


@dataclass(frozen=True, slots=True)
class Word:
    kind: Kind
    said: str

    def is_(self, *keywords: str) -> bool:
        return self.kind in {"name", "mark"} and self.said.upper() in keywords


END = Word("end", "")


def words(sql: str) -> list[Word]:
    found: list[Word] = []
    at = 0
    while at < len(sql):
        match = _WORD.match(sql, at)
        if match is None:
            raise unsupported(f"cannot read from '{sql[at : at + 20]}'")
        at = match.end()
        if (text := match["text"]) is not None:
            found.append(Word("text", text.replace("''", "'")))
        elif match["quoted"]:
            found.append(Word("quoted", match["quoted"]))
        elif match["number"]:
            found.append(Word("number", match["number"]))
        elif match["name"]:
            found.append(Word("name", match["name"]))
        elif match["mark"]:
            found.append(Word("mark", match["mark"]))
    return [*found, END]


def unsupported(why: str) -> SqlError:
    return SqlError(f"Search error occurred: Invalid or unsupported search. ({why})")
