"""SOQL letter by letter: its words, its escapes, and how Salesforce points at a mistake."""

import re
from dataclasses import dataclass

from throughline.sandbox.salesforce.wire import Refused

_TOKEN = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    |(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.:-]))
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::\d+)?)
    |(?P<mark><=|>=|!=|<>|[=<>(),])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """Every word with its place, and an end."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = _TOKEN.match(text, at)
        if not word:
            raise Refused(400, "MALFORMED_QUERY", pointed(text, at, f"unexpected character: '{text[at]}'"))
        found.append(Token(word.lastgroup or "", word.group(), at))
        at = word.end()
    return [*found, Token("end", "", len(text))]


def pointed(text: str, at: int, message: str) -> str:
    """The three lines Salesforce puts in front of a message to show the place."""
    start = max(0, at - 40)
    return f"\n{text[start : at + 40]}\n{' ' * (at - start)}^\nERROR at Row:1:Column:{at + 1}\n{message}"


def unescaped(raw: str) -> str:
    return _ESCAPE.sub(lambda found: _letter(found.group(1)), raw)


def _letter(code: str) -> str:
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in _LETTERS:
        raise Refused(400, "MALFORMED_QUERY", f"Illegal backslash: \\{code} (allowed: {' '.join(_LETTERS)})")
    return _LETTERS[code]
