"""Three doors: every page has the same facts for programs and a command that says the same; every table is a file."""

import json
import re
from typing import Any

import pytest
from starlette.routing import Route

from tests.console import test_routes
from tests.console.test_routes import DEAL, NOON, Browser
from throughline.cli.program import app
from throughline.hub.audit import Sequencer
from throughline.hub.machine import Machine

settings, machine, doors, browser, held, broken = (
    test_routes.settings, test_routes.machine, test_routes.doors, test_routes.browser, test_routes.held,
    test_routes.broken,
)  # fmt: skip

# No pages: the way in and out, the line of what happens, files, and what people decide. The page of a person is drawn
# in `test_sessions`: where there is one, everybody has to sign in.
NO_PAGES = {"/", "/live", "/login", "/login/service", "/login/return", "/audit/evidence.zip", "/people/{name}"}
# What a path's parameter is filled with, and the command that says what the page says.
FILLED = {"/holds/{id}": "hold-1", "/reconciliation/{id}": "break-1", "/audit/leaves/{seq}": "0",
          "/causes/{id}": "cause-1", "/batches/{id}": "batch-1", "/boards/{name}": "change-orders"}  # fmt: skip
TWINS = {
    "/engagements": "throughline engagements",
    "/engagements/{id}": "throughline trace opportunity-1",
    "/engagements/{id}/values": "throughline why opportunity-1",
    "/find": "throughline find sample",
    "/holds": "throughline holds list",
    "/holds/{id}": "throughline holds show hold-1",
    "/reconciliation": "throughline reconcile list",
    "/reconciliation/{id}": "throughline reconcile show break-1",
    "/systems": "throughline status",
    "/people": "throughline people list",
    "/causes": "throughline causes list",
    "/causes/{id}": "throughline causes show cause-1",
    "/batches": "throughline batches list",
    "/batches/{id}": "throughline batches show batch-1",
    "/overview": "throughline kpis",
    "/kpis": "throughline kpis",
    "/clocks": "throughline clocks --hop project_open",
    "/boards/{name}": "throughline board change-orders",
    "/audit": "throughline audit list",
    "/audit/verification": "throughline audit verify",
    "/audit/leaves/{seq}": "throughline audit prove 0",
}
WITH_VERBS = {"audit", "batches", "causes", "holds", "reconcile"}
# One thing, or one verdict: there is no table that somebody would open as a spreadsheet.
NO_TABLE = {
    "/engagements/{id}", "/holds/{id}", "/reconciliation/{id}", "/audit/verification", "/audit/leaves/{seq}",
    "/causes/{id}", "/overview",
}  # fmt: skip


def routes(browser: Browser) -> dict[str, Route]:
    found: Any = browser.app.console
    while not hasattr(found, "routes"):
        found = found.app
    return {route.path: route for route in found.routes if isinstance(route, Route) and "GET" in (route.methods or ())}


def pages(browser: Browser) -> list[str]:
    """Everything a person reads: whatever is not a part, a twin or a file of it."""
    return sorted(p for p in routes(browser) if p not in NO_PAGES and not re.search(r"/fragment$|\.(json|csv)$", p))


def address(path: str) -> str:
    filled = re.sub(r"\{\w+\}", FILLED.get(path, DEAL), path)
    return f"{filled}?q=sample" if path == "/find" else filled


@pytest.fixture
async def signed(machine: Machine, broken: None) -> None:
    del broken
    # A second deal of the customer, so that what is found is a list.
    await test_routes.insert(machine, "entities", id="opportunity-2", kind="opportunity", version=1,
                             fields={"name": "Sample II"}, unread={}, provenance={}, updated_at=NOON)  # fmt: skip
    await test_routes.insert(machine, "causes", id="cause-1", kind="question", pattern="Approve it?", state="open",
                             workflow="opportunity-to-project", part="finance", first_at=NOON)  # fmt: skip
    await machine.pool.execute("update holds set cause = 'cause-1', workflow = 'opportunity-to-project'")
    await test_routes.insert(machine, "batches", id="batch-1", state="running", action="release", said={}, query={},
                             canary=False, asked_by="Ann", reason="Mended.", total=1, amounts={"EUR": "486000"},
                             unknown=0, asked_at=NOON)  # fmt: skip
    await test_routes.insert(machine, "batch_items", batch="batch-1", n=0, hold="hold-1", state="waiting")
    assert machine.signer
    await Sequencer(machine.pool, machine.signer, machine.clock).tick()


def test_every_page_is_listed_here_with_its_command(browser: Browser) -> None:
    """A new page that nobody thought of a command for fails here."""
    assert set(pages(browser)) == set(TWINS)


def test_every_command_that_is_named_beside_a_page_is_one() -> None:
    for command in TWINS.values():
        parsed, bound, _ = app.parse_args(command.split()[1:], print_error=False, exit_on_error=False)
        assert callable(parsed)
        assert bound is not None


@pytest.mark.usefixtures("signed")
async def test_every_page_has_the_same_facts_for_programs(browser: Browser) -> None:
    for path in pages(browser):
        page = address(path)
        twin = re.sub(r"(\?|$)", r".json\1", page, count=1)
        html, facts = await browser.get(page), await browser.get(twin)
        assert (html.status, facts.status) == (200, 200), page
        assert facts.headers["content-type"].startswith("application/json")
        said = json.loads(facts.text)
        assert not said.keys() & {"shell", "csrf_token", "fragment_url"}, page
        assert said, page


@pytest.mark.usefixtures("signed")
async def test_every_table_is_a_file_with_the_same_rows(browser: Browser) -> None:
    known = routes(browser)
    for path in pages(browser):
        assert (f"{path}.csv" in known) == (path not in NO_TABLE), path
        if path in NO_TABLE:
            continue
        answer = await browser.get(re.sub(r"(\?|$)", r".csv\1", address(path), count=1))
        assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8"), path


@pytest.mark.usefixtures("signed")
async def test_every_page_shows_its_command(browser: Browser) -> None:
    for path, command in TWINS.items():
        words = (await browser.get(address(path))).text
        shown = re.findall(r"<code>(throughline [^<]+)</code>", words)
        verb = " ".join(
            command.split()[: 3 if command.split()[1] in {"audit", "causes", "batches", "holds", "reconcile"} else 2]
        )
        assert any(each.startswith(verb) for each in shown), (path, shown)
