"""Every command that asks or acts, against one demo that runs."""

import json
import re
import shutil
import signal
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Demo, FirstRun, Run, Said, ended, eventually, read_until, started
from throughline.cli.exits import Exit
from throughline.cli.serve import listen
from throughline.demo import FIRM
from throughline.demo.layout import SECRETS
from throughline.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

TAX_CODES = "tables/tax_codes.csv"
SWISS = "DE,CH,,DE-EXP,Not taxable in Germany\n"


@contextmanager
def changed(path: Path, text: str) -> Generator[None]:
    """A file of the demo's, as somebody changed it; put back as it was."""
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def version(on_demo: Run) -> int:
    return on_demo("status", "--json").document["firm_version"]


def won(on_demo: Run, **wishes: str) -> str:
    """The id of a deal that was just won in the simulated CRM."""
    options = [part for name, value in wishes.items() for part in (f"--{name.replace('_', '-')}", value)]
    return on_demo("simulate", "deal", *options, "--json").document["opportunity_id"]


def standing(on_demo: Run, opportunity: str, *states: str) -> dict[str, Any]:
    """The journey of a deal, once it stands like that."""

    def look() -> dict[str, Any] | None:
        said = on_demo("trace", opportunity, "--json")
        told = said.document if said.code == Exit.DONE else {}
        return told if told.get("state") in states else None

    return eventually(look, f"{opportunity} {states}")


def held(on_demo: Run, opportunity: str) -> dict[str, Any]:
    journey = standing(on_demo, opportunity, "held")
    (hold,) = (each for each in journey["holds"] if each["state"] == "open")
    return hold


def no_wraps_no_colours(said: Said) -> bool:
    return "\x1b" not in said.out + said.err


# ---- what the demo itself said


def test_the_demo_tells_its_progress_with_seconds_and_what_to_try_next(demo: Demo) -> None:
    steps = [line for line in demo.heard.splitlines() if line.startswith("✓")]

    assert [re.sub(r"\s.*", "", step[2:]).rstrip(":") for step in steps] == [
        "PostgreSQL", "5", "Throughline", "Won", "Project",
    ]  # fmt: skip
    assert all(re.search(r" \d+\.\d s", step) for step in steps)
    for command in ("trace 006", "simulate deal", "simulate fault", "demo --reset"):
        assert f"throughline {command}" in demo.heard
    assert f"--data {demo.data}" in demo.heard
    assert "\x1b" not in demo.heard


def test_the_systems_hold_what_the_document_names(demo: Demo) -> None:
    ids = demo.told["ids"]

    orders = demo.ask("netsuite", "state/salesOrder")
    projects = demo.ask("kantata", "state/workspaces")
    tasks = demo.ask("kantata", "state/stories")

    assert ids["netsuite"]["contract"] in orders
    assert ids["kantata"]["project"] in projects
    assert set(ids["kantata"]["task"]) <= set(tasks)


# ---- trace


def ids_of(told: dict[str, Any]) -> Generator[tuple[str, str]]:
    for system, kinds in told["ids"].items():
        for kind, keys in kinds.items():
            yield f"{system} {kind}", keys[-1] if isinstance(keys, list) else keys


def test_the_journey_is_found_by_every_id_of_every_system(demo: Demo, on_demo: Run) -> None:
    for whose, key in ids_of(demo.told):
        said = on_demo("trace", key, "--json")

        # A customer or a number may belong to several deals: then they are listed, and ours is among them.
        found = said.document["engagement"] if said.code == Exit.DONE else said.err
        assert demo.told["engagement"] in found, whose


def test_salesforce_ids_are_found_in_their_short_form_too(demo: Demo, on_demo: Run) -> None:
    whole = demo.told["ids"]["salesforce"]["opportunity"]
    assert len(whole) == 18

    by_short, by_whole = on_demo("trace", whole[:15], "--json"), on_demo("trace", whole, "--json")

    assert by_short.document["engagement"] == by_whole.document["engagement"] == demo.told["engagement"]


