"""What happens in the month: which, what is sold in it, and the faults that are part of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

PEOPLE, ENTRIES, EXPENSES = 300, 12_000, 400
# From this day on everybody's cut-offs of the month before have passed.
CUT_OFFS_PASSED = 12

NO_TAX_CODE, TWICE_KNOWN = "Alpenblick Versicherung AG", "Norrvik Marine AS"
CUSTOMERS = {
    "US": ("Bluewater Utilities Inc.", "Lumen Civic LLC"),
    "UK": ("Meridian Rail Ltd", "Castellan Bank plc", "Hexham Council"),
    "DE": ("Ostwald Chemie GmbH", "Orsay Pharma SA", "Van Aerle Logistics BV"),
}
# A dozen deals for each company; with the two faults and the two to be changed there are forty, the first one included.
SOLD = (
    "Time and Materials", "Fixed Fee", "Milestone", "Time and Materials", "Retainer", "Usage", "Subscription",
    "Managed Service", "Time and Materials", "Fixed Fee", "Milestone", "Retainer",
)  # fmt: skip
AMENDED, CANCELLED, EXTENDED = "Harbour study", "Signal audit", "Depot works"


@dataclass(frozen=True, slots=True)
class Month:
    first: date

    @classmethod
    def before(cls, today: date) -> "Month":
        """The last month whose cut-offs have passed everywhere."""
        this = today.replace(day=1)
        last = (this - timedelta(days=1)).replace(day=1)
        return cls(last if today.day >= CUT_OFFS_PASSED else (last - timedelta(days=1)).replace(day=1))

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def period(self) -> str:
        """As the ledger calls it."""
        return f"{self.first:%b %Y}"

    @property
    def name(self) -> str:
        return f"{self.first:%B %Y}"

    @property
    def mondays(self) -> list[date]:
        """Of the weeks whose five working days lie in it."""
        days = (self.first + timedelta(days=n) for n in range(31))
        return [day for day in days if day.weekday() == 0 and day + timedelta(days=4) <= self.last]

    def holds(self, day: str) -> bool:
        return self.first.isoformat() <= day <= self.last.isoformat()


def deals(month: Month) -> list[dict[str, Any]]:
    """All that is sold: every commercial model, in every company, and what will go wrong."""
    begins = {"start_date": month.first.isoformat()}
    sold = [
        {"customer": names[n % len(names)], "legal_entity": entity, "contract_type": model, **begins}
        for entity, names in CUSTOMERS.items()
        for n, model in enumerate(SOLD)
    ]
    faults = [
        {"customer": NO_TAX_CODE, "legal_entity": "DE", "contract_type": "Fixed Fee", "amount": "52000", **begins},
        {"customer": TWICE_KNOWN, "legal_entity": "UK", "contract_type": "Fixed Fee", "amount": "64000", **begins},
    ]
    changed = [{**sold[0], "name": AMENDED}, {**sold[13], "name": CANCELLED}, {**sold[24], "name": EXTENDED}]
    return [*sold[1:13], *sold[14:24], *sold[25:], *changed, *faults, {**sold[3], "customer": "Lumen Civic LLC"}]


def weeks(month: Month) -> list[tuple[date, int, int]]:
    """Each week's Monday, with how many time entries and expenses are entered in it."""
    mondays = month.mondays
    shares = [[_share(of, n, len(mondays)) for n in range(len(mondays))] for of in (ENTRIES, EXPENSES)]
    return list(zip(mondays, *shares, strict=True))


def _share(of: int, turn: int, turns: int) -> int:
    """What does not divide goes to the last."""
    return of // turns + (of % turns if turn == turns - 1 else 0)
