"""The demo firm's account on its first day with us: people, roles, rates, and projects that have been running."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from throughline.sandbox.kantata import firm
from throughline.sandbox.kantata.hiring import ADMINISTRATOR, hire
from throughline.sandbox.kantata.ledger import Ledger
from throughline.sandbox.kantata.reading import Indexes, Record
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.schema import COLLECTIONS
from throughline.sandbox.shelf import Shelf

AGE = timedelta(days=20)


def seed(shelf: Shelf, indexes: Indexes, now: datetime, records: Callable[[Ledger], Records]) -> None:
    """All of it happened longer ago than events are kept, so no event tells of it."""
    Firm(records(Ledger(shelf, indexes, lambda: now - AGE, _silence)), now).settle()


def _silence(*_told: object) -> None:
    """Tell nobody."""


class Firm:
    def __init__(self, records: Records, now: datetime) -> None:
        self._records, self._today = records, now.date()
        self._actor = "0"
        self._ids: dict[str, str] = {}

    def settle(self) -> None:
        for role in firm.ROLES:
            self._ids[role] = self._add("roles", name=role)["id"]
        for person in firm.people():
            self._hire(person)
        for name in ("US", "UK", "DE"):
            self._add("organizations", name=f"Halyard {name}")
        for currency, rates in firm.RATES.items():
            self._price(currency, rates)
        for template in firm.TEMPLATES:
            self._add("project_templates", **template, user_id=self._actor)
        for name in ("Legal entity", "Billing status"):
            self._add("custom_fields", name=name, value_type="string")
        for client in firm.CLIENTS:
            self._ids[client["name"]] = self._add("workspace_groups", company=True, **client)["id"]
        for project in firm.PROJECTS:
            self._run(project)

    def _hire(self, person: firm.Person) -> None:
        user = hire(self._records, person, actor=self._actor)
        self._ids[person.email] = user
        if person.email == ADMINISTRATOR:
            self._actor = user

    def _price(self, currency: str, rates: dict[str, int]) -> None:
        """A set per currency, its card, and one version of each that has been in force for over a year."""
        standard = self._add("rate_card_sets", title=f"Standard {currency}", account_default=currency == "USD")
        version = self._find("rate_card_set_versions", "rate_card_set_id", standard["id"])
        self._change("rate_card_set_versions", version["id"], effective_date=self._day(-400))
        card = self._add("rate_cards", rate_card_set_id=standard["id"], currency=currency)
        self._ids[currency] = card["id"]
        prices = self._find("rate_card_versions", "rate_card_id", card["id"])
        self._change("rate_card_versions", prices["id"], default_rate=rates["Consultant"])
        for role, rate in rates.items():
            self._add("rate_card_roles", rate_card_version_id=prices["id"], role_id=self._ids[role], rate=rate)

    def _run(self, project: firm.Project) -> None:
        workspace = self._add(
            "workspaces",
            title=project.title,
            creator_role="maven",
            currency=project.currency,
            price=str(project.price),
            rate_card_id=self._ids[project.currency],
            primary_maven_id=self._ids[project.manager],
            workspace_group_ids=[self._ids[project.client]],
            start_date=self._day(-60),
            due_date=self._day(120),
            status_key=300,
        )["id"]
        stories = [self._story(workspace, story) for story in project.stories]
        for email in project.team:
            resource = self._add("workspace_resources", workspace_id=workspace, user_id=self._ids[email])
            self._allocate(resource["id"])
            self._log(workspace, stories[0]["id"], self._ids[email])
        for role in project.demand:
            self._add("workspace_resources", workspace_id=workspace, role_id=self._ids[role])
        for milestone in project.milestones:
            fields = {"date_to_invoice": self._day(milestone.in_days), "amount_in_cents": milestone.amount_in_cents}
            self._add("billing_milestones", workspace_id=workspace, title=milestone.title, **fields)

    def _story(self, workspace: str, story: firm.Story) -> Record:
        dates = {"start_date": self._day(story.starts), "due_date": self._day(story.due)}
        fields = {"title": story.title, "story_type": story.story_type, "state": story.state}
        return self._add("stories", workspace_id=workspace, **fields, **dates)

    def _allocate(self, resource: str) -> None:
        span = {"start_date": self._day(-60), "end_date": self._day(60)}
        self._add("workspace_allocations", resource_id=resource, minutes=48_000, hard=True, **span)

    def _log(self, workspace: str, story: str, user: str) -> None:
        for day in (-44, -37, -30):
            worked = {"date_performed": self._day(day), "time_in_minutes": 450, "approved": True}
            self._add("time_entries", workspace_id=workspace, story_id=story, user_id=user, **worked)

    def _day(self, days: int) -> str:
        return (self._today + timedelta(days=days)).isoformat()

    def _add(self, kind: str, /, **fields: Any) -> Record:
        return self._records.create(COLLECTIONS[kind], [fields], self._actor, by_hand=True)[0]

    def _change(self, kind: str, id_: str, /, **fields: Any) -> None:
        self._records.update(COLLECTIONS[kind], id_, fields, self._actor, by_hand=True)

    def _find(self, name: str, field: str, value: str) -> Record:
        return self._records.ledger.reader().by(name, field, value)[0]
