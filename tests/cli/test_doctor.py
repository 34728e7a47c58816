"""The doctor on a database where nothing was applied yet, and nobody works."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run, Said
from throughline.cli.exits import Exit
from throughline.demo import FIRM
from throughline.store import lanes
from throughline.store.database import connected, transaction


def findings(said: Said) -> dict[str, dict[str, Any]]:
    return {each["what"]: each for each in said.document}


async def leave_lying(database_url: str) -> None:
    """A lane that has waited for a minute, and nobody came."""
    async with connected(database_url, size=2) as pool, transaction(pool) as sql:
        await lanes.wake(sql, ["opportunity-1"], at=datetime.now(UTC) - timedelta(minutes=1))


def test_work_that_waits_with_nobody_to_do_it_is_found(database_url: str, run: Run, tmp_path: Path) -> None:
    asyncio.run(leave_lying(database_url))

    said = run("doctor", "--json", "--database-url", database_url, "--data", tmp_path, "--firm", FIRM)

    workers = findings(said)["workers"]
    assert said.code == Exit.FOUND
    assert (workers["fine"], workers["told"]) == (False, "0 alive, 1 overdue lane(s)")
    assert "throughline worker" in workers["fix"]


def test_before_the_first_start_the_folder_is_looked_at_and_not_applied(
    database_url: str, run: Run, tmp_path: Path
) -> None:
    said = run("doctor", "--json", "--database-url", database_url, "--data", tmp_path, "--firm", FIRM)

    found = findings(said)
    assert "not applied yet" in found["firm's folder"]["told"]
    # Every secret that is missing is told, not only the first.
    assert {name for name, each in found.items() if each["told"] == "a secret is missing"} == {
        "kantata", "netsuite", "salesforce", "slack", "workday",
    }  # fmt: skip
    status = run("status", "--database-url", database_url, "--data", tmp_path)
    assert status.code == Exit.CONFIG
    assert "throughline up" in status.err
