"""A month end: lines validated, priced and combined as they pass, a few microseconds each, and none of them kept.

The quick way takes what is in order and gives the answers of `time_charge`; whatever it cannot take goes that plain
way, and comes back as a charge or as a reason.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from operator import itemgetter

import msgspec

from throughline.core.billing.book import Book
from throughline.core.billing.headings import Amount, Heading, Headings
from throughline.core.billing.lines import DECODER, Line, entry_of, line_of, parsed, true_money
from throughline.core.billing.lookups import Lookups, Place, Price
from throughline.core.billing.outcome import Held, NotCharged
from throughline.core.billing.remembered import Remembered
from throughline.core.billing.terms import terms_of_project
from throughline.core.billing.time import time_charge, time_item
from throughline.core.entities import ApprovalState, BillingItem
from throughline.core.money import plain

_APPROVED = ApprovalState.APPROVED.value
_NOT_BILLABLE = "the line is not billable"
# Cost rates are some thousands. Who combines by day and person has as many headings as lines: made again, not kept.
MOST_MONIES, MOST_HEADINGS = 20_000, 20_000

type Charged = tuple[int, Line, Heading, str, Amount]
"""One line's charge: its number, itself, the line of an invoice it belongs to, the role, its quantity and amount."""
_HEADING_AND_AMOUNT = itemgetter(2, 4)


@dataclass(slots=True)
class Batch:
    """What became of some lines: every one of them is in exactly one of these."""

    charged: list[Charged] = field(default_factory=list[Charged])
    not_charged: list[tuple[int, NotCharged]] = field(default_factory=list[tuple[int, NotCharged]])
    held: list[tuple[int, Held]] = field(default_factory=list[tuple[int, Held]])

    def counts(self, into: Counter[tuple[Heading, Amount]] | None = None) -> Counter[tuple[Heading, Amount]]:
        """How often each amount occurred under each heading, added to what was counted before."""
        found = Counter[tuple[Heading, Amount]]() if into is None else into
        found.update(map(_HEADING_AND_AMOUNT, self.charged))
        return found


class Stream:
    """Judges lines by one book. It remembers what they have in common, never the lines."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._lookups = Lookups(book)
        self._headings = Headings(MOST_HEADINGS)
        self._true_monies = Remembered(true_money, most=MOST_MONIES)

    def feed(self, lines: Iterable[bytes], *, first: int = 1, charged_before: Collection[str] = ()) -> Batch:
        """Some more lines, numbered from `first`. A reference that was charged before is held, not charged again."""
        batch = Batch()
        decode, quick = DECODER.decode, self._quick
        for number, raw in enumerate(lines, first):
            try:
                line = decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                line = None
            if line is None or line.id in charged_before or not quick(line, number, batch):
                self._plain(raw, number, batch, charged_before)
        return batch

    def _quick(self, line: Line, number: int, batch: Batch) -> bool:
        """True when the line was in order and is done; False when the plain way must look at it."""
        approval, day, hours = line.approval, line.day, line.hours
        if approval is None or approval.state != _APPROVED or not approval.by or not self._well_written(line):
            return False
        place = self._lookups.places[line.project, line.task]
        if place is None or not place.starts <= day <= place.ends:
            return False
        booked, crew = place.periods[day], place.crews[line.resource]
        role = crew and crew.role_on(day)
        if booked is None or crew is None or role is None:
            return False
        if place.why_not or not line.billable:
            return self._not_charged(line, number, place, batch)
        role = line.role or role
        price = place.prices[role, crew.group, booked[1], line.overtime is True] if role else None
        amount = price and price.amounts[hours]
        if not price or not amount:
            return False
        key = (place.scope, booked[0]) if not place.by else _fine_key(place, booked[0], line)
        heading = price.headings.get(key) or self._heading(key, line, role, place, price)
        batch.charged.append((number, line, heading, role, amount))
        return True

    def _well_written(self, line: Line) -> bool:
        if line.rate is None and line.cost_rate is None:
            return not line.id.isspace() and line.id != ""
        monies = [each for each in (line.rate, line.cost_rate) if each]
        return bool(line.id.strip()) and all(self._true_monies[each] for each in monies)

    def _not_charged(self, line: Line, number: int, place: Place, batch: Batch) -> bool:
        if not self._lookups.worked[line.hours]:
            return False
        why = (place.why_not or "") if line.billable else _NOT_BILLABLE
        batch.not_charged.append((number, NotCharged(line.id, why)))
        return True

    def _heading(self, key: tuple[str, ...], line: Line, role: str, place: Place, price: Price) -> Heading:
        item = time_item(entry_of(line), place.terms, role=role, rate=price.rate, period=key[1], book=self._book)
        heading = self._headings.of(item, place.terms)
        if len(price.headings) < MOST_HEADINGS:
            price.headings[key] = heading
        return heading

    def _plain(self, raw: bytes, number: int, batch: Batch, charged_before: Collection[str]) -> None:
        entry = parsed(raw, number)
        if isinstance(entry, Held):
            batch.held.append((number, entry))
            return
        match time_charge(entry, self._book):
            case Held() as held:
                batch.held.append((number, held))
            case NotCharged() as uncharged:
                batch.not_charged.append((number, uncharged))
            case BillingItem() as item if item.source_reference in charged_before:
                why = f"{item.source_reference} was charged before, and a line is charged once"
                fix = "Leave it; or credit the earlier charge, and send the line under an id of its own."
                batch.held.append((number, Held(item.source_reference, why, fix, amount=item.amount)))
            case BillingItem() as item:
                heading = self._headings.of(item, terms_of_project(item.project or "", self._book))
                amount = plain(item.quantity), plain(item.amount.amount)
                batch.charged.append((number, line_of(entry), heading, item.role or "", amount))


def _fine_key(place: Place, period: str, line: Line) -> tuple[str, ...]:
    """Where the contract wants lines finer than by project and role."""
    by = place.by
    return (
        place.scope,
        period,
        line.resource if "person" in by else "",
        (line.task or "") if "task" in by else "",
        line.day if "day" in by else "",
    )
