"""Halyard Advisory as its Kantata account knows it: fictional people and projects, and prices in cents per hour."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ROLES: tuple[str, ...] = ("Partner", "Project Manager", "Architect", "Consultant", "Analyst", "Service Engineer")

RATES: dict[str, dict[str, int]] = {
    "USD": dict(zip(ROLES, (38_500, 23_500, 26_500, 20_000, 16_500, 15_000), strict=True)),
    "GBP": dict(zip(ROLES, (30_500, 18_500, 21_000, 15_500, 13_000, 11_500), strict=True)),
    "EUR": dict(zip(ROLES, (34_500, 21_000, 24_000, 18_000, 15_000, 13_500), strict=True)),
}


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    role: str
    permission: str = "Collaborator"


def people() -> Iterable[Person]:
    yield Person("Account Administrator", "administrator@halyard.example", "Partner", "Account Administrator")
    for entity in ("US", "UK", "DE"):
        yield Person(
            f"Project Manager {entity}", f"pm.{entity.lower()}@halyard.example", "Project Manager", "Project Lead"
        )
    yield from (consultant(number) for number in range(1, 13))


CREW = ("Architect", "Consultant", "Consultant", "Analyst", "Service Engineer", "Consultant")


def consultant(number: int) -> Person:
    """The nth of those who do the work; there are as many as are needed."""
    return Person(f"Sample Person {number}", f"consultant.{number:02}@halyard.example", CREW[number % len(CREW)])


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    starts: int
    due: int
    story_type: str = "task"
    state: str = "started"


@dataclass(frozen=True, slots=True)
class Milestone:
    title: str
    in_days: int
    amount_in_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    title: str
    client: str
    manager: str
    currency: str
    price: int
    team: tuple[str, ...]
    demand: tuple[str, ...] = ()
    stories: tuple[Story, ...]
    milestones: tuple[Milestone, ...] = ()


CLIENTS: tuple[dict[str, Any], ...] = (
    {"name": "Castellan Bank plc", "website": "https://castellan-bank.example"},
    {"name": "Meridian Rail Ltd", "website": "https://meridian-rail.example"},
)

PROJECTS = (
    Project(
        title="Castellan Bank plc: Payments data platform",
        client="Castellan Bank plc",
        manager="pm.uk@halyard.example",
        currency="GBP",
        price=240_000,
        team=("consultant.01@halyard.example", "consultant.02@halyard.example"),
        demand=("Architect",),
        stories=(
            Story("Discovery", -60, -30, state="completed"),
            Story("Build", -30, 60),
            Story("Platform accepted", 60, 60, story_type="milestone", state="not started"),
        ),
        milestones=(Milestone("Discovery accepted", -30, 6_000_000), Milestone("Platform accepted", 60, 18_000_000)),
    ),
    Project(
        title="Castellan Bank plc: Regulatory advisory",
        client="Castellan Bank plc",
        manager="pm.uk@halyard.example",
        currency="GBP",
        price=60_000,
        team=("consultant.03@halyard.example",),
        stories=(Story("Advisory days", -60, 120),),
    ),
    Project(
        title="Meridian Rail Ltd: Timetable analytics",
        client="Meridian Rail Ltd",
        manager="pm.de@halyard.example",
        currency="EUR",
        price=125_000,
        team=("consultant.04@halyard.example",),
        demand=("Analyst", "Consultant"),
        stories=(Story("Data intake", -60, -10, state="completed"), Story("Forecast model", -10, 90)),
    ),
)


def _template(title: str, *stories: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "shared": True, "duration": 90, "raw_json": {"stories": list(stories)}}


def _task(title: str, start: int, due: int, story_type: str = "task") -> dict[str, Any]:
    return {"title": title, "story_type": story_type, "start_in_days": start, "due_in_days": due}


TEMPLATES = (
    _template("Time and materials", _task("Delivery", 0, 90)),
    _template(
        "Fixed fee",
        _task("Discovery", 0, 20),
        _task("Delivery", 20, 80),
        _task("Acceptance", 90, 90, "milestone"),
    ),
    _template("Managed service", _task("Transition", 0, 30), _task("Service operation", 30, 90)),
)
