"""What is completed in Kantata, since when and through whom, as it is read over real HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.core.entities import Task

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANAGER = "pm.de@halyard.example"


async def milestone(psa: Any, **more: Any) -> str:
    project = next(iter(psa.kept("workspaces").values()))
    fields = {"title": "Go-live", "story_type": "milestone", "workspace_id": project["id"], "state": "not started"}
    return (await psa.control("records/stories", {**fields, **more}))["id"]


async def moved(psa: Any, story: str, state: str, who: str = MANAGER) -> None:
    await psa.control(f"records/stories?as={who}", {"id": story, "state": state})


async def heard(psa: Any, since: str | None = None) -> dict[str, dict[str, Any]]:
    return {str(each["id"]): each for page in await psa.changes("task", since) for each in page}


def read(psa: Any, record: dict[str, Any]) -> Task:
    psa.names.ids["project", str(record["workspace_id"])] = "project-1"
    claim = psa.read("task", record)
    assert claim.unread == {}
    return Task.model_validate({"position": 1, **claim.fields, "id": "task-1"})


async def test_a_completed_milestone_is_heard_of_with_who_completed_it_and_when(psa: Any) -> None:
    story = await milestone(psa)
    psa.advance(60)
    cursor = await psa.cursor("task")
    psa.advance(60)
    await moved(psa, story, "completed")

    task = read(psa, (await heard(psa, cursor))[story])

    assert (task.completed, task.completed_by) == (True, MANAGER)
    assert task.completed_at == psa.clock.now().replace(microsecond=0)


async def test_what_was_completed_and_set_back_is_not_completed(psa: Any) -> None:
    story = await milestone(psa)
    await moved(psa, story, "completed")
    await moved(psa, story, "started")

    task = read(psa, (await heard(psa))[story])

    assert (task.completed, task.completed_at, task.completed_by) == (False, None, None)


async def test_of_two_completions_the_later_one_counts(psa: Any) -> None:
    story = await milestone(psa)
    await moved(psa, story, "completed", "pm.uk@halyard.example")
    first = psa.clock.now()
    await moved(psa, story, "started")
    psa.advance(3600)
    await moved(psa, story, "completed")

    task = read(psa, (await heard(psa))[story])

    assert (task.completed_by, task.completed_at) == (MANAGER, (first + timedelta(hours=1)).replace(microsecond=0))


async def test_an_edit_of_another_field_is_no_change_of_state(psa: Any) -> None:
    story = await milestone(psa)
    await moved(psa, story, "completed")
    done = psa.clock.now()
    psa.advance(60)
    await psa.control("records/stories?as=pm.uk@halyard.example", {"id": story, "title": "Go-live at last"})

    task = read(psa, (await heard(psa))[story])

    assert (task.title, task.completed_at, task.completed_by) == (
        "Go-live at last", done.replace(microsecond=0), MANAGER,
    )  # fmt: skip
