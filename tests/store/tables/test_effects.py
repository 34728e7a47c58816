"""The effect rows: one sender per effect, and what a look found is only believed if nobody sent since."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from throughline.store import effects
from throughline.store.database import Pool
from throughline.store.effects import Effect

EFFECT = Effect(
    key="KEY", run="run-1", part=None, system="east", kind="project", entity="project-1", operation="create",
    rung="C", state="intent", fields={"name": "A"},
)  # fmt: skip


async def stored(pool: Pool, now: datetime, **how: Any) -> None:
    await effects.record(pool, [replace(EFFECT, **how)], now=now)


@pytest.mark.parametrize(
    ("state", "may"),
    [
        ("planned", True), ("rejected", True), ("probed", True), ("intent", False), ("sent", False),
        ("unknown", False), ("settling", False), ("confirmed", False), ("quarantined", False),
    ],
)  # fmt: skip
async def test_an_intent_is_taken_down_only_where_nobody_else_s_is_on_its_way(
    pool: Pool,
    now: datetime,
    state: str,
    may: bool,
) -> None:
    await stored(pool, now, state=state)

    assert await effects.intend(pool, replace(EFFECT, attempts=2), now=now) is may

    row = await effects.one(pool, "KEY")
    assert row is not None
    assert (row["state"], row["attempts"]) == (("intent", 2) if may else (state, 1))


async def test_the_first_intent_is_taken_down_and_the_second_is_not(pool: Pool, now: datetime) -> None:
    assert await effects.intend(pool, EFFECT, now=now)
    assert not await effects.intend(pool, EFFECT, now=now)


async def test_an_intent_keeps_what_is_sent_and_since_when_and_a_later_attempt_its_own(
    pool: Pool, now: datetime
) -> None:
    await effects.intend(pool, replace(EFFECT, body='{"a": 1.50}'), now=now)
    first = await effects.one(pool, "KEY")
    await effects.looked(pool, replace(EFFECT, state="probed"), now=now)
    await effects.intend(pool, replace(EFFECT, attempts=2, body='{"a": 2}'), now=now + timedelta(hours=1))
    second = await effects.one(pool, "KEY")

    assert first and second
    assert (first["body"], first["begun_at"]) == ('{"a": 1.50}', now)
    assert (second["body"], second["begun_at"]) == ('{"a": 2}', now + timedelta(hours=1))


@pytest.mark.parametrize(
    ("state", "attempts", "believed"),
    [
        ("unknown", 1, True), ("intent", 1, True), ("probed", 1, True), ("quarantined", 1, True),
        ("unknown", 2, False), ("planned", 1, False), ("confirmed", 1, False), ("rejected", 1, False),
    ],
)  # fmt: skip
async def test_what_a_look_found_is_written_unless_somebody_attempted_it_since(
    pool: Pool,
    now: datetime,
    state: str,
    attempts: int,
    believed: bool,
) -> None:
    await stored(pool, now, state=state, attempts=attempts)

    assert await effects.looked(pool, replace(EFFECT, state="probed", why="0 found"), now=now) is believed


async def test_recording_again_changes_what_became_of_it_and_not_what_it_is(pool: Pool, now: datetime) -> None:
    await stored(pool, now)
    await stored(pool, now, state="confirmed", their_key="E1", fields={"name": "B"}, took_ms=1.5)

    row = await effects.one(pool, "KEY")
    assert row is not None
    assert (row["state"], row["their_key"], row["took_ms"], row["fields"]) == ("confirmed", "E1", 1.5, {"name": "A"})


async def test_the_effects_of_runs_come_in_the_order_they_were_begun(pool: Pool, now: datetime) -> None:
    for n, run in enumerate(("run-1", "run-2", "run-1")):
        await stored(pool, now, key=f"K{n}", run=run)

    assert [row["key"] for row in await effects.of_run(pool, "run-1")] == ["K0", "K2"]
    assert [row["key"] for row in await effects.of_runs(pool, ["run-2", "run-1"])] == ["K0", "K1", "K2"]
