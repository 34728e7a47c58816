"""What a change means while work is delivered; echoes and repeats mean nothing."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from throughline.core.delivery_events import (
    AssignmentChanged,
    BudgetChanged,
    ExpenseApproved,
    ExpenseCorrected,
    ExpenseUnapproved,
    MilestoneReached,
    MilestoneReopened,
    ProjectRebaselined,
    TimeApproved,
    TimeCorrected,
    TimeUnapproved,
)
from throughline.core.events import detect
from throughline.core.money import Money

AT = "2026-12-03T08:00:00Z"
YES = {"state": "approved", "by": "pm@halyard.example", "at": AT, "note": None}
NO = {"state": "draft", "by": None, "at": None, "note": None}
TIME: dict[str, Any] = {"id": "t-1", "project": "p-1", "resource": "r-1", "day": "2026-11-30", "hours": "7.5"}
SPENT: dict[str, Any] = {"id": "e-1", "project": "p-1", "day": "2026-11-30"} | {
    "amount": {"amount": "12.30", "currency": "EUR"}
}
PUT = {"id": "a-1", "project": "p-1", "resource": "r-1", "starts": "2026-12-01", "ends": "2026-12-31", "hours": "80"}
PLANNED = {"id": "p-1", "name": "Platform", "starts": "2026-12-01", "ends": "2027-05-31"} | {
    "budget": {"amount": "100.00", "currency": "EUR"}
}
KINDS = [("time_entry", TIME, TimeUnapproved, TimeCorrected), ("expense", SPENT, ExpenseUnapproved, ExpenseCorrected)]


def test_time_that_becomes_approved_says_for_which_day_and_when() -> None:
    (event,) = detect("time_entry", {**TIME, "approval": NO}, {**TIME, "approval": YES})

    told = datetime(2026, 12, 3, 8, tzinfo=UTC)
    assert event == TimeApproved(time_entry="t-1", project="p-1", day=date(2026, 11, 30), at=told)


def test_an_expense_that_becomes_approved_says_for_which_day_and_when() -> None:
    (event,) = detect("expense", {**SPENT, "approval": NO}, {**SPENT, "approval": YES})

    told = datetime(2026, 12, 3, 8, tzinfo=UTC)
    assert event == ExpenseApproved(expense="e-1", project="p-1", day=date(2026, 11, 30), at=told)


@pytest.mark.parametrize(("kind", "fields", "unapproved", "corrected"), KINDS)
def test_what_is_first_heard_of_as_approved_was_approved(kind: str, fields: Any, unapproved: Any, corrected: Any
                                                         ) -> None:  # fmt: skip
    del unapproved, corrected

    assert len(detect(kind, None, {**fields, "approval": YES})) == 1
    assert detect(kind, None, {**fields, "approval": NO}) == []
    assert detect(kind, None, fields) == []


@pytest.mark.parametrize(("kind", "fields", "unapproved", "corrected"), KINDS)
def test_an_approval_taken_back_is_told_and_given_again_is_told_again(kind: str, fields: Any, unapproved: Any,
                                                                      corrected: Any) -> None:  # fmt: skip
    del corrected
    approved, not_approved = {**fields, "approval": YES}, {**fields, "approval": NO}

    assert [type(each) for each in detect(kind, approved, not_approved)] == [unapproved]
    assert len(detect(kind, not_approved, approved)) == 1


@pytest.mark.parametrize(("kind", "fields", "unapproved", "corrected"), KINDS)
def test_what_was_approved_and_is_otherwise_now_was_corrected(kind: str, fields: Any, unapproved: Any, corrected: Any
                                                              ) -> None:  # fmt: skip
    del unapproved
    approved = {**fields, "approval": YES}

    assert [type(each) for each in detect(kind, approved, {**approved, "resource": "r-2"})] == [corrected]


@pytest.mark.parametrize(("kind", "fields", "unapproved", "corrected"), KINDS)
@pytest.mark.parametrize("moved", [{"day": "2026-12-01"}, {"project": "p-2"}])
def test_what_was_approved_and_has_moved_is_told_of_at_both_places(kind: str, fields: Any, unapproved: Any,
                                                                   corrected: Any, moved: Any) -> None:  # fmt: skip
    del unapproved
    approved = {**fields, "approval": YES}

    told = detect(kind, approved, {**approved, **moved})

    there = {"project": "p-1", "day": "2026-11-30"} | moved
    assert [type(each) for each in told] == [corrected, corrected]
    places = [each.model_dump(mode="json", include={"project", "day"}) for each in told]
    assert places == [{"project": "p-1", "day": "2026-11-30"}, there]


@pytest.mark.parametrize(("kind", "fields", "unapproved", "corrected"), KINDS)
def test_what_was_deleted_is_told_where_it_was(kind: str, fields: Any, unapproved: Any, corrected: Any) -> None:
    del corrected
    (told,) = detect(kind, {**fields, "approval": YES}, {"id": fields["id"], "approval": NO})

    assert type(told) is unapproved
    assert told.model_dump(mode="json")["project"] == "p-1"


@pytest.mark.parametrize(("kind", "fields", "unapproved", "corrected"), KINDS)
@pytest.mark.parametrize("approval", [YES, NO])
def test_an_echo_a_repeat_or_another_note_means_nothing(kind: str, fields: Any, unapproved: Any, corrected: Any,
                                                        approval: Any) -> None:  # fmt: skip
    del unapproved, corrected
    told = {**fields, "approval": approval}

    assert detect(kind, told, told) == []
    assert detect(kind, told, {**told, "note": "touched", "approval": {**approval, "note": "seen"}}) == []


def test_time_of_a_project_we_cannot_name_yet_is_not_told_of() -> None:
    assert detect("time_entry", None, {"id": "t-1", "approval": YES}) == []


def test_somebody_put_on_a_project_and_moved_is_told_each_time() -> None:
    changed = AssignmentChanged(assignment="a-1", project="p-1", resource="r-1")

    assert detect("assignment", None, PUT) == [changed]
    assert detect("assignment", PUT, {**PUT, "ends": "2027-01-31"}) == [changed]
    assert detect("assignment", PUT, PUT) == []
    assert detect("assignment", PUT, {**PUT, "demand": "d-1"}) == []


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("milestone", {"completed_on": None}, {"completed_on": "2026-12-01"}),
        ("task", {"task_kind": "milestone", "completed": False}, {"task_kind": "milestone", "completed": True}),
    ],
)
def test_a_milestone_is_reached_and_taken_back_once(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    home = {"id": "m-1", "project": "p-1"}

    assert detect(kind, home | before, home | after) == [MilestoneReached(milestone="m-1", project="p-1")]
    assert detect(kind, home | after, home | after | {"title": "touched"}) == []
    assert detect(kind, home | after, home | before) == [MilestoneReopened(milestone="m-1", project="p-1")]
    assert detect(kind, home | before, home | before | {"title": "touched"}) == []


def test_a_task_that_is_done_is_no_milestone() -> None:
    task = {"id": "t-1", "project": "p-1", "task_kind": "task"}

    assert detect("task", {**task, "completed": False}, {**task, "completed": True}) == []


def test_another_budget_is_told_with_both_amounts() -> None:
    after = {**PLANNED, "budget": {"amount": "120.00", "currency": "EUR"}}

    changed = BudgetChanged(project="p-1", before=Money.of("100.00", "EUR"), budget=Money.of("120.00", "EUR"))
    assert detect("project", PLANNED, after) == [changed]


@pytest.mark.parametrize("end", ["2027-06-30", None])
def test_other_dates_are_another_baseline(end: str | None) -> None:
    (event,) = detect("project", PLANNED, {**PLANNED, "ends": end})

    told = date.fromisoformat(end) if end else None
    assert event == ProjectRebaselined(project="p-1", starts=date(2026, 12, 1), ends=told)


def test_a_budget_and_dates_heard_of_for_the_first_time_are_no_change() -> None:
    assert detect("project", None, PLANNED) == []
    assert detect("project", {"id": "p-1", "name": "Platform"}, PLANNED) == []
    assert detect("project", PLANNED, {**PLANNED, "name": "Touched"}) == []
