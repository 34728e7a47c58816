"""The desk on a real machine: cuts of the queue, deeds on one hold, causes, and batches from a preview to their end."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.console.test_routes import DEAL, LANE, NOON, Browser, browser, doors, insert, machine, settings
from throughline.hub.desk import batching, naming
from throughline.hub.machine import Machine

__all__ = ["browser", "doors", "machine", "settings"]


@pytest.fixture
async def two(machine: Machine) -> str:
    """Two holds of one cause, one of an amount nobody knows; returns the cause."""
    for n, amount in ((1, Decimal(486000)), (2, None)):
        about = {"run": f"run-{n}", "lane": f"{LANE}{n}", "subject": DEAL, "correlation": f"{DEAL}{n}"}
        await insert(
            machine, "runs", id=f"run-{n}", workflow="opportunity-to-project", lane=f"{LANE}{n}",
            event_type="OpportunityWon", event={"opportunity": DEAL}, subject=DEAL, state="held", parts=[], reads=[],
            attempt=0, passes=1, correlation=f"{DEAL}{n}", created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        await insert(machine, "lanes", key=f"{LANE}{n}", fence=1)
        await insert(
            machine, "holds", id=f"hold-{n}", **about, part="finance", name="finance", kind="hold",
            why="netsuite refused it", fix="Add a row.", owner="Finance", amount=amount,
            currency="EUR" if amount else None, choices=[], candidates=[], state="open",
            opened_at=NOON - timedelta(days=2 * n),
        )  # fmt: skip
    await naming.all_nameless(machine)
    return await machine.pool.fetchval("select distinct cause from holds")


async def rows(browser: Browser, cut: str) -> list[str]:
    return [row["key"] for row in json.loads((await browser.get(f"/holds.json{cut}")).text)["rows"]]


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        ("", ["hold-1", "hold-2"]),
        ("?owner=Finance&system=netsuite", ["hold-1", "hold-2"]),
        ("?unknown=yes", ["hold-2"]),
        ("?at_least=10000", ["hold-1"]),
        ("?older=3", ["hold-2"]),
        ("?state=snoozed", []),
        ("?workflow=work-to-invoice", []),
    ],
)
@pytest.mark.usefixtures("two")
async def test_the_queue_is_cut_by_its_address(browser: Browser, cut: str, found: list[str]) -> None:
    assert await rows(browser, cut) == found


@pytest.mark.usefixtures("two")
async def test_the_queue_says_what_it_comes_to_and_what_nobody_knows(browser: Browser) -> None:
    told = json.loads((await browser.get("/holds.json?owner=Finance")).text)
    file = list(csv.DictReader(io.StringIO((await browser.get("/holds.csv?unknown=yes")).text)))

    assert told["summary"] == "2 open holds, EUR 486,000.00 at risk, 1 of unknown amount."
    assert told["cli"] == 'throughline holds list --owner "Finance"'
    assert [row["key"] for row in file] == ["hold-2"]


@pytest.mark.parametrize("cut", ["?state=lost", "?older=x", "?at_least=much", "?at_least=NaN", "?older=99999999"])
async def test_an_address_nobody_understands_is_refused(browser: Browser, cut: str) -> None:
    assert (await browser.get(f"/holds{cut}")).status == 400


@pytest.mark.usefixtures("two")
async def test_deeds_on_a_hold_are_done_and_seen_on_its_page(browser: Browser) -> None:
    token = await browser.token()
    for verb, form in (
        ("assign", {"to": "Ann", "reason": "She knows."}),
        ("snooze", {"until": "2026-12-01", "reason": "Away."}),
        ("note", {"text": "Called them."}),
    ):
        assert (await browser.post(f"/holds/hold-1/{verb}", {**form, "reason": form.get("reason", "")})).status == 403
        answer = await browser.post(f"/holds/hold-1/{verb}", {**form, "csrf_token": token})
        assert (answer.status, answer.headers["location"]) == (303, "/holds/hold-1"), verb

    page = (await browser.get("/holds/hold-1")).text

    assert "Called them." in page
    assert "With Ann" in page
    assert await rows(browser, "?state=snoozed&assignee=Ann") == ["hold-1"]


@pytest.mark.usefixtures("two")
async def test_a_hold_that_was_dealt_with_elsewhere_is_resolved(browser: Browser, machine: Machine) -> None:
    form = {"csrf_token": await browser.token(), "reason": "Billed by hand."}

    assert (await browser.post("/holds/hold-1/resolve", form)).status == 303
    assert (await browser.post("/holds/hold-1/resolve", form)).status == 409

    assert await machine.pool.fetchval("select cancelled_at from runs where id = 'run-1'") == NOON
    assert "dealt with elsewhere: Billed by hand." in (await browser.get("/holds/hold-1")).text


async def test_what_is_ticked_is_foretold_then_done_and_told_item_by_item(
    browser: Browser, machine: Machine, two: str
) -> None:
    assert two
    token = await browser.token()

    foretold = await browser.post("/batches/new", {"csrf_token": token, "scope": "ticked", "id": "hold-2"})
    assert foretold.status == 200
    assert "1 hold, 1 of unknown amount." in foretold.text
    assert 'name="expect" value="1"' in foretold.text
    assert await machine.pool.fetchval("select count(*) from batches") == 0

    form = {"csrf_token": token, "action": "assign", "to": "Ann", "reason": "Hers.", "id": "hold-2", "expect": "1"}
    begun = await browser.post("/batches", form)
    assert begun.status == 303
    await batching.all_running(machine)
    told = json.loads((await browser.get(f"{begun.headers['location']}.json")).text)
    file = list(csv.DictReader(io.StringIO((await browser.get(f"{begun.headers['location']}.csv")).text)))

    assert (told["batch"]["what"], told["batch"]["progress"]) == ("Assign 1 hold to Ann", "1 of 1")
    assert [(row["hold"], row["outcome"]) for row in file] == [("hold-2", "assigned")]
    assert (await browser.get("/batches")).status == 200
    assert (await browser.post("/batches", {**form, "expect": "7"})).status == 409


@pytest.mark.usefixtures("two")
async def test_all_that_fit_are_foretold_as_they_were_cut(browser: Browser) -> None:
    said = {"csrf_token": await browser.token(), "scope": "all", "owner": "Finance", "at_least": "10000"}

    foretold = (await browser.post("/batches/new", said)).text

    assert "1 hold, EUR 486,000.00 at risk." in foretold
    assert 'name="at_least" value="10000"' in foretold
    assert "--at-least &#34;10000&#34; --expect 1" in foretold


@pytest.mark.parametrize("form", [{"scope": "ticked"}, {"scope": "ticked", "state": "lost", "id": ""}])
@pytest.mark.usefixtures("two")
async def test_nothing_ticked_is_said_and_begins_nothing(browser: Browser, form: dict[str, str]) -> None:
    answer = await browser.post("/batches/new", {"csrf_token": await browser.token(), **form})

    assert answer.status in {400, 409}


async def test_a_cause_is_listed_split_merged_parted_and_cleared(browser: Browser, machine: Machine, two: str) -> None:
    (listed,) = json.loads((await browser.get("/causes.json")).text)["rows"]
    assert (listed["key"], listed["holds"], listed["amount"], listed["unknown"]) == (two, "2", "EUR 486,000.00", "1")
    assert (await browser.get("/causes.csv")).text.count("cause-") == 2
    form = {"csrf_token": await browser.token(), "reason": "Because."}

    split = await browser.post(f"/causes/{two}/split", {**form, "id": "hold-2"})
    new = split.headers["location"]
    merged = await browser.post(f"{new}/merge", {**form, "into": two})
    parted = await browser.post(f"/causes/{two}/part", form)
    refused = await browser.post(f"/causes/{two}/resolve", form)
    cleared = await browser.post(f"/causes/{two}/clear", form)

    assert [split.status, merged.status, parted.status, refused.status, cleared.status] == [303, 303, 303, 409, 303]
    assert merged.headers["location"] == f"/causes/{two}"
    told = json.loads((await browser.get(f"/causes/{two}.json")).text)
    assert [deed["key"] for deed in told["deeds"]] == ["clear", "split"]
    batch = json.loads((await browser.get(f"{cleared.headers['location']}.json")).text)
    assert (batch["cause_href"], batch["batch"]["progress"]) == (f"/causes/{two}", "0 of 2")
    assert (await browser.post(f"{cleared.headers['location']}/cancel", form)).status == 303
    assert await machine.pool.fetchval("select state from batches") == "cancelled"


@pytest.mark.usefixtures("two")
async def test_pages_of_the_desk_have_fragments(browser: Browser, two: str) -> None:
    for path in ("/causes", f"/causes/{two}", "/batches"):
        page, part = await browser.get(path), await browser.get(f"{path}/fragment")
        assert (page.status, part.status) == (200, 200)
        assert part.text.lstrip().startswith('<div id="region"')
    assert (await browser.get("/causes/cause-x")).status == 404
    assert (await browser.get("/batches/batch-x")).status == 404


async def test_what_worked_before_is_proposed_with_its_figures(browser: Browser, machine: Machine, two: str) -> None:
    for n, outcome in enumerate(("went through", "went through", "came back")):
        await insert(
            machine, "decisions", hold=f"hold-x{n}", run="r", name="finance", cause=two, how="released",
            reason="Row added.", person="Ann", at=NOON, outcome=outcome,
        )  # fmt: skip

    cause = json.loads((await browser.get(f"/causes/{two}.json")).text)
    hold = json.loads((await browser.get("/holds/hold-1.json")).text)

    assert cause["proposal"] == "Released: went through 2 of 3 times. Last time: “Row added.”"
    assert hold["proposal"] == cause["proposal"]


@pytest.mark.usefixtures("two")
async def test_a_refused_value_is_edited_on_the_page_and_checked_first(browser: Browser, machine: Machine) -> None:
    said = {"id": "customer-1", "name": "Merz", "currency": "EUR"}
    put = {"system": "netsuite", "kind": "customer", "entity": "customer-1", "operation": "create", "effect": "E",
           "fields": {"name": "Merz"}, "whole": said}  # fmt: skip
    await machine.pool.execute("update holds set refused_put = $1 where id = 'hold-1'", put)
    form = {"csrf_token": await browser.token(), "field": "name", "reason": "A slip."}
    assert 'action="/holds/hold-1/correct"' in (await browser.get("/holds/hold-1")).text

    wrong = await browser.post("/holds/hold-1/correct", {**form, "value": "[1]"})
    right = await browser.post("/holds/hold-1/correct", {**form, "value": "Merz AG"})

    assert (wrong.status, right.status) == (409, 303)
    assert await machine.pool.fetchval("select said from corrections") == {"instead_of": "Merz", "value": "Merz AG"}
    assert "name corrected: A slip." in (await browser.get("/holds/hold-1")).text
