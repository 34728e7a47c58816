"""What a change means; duplicates and echoes mean nothing."""

import pytest
from pydantic import ValidationError

from throughline.core.entities import Stage
from throughline.core.events import (
    EVENTS,
    CustomerRenamed,
    Event,
    OpportunityLost,
    OpportunityWon,
    ProjectOpened,
    detect,
)

OPEN, WON, LOST = ({"id": "o-1", "stage": stage.value} for stage in (Stage.PROPOSAL, Stage.WON, Stage.LOST))


def test_a_deal_that_becomes_won_was_won() -> None:
    assert detect("opportunity", OPEN, WON) == [OpportunityWon(opportunity="o-1")]


def test_a_deal_first_heard_of_as_won_was_won() -> None:
    assert detect("opportunity", None, WON) == [OpportunityWon(opportunity="o-1")]


def test_a_deal_that_becomes_lost_was_lost() -> None:
    assert detect("opportunity", WON, LOST) == [OpportunityLost(opportunity="o-1")]


@pytest.mark.parametrize("fields", [OPEN, WON, LOST])
def test_a_duplicate_or_an_echo_means_nothing(fields: dict[str, str]) -> None:
    assert detect("opportunity", fields, {**fields, "name": "touched"}) == []


def test_a_deal_won_lost_and_won_again_is_won_twice() -> None:
    assert detect("opportunity", LOST, WON) == [OpportunityWon(opportunity="o-1")]


def test_a_customer_with_another_name_was_renamed() -> None:
    renamed = detect("customer", {"id": "c-1", "name": "Old"}, {"id": "c-1", "name": "New"})

    assert renamed == [CustomerRenamed(customer="c-1", name="New")]


@pytest.mark.parametrize("before", [None, {"id": "c-1"}, {"id": "c-1", "name": "New"}])
def test_a_name_heard_for_the_first_time_is_no_new_name(before: dict[str, str] | None) -> None:
    assert detect("customer", before, {"id": "c-1", "name": "New"}) == []


def test_a_kind_without_a_meaning_means_nothing() -> None:
    assert detect("invoice", None, {"id": "i-1"}) == []


def test_an_event_knows_its_name_and_what_it_is_about() -> None:
    event = ProjectOpened(project="p-1", opportunity="o-1")

    assert (event.type, event.about()) == ("ProjectOpened", "p-1")


@pytest.mark.parametrize("event", EVENTS.values())
def test_every_event_is_about_a_field_it_has(event: type[Event]) -> None:
    assert event.subject in event.model_fields
    assert EVENTS[event.type] is event


def test_a_fact_is_not_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        OpportunityWon(opportunity="o-1").opportunity = "o-2"  # type: ignore[misc] - the assignment is what is tested
