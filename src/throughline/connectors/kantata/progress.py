"""Which tasks are completed, since when and through whom: Kantata keeps it beside them, one change after another."""

from collections.abc import Sequence

from throughline.connectors.kantata.people import learn
from throughline.core.connector import Http
from throughline.core.forms import Record

COMPLETED = "completed"


async def told(http: Http, found: Sequence[Record], body: Record, people: dict[str, str]) -> list[Record]:
    """Each task with whether it is done. `people` are the addresses learnt so far."""
    last = {str(each["id"]): _last(each, body) for each in found if each["state"] == COMPLETED}
    await learn(http, {str(each["user_id"]) for each in last.values() if each.get("user_id")} - people.keys(), people)
    return [each | _standing(each, last.get(str(each["id"]), {}), people) for each in found]


def _standing(story: Record, change: Record, people: dict[str, str]) -> Record:
    by = people.get(str(change.get("user_id")))
    return {"done": story["state"] == COMPLETED, "completed": {"at": change.get("created_at"), "by": by}}


def _last(story: Record, body: Record) -> Record:
    """The last change of its state, if that is what it says; a task made complete from the start has none."""
    known = body.get("story_state_changes", {})
    changes = [known[str(id_)] for id_ in story.get("story_state_change_ids") or () if str(id_) in known]
    last = max(changes, key=lambda each: int(each["id"]), default={})
    return last if last.get("state") == COMPLETED else {}
