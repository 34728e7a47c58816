"""Which values of custom fields ask for a change of scope, and the task each of them is about."""

from collections.abc import Sequence

from throughline.connectors.kantata.pages import page, records
from throughline.core.connector import Http
from throughline.core.forms import Record

FIELD = "Change order"


async def asked(http: Http, values: Sequence[Record]) -> list[Record]:
    """Those of our field, each with its task and the task's currency. A task that is gone asks for nothing."""
    field = http.settings.get("change_order_field", FIELD)
    ours = [each for each in values if each["subject_type"] == "Story" and each["custom_field_name"] == field]
    if not ours:
        return []
    ids = ",".join(sorted({str(each["subject_id"]) for each in ours}))
    body = await page(http, "stories", {"only": ids, "include": "workspace"})
    stories = {str(each["id"]): _in_its_currency(each, body) for each in records(body)}
    return [{**each, "story": stories[id_]} for each in ours if (id_ := str(each["subject_id"])) in stories]


def _in_its_currency(story: Record, body: Record) -> Record:
    """A task has amounts and no currency: it is the project's."""
    project = body.get("workspaces", {}).get(str(story["workspace_id"]), {})
    return {**story, **{name: project.get(name) for name in ("currency", "currency_base_unit")}}
