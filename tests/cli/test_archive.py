"""`archive` and `doctor`, on a database whose captures are over: what left it, and whether it is still what it was."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from throughline.cli.exits import Exit
from throughline.demo import FIRM
from throughline.hub.retention import Retention
from throughline.main import machine
from throughline.settings import Settings
from throughline.store import captures
from throughline.store.captures import Capture

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD = Capture(
    NOON, "netsuite", "out", "done", "GET", "http://127.0.0.1/x", 200, "fine", 1.5, None, None, {"a": "b"}, b"asked",
    {}, b"answered",
)  # fmt: skip


async def grow_old(settings: Settings) -> None:
    """Three captures, thirteen and a half months later."""
    now = NOON
    async with machine(settings, clock=lambda: now) as built:
        await built.firms.apply(by="test")
        retention = Retention(built.pool, built.firms, built.archive, "worker-1", built.clock)
        await retention.tick()
        await captures.keep(built.pool, [OLD] * 3)
        for days in (31, 410):
            now += timedelta(days=days)
            await retention.tick()


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> list[Any]:
    """How to say which database it is; its three captures are in an archive."""
    asyncio.run(grow_old(Settings(firm=FIRM, data=tmp_path, database_url=database_url)))
    return ["--database-url", database_url, "--data", tmp_path, "--firm", FIRM]


def test_an_archived_capture_is_shown_as_any_other(old: list[Any], run: Run) -> None:
    said = run("captures", "show", 100_000_001, "--json", *old)

    assert said.code == Exit.DONE
    assert (said.document["id"], said.document["answer_body"]) == (100_000_001, "answered")


def test_what_was_archived_is_listed_and_shown(old: list[Any], run: Run) -> None:
    (listed,) = run("archive", "list", "--json", *old).document
    shown = run("archive", "show", "calls-1-1", "--limit", 2, "--json", *old).document

    assert (listed["archive"], listed["rows"], listed["policy"]["days"]) == ("calls-1-1", 3, 400)
    assert [each["id"] for each in shown["oldest"]] == [100_000_000, 100_000_001]
    assert "calls-1-1" in run("archive", "list", *old).out
    assert "400 days, by version 1" in run("archive", "show", "calls-1-1", *old).out
    assert run("archive", "show", "nothing", *old).code == Exit.FOUND


def test_verify_finds_a_file_that_was_changed_cut_or_taken_away(old: list[Any], run: Run, tmp_path: Path) -> None:
    path = tmp_path / "archive" / "calls-1-1.jsonl.gz"
    whole = path.read_bytes()
    assert run("archive", "verify", *old).code == Exit.DONE

    for wrong in (whole[:-20], whole + whole, whole[:60] + bytes([whole[60] ^ 1]) + whole[61:]):
        path.write_bytes(wrong)
        assert run("archive", "verify", *old).code == Exit.FOUND
    path.unlink()
    (found,) = run("archive", "verify", "calls-1-1", "--json", *old).document
    assert (found["fine"], "is not there" in found["why"]) == (False, True)
    assert run("captures", "show", 100_000_001, *old).code == Exit.UNAVAILABLE


def test_verify_finds_a_certificate_that_was_changed(old: list[Any], run: Run, tmp_path: Path) -> None:
    path = tmp_path / "archive" / "calls-1-1.certificate.json"
    path.write_text(path.read_text().replace('"rows": 3', '"rows": 2'))

    (found,) = run("archive", "verify", "--json", *old).document

    assert (found["fine"], found["why"]) == (False, "the certificate beside the file is not the database's")


def finding(run: Run, old: list[Any]) -> dict[str, Any]:
    return next(each for each in run("doctor", "--json", *old).document if each["what"] == "archive")


def test_the_doctor_misses_the_archives(old: list[Any], run: Run, tmp_path: Path) -> None:
    assert finding(run, old)["fine"]
    (tmp_path / "archive").rename(tmp_path / "elsewhere")

    found = finding(run, old)

    assert not found["fine"]
    assert "calls-1-1 is not in" in found["told"]


def test_the_doctor_tells_of_a_folder_that_is_none(
    old: list[Any], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in-the-way").mkdir()
    for file in (tmp_path / "archive").iterdir():
        os.link(file, tmp_path / "in-the-way" / file.name)
    monkeypatch.setenv("THROUGHLINE_ARCHIVE", str(tmp_path / "archive" / "calls-1-1.jsonl.gz" / "in-a-file"))

    found = finding(run, old)

    assert not found["fine"]
