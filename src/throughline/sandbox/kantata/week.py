"""A week of work: people put on projects, their time and expenses entered, handed in and approved. From a seed."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from throughline.sandbox.kantata import firm
from throughline.sandbox.kantata.actions import decide
from throughline.sandbox.kantata.hiring import hire
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.schema import COLLECTIONS

DAYS, MOST_A_DAY, LONGEST_DAY, QUARTER = 5, 16, 600, 15
BILLABLE = 0.9
CATEGORIES = ("Travel", "Lodging", "Food", "Mileage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """How much is worked, by how many, on how many projects."""

    monday: date
    entries: int
    people: int
    projects: int
    expenses: int = 0
    seed: int = 1
    approve: bool = True
    # The projects to work on, by id; else the first there are.
    on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.entries, self.people, self.projects) < 1 or self.expenses < 0:
            raise ValueError("a week has at least one entry, one person and one project")
        if self.entries > (most := self.people * DAYS * MOST_A_DAY):
            raise ValueError(f"{self.people} people enter at most {most} entries a week: {MOST_A_DAY} a day")
        if self.monday.weekday():
            raise ValueError(f"{self.monday} is not a Monday")


@dataclass(slots=True)
class Made:
    """What was entered, in minutes and cents: it must be found again in everybody's books."""

    entries: int = 0
    minutes: int = 0
    approved_minutes: int = 0
    expenses: int = 0
    expense_cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sheets: int = 0

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Shift:
    def __init__(self, records: Records, week: Week, administrator: str) -> None:
        self._records, self._week, self._administrator = records, week, administrator
        self._chance = random.Random(week.seed)
        self._made = Made()

    async def work(self) -> dict[str, Any]:
        projects, people = self._projects(), self._people()
        homes = {user: [projects[(n + turn) % len(projects)] for turn in (0, 1)] for n, user in enumerate(people)}
        for user, places in homes.items():
            for project in places:
                self._put_on(project, user, people[user])
            # A big week takes seconds: others are answered meanwhile.
            await asyncio.sleep(0)
        for number, user in enumerate(people):
            self._enter(user, homes[user], range(number, self._week.entries, len(people)))
            self._spend(user, homes[user], range(number, self._week.expenses, len(people)))
            await asyncio.sleep(0)
        people_and_projects = {"people": len(people), "projects": len(projects)}
        return {"week": self._week.monday.isoformat(), **people_and_projects, **self._made.as_json()}

    def _projects(self) -> list[Record]:
        reader = self._records.ledger.reader()
        worked_on = [each for each in reader.all("workspaces") if not each["archived"] and self._tasks(each["id"])]
        if self._week.on:
            worked_on = [each for each in worked_on if each["id"] in self._week.on]
        if len(worked_on) < self._week.projects:
            raise ValueError(f"there are {len(worked_on)} projects with tasks to work on, not {self._week.projects}")
        return worked_on[: self._week.projects]

    def _tasks(self, project: str) -> list[Record]:
        there = self._records.ledger.reader().by("stories", "workspace_id", project)
        return [each for each in there if each["story_type"] == "task" and each["time_trackable"]]

    def _people(self) -> dict[str, str]:
        """Everybody with the role they work in; whoever is missing is hired."""
        reader, people = self._records.ledger.reader(), dict[str, str]()
        for person in (firm.consultant(number) for number in range(1, self._week.people + 1)):
            there = reader.by("users", "email_address", person.email)
            user = there[0]["id"] if there else hire(self._records, person, actor=self._administrator)
            people[user] = reader.by("roles", "name", person.role)[0]["id"]
        return people

    def _put_on(self, project: Record, user: str, role: str) -> None:
        """Nobody works where they are not assigned, nor without a role there."""
        reader, week = self._records.ledger.reader(), self._span()
        there = [each for each in reader.by("workspace_resources", "workspace_id", project["id"])
                 if each["user_id"] == user]  # fmt: skip
        mine = there or [self._add("workspace_resources", workspace_id=project["id"], user_id=user, role_id=role)]
        held = reader.by("workspace_allocations", "workspace_resource_id", mine[0]["id"])
        if not any(each["start_date"] <= week[0] and week[1] <= each["end_date"] for each in held):
            span = {"start_date": week[0], "end_date": week[1], "minutes": 2400, "hard": True}
            self._add("workspace_allocations", resource_id=mine[0]["id"], **span)

    def _enter(self, user: str, homes: list[Record], numbers: Iterable[int]) -> None:
        entered: dict[str, list[Record]] = defaultdict(list)
        slots = -(-self._week.entries // (self._week.people * DAYS))
        longest = LONGEST_DAY // slots // QUARTER
        for turn, _ in enumerate(numbers):
            project = homes[turn % len(homes)]
            entry = self._add(
                "time_entries",
                user,
                workspace_id=project["id"],
                user_id=user,
                story_id=self._chance.choice(self._tasks(project["id"]))["id"],
                date_performed=self._day(turn % DAYS),
                time_in_minutes=QUARTER * self._chance.randint(1, longest),
                billable=self._chance.random() < BILLABLE,
                notes=f"Work {turn + 1}",
            )
            self._made.entries += 1
            self._made.minutes += entry["time_in_minutes"]
            entered[project["id"]].append(entry)
        for project, entries in entered.items():
            self._hand_in("timesheet_submissions", user, project, entries)
            self._made.approved_minutes += sum(each["time_in_minutes"] for each in entries) * self._week.approve

    def _spend(self, user: str, homes: list[Record], numbers: Iterable[int]) -> None:
        spent: dict[str, list[Record]] = defaultdict(list)
        for turn, _ in enumerate(numbers):
            project = homes[turn % len(homes)]
            expense = self._add(
                "expenses",
                user,
                workspace_id=project["id"],
                user_id=user,
                date=self._day(turn % DAYS),
                category=self._chance.choice(CATEGORIES),
                amount_in_cents=self._chance.randint(500, 50_000),
                billable=self._chance.random() < BILLABLE,
            )
            self._made.expenses += 1
            self._made.expense_cents[expense["currency"]] += expense["amount_in_cents"]
            spent[project["id"]].append(expense)
        for project, expenses in spent.items():
            self._hand_in("expense_report_submissions", user, project, expenses)

    def _hand_in(self, sheets: str, user: str, project: str, items: list[Record]) -> None:
        """The project's lead decides."""
        lines = [each["id"] for each in items]
        sheet = self._add(sheets, user, workspace_id=project, user_id=user, line_item_ids=lines)
        self._made.sheets += 1
        if self._week.approve:
            lead = self._records.get(COLLECTIONS["workspaces"], project)["primary_maven_id"] or self._administrator
            decide(self._records, COLLECTIONS[sheets], sheet["id"], "approve", actor=lead)

    def _span(self) -> tuple[str, str]:
        return self._day(0), self._day(6)

    def _day(self, days: int) -> str:
        return (self._week.monday + timedelta(days=days)).isoformat()

    def _add(self, kind: str, actor: str | None = None, /, **fields: Any) -> Record:
        return self._records.create(COLLECTIONS[kind], [fields], actor or self._administrator, by_hand=True)[0]
