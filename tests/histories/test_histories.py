"""Runs that were half-way under an earlier release finish under this one: the same effects, and none of them twice."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.histories.history import TABLES, History, kept, names, restore, set_up
from tests.histories.record import HALVES
from tests.histories.scene import Scene, scene

type Resumed = Callable[[History], AbstractAsyncContextManager[Scene]]


@pytest.fixture
def resumed(tmp_path: Path, database_url: str) -> Resumed:
    """A history as it stood, an hour later, with the code of today."""

    @asynccontextmanager
    async def resume(history: History) -> AsyncGenerator[Scene]:
        set_up(tmp_path / "sandbox", history.systems)
        async with scene(tmp_path, database_url) as played:
            await restore(played.machine.pool, history.tables)
            played.time_passes(timedelta(hours=1))
            yield played

    return resume


@pytest.mark.parametrize("name", names())
async def test_a_recorded_history_is_finished(name: str, resumed: Resumed) -> None:
    history = kept(name)

    async with resumed(history) as played:
        await played.finish()
        came, twice = played.came(history.deal, history.customer), played.twice()

    assert came.there == history.came
    assert came.wrong() == {}
    assert twice == {}


def test_every_way_of_stopping_half_way_is_recorded() -> None:
    assert set(names()) >= HALVES.keys()


def test_a_history_is_half_way() -> None:
    """Else there is nothing left for the code of today to do, and so nothing it could do wrong."""
    assert [n for n in names() if all(run["state"] == "done" for run in kept(n).tables["runs"])] == []
    assert [n for n in names() if not kept(n).tables["runs"]] == []


async def test_what_would_be_done_twice_is_seen(resumed: Resumed) -> None:
    """The judge, judged: a machine that has forgotten its effects posts the kick-off again."""
    whole = kept("unknown")
    forgetful = {name: [] if name == "effects" else whole.tables[name] for name in TABLES}

    async with resumed(replace(whole, tables=forgetful)) as played:
        await played.finish()
        came = played.came(whole.deal, whole.customer)

    assert came.there != whole.came
