"""What delivery asks to change, as it is read from Kantata: a task that carries our custom field."""

from typing import Any

import pytest

from throughline.core.entities import ScopeChange
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def task(psa: Any, **more: Any) -> dict[str, Any]:
    project = next(iter(psa.kept("workspaces").values()))
    fields = {"title": "Second depot", "story_type": "task", "workspace_id": project["id"]}
    fields |= {"start_date": "2026-12-01", "due_date": "2027-01-31"}
    fields |= {"budget_estimate_in_cents": 1_200_050, "time_estimate_in_minutes": 4800}
    return await psa.control("records/stories", {**fields, **more})


async def field(psa: Any, name: str = "Change order") -> str:
    return (await psa.control("records/custom_fields", {"name": name, "value_type": "string"}))["id"]


async def asks(psa: Any, story: str, value: str, field_: str, kind: str = "Story") -> str:
    about = {"subject_type": kind, "subject_id": story, "custom_field_id": field_, "value": value}
    return (await psa.control("records/custom_field_values", about))["id"]


async def heard(psa: Any, since: str | None = None) -> dict[str, dict[str, Any]]:
    return {str(each["id"]): each for page in await psa.changes("scope_change", since) for each in page}


def read(psa: Any, record: dict[str, Any]) -> ScopeChange:
    psa.names.ids["project", str(record["story"]["workspace_id"])] = "project-1"
    claim = psa.read("scope_change", record)
    assert claim.unread == {}
    return ScopeChange.model_validate({**claim.fields, "id": "scope_change-1"})


async def test_a_task_that_carries_the_field_is_a_change_delivery_asks_for(psa: Any) -> None:
    story = await task(psa)
    value = await asks(psa, story["id"], "Proposed", await field(psa))

    scope = read(psa, (await heard(psa))[value])

    project = psa.kept("workspaces")[str(story["workspace_id"])]
    assert (scope.name, scope.project, scope.state) == ("Second depot", "project-1", "submitted")
    assert scope.amount == Money.of("12000.50", project["currency"])
    assert (scope.hours, str(scope.starts), str(scope.ends)) == (80, "2026-12-01", "2027-01-31")


async def test_other_fields_and_other_subjects_ask_for_nothing(psa: Any) -> None:
    story, ours, other = await task(psa), await field(psa), await field(psa, "Mood")
    project = str(story["workspace_id"])
    asked = await asks(psa, story["id"], "Approved", ours)
    await asks(psa, story["id"], "Approved", other)
    await asks(psa, project, "Approved", ours, kind="Workspace")

    assert set(await heard(psa)) == {asked}


async def test_an_answer_nobody_foresaw_is_unread_and_not_guessed(psa: Any) -> None:
    value = await asks(psa, (await task(psa))["id"], "Perhaps", await field(psa))
    record = (await heard(psa))[value]

    claim = psa.read("scope_change", record)

    assert "value is 'Perhaps'" in claim.unread["state"]


async def test_the_field_may_be_called_otherwise(psa: Any) -> None:
    value = await asks(psa, (await task(psa))["id"], "Proposed", await field(psa, "Scope"))
    psa.line.credentials.settings["change_order_field"] = "Scope"
    try:
        assert set(await heard(psa)) == {value}
    finally:
        del psa.line.credentials.settings["change_order_field"]