def test_the_journey_reads_as_one_line_for_each_thing_that_happened(demo: Demo, on_demo: Run) -> None:
    said = on_demo("trace", demo.told["engagement"])

    assert said.code == Exit.DONE
    assert no_wraps_no_colours(said)
    assert said.out.splitlines()[0].startswith("Ostwald Chemie GmbH: Implementation, Milestone")
    assert "EUR 148,000.00   done" in said.out.splitlines()[0]
    assert "✓ 8 tasks created" in said.out
    assert "✓ 3 roles asked for" in said.out
    assert "sold EUR 148,000.00 | planned EUR 148,000.00" in said.out
    events = [line for line in said.out.splitlines() if re.match(r"\d\d \w{3} \d\d:\d\d:\d\d ", line)]
    assert 8 <= len(events) <= 20
    assert {line.split("✓")[0].split()[-1] for line in events} == {"CRM", "ERP", "PSA", "CHAT", "HUB"}
    assert "next: throughline captures list --engagement" in said.err


def test_only_the_ids_worth_knowing_are_listed_unless_all_are_asked_for(demo: Demo, on_demo: Run) -> None:
    task = demo.told["ids"]["kantata"]["task"][0]

    few, whole = on_demo("trace", demo.told["engagement"]), on_demo("trace", demo.told["engagement"], "--all")

    assert demo.told["ids"]["kantata"]["project"] in few.out
    assert task not in few.out
    assert task in whole.out


def test_an_id_of_several_engagements_lists_them(first_run: FirstRun, demo: Demo, on_demo: Run) -> None:
    said = on_demo("trace", demo.told["ids"]["salesforce"]["customer"])

    assert said.code == Exit.FOUND
    assert "belongs to 2 engagements" in said.err
    for engagement in (first_run.said.document["engagement"], demo.told["engagement"]):
        assert f"throughline trace {engagement} --data" in said.err
    assert said.out == ""


def test_an_id_nobody_knows_is_told(on_demo: Run) -> None:
    said = on_demo("trace", "006000000000XYZ")

    assert said.code == Exit.FOUND
    assert "Nothing is known under 006000000000XYZ" in said.err


# ---- status and doctor


def test_status_says_what_runs_and_how_the_systems_answer(on_demo: Run) -> None:
    told, said = on_demo("status", "--json").document, on_demo("status")

    assert len(told["workers"]) == 1
    assert {each["name"]: each["condition"] for each in told["systems"]} == dict.fromkeys(
        ("kantata", "netsuite", "salesforce", "slack", "workday"), "ok"
    )
    assert re.search(r"salesforce +CRM +\d+ +\d+ +\d\d \w{3} [\d:]{8} +✓ ok", said.out)
    assert "throughline doctor" in said.err


def findings(said: Said) -> dict[str, dict[str, Any]]:
    return {each["what"]: each for each in said.document}


def test_a_running_demo_agrees_with_itself_and_says_what_both_sides_come_to(on_demo: Run) -> None:
    said = on_demo("reconcile", "run", "--json")

    found = {each["comparison"]: each for each in said.document}
    assert said.code == 0
    assert {each["comparison"]: each["why_not"] for each in said.document if each["why_not"]} == {}
    assert found["sold-planned"]["left"]["count"] >= found["sold-planned"]["right"]["count"] >= 1
    assert on_demo("reconcile", "list", "--json").document == []
    assert on_demo("reconcile", "show", "break-nobody-knows").code == 1


def test_a_running_demo_skipped_nothing_by_what_its_systems_count(on_demo: Run) -> None:
    said = on_demo("reconcile", "complete", "--json")

    assert (said.code, said.document["complete"], said.document["why_not"]) == (0, True, None)
    assert {each["system"] for each in said.document["counted"]} == {"salesforce", "netsuite", "kantata"}


def test_the_doctor_finds_a_running_demo_well(on_demo: Run) -> None:
    told, said = on_demo("doctor", "--json"), on_demo("doctor")

    assert told.code == said.code == Exit.DONE, said.out
    assert {"disk", "database", "clock", "workers", "firm's folder", "salesforce"} <= set(findings(told))
    assert all(line.startswith("✓") for line in said.out.splitlines()[:-1])


