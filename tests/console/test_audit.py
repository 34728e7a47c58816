"""The audit trail's pages on a real machine: the log, its filters, a proof, a verification and what is taken home."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.console import test_routes
from tests.console.test_routes import NOON, Browser
from throughline.hub.audit import Sequencer, offline
from throughline.hub.machine import Machine
from throughline.store import journal

settings, machine, doors, browser = (
    test_routes.settings, test_routes.machine, test_routes.doors, test_routes.browser,
)  # fmt: skip


@pytest.fixture
async def signed(machine: Machine) -> Machine:
    """Two people decided two things each, on two days."""
    await machine.pool.execute("delete from audit_waiting")
    for n, (actor, action) in enumerate((("Ada", "answered"), ("Ada", "released"), ("<Eve>", "answered"))):
        at = NOON - timedelta(days=2 - n, minutes=n)
        await journal.note(
            machine.pool, actor=actor, action=action, object_=f"hold-{n}", detail={"reason": "x"}, now=at
        )
    await machine.pool.execute("update audit_waiting set engagement = 'deal-1' where actor = 'Ada'")
    assert machine.signer
    await Sequencer(machine.pool, machine.signer, machine.clock).tick()
    return machine


async def places(browser: Browser, query: str = "") -> list[str]:
    return [row["key"] for row in json.loads((await browser.get(f"/audit.json{query}")).text)["rows"]]


@pytest.mark.usefixtures("signed")
async def test_the_log_is_shown_newest_first_and_as_a_file(browser: Browser) -> None:
    page, told = (await browser.get("/audit")).text, json.loads((await browser.get("/audit.json")).text)
    rows = list(csv.DictReader(io.StringIO((await browser.get("/audit.csv")).text)))

    assert told["summary"] == "3 leaves, all under a signed checkpoint."
    assert [(row["place"], row["actor"], row["action"]) for row in rows] == [
        ("2", "<Eve>", "answered"), ("1", "Ada", "released"), ("0", "Ada", "answered"),
    ]  # fmt: skip
    assert "&lt;Eve&gt;" in page
    assert 'aria-current="page"' in page.partition('href="/audit"')[2][:30]
    assert (await browser.get("/audit/fragment")).text.startswith('<div id="region"')


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?actor=Ada", ["1", "0"]),
        ("?action=answered", ["2", "0"]),
        ("?actor=Ada&action=answered", ["0"]),
        ("?object=hold-2", ["2"]),
        ("?engagement=deal-1", ["1", "0"]),
        ("?since=2026-11-19&until=2026-11-19", ["1"]),
        ("?since=2026-11-20", ["2"]),
        ("?until=2026-11-18", ["0"]),
        ("?actor=Ada&since=2026-11-19", ["1"]),
        ("?actor=nobody", []),
        ("?actor=", ["2", "1", "0"]),
    ],
)
@pytest.mark.usefixtures("signed")
async def test_it_is_filtered_by_person_action_object_and_time(browser: Browser, query: str, found: list[str]) -> None:
    assert await places(browser, query) == found


async def test_the_command_beside_it_chooses_the_same(browser: Browser) -> None:
    """On the page both days are included; a command takes moments."""
    told = json.loads((await browser.get("/audit.json?actor=Ida+Berg&since=2026-11-01&until=2026-11-30")).text)

    assert told["cli"] == "throughline audit list --actor 'Ida Berg' --since 2026-11-01 --until 2026-12-01"


async def test_it_goes_on_where_the_page_ended(browser: Browser, signed: Machine) -> None:
    for n in range(60):
        await journal.note(signed.pool, actor="Bo", action="noted", object_=f"o-{n}", detail={}, now=NOON)
    assert signed.signer
    await Sequencer(signed.pool, signed.signer, signed.clock).tick()

    first = json.loads((await browser.get("/audit.json?actor=Bo")).text)
    second = json.loads((await browser.get(first["older_url"].replace("/audit?", "/audit.json?"))).text)

    assert [len(first["rows"]), len(second["rows"]), second["older_url"]] == [50, 10, ""]
    assert second["newest_url"] == "/audit?actor=Bo"
    assert {row["key"] for row in first["rows"]}.isdisjoint(row["key"] for row in second["rows"])


@pytest.mark.parametrize("query", ["?since=yesterday", "?until=2026-13-01", "?before=nonsense"])
async def test_what_is_no_day_or_no_place_is_refused(browser: Browser, query: str) -> None:
    assert (await browser.get(f"/audit{query}")).status == 400


@pytest.mark.usefixtures("signed")
async def test_a_leaf_shows_what_proves_it(browser: Browser) -> None:
    page, told = await browser.get("/audit/leaves/1"), json.loads((await browser.get("/audit/leaves/1.json")).text)

    assert "throughline audit prove 1" in page.text
    assert "htmx" not in page.text.partition("<body")[2]
    assert offline.signed(told["note"], told["public_key"])[1] == offline.root_by_path(
        told["entry"], 1, 3, [bytes.fromhex(each) for each in told["path"]]
    )
    for seq in ("3", "x", "-1", "9" * 30, "٣"):
        assert (await browser.get(f"/audit/leaves/{seq}")).status == 404, seq


async def test_a_verification_says_what_was_changed(browser: Browser, signed: Machine) -> None:
    fine = json.loads((await browser.get("/audit/verification.json")).text)
    async with signed.pool.acquire() as owner:
        await owner.execute("set session_replication_role = replica")
        await owner.execute("update audit_log set entry = replace(entry, 'Ada', 'Bob') where seq = 0")

    page = (await browser.get("/audit/verification")).text

    assert (fine["fine"], fine["findings"]) == (True, [])
    assert "Leaf 0 was changed" in page
    assert (await browser.get("/audit/leaves/0")).status == 409


@pytest.mark.parametrize("query", ["engagement=deal-1", "since=2026-11-18&until=2026-11-20"])
@pytest.mark.usefixtures("signed")
async def test_a_pack_is_taken_home_and_checked_there(browser: Browser, query: str, tmp_path: Path) -> None:
    told = json.loads((await browser.get(f"/audit.json?{query}")).text)
    answer = await browser.download(told["pack_url"])

    (tmp_path / "e.zip").write_bytes(answer)
    assert zipfile.is_zipfile(tmp_path / "e.zip")
    assert " as signed in the checkpoint of 3." in offline.check(
        offline.read(tmp_path / "e.zip"), told["public_key"], None
    )


@pytest.mark.usefixtures("signed")
async def test_a_pack_of_nothing_in_particular_is_not_made(browser: Browser) -> None:
    assert json.loads((await browser.get("/audit.json?actor=Ada")).text)["pack_url"] == ""
    assert (await browser.get("/audit/evidence.zip")).status == 400
    assert (await browser.get("/audit/evidence.zip?engagement=deal-9")).status == 404
