"""Which change of a change order or a renewal means something happened; and which deals start no project."""

from typing import Any

import pytest

from throughline.core.events import ChangeOrderApproved, ChangeOrderProposed, detect

CHANGE = {"id": "change_order-1", "amends": "opportunity-1"}
RENEWAL = {"id": "renewal-1", "renews": "opportunity-1"}


def told(kind: str, before: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    return [event.type for event in detect(kind, before, after)]


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (None, "draft", []),
        ("draft", "submitted", ["ChangeOrderProposed"]),
        ("submitted", "submitted", []),
        ("submitted", "approved", ["ChangeOrderApproved"]),
        (None, "approved", ["ChangeOrderProposed", "ChangeOrderApproved"]),
        ("approved", "approved", []),
        ("submitted", "rejected", []),
    ],
)
def test_a_change_order_is_told_of_when_it_is_proposed_and_when_it_is_agreed(
    before: str | None, after: str, events: list[str]
) -> None:
    known = {**CHANGE, "state": before} if before else None

    assert told("change_order", known, {**CHANGE, "state": after}) == events


def test_what_delivery_asks_for_is_a_change_order_from_then_on() -> None:
    asked = {"id": "scope_change-1", "project": "project-1", "state": "submitted"}

    (proposed,) = detect("scope_change", None, asked)
    (approved,) = detect("scope_change", asked, {**asked, "state": "approved"})

    assert proposed == ChangeOrderProposed(change_order="scope_change-1", scope_change="scope_change-1")
    assert approved == ChangeOrderApproved(change_order="scope_change-1")
    assert detect("scope_change", None, {**asked, "state": "draft"}) == []


def test_a_change_order_of_a_contract_nobody_knows_means_nothing_yet() -> None:
    assert told("change_order", None, {"id": "change_order-1", "state": "approved"}) == []


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (None, "upcoming", ["RenewalUpcoming"]),
        ("upcoming", "proposed", []),
        ("proposed", "confirmed", ["RenewalConfirmed"]),
        (None, "confirmed", ["RenewalUpcoming", "RenewalConfirmed"]),
        ("proposed", "declined", []),
    ],
)
def test_a_renewal_is_told_of_when_it_comes_up_and_when_it_is_confirmed(
    before: str | None, after: str, events: list[str]
) -> None:
    known = {**RENEWAL, "state": before} if before else None

    assert told("renewal", known, {**RENEWAL, "state": after}) == events


@pytest.mark.parametrize("field", ["amended_contract", "renewed_contract"])
def test_a_won_deal_that_follows_a_contract_starts_no_project_of_its_own(field: str) -> None:
    before, after = {"id": "opportunity-2", "stage": "negotiation"}, {"id": "opportunity-2", "stage": "won"}

    assert told("opportunity", {**before, field: "800"}, {**after, field: "800"}) == []
    assert told("opportunity", before, after) == ["OpportunityWon"]