def test_the_doctor_changes_nothing(demo: Demo, on_demo: Run, tmp_path: Path) -> None:
    other = tmp_path / "data" / "firm"
    shutil.copytree(demo.data / "firm", other)
    shutil.copytree(demo.data / "secrets", tmp_path / "data" / "secrets")
    (other / TAX_CODES).write_text((other / TAX_CODES).read_text(encoding="utf-8") + SWISS, encoding="utf-8")
    before = version(on_demo)

    said = on_demo("doctor", "--json", "--firm", other)

    assert said.code == Exit.DONE
    assert "differs" in findings(said)["firm's folder"]["told"]
    assert version(on_demo) == before


def test_the_doctor_says_which_credentials_are_not_accepted(demo: Demo, on_demo: Run) -> None:
    with changed(demo.data / "secrets" / "kantata.token", "a-token-of-somebody-else"):
        said = on_demo("doctor", "--json")

    assert said.code == Exit.FOUND
    assert [name for name, each in findings(said).items() if not each["fine"]] == ["kantata"]
    assert "does not accept our credentials" in findings(said)["kantata"]["told"]
    assert "systems/kantata.yaml" in findings(said)["kantata"]["fix"]
    assert "a-token-of-somebody-else" not in said.out


def test_the_doctor_says_which_secret_is_missing(demo: Demo, on_demo: Run) -> None:
    with changed(demo.data / "secrets" / "slack.token", ""):
        said = on_demo("doctor", "--json")

    assert said.code == Exit.FOUND
    assert [name for name, each in findings(said).items() if not each["fine"]] == ["slack"]
    assert "slack.token" in findings(said)["slack"]["fix"]


def test_the_doctor_says_which_system_is_down(demo: Demo, on_demo: Run) -> None:
    address = demo.data / "firm" / "systems" / "netsuite.yaml"
    elsewhere = re.sub("url: .*", "url: http://127.0.0.1:1", address.read_text(encoding="utf-8"))
    copied = demo.data / "elsewhere"
    shutil.copytree(demo.data / "firm", copied)
    (copied / "systems" / "netsuite.yaml").write_text(elsewhere, encoding="utf-8")

    said = on_demo("doctor", "--json", "--firm", copied)

    shutil.rmtree(copied)
    assert said.code == Exit.FOUND
    assert [name for name, each in findings(said).items() if not each["fine"]] == ["netsuite"]
    assert findings(said)["netsuite"]["fix"]


def test_the_doctor_says_what_is_wrong_with_the_folder(on_demo: Run, tmp_path: Path) -> None:
    said = on_demo("doctor", "--json", "--firm", broken(tmp_path))

    assert said.code == Exit.FOUND
    assert "firm.yaml:" in findings(said)["firm's folder"]["told"]
    # The systems of the version that is applied are looked at all the same, with the secrets beside this folder.
    assert "salesforce" in findings(said)


# ---- holds


def test_the_missing_tax_code_from_its_hold_to_an_open_contract(demo: Demo, on_demo: Run) -> None:
    opportunity = won(on_demo, customer="Alpenblick Versicherung AG", legal_entity="DE", contract_type="Fixed Fee")
    hold = held(on_demo, opportunity)
    listed, shown = on_demo("holds", "list"), on_demo("holds", "show", hold["id"])
    journey = on_demo("trace", opportunity)

    assert hold["id"] in listed.out
    assert hold["owner"] == "Finance operations"
    assert "tax" in shown.out.lower()
    assert "EUR" in shown.out
    assert f"throughline holds release {hold['id']}" in shown.err
    assert hold["why"] in journey.out
    assert f"throughline holds show {hold['id']}" in journey.err
    assert "1 open hold" in journey.out.splitlines()[0]

    # It asks no question, so it cannot be answered.
    assert on_demo("holds", "answer", hold["id"], "yes").code == Exit.CONFLICT
    # Released too early it comes back, and nothing is doubled.
    assert on_demo("holds", "release", hold["id"]).code == Exit.DONE
    again = eventually(lambda: _other(on_demo, opportunity, hold["id"]), "the hold's return")

    codes = demo.data / "firm" / TAX_CODES
    codes.write_text(codes.read_text(encoding="utf-8") + SWISS, encoding="utf-8")
    released = on_demo("holds", "release", again["id"], "--reason", "row added", "--person", "a controller", "--json")
    finished = standing(on_demo, opportunity, "done")

    assert released.document["by"] == "a controller"
    assert [each["key"] for each in finished["ids"] if each["kind"] == "contract"]
    assert len([each for each in demo.ask("netsuite", "state/salesOrder").values() if _is_of(each, finished)]) == 1
    closed = on_demo("holds", "list", "--closed", "--json").document
    assert {hold["id"], again["id"]} <= {each["id"] for each in closed}
    assert "released by a controller" in on_demo("holds", "show", again["id"]).out
    late = on_demo("holds", "release", again["id"])
    assert late.code == Exit.CONFLICT
    assert "is closed" in late.err


