"""A worker dies after it overwrote what was agreed before: what it wrote instead does not stay by mistake."""

import signal

import pytest

from tests.chaos.oracle import what_came
from tests.chaos.stage import Stage

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]

FOR_LONG = "2199-01-01T00:00:00Z"


async def test_news_of_a_passing_trouble_that_nobody_remembers_telling_is_taken_back(stage: Stage) -> None:
    life = await stage.first_day()
    await stage.post("kantata", "maintenance", {"until": FOR_LONG})
    await stage.sell(1)
    await stage.until(lambda: finance_says(stage, "done"), seconds=30)
    await stage.until(lambda: retries(stage), seconds=30)
    await life.kill()

    await stage.post("netsuite", "maintenance", {"until": FOR_LONG})
    await stage.time_passes()
    dying = await stage.worker("dying", stop=dict.fromkeys((await stage.lanes()).values(), 0), only="after PATCH")
    assert await dying.over() == -signal.SIGKILL
    assert await finance_says(stage, "waiting")
    for system in ("netsuite", "kantata"):
        await stage.post(system, "maintenance", {"until": None})
    await stage.time_passes()
    await stage.worker("last")
    await stage.settled(30)

    (came,) = what_came(stage.estate, stage.sold).values()
    assert came.wrong() == {}


async def finance_says(stage: Stage, word: str) -> bool:
    """Whether the CRM was told so about the part finance."""
    (came,) = what_came(stage.estate, stage.sold).values()
    return (came.handoff["Handoff_Finance__c"] or "").startswith(word)


async def retries(stage: Stage) -> bool:
    return await stage.pool.fetchval("select bool_and(state = 'retrying') from runs where event ? 'opportunity'")
