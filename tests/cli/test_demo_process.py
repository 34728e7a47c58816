"""The demo as a process: begun, begun again, ended in every way, and forgotten."""

import signal
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import (
    OPTIONS,
    Demo,
    FirstRun,
    Run,
    at_work_on,
    ended,
    folder,
    made,
    nobody_is_left,
    read_until,
    started,
)
from throughline.cli.exits import Exit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]


@pytest.fixture(scope="module")
def data() -> Generator[Path]:
    with folder() as path:
        yield path


def test_a_demo_until_the_project_is_open_ends_by_itself_with_one_document(first_run: FirstRun) -> None:
    told = first_run.said.document

    assert first_run.said.code == Exit.DONE
    assert told["state"] == "done"
    assert told["holds"] == []
    assert told["took_seconds"] < 60
    assert "Traceback" not in first_run.said.err


def test_the_document_names_every_id_and_the_systems_counted_the_same(first_run: FirstRun) -> None:
    ids, counted = first_run.said.document["ids"], first_run.made

    assert set(ids["salesforce"]) >= {"customer", "opportunity"}
    assert set(ids["netsuite"]) == {"customer", "billing_plan", "contract"}
    assert set(ids["kantata"]) >= {"customer", "project", "task", "demand"}
    assert set(ids["slack"]) == {"message"}
    assert counted["salesforce"]["Opportunity"] == 1
    assert [counted["netsuite"][kind] for kind in ("customer", "salesOrder", "billingSchedule")] == [1, 1, 1]
    assert [counted["kantata"][kind] for kind in ("workspace_groups", "workspaces")] == [1, 1]
    assert counted["kantata"]["stories"] == len(ids["kantata"]["task"])
    assert counted["kantata"]["workspace_resources"] == len(ids["kantata"]["demand"])
    assert counted["slack"]["messages"] == 1


def test_a_second_start_keeps_the_data_and_doubles_nothing(first_run: FirstRun, demo: Demo, run: Run) -> None:
    before = first_run.said.document

    kept = run("trace", before["engagement"], "--json", "--data", demo.data).document

    keys = {each["key"] for each in kept["ids"]}
    assert {before["ids"]["netsuite"]["contract"], before["ids"]["kantata"]["project"]} <= keys
    # Another deal of the same customer: everything of a deal again, and the customer once.
    assert demo.told["engagement"] != before["engagement"]
    names = [each["companyName"] for each in demo.ask("netsuite", "state/customer").values()]
    assert names.count("Ostwald Chemie GmbH") == 1
    assert demo.told["ids"]["netsuite"]["contract"] != before["ids"]["netsuite"]["contract"]


def test_a_demo_stopped_while_it_starts_leaves_nobody(data: Path) -> None:
    with started("demo", *OPTIONS, data) as process:
        read_until(process, "PostgreSQL")
        said = ended(process, signal.SIGTERM)

    assert said.code == Exit.INTERRUPTED
    assert "Nothing is lost" in said.err
    assert "Traceback" not in said.err
    assert nobody_is_left(data)


def test_a_demo_that_starts_over_forgets_only_its_own_and_killed_leaves_nobody(data: Path) -> None:
    of_the_old_one = data / "postgres" / "data" / "old"
    of_the_old_one.touch()
    (data / "firm").mkdir(exist_ok=True)
    (data / "firm" / "firm.yaml").write_text("colour: blue\n", encoding="utf-8")
    stranger = data / "notes.txt"
    stranger.write_text("mine", encoding="utf-8")

    with started("demo", "--reset", *OPTIONS, data) as process:
        heard = read_until(process, "starts over")
        crew = [*psutil.Process(process.pid).children(recursive=True), *at_work_on(data)]
        process.kill()
        process.communicate()

    assert "Project open" in heard
    assert stranger.read_text(encoding="utf-8") == "mine"
    assert not of_the_old_one.exists()
    assert made(data, "salesforce")["Opportunity"] == 1
    assert len(crew) >= 3
    assert nobody_is_left(data)
    assert not [each for each in crew if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def test_a_database_that_dies_ends_its_program_with_one_sentence(data: Path) -> None:
    with started("worker", "--data", data) as process:
        read_until(process, "has joined")
        # Its children do the work; the oldest of them is the server itself.
        server = min((each for each in at_work_on(data) if each.name() == "postgres"), key=psutil.Process.create_time)
        server.kill()
        said = ended(process)

    assert said.code == Exit.UNAVAILABLE
    assert "The database does not answer any more" in said.err.splitlines()[-1]
    # The log may carry the trace of a fault in one of its lines; a person is never shown one.
    assert not [line for line in said.err.splitlines() if line.startswith("Traceback")]
    assert nobody_is_left(data)