def _other(on_demo: Run, opportunity: str, before: str) -> dict[str, Any] | None:
    holds = on_demo("trace", opportunity, "--json").document["holds"]
    return next((each for each in holds if each["state"] == "open" and each["id"] != before), None)


def _is_of(order: dict[str, Any], journey: dict[str, Any]) -> bool:
    return journey["engagement"] in json.dumps(order)


def test_a_question_is_shown_with_its_candidates_and_answered(on_demo: Run) -> None:
    opportunity = won(on_demo, customer="Norrvik Marine AS")
    hold = held(on_demo, opportunity)
    assert hold["choices"]

    shown = on_demo("holds", "show", hold["id"])
    wrong = on_demo("holds", "answer", hold["id"], "perhaps")
    unanswered = on_demo("holds", "release", hold["id"])
    answered = on_demo("holds", "answer", hold["id"], hold["choices"][0], "--person", "a controller")

    assert "Norrvik Marine A/S" in shown.out
    assert shown.err.count("holds answer") == len(hold["choices"])
    assert wrong.code == Exit.CONFLICT
    assert all(repr(each) in wrong.err for each in hold["choices"])
    assert unanswered.code == Exit.CONFLICT
    assert answered.code == Exit.DONE
    assert f"answered {hold['choices'][0]} by a controller" in answered.out
    assert standing(on_demo, opportunity, "done")["state"] == "done"


@pytest.mark.parametrize("verb", [("show",), ("release",), ("answer",)])
def test_a_hold_nobody_knows_is_told(verb: tuple[str], on_demo: Run) -> None:
    said = on_demo("holds", *verb, "hold-nobody-knows", *(["yes"] if verb == ("answer",) else []))

    assert said.code == Exit.FOUND
    assert "There is no hold hold-nobody-knows" in said.err
    assert "throughline holds list" in said.err


def test_a_release_on_a_wrong_folder_releases_nothing(on_demo: Run, tmp_path: Path) -> None:
    opportunity = won(on_demo, missing="Project_Manager__c")
    hold = held(on_demo, opportunity)

    said = on_demo("holds", "release", hold["id"], "--firm", broken(tmp_path))

    assert said.code == Exit.CONFIG
    assert "firm.yaml:" in said.err
    assert "was not released" in said.err
    assert held(on_demo, opportunity)["id"] == hold["id"]


# ---- captures


def test_captures_are_listed_newest_first_and_shown_whole(demo: Demo, on_demo: Run) -> None:
    listed = on_demo("captures", "list", "--engagement", demo.told["engagement"], "--json").document
    shown = on_demo("captures", "show", listed[-1]["id"])

    assert [each["id"] for each in listed] == sorted((each["id"] for each in listed), reverse=True)
    assert {each["correlation"] for each in listed} == {demo.told["engagement"]}
    assert listed[-1]["url"] in shown.out
    assert "sent" in shown.out.splitlines()
    assert "received" in shown.out.splitlines()
    assert f"throughline trace {demo.told['engagement']}" in shown.err
    assert len(on_demo("captures", "list", "--system", "slack", "--limit", 1).out.splitlines()) == 2


