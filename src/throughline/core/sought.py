"""What somebody typed to find something, and the amounts it may mean."""

import re
from decimal import Decimal

# A currency before or behind, by its code or its sign; it does not narrow the search.
_CURRENCY = re.compile(r"^(?:[A-Za-z]{3}(?=\s|\d)|[€$£¥])\s*|\s*(?:(?<=[\s\d])[A-Za-z]{3}|[€$£¥])$")
_GROUPING = re.compile(r"[\s'\u2019_]")
_NUMBER = re.compile(r"-?\d{1,30}(?:[.,]\d{1,20})*", re.ASCII)


def amounts(said: str) -> tuple[Decimal, ...]:
    """The amounts a text may be: none for most, two where "62,400" is so many thousands here and a fraction there."""
    text = _GROUPING.sub("", _CURRENCY.sub("", said.strip()))
    if not _NUMBER.fullmatch(text):
        return ()
    marks = [mark for mark in text if mark in ",."]
    if not marks:
        return (Decimal(text),)
    if len({*marks}) == 2:
        return _fraction_behind(text, marks[-1]) if marks.count(marks[-1]) == 1 else ()
    whole = Decimal(re.sub("[,.]", "", text))
    if len(marks) > 1:
        return (whole,)
    fraction = _fraction_behind(text, marks[0])
    in_thousands = len(text.partition(marks[0])[2]) == 3
    return (whole, *fraction) if in_thousands else fraction


def _fraction_behind(text: str, mark: str) -> tuple[Decimal, ...]:
    whole, _, fraction = text.rpartition(mark)
    return (Decimal(f"{re.sub('[,.]', '', whole)}.{fraction}"),)
