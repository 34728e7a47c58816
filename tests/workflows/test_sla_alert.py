"""What is late is told to the channels the firm has named, once in each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from throughline.core.errors import Retry
from throughline.core.events import SlaAtRisk, SlaBreached
from throughline.core.firm import Firm
from throughline.core.policies import Alerts
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.sla_alert import sla_alert

HALYARD = load(FIRM)
SAID: dict[str, Any] = {
    "clock": "clock-1", "hop": "project_open", "whose": "opportunity-1", "name": "Claims analytics",
    "engagement": "opportunity-1", "due_at": datetime(2026, 11, 20, 16, tzinfo=UTC),
}  # fmt: skip
LATE, NEAR = SlaBreached(**SAID), SlaAtRisk(**SAID)


def telling(*channels: str) -> Firm:
    policies = HALYARD.policies.model_copy(update={"alerts": Alerts(channels=channels)})
    return HALYARD.model_copy(update={"policies": policies})


def texts(world: World) -> list[tuple[str, str]]:
    return [(each["channel"], each["text"]) for each in world.system(Role.CHAT).records("message").values()]


async def test_what_is_late_is_told_to_each_channel_with_when_and_where_to_look() -> None:
    world = World(telling("#finance", "#pmo"))

    assert await world.run(sla_alert, LATE) == "done"

    said = (
        "Won to project open of Claims analytics is late: it was due 20 Nov 16:00 UTC."
        " Look: throughline trace opportunity-1"
    )
    assert texts(world) == [("#finance", said), ("#pmo", said)]


async def test_what_is_near_says_so() -> None:
    world = World(telling("#finance"))

    await world.run(sla_alert, NEAR)

    assert "is due soon: 20 Nov 16:00 UTC" in texts(world)[0][1]


async def test_a_firm_that_named_no_channel_is_told_nothing() -> None:
    world = World(telling())

    assert await world.run(sla_alert, LATE) == "done"
    assert texts(world) == []


async def test_told_twice_is_told_once() -> None:
    world = World(telling("#finance"))
    await world.run(sla_alert, LATE)

    await world.run(sla_alert, LATE)

    assert len(texts(world)) == 1


async def test_a_chat_that_does_not_answer_is_told_when_it_does() -> None:
    world = World(telling("#finance"))
    world.fail(Role.CHAT, Retry("slack is away"))

    assert await world.run(sla_alert, LATE) == "retrying"
    world.mend(Role.CHAT)
    await world.release()

    assert len(texts(world)) == 1


@pytest.mark.parametrize("alert", [LATE, NEAR])
def test_a_clock_has_a_lane_for_each_thing_that_is_told_of_it(alert: Any) -> None:
    assert sla_alert.lane(alert).startswith(f"clock-1/{alert.type}/")
