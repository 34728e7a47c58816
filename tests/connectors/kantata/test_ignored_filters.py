"""Kantata ignores a parameter it does not know: what comes back is never taken for what was asked for."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from throughline.connectors.kantata import CONNECTOR
from throughline.core.connector import Answer, Sent, Where
from throughline.core.errors import Hold
from throughline.core.forms import Record


@dataclass
class Deaf:
    """An account that answers every listing with everything it has."""

    held: dict[str, list[Record]]
    asked: list[str] = field(default_factory=list[str])
    settings: dict[str, str] = field(default_factory=dict[str, str])

    async def call(self, method: str, path: str, **_more: Any) -> Answer:
        self.asked.append(f"{method} {path}")
        name = path.rsplit("/", 1)[1].removesuffix(".json")
        records = self.held.get(name, [])
        results = [{"key": name, "id": record["id"]} for record in records]
        by_id = {record["id"]: record for record in records}
        return Answer(200, {}, {"results": results, name: by_id, "meta": {"page_count": 1}})


def reference(number: int, **more: str) -> Record:
    mark = {"service_name": "throughline", "service_model": "project", "service_model_ref": f"project-{number}"}
    return {"id": str(number), **mark, "subject_type": "Workspace", "subject_id": f"w{number}", **more}


async def test_only_a_reference_with_our_mark_counts() -> None:
    others = [reference(1, service_name="another"), reference(4, subject_type="Story", service_model_ref="project-2")]
    projects = [{"id": f"w{number}"} for number in range(1, 5)]
    http = Deaf({"external_references": [*others, reference(2), reference(3)], "workspaces": projects})
    mapping = CONNECTOR.mapping("project")
    assert mapping
    assert CONNECTOR.find

    assert await CONNECTOR.find(http, mapping, Where(marker="project-2")) == [{"id": "w2"}]
    assert await CONNECTOR.find(http, mapping, Where(marker="project-1")) == []


@pytest.mark.parametrize("people", [[], [{"id": "1", "email_address": "somebody.else@halyard.example"}]])
async def test_only_the_person_who_is_meant_counts(people: list[Record]) -> None:
    http = Deaf({"users": people})
    mapping = CONNECTOR.mapping("project")
    assert mapping
    assert CONNECTOR.put
    sent = Sent({"primary_maven": {"email": "pm.uk@halyard.example"}}, id="project-1", key=None, marker="project-1")

    with pytest.raises(Hold, match="Kantata has no users"):
        await CONNECTOR.put(http, mapping, sent)

    assert http.asked == ["GET /api/v1/users.json"]