def test_no_capture_shows_a_secret(demo: Demo, on_demo: Run) -> None:
    secrets = [demo.handout[system][field] for system, field in SECRETS.values()]
    canaries = [line for secret in secrets for line in secret.splitlines() if len(line) > 8 and "KEY" not in line]
    listed = on_demo("captures", "list", "--limit", 1000, "--json").document
    # The first of each kind of call: tokens are asked for there, too.
    kinds = {(each["system"], each["direction"], each["method"], each["url"].split("?")[0]): each for each in listed}
    assert any("token" in url for *_, url in kinds)
    chosen = [each for (*_, url), each in kinds.items() if "token" in url] + list(kinds.values())[:8]

    shown = "".join(on_demo("captures", "show", each["id"]).out for each in chosen)

    assert "[scrubbed]" in shown
    assert not [canary for canary in canaries if canary in shown or canary in json.dumps(listed)]


def test_a_capture_nobody_knows_is_told(on_demo: Run) -> None:
    said = on_demo("captures", "show", 999_999_999)

    assert said.code == Exit.FOUND
    assert "throughline captures list" in said.err


# ---- simulate


def test_a_deal_is_won_with_what_was_asked_for(on_demo: Run) -> None:
    said = on_demo(
        "simulate", "deal", "--customer", "Castellan Bank plc", "--amount", "90000", "--stage", "Prospecting"
    )

    assert said.code == Exit.DONE
    assert re.fullmatch(r"Castellan Bank plc: .*: GBP 90,000.00, 006\w{15}\n", said.out)
    assert "next: throughline trace 006" in said.err


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (("deal", "--customer", "Nobody Ltd"), "give the name or the id of one"),
        (("deal", "--contract-type", "Barter"), "Time and Materials"),
        (("deal", "--amount", "much"), "must be a number"),
        (("deal", "--missing", "Colour__c"), "Colour__c"),
        (("payment", "INV9"), "There is no invoice INV9"),
        (("invoice", "INV9"), "There is no invoice INV9"),
        (("credit", "INV9"), "There is no invoice INV9"),
        (("time", "--projects", "900"), "projects with tasks to work on, not 900"),
        (("time", "--week", "2026-11-17"), "2026-11-17 is not a Monday"),
        (("fault", "salesforce", "sulk"), "throttle"),
        (("fault", "oracle", "throttle"), "salesforce"),
        (("clock", "--at", "tomorrow"), "tomorrow"),
        (("clock", "--advance", "soon"), "90s, 15m, 8h or 3d"),
    ],
)
def test_a_wish_the_sandbox_cannot_grant_says_what_it_can(wish: tuple[str, ...], told: str, on_demo: Run) -> None:
    said = on_demo("simulate", *wish)

    assert said.code == Exit.USAGE, said
    assert told in said.err
    assert said.out == ""


def test_an_invoice_is_paid_in_part_and_then_whole(demo: Demo, on_demo: Run) -> None:
    line = {"item": {"id": "101"}, "amount": "1000.00"}
    # A draft, so that no process of the demo takes it up.
    body = {"entity": {"id": "501"}, "tranId": "INV7", "approvalStatus": {"id": "1"}, "item": {"items": [line]}}
    demo.tell("netsuite", "records/invoice", body)

    part = on_demo("simulate", "payment", "INV7", "--amount", "400.01")
    rest = on_demo("simulate", "payment", "INV7", "--json").document

    assert re.fullmatch(r"PYMT\d+: GBP 400.01 of INV7, GBP 599.99 open\n", part.out)
    assert (rest["amount"], rest["remaining"]) == ("599.99", "0")


def test_an_invoice_is_let_go_and_credited(demo: Demo, on_demo: Run) -> None:
    line = {"item": {"id": "101"}, "amount": "1000.00"}
    body = {"entity": {"id": "501"}, "tranId": "INV8", "approvalStatus": {"id": "1"}, "item": {"items": [line]}}
    demo.tell("netsuite", "records/invoice", body)

    sent = on_demo("simulate", "invoice", "INV8")
    part = on_demo("simulate", "credit", "INV8", "--amount", "400.01")

    assert sent.out == "INV8: GBP 1,000.00 approved and sent\n"
    assert re.fullmatch(r"CM\d+: GBP 400.01 of INV8, GBP 599.99 open\n", part.out)


