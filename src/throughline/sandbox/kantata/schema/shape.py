"""The form in which a collection is described: what it returns, accepts, requires, and is connected with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

type Kind = Literal["id", "ids", "integer", "date", "boolean", "price", "text", "any"]


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


INTEGERS = frozenset(
    words(
        "minutes rate default_rate cost_rate bill_rate priority weight percentage_complete payment_schedule"
        " status_key duration position"
    )
)
TEXTS = frozenset(words("title name label description currency notes full_name email_address state story_type"))
DATES = frozenset({"date", "date_performed", "date_to_invoice"})
BOOLEANS = frozenset(
    words(
        "archived budgeted billable fixed_fee hard current company draft approved taxable reimbursable locked disabled"
        " is_administrator is_project_lead is_team_lead team_lead can_invite can_log_in can_create_workspace"
        " can_schedule_their_hours can_schedule_team_hours change_orders_enabled expenses_in_burn_rate"
        " posts_require_privacy_decision stories_are_fixed_fee_by_default require_expense_approvals"
        " require_time_approvals tasks_default_non_billable exclude_archived_stories_percent_complete"
        " require_notes_on_time_entries time_trackable unique_constraint hidden_in_user_interface active"
        " account_default shared is_budgeted"
    )
)
NUMERIC_IDS = frozenset({"rate_card_id", "account_id"})
"""Observed as JSON numbers in a recorded answer, unlike every other id."""


def kind(name: str) -> Kind:
    """A field's name says what it holds, everywhere in Kantata."""
    for ending, found in ENDINGS.items():
        if name.endswith(ending):
            return found
    for found, names in NAMED.items():
        if name in names:
            return found
    return "any"


ENDINGS: dict[str, Kind] = {
    "_ids": "ids",
    "_id": "id",
    "_date": "date",
    "_in_cents": "integer",
    "_in_minutes": "integer",
    "_minutes": "integer",
}
NAMED: dict[Kind, frozenset[str]] = {
    "price": frozenset({"price"}),
    "integer": INTEGERS,
    "date": DATES,
    "text": TEXTS,
    "boolean": BOOLEANS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An association. Without `via` the key is stored here; with it, it is looked up over there.

    `via` is a field over there that holds (or lists) our id, or `subject` for polymorphic records. `shown` says whether
    the key is returned without being included: Kantata gives foreign keys it has in the row, and nothing else.
    """

    to: str
    key: str
    via: str | None = None
    needs: str | None = None
    shown: bool = True


def belongs(to: str, key: str, *, shown: bool = True) -> Link:
    return Link(to=to, key=key, shown=shown)


def many(to: str, key: str, via: str | None = None, *, needs: str | None = None) -> Link:
    return Link(to=to, key=key, via=via, needs=needs, shown=False)


REFERENCES = {"external_references": many("external_references", "external_reference_ids", "subject")}
FIELD_VALUES = {"custom_field_values": many("custom_field_values", "custom_field_value_ids", "subject")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    name: str
    singular: str
    model: str
    attributes: tuple[str, ...]
    create: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    """What only Kantata's own pages can set."""
    extras: tuple[str, ...] = ()
    """Accepted on the way in and turned into other records, never stored."""
    links: Mapping[str, Link] = field(default_factory=dict[str, Link])
    required: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    optional: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    order: str = "updated_at:desc"
    owners: tuple[str, ...] = ()
    """Keys of records that take this one along when they are deleted."""
    event: str | None = None
    deletable: bool = True
    most: int = 200

    @property
    def referable(self) -> bool:
        return "external_references" in self.links

    @property
    def creates(self) -> tuple[str, ...]:
        return (*self.create, "external_reference") if self.referable and self.create else self.create

    @property
    def updates(self) -> tuple[str, ...]:
        return (*self.update, "external_reference") if self.referable and self.update else self.update

    @property
    def foreign_keys(self) -> dict[str, Link]:
        return {link.key: link for link in self.links.values() if link.via is None}
