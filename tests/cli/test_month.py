"""The demo's month ties to the cent, hop by hop, and each fault put into it is a hold with owner and amount."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PROGRAM

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("month")]

HOPS = [
    "sold → contracted", "contracted → planned", "worked → approved", "approved → billed", "due → billed",
    "billed → paid", "contracted → recognised",
]  # fmt: skip
CURRENCIES = {"EUR", "GBP", "USD"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("month")


@pytest.fixture(scope="module")
def closed(folder: Path) -> dict[str, Any]:
    """The document of a month that was played to its end."""
    command = [*PROGRAM, "demo", "--no-browser", "--month"]
    done = subprocess.run(
        [*command, "--until", "month-closed", "--json", "--port", "0", "--data", str(folder)],
        capture_output=True, text=True, check=False, timeout=1500, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
    return json.loads(done.stdout)["data"]


def of(document: dict[str, Any], hop: str) -> dict[str, dict[str, Any]]:
    return {each["currency"]: each for each in document["ties"] if each["hop"] == hop}


def test_every_hop_ties_to_the_cent_in_every_currency(closed: dict[str, Any]) -> None:
    assert list(dict.fromkeys(each["hop"] for each in closed["ties"])) == HOPS
    for each in closed["ties"]:
        assert Decimal(each["difference"]) == 0, each
        assert Decimal(each["left"]["total"]) == Decimal(each["right"]["total"]), each
    for hop in HOPS:
        assert set(of(closed, hop)) == CURRENCIES, hop
        assert all(Decimal(each["left"]["total"]) > 0 for each in of(closed, hop).values()), hop
    assert closed["closed"] is True


def test_it_was_a_whole_month(closed: dict[str, Any]) -> None:
    assert (closed["deals"], closed["people"], closed["time_entries"]) == (40, 300, 12_000)


@pytest.mark.parametrize(
    ("why", "owner", "currency"),
    [
        ("No tax code for DE selling to Alpenblick", "Finance operations", "EUR"),
        ("Norrvik Marine AS looks like", "Finance operations", "GBP"),
    ],
)
def test_every_fault_of_the_month_is_a_hold_with_its_owner_and_amount(
    closed: dict[str, Any], why: str, owner: str, currency: str
) -> None:
    (hold,) = (each for each in closed["holds"] if why in each["why"])

    assert hold["owner"] == owner
    assert hold["amount"]["currency"] == currency
    assert Decimal(hold["amount"]["amount"]) > 0


def test_what_was_sold_is_what_the_ledger_and_delivery_have(closed: dict[str, Any], sandbox: "Sandbox") -> None:
    """Added up here once more, in another way than the demo does: deal by deal."""
    first = closed["month"]
    won = {
        each["Name"]: each
        for each in sandbox.table("salesforce", "Opportunity").values()
        if each["IsWon"] and (each["Start_Date__c"] or "").startswith(first) and not each["SBQQ__AmendedContract__c"]
    }
    orders = {each["memo"]: each for each in sandbox.table("netsuite", "salesOrder").values()}
    projects = {each["title"]: each for each in sandbox.table("kantata", "workspaces").values()}
    held = [each["why"] for each in closed["holds"]]
    differing: list[str] = []
    for name, deal in won.items():
        planned = Decimal(projects[name]["price_in_cents"]) / 100
        if name in orders:
            booked = Decimal(orders[name]["subtotal"])
        else:
            assert any(deal["Name"].split(":")[0] in why for why in held), name
            booked = Decimal(deal["Amount"])
        assert planned == booked, name
        if booked != Decimal(deal["Amount"]):
            differing.append(name)

    assert sorted(differing) == ["Depot works", "Harbour study", "Signal audit"]


def test_nobody_was_invoiced_twice_for_the_same(closed: dict[str, Any], sandbox: "Sandbox") -> None:
    assert closed["ties"]
    charged: dict[str, int] = defaultdict(int)
    for invoice in sandbox.table("netsuite", "invoice").values():
        charged[invoice["externalId"]] += 1
    assert charged
    assert set(charged.values()) == {1}


class Sandbox:
    """The systems as the month left them, started once more."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "throughline.sandbox", "--folder", str(folder / "sandbox"), "--seed", "42"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.handout = json.loads(Path(json.loads(self.process.stdout.readline())["handout"]).read_text("utf-8"))

    def table(self, system: str, kind: str) -> dict[str, Any]:
        from urllib.request import urlopen

        with urlopen(f"{self.handout[system]['url']}/__sandbox__/state/{kind}") as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def sandbox(closed: dict[str, Any], folder: Path) -> Iterator[Sandbox]:
    assert closed
    started = Sandbox(folder)
    yield started
    started.process.terminate()
    started.process.wait()
    if started.process.stdout:
        started.process.stdout.close()
