"""A machine whose clock is wrong finds out by the database's; and one whose clock is set finds out at once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from throughline.hub.timekeeper import APART, Timekeeper

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
JUMPS = [timedelta(hours=-1), timedelta(hours=1), timedelta(days=1)]


@dataclass
class Machine:
    """Its clock can be set; how long it has run cannot."""

    ran: float = 0.0
    wrong_by: timedelta = timedelta()
    asking_takes: float = 0.0
    timekeeper: Timekeeper = field(init=False)

    def __post_init__(self) -> None:
        self.timekeeper = Timekeeper(self.clock, lambda: self.ran, self.ask)

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.ran) + self.wrong_by

    async def ask(self) -> datetime:
        self.ran += self.asking_takes
        return NOON + timedelta(seconds=self.ran)


def test_a_clock_that_was_never_compared_is_not_believed() -> None:
    assert not Machine().timekeeper.agrees()


@pytest.mark.parametrize("by", [-APART, timedelta(seconds=2), APART])
async def test_a_few_seconds_apart_is_no_matter(by: timedelta) -> None:
    machine = Machine(wrong_by=by)

    assert await machine.timekeeper.compare() == by

    machine.ran += 3600
    assert machine.timekeeper.agrees()


@pytest.mark.parametrize("by", [*JUMPS, APART + timedelta(milliseconds=1)])
async def test_more_than_that_is_not_believed_until_it_is_mended(by: timedelta) -> None:
    machine = Machine(wrong_by=by)
    await machine.timekeeper.compare()
    assert not machine.timekeeper.agrees()

    machine.wrong_by = timedelta()
    await machine.timekeeper.compare()

    assert machine.timekeeper.agrees()


@pytest.mark.parametrize("by", JUMPS)
async def test_a_jump_is_seen_before_the_database_is_asked_again(by: timedelta) -> None:
    machine = Machine()
    await machine.timekeeper.compare()
    machine.ran += 2

    machine.wrong_by = by

    assert machine.timekeeper.ahead() == by
    assert not machine.timekeeper.agrees()


@pytest.mark.parametrize("by", JUMPS)
async def test_the_time_is_counted_on_from_the_last_comparison_while_the_clock_is_wrong(by: timedelta) -> None:
    machine = Machine()
    await machine.timekeeper.compare()

    machine.ran, machine.wrong_by = 2, by

    assert machine.timekeeper.now() == NOON + timedelta(seconds=2)
    assert machine.timekeeper.latest() == max(machine.clock(), machine.timekeeper.now())


async def test_a_clock_put_right_is_believed_at_the_next_comparison() -> None:
    machine = Machine(wrong_by=timedelta(hours=1))
    await machine.timekeeper.compare()

    machine.wrong_by = timedelta()
    assert machine.timekeeper.agrees()
    assert await machine.timekeeper.compare() == timedelta()


async def test_a_database_that_takes_long_to_answer_says_nothing_about_the_clock() -> None:
    machine = Machine(asking_takes=60)

    assert await machine.timekeeper.compare() == timedelta()
    assert machine.timekeeper.agrees()


async def test_it_is_said_once_when_it_begins_and_once_when_it_is_over() -> None:
    machine = Machine(wrong_by=timedelta(hours=1))

    with structlog.testing.capture_logs() as logged:
        await machine.timekeeper.compare()
        await machine.timekeeper.compare()
        machine.wrong_by = timedelta()
        await machine.timekeeper.compare()
        await machine.timekeeper.compare()

    assert [(each["event"], each["log_level"]) for each in logged] == [
        ("clock.wrong", "error"),
        ("clock.right", "warning"),
    ]
    assert logged[0]["ahead_seconds"] == 3600
    assert "network time" in logged[0]["fix"]
