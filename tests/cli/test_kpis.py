"""The same figures in every door: on the page, over the API, on the command line, and in the file."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Caller
from tests.cli.conftest import Run
from tests.console.seeding import morning
from throughline import server
from throughline.cli.exits import Exit
from throughline.demo.layout import SECRETS, lay_out
from throughline.main import machine
from throughline.settings import Settings

SYSTEMS = ("salesforce", "netsuite", "kantata", "slack", "workday")
KNOWN = {
    "money_at_risk": "USD 6,000.00", "project_open_time": "2 h 00 m", "sla_attainment": "66.7 %", "dso": "15.0 days",
    "unbilled": "USD 7,000.00", "unposted_time": "32 h", "won_without_project": "1", "conversion": "75.0 %",
}  # fmt: skip


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    handout = {name: {"url": f"http://127.0.0.1:1/{name}"} for name in SYSTEMS}
    for system, secret in SECRETS.values():
        handout[system][secret] = "a secret of the tests"
    made = Settings(firm=lay_out(tmp_path, handout), data=tmp_path / "data", database_url=database_url)

    async def begin() -> None:
        async with machine(made) as built:
            await built.firms.apply(by="a test")
            await morning(built)

    asyncio.run(begin())
    return made


@pytest.fixture
def there(settings: Settings) -> list[Any]:
    return ["--database-url", settings.database_url, "--data", settings.data, "--firm", settings.firm]


async def doors(settings: Settings, *paths: str) -> list[Any]:
    async with machine(settings) as built:
        caller = Caller(server.app(built, settings))
        return [await caller.get(path) for path in paths]


def values(text: str) -> dict[str, str]:
    return {row["kpi"]: row["value"] for row in csv.DictReader(io.StringIO(text))}


def test_every_figure_is_the_same_in_every_door(settings: Settings, there: list[Any], run: Run) -> None:
    on_command = run("kpis", "--json", *there).document["data"]
    api, page, api_file, page_file = asyncio.run(
        doors(settings, "/api/v1/kpis", "/kpis.json", "/api/v1/kpis.csv", "/kpis.csv")
    )
    file = values(run("kpis", "--csv", *there).out)

    said = {each["kpi"]: each["said"] for each in on_command}
    assert {each["kpi"]: each["said"] for each in api.json["data"]} == said
    assert {each["key"]: each["value"] for each in page.json["rows"]} == said
    exact = {each["kpi"]: each["value"] or "" for each in on_command}
    assert {each["kpi"]: each["value"] or "" for each in api.json["data"]} == exact
    assert values(api_file.body.decode()) == values(page_file.body.decode()) == file == exact
    assert KNOWN.items() <= said.items()


def test_the_overview_shows_the_figures_themselves(settings: Settings) -> None:
    api, page = asyncio.run(doors(settings, "/api/v1/kpis", "/overview.json"))

    said = {each["kpi"]: each["said"] for each in api.json["data"]}
    assert len(page.json["tiles"]) == 6
    assert all(tile["value"] == said[tile["key"]] for tile in page.json["tiles"])


def test_every_hop_is_the_same_in_every_door(settings: Settings, there: list[Any], run: Run) -> None:
    on_command = run("kpis", "--json", *there).document["hops"]
    (api,) = asyncio.run(doors(settings, "/api/v1/kpis"))

    same = ("hop", "met", "missed", "ended", "attainment_percent", "running", "late", "median_seconds", "p95_seconds")
    assert [{name: each[name] for name in same} for each in api.json["hops"]] == [
        {name: each[name] for name in same} for each in on_command
    ]


BOARDS = ("start-readiness", "billing-cut-off", "unposted-time", "change-orders")


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_the_same_in_every_door(name: str, settings: Settings, there: list[Any], run: Run) -> None:
    on_command = run("board", name, "--json", *there).document["rows"]
    api, page, api_file, page_file = asyncio.run(
        doors(settings, f"/api/v1/boards/{name}", f"/boards/{name}.json", f"/api/v1/boards/{name}.csv",
              f"/boards/{name}.csv")
    )  # fmt: skip
    file = run("board", name, "--csv", *there).out

    keys = [row["key"] for row in on_command]
    assert [row["key"] for row in api.json["rows"]] == keys
    assert [row["key"] for row in page.json["rows"]] == keys
    assert [row["key"] for row in csv.DictReader(io.StringIO(file))] == keys
    assert api_file.body == page_file.body
    assert page_file.body.decode().splitlines() == file.splitlines()
    amounts = [[v for v in row["values"].values() if isinstance(v, dict)] for row in api.json["rows"]]
    assert amounts == [[v for v in row["values"].values() if isinstance(v, dict)] for row in on_command]


def test_what_is_at_risk_ends_a_board_with_found(there: list[Any], run: Run) -> None:
    held, calm = run("board", "start-readiness", *there), run("board", "change-orders", *there)

    assert (held.code, calm.code) == (Exit.FOUND, Exit.DONE)
    assert "No tax code for CH." in held.out
    assert "Finance operations" in held.out


def test_the_clocks_behind_a_figure_are_listed(there: list[Any], run: Run) -> None:
    running = run("clocks", "--hop", "project_open", "--json", *there).document
    ended = run("clocks", "--hop", "project_open", "--state", "ended", "--json", *there).document

    assert [each["state"] for each in running] == ["late"]
    assert sorted(each["state"] for each in ended) == ["met", "met", "missed"]


@pytest.mark.parametrize("words", [("board", "no-such"), ("clocks", "--hop", "no-such")])
def test_what_is_not_there_is_said_with_what_is(words: tuple[str, ...], there: list[Any], run: Run) -> None:
    said = run(*words, *there)

    assert said.code == Exit.USAGE
    assert "There are:" in said.err
