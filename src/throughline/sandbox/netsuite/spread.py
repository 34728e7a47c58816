"""Which periods a plan spreads an amount over, and how much of it falls in each."""

from collections.abc import Collection, Iterator
from decimal import ROUND_DOWN, Decimal

from throughline.sandbox.netsuite.periods import months
from throughline.sandbox.shelf import Record, Shelf

# Rules of the account: evenly over the periods, or all of it in the last one.
EVENLY, AT_THE_END = "1", "2"
RULES = {EVENLY: "Straight-line, by even periods", AT_THE_END: "At the end"}
_CENT = Decimal("0.01")


def months_of(shelf: Shelf, element: Record) -> list[str]:
    """The periods an element lasts through; none when the account has not set up all of them yet."""
    begins, ends = element["revRecStartDate"], element["revRecEndDate"]
    touched = [each for each in months(shelf) if each["endDate"] >= begins and each["startDate"] <= ends]
    if not touched or touched[0]["startDate"] > begins or touched[-1]["endDate"] < ends:
        return []
    ids = [each["id"] for each in touched]
    return ids[-1:] if element["revenueRecognitionRule"] == AT_THE_END else ids


def over(periods: list[str], left: Decimal, done: Collection[str]) -> Iterator[tuple[str, Decimal]]:
    """What is left, over the periods that are not done; what does not divide is in the last of them."""
    if not left:
        return
    waiting = [each for each in periods if each not in done] or periods[-1:]
    even = (left / len(waiting)).quantize(_CENT, ROUND_DOWN)
    yield from ((each, even) for each in waiting[:-1])
    yield waiting[-1], left - even * (len(waiting) - 1)
