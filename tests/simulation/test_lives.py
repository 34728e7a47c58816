"""Whole estates in virtual time, each from a seed: whatever goes wrong, nothing is lost, doubled or forgotten."""

import os
import subprocess
import sys

import pytest

from tests.simulation.__main__ import many
from tests.simulation.bugs import BUGS, Bug
from tests.simulation.lives import lived, told
from tests.simulation.weather import STORM_ENDS, Weather

IN_CI = 600
SOME = range(10)


def test_nothing_is_lost_or_doubled_in_some_lives(life_database: str) -> None:
    wrong = [told(life) for life in lived(life_database, SOME) if life.wrong]

    assert wrong == []


def test_these_lives_have_seen_everything_that_can_go_wrong(life_database: str) -> None:
    """A judge who is shown only fair weather finds nothing."""
    lives = list(lived(life_database, SOME))

    assert sum(life.killed for life in lives) >= len(SOME)
    assert sum(life.done for life in lives) >= 10 * len(SOME)


def test_a_calm_life_ends_as_soon_as_its_work_is_done(life_database: str) -> None:
    fair = Weather(**dict.fromkeys(Weather.__slots__, 0) | {"customers": 1, "deals": 2})

    (life,) = lived(life_database, [1], weather=fair)

    assert life.wrong == ()
    assert life.killed == 0
    assert life.seconds < STORM_ENDS + 60


def test_the_same_seed_is_the_same_life_in_every_process(life_database: str) -> None:
    """Down to each await, whatever the hash seed: else what a night found could not be seen again."""
    command = [sys.executable, "-m", "tests.simulation.lives", life_database, "0", "4", "1"]

    said = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": chance}, capture_output=True, check=True).stdout
        for chance in ("1", "2")
    ]

    assert said[0].startswith(b"history")
    assert said[0] == said[1]


def test_another_seed_is_another_life(life_database: str) -> None:
    one, other = lived(life_database, [1, 2])

    assert one.digest != other.digest


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str, life_database: str) -> None:
    bug: Bug = BUGS[name]

    broken = lived(life_database, range(bug.lives), bug.parts, weather=bug.weather)
    found = next((life for life in broken if life.wrong), None)

    assert found, f"{bug.lives} lives went by, and nobody saw that {name}"
    broken.close()
    (whole,) = lived(life_database, [found.seed], weather=bug.weather)
    assert whole.wrong == (), "it is not the bug that was found"


@pytest.mark.slow
async def test_nothing_is_lost_or_doubled_in_six_hundred_lives(
    server_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        bad, said = await many(server_url, 0, IN_CI, cores=os.cpu_count() or 1)

    assert (bad, said) == (0, "")
