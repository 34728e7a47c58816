"""What a Get request asks for: from where it looks, which page, and which transactions it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from math import ceil

from throughline.sandbox.workday import soap
from throughline.sandbox.workday.history import AsOf, Record
from throughline.sandbox.workday.soap import Element

PAGE, LARGEST = 100, 999


@dataclass(frozen=True, slots=True)
class Span:
    """Entered and in effect between moments; both ends are within, and both conditions hold together."""

    updated_from: datetime | None
    updated_through: datetime | None
    effective_from: datetime | None
    effective_through: datetime | None

    def holds(self, transaction: Record) -> bool:
        entered = datetime.fromisoformat(transaction["entered"])
        effective = datetime.combine(datetime.fromisoformat(transaction["effective"]), time(), UTC)
        return _within(entered, self.updated_from, self.updated_through) and _within(
            effective, self.effective_from, self.effective_through
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """The Response_Filter: its moment and day are told back, so that the next pages can look from the same place."""

    at: AsOf
    page: int
    count: int

    def of[T](self, found: Sequence[T]) -> Sequence[T]:
        return found[(self.page - 1) * self.count : self.page * self.count]

    def tell(self, root: Element, found: Sequence[object]) -> None:
        told = soap.add(root, "Response_Filter")
        soap.add(told, "As_Of_Effective_Date", self.at.day.isoformat())
        soap.add(told, "As_Of_Entry_DateTime", self.at.moment.isoformat())
        soap.add(told, "Page", self.page)
        soap.add(told, "Count", self.count)
        results = soap.add(root, "Response_Results")
        soap.add(results, "Total_Results", len(found))
        soap.add(results, "Total_Pages", ceil(len(found) / self.count))
        soap.add(results, "Page_Results", len(self.of(found)))
        soap.add(results, "Page", self.page)


def response_filter(request: Element, now: datetime) -> Filter:
    given = request.find(f"{{{soap.WD}}}Response_Filter")
    moment = soap.moment(given, "As_Of_Entry_DateTime", now) or now
    return Filter(
        at=AsOf(soap.day(given, "As_Of_Effective_Date") or now.date(), moment),
        page=_number(given, "Page", 1, largest=10**6),
        count=_number(given, "Count", PAGE, largest=LARGEST),
    )


def spans(criteria: Element | None, name: str, now: datetime) -> list[Span]:
    found = [] if criteria is None else criteria.findall(f"{{{soap.WD}}}{name}")
    ranges = [each.find(f"{{{soap.WD}}}Transaction_Date_Range_Data") for each in found]
    names = ("Updated_From", "Updated_Through", "Effective_From", "Effective_Through")
    return [Span(*(soap.moment(each, name, now) for name in names)) for each in ranges]


def _number(given: Element | None, name: str, usual: int, *, largest: int) -> int:
    said = soap.text(given, name)
    if said is None:
        return usual
    if not said.isdecimal() or not 1 <= int(said) <= largest:
        raise soap.invalid(f"Validation error occurred. {name} must be between 1 and {largest}.")
    return int(said)


def _within(moment: datetime, first: datetime | None, last: datetime | None) -> bool:
    return (first is None or first <= moment) and (last is None or moment <= last)