def test_a_week_is_worked_and_approved_to_the_minute(demo: Demo, on_demo: Run) -> None:
    def minutes() -> int:
        return sum(each["approved_minutes"] for each in demo.ask("kantata", "totals")["time"].values())

    before = minutes()

    made = on_demo("simulate", "time", "--entries", 20, "--people", 4, "--expenses", 3, "--json").document

    assert (made["entries"], made["expenses"], made["people"]) == (20, 3, 4)
    assert minutes() - before == made["minutes"] > 0
    assert "entries (" in on_demo("simulate", "time", "--entries", 1, "--people", 1, "--projects", 1).out


def test_a_fault_strikes_and_can_be_taken_off(demo: Demo, on_demo: Run) -> None:
    on_demo("simulate", "fault", "slack", "slow", "--times", 3, "--path", "/never", "--seconds", 1)
    on = demo.ask("slack", "faults")

    said = on_demo("simulate", "fault", "slack", "slow", "--path", "/never", "--clear", "--json")

    assert [(each["kind"], each["times"]) for each in on] == [("slow", 3)]
    assert said.document["kind"] == "slow"
    assert [each["times"] for each in demo.ask("slack", "faults")] == [1]


def test_the_clock_can_be_read_and_driven(on_demo: Run) -> None:
    before = on_demo("simulate", "clock", "--json").document["now"]

    moved = on_demo("simulate", "clock", "--advance", "90s", "--json").document["now"]

    assert before < moved
    assert "running at 1x" in on_demo("simulate", "clock").out


# ---- up and worker beside it


def broken(folder: Path) -> Path:
    """The demo's firm with two mistakes in two files."""
    firm = folder / "broken" / "firm"
    shutil.copytree(FIRM, firm)
    text = (firm / "firm.yaml").read_text(encoding="utf-8")
    (firm / "firm.yaml").write_text(text + "colour: blue\n", encoding="utf-8")
    (firm / TAX_CODES).write_text((firm / TAX_CODES).read_text(encoding="utf-8") + "XX,,,,\n", encoding="utf-8")
    return firm


def test_a_wrong_folder_is_refused_with_every_error_and_its_place(on_demo: Run, tmp_path: Path) -> None:
    before = version(on_demo)

    said = on_demo("up", "--port", 0, "--firm", broken(tmp_path))

    assert said.code == Exit.CONFIG
    assert re.search(r"firm\.yaml:\d+:\d+", said.err)
    assert re.search(r"tables/tax_codes\.csv:\d+:\d+", said.err)
    assert "in 2 files. Nothing was loaded." in said.err
    assert version(on_demo) == before


def test_a_folder_that_is_not_there_is_refused(on_demo: Run, tmp_path: Path) -> None:
    said = on_demo("up", "--port", 0, "--firm", tmp_path / "nowhere")

    assert said.code == Exit.CONFIG
    assert "there is no such folder" in said.err


def test_a_port_that_is_taken_is_told(demo: Demo, on_demo: Run) -> None:
    port = demo.told["address"].split(":")[2].split("/")[0]

    said = on_demo("up", "--port", port)

    assert said.code == Exit.CONFLICT
    assert f"Cannot listen on 127.0.0.1:{port}" in said.err
    assert "--port" in said.err


def test_a_port_nobody_insisted_on_gives_way_to_a_free_one(demo: Demo) -> None:
    port = int(demo.told["address"].split(":")[2].split("/")[0])

    listening = listen(Settings(port=port), any_port=True)

    assert listening.getsockname()[1] != port
    listening.close()


def test_a_second_demo_in_the_same_folder_is_refused(on_demo: Run) -> None:
    for more in ((), ("--reset",)):
        said = on_demo("demo", "--no-browser", *more)

        assert said.code == Exit.CONFLICT
        assert "A demo runs in" in said.err


