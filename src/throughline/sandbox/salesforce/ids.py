"""Salesforce ids: 15 case-sensitive characters, and the 18-character spelling that survives a spreadsheet."""

import re
import string
from functools import lru_cache

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
SUFFIX = string.ascii_uppercase + "012345"
POD = "Hs0"
_SPELLING = re.compile(r"[0-9A-Za-z]{15}(?:[A-Za-z0-5]{3})?", re.ASCII)


def numbered(prefix: str, number: int) -> str:
    """The 18-character id of the n-th record behind a key prefix."""
    tail = ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        tail = DIGITS[digit] + tail
    return lengthen(prefix + POD + tail.rjust(9, "0"))


def lengthen(short: str) -> str:
    """Append three characters that each say which of five characters are upper case."""
    return short + "".join(SUFFIX[_capitals(short[at : at + 5])] for at in (0, 5, 10))


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str | None:
    """The 18-character spelling of either spelling; None when it is no id at all.

    The long form is case-insensitive: its suffix restores the case of the rest.
    """
    if not _SPELLING.fullmatch(text):
        return None
    if len(text) == 15:
        return lengthen(text)
    short = "".join(_restored(text[at : at + 5], text[15 + at // 5]) for at in (0, 5, 10))
    long = lengthen(short)
    return long if long[15:] == text[15:].upper() else None


def _capitals(five: str) -> int:
    return sum(1 << place for place, letter in enumerate(five) if letter in string.ascii_uppercase)


def _restored(five: str, mark: str) -> str:
    bits = SUFFIX.index(mark.upper())
    return "".join(
        letter.upper() if bits >> place & 1 else letter.lower() if letter in string.ascii_letters else letter
        for place, letter in enumerate(five)
    )
