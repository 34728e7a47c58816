"""Halyard Advisory as its Workday tenant knows it: fictional people, the companies and cost centres they belong to."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5

TENANT = "halyard_sandbox"
CLIENT_ID, CLIENT_SECRET = "workday-sandbox-client", "workday-sandbox-secret"
REFRESH_TOKEN = "workday-sandbox-refresh-token"
ISU, ISU_PASSWORD = "ISU_Throughline", "workday-sandbox-password"
REPORT_OWNER, REPORT = "ISU_Throughline", "Throughline_Workers"

COMPANIES = {"US": "Halyard Advisory Inc.", "UK": "Halyard Advisory Ltd", "DE": "Halyard Advisory GmbH"}
LINES = {"Advisory": 300, "Implementation": 310, "Analytics": 320, "Managed Services": 330}
LOCATIONS = {"US": "New York", "UK": "London", "DE": "Frankfurt"}
HOURS = {"US": "40", "UK": "37.5", "DE": "38.5"}
CREW = ("Architect", "Consultant", "Consultant", "Analyst", "Service Engineer", "Consultant")


def wid(*parts: str) -> str:
    """A Workday id: 32 hexadecimal digits, the same for the same thing in every run."""
    return md5("/".join(parts).encode(), usedforsecurity=False).hexdigest()


def cost_centres() -> Iterable[tuple[str, str, str]]:
    """Reference id, name and company of each."""
    for line, first in LINES.items():
        for number, company in enumerate(COMPANIES, start=1):
            yield f"CC_{first + number}", f"{line} {company}", company


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    first: str
    last: str
    email: str
    title: str
    company: str
    line: str
    manager: str | None = None
    contingent: bool = False

    @property
    def changes(self) -> dict[str, str | None]:
        """What hiring them said."""
        centre = next(id_ for id_, name, _ in cost_centres() if name == f"{self.line} {self.company}")
        return {
            "first_name": self.first, "last_name": self.last, "email": self.email, "title": self.title,
            "company": self.company, "cost_centre": centre, "location": LOCATIONS[self.company],
            "hours": HOURS[self.company], "manager": self.manager,
        }  # fmt: skip


def people() -> Iterable[Person]:
    """The same people, by email, that the PSA has on its first day."""
    head = "21000"
    yield Person(head, "Account", "Administrator", "administrator@halyard.example", "Partner", "US", "Advisory")
    for number, company in enumerate(COMPANIES, start=1):
        email, title = f"pm.{company.lower()}@halyard.example", "Project Manager"
        yield Person(f"2100{number}", "Project Manager", company, email, title, company, "Implementation", head)
    yield from (consultant(number) for number in range(1, 13))


def consultant(number: int) -> Person:
    """The nth of those who do the work; there are as many as are needed."""
    company, line = list(COMPANIES)[number % 3], list(LINES)[number % 4]
    return Person(
        f"{21100 + number}", "Sample", f"Person {number}", f"consultant.{number:02}@halyard.example",
        CREW[number % len(CREW)], company, line,
        manager=f"2100{list(COMPANIES).index(company) + 1}", contingent=number == 12,
    )  # fmt: skip