def test_a_changed_folder_is_applied_while_it_runs_and_a_wrong_one_is_not(demo: Demo, on_demo: Run) -> None:
    policies = demo.data / "firm" / "policies.yaml"
    before, text = version(on_demo), policies.read_text(encoding="utf-8")

    with changed(policies, text + "colour: blue\n"):
        refused = read_until(demo.process, "Nothing was loaded")
        still = version(on_demo)
        with urllib.request.urlopen(demo.told["address"], timeout=10) as page:
            goes_on = page.status
    otherwise = text.replace("project_open: { within: 60m", "project_open: { within: 90m")
    assert otherwise != text
    with changed(policies, otherwise):
        applied = read_until(demo.process, "is applied")

    assert re.search(r"policies\.yaml:\d+:\d+", refused)
    assert (still, goes_on) == (before, 200)
    assert f"version {before + 1} is applied" in applied
    eventually(lambda: version(on_demo) == before + 2, "the way back")


def test_a_worker_joins_and_leaves(demo: Demo, on_demo: Run) -> None:
    with started("worker", "--data", demo.data) as worker:
        read_until(worker, "has joined")
        eventually(lambda: len(on_demo("status", "--json").document["workers"]) == 2, "a second worker")

        said = ended(worker, signal.SIGTERM)

    assert said.code == Exit.DONE
    assert len(on_demo("status", "--json").document["workers"]) == 1


# ---- what every command owes a script


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("doctor",),
        ("trace", "{engagement}"),
        ("holds", "list"),
        ("holds", "list", "--closed"),
        ("captures", "list", "--limit", "3"),
        ("captures", "show", "{capture}"),
        ("simulate", "clock"),
        ("simulate", "deal", "--stage", "Prospecting"),
    ],
)
def test_stdout_is_one_document_and_nothing_else(command: tuple[str, ...], demo: Demo, on_demo: Run) -> None:
    (capture,) = on_demo("captures", "list", "--limit", "1", "--json").document
    asked = [each.format(engagement=demo.told["engagement"], capture=capture["id"]) for each in command]

    as_document, as_text = on_demo(*asked, "--json"), on_demo(*asked)

    assert as_document.document is not None
    assert as_document.err == ""
    assert no_wraps_no_colours(as_text)
    assert "next:" not in as_text.out


def test_a_change_order_is_foreseen_and_when_the_customer_agrees_done_everywhere(demo: Demo, on_demo: Run) -> None:
    deal = demo.tell("salesforce", "deals", {"contract_type": "Fixed Fee", "legal_entity": "DE", "amount": "52000"})
    eventually(lambda: page_of(demo, deal["opportunity_id"])["Handoff_Delivery__c"] == "done", "the project is open")
    more = {"product": "IMP-DAY", "quantity": 10, "unit_price": 1500, "role": "Consultant"}
    change = demo.tell("salesforce", "amendments", {"opportunity": deal["opportunity_id"], "lines": [more]})
    eventually(lambda: page_of(demo, change["opportunity_id"])["Handoff_Change__c"], "the change was worked out")

    (plan,) = on_demo("plan", change["quote_id"], "--json").document
    demo.tell("salesforce", "decisions", {"quote": change["quote_id"]})
    eventually(lambda: page_of(demo, deal["opportunity_id"])["Handoff_Contract_Value__c"], "the change was done")

    worth = {each["kind"]: each["amount"] for each in plan["effects"] if each["amount"]}
    assert {kind: Decimal(worth[kind]["amount"]) for kind in ("contract", "billing_plan", "project", "task")} == {
        "contract": 67000, "billing_plan": 67000, "project": 67000, "task": 15000,
    }  # fmt: skip
    told = page_of(demo, change["opportunity_id"])
    assert told["Handoff_Change__c"].startswith("done, version 2: +15,000.00 EUR: contract 52,000.00 EUR to 67,000.00")
    order = demo.ask("netsuite", "state/salesOrder")[told["Handoff_Contract__c"]]
    assert sum(Decimal(line["amount"]) for line in order["item"]) == 67000
    assert demo.ask("kantata", "state/workspaces")[told["Handoff_Project__c"]]["price_in_cents"] == 6_700_000
    starts = [each for each in demo.ask("kantata", "state/workspaces").values() if each["title"] == change["name"]]
    assert starts == [], "a won amendment is no project of its own"


def page_of(demo: Demo, opportunity: str) -> dict[str, Any]:
    return demo.ask("salesforce", "state/Opportunity")[opportunity]
