"""The estate's clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from throughline.sandbox.clock import SandboxClock

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOON = timedelta(seconds=5)


def test_a_clock_starts_where_it_is_told_and_runs() -> None:
    clock = SandboxClock(START)

    first, second = clock.now(), clock.now()

    assert START <= first <= second < START + SOON


def test_advancing_skips_time_and_keeps_the_speed() -> None:
    clock = SandboxClock(START, speed=2.0)

    clock.advance(86_400)

    assert START + timedelta(days=1) <= clock.now() < START + timedelta(days=1) + SOON
    assert clock.speed == 2.0


def test_a_stopped_clock_stands_still() -> None:
    clock = SandboxClock(START)

    clock.run_at(0)

    assert clock.now() == clock.now()


def test_a_time_without_zone_is_utc() -> None:
    clock = SandboxClock(START, speed=0)

    clock.set(datetime(2026, 2, 1))

    assert clock.now() == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_kept_clock_goes_on_after_a_restart(tmp_path: Path) -> None:
    SandboxClock(START, kept=tmp_path / "clock.json").advance(10 * 86_400)

    resumed = SandboxClock(kept=tmp_path / "clock.json")

    assert START + timedelta(days=10) <= resumed.now() < START + timedelta(days=10) + SOON


def test_a_clock_nobody_drove_leaves_no_file(tmp_path: Path) -> None:
    SandboxClock(kept=tmp_path / "clock.json").now()

    assert not (tmp_path / "clock.json").exists()
