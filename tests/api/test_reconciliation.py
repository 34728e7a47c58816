"""What does not agree is listed by what it is worth, shown with what is behind it, and taken home as a file."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.events import OpportunityWon
from throughline.core.reconciliation.definitions import UNDER_WAY, comparison
from throughline.hub.machine import Machine
from throughline.hub.reconciliation.making import make
from throughline.hub.settle import Settled, Settler
from throughline.store import censuses, entities
from throughline.store.censuses import Taken
from throughline.store.database import transaction
from throughline.store.entities import Change

HERE = "/api/v1/reconciliation"


@pytest.fixture
async def broken(machine: Machine, clock: Any) -> None:
    """Three deals were sold and nobody planned them; what the third is worth nobody knows."""
    settler = Settler(await machine.firms.current(), (), machine.ids)
    for n, amount in enumerate(("100.00", "300.00", None), 1):
        lines = [{"key": "1", "amount": amount and {"amount": amount, "currency": "EUR"}}]
        fields = {"id": f"deal-{n}", "stage": "won", "currency": "EUR", "lines": lines, "name": f"=Deal {n}"}
        async with transaction(machine.pool) as sql:
            await entities.change(sql, [Change(f"deal-{n}", "opportunity", 1, fields, {}, "salesforce")], now=clock())
            await settler.publish(sql, OpportunityWon(opportunity=f"deal-{n}"), Settled(), about=str(n), now=clock())
    for _ in range(2):
        await make(machine, comparison("sold-planned"), early=True)
        clock.now += comparison("sold-planned").within


@pytest.mark.usefixtures("broken")
async def test_breaks_are_listed_by_what_they_are_worth_and_the_unknown_come_last(caller: Any) -> None:
    first = (await caller.get(f"{HERE}?limit=2")).json
    rest = (await caller.get(f"{HERE}?limit=2&cursor={first['next']}")).json

    found = [*first["data"], *rest["data"]]
    assert [each["about"] for each in found] == ["deal-2", "deal-1", "deal-3"]
    assert [each["at_stake"] for each in found][::2] == [{"amount": "300.00", "currency": "EUR"}, None]
    assert rest["next"] is None


@pytest.mark.usefixtures("broken")
async def test_a_break_is_shown_with_the_records_behind_it_and_what_can_be_done(caller: Any) -> None:
    (found,) = (await caller.get(f"{HERE}?engagement=deal-2")).json["data"]

    whole = (await caller.get(f"{HERE}/{found['id']}")).json

    assert (whole["sort"], whole["state"], whole["left"]["amount"], whole["right"]) == ("missing", "open", "300", None)
    assert [each["id"] for each in whole["left_records"]] == ["deal-2"]
    assert [each["verb"] for each in whole["repairs"]] == ["replay", "look again"]


@pytest.mark.usefixtures("broken")
async def test_each_comparison_says_what_both_sides_come_to(caller: Any) -> None:
    found = {each["comparison"]: each for each in (await caller.get(f"{HERE}/comparisons")).json["data"]}

    sold = found["sold-planned"]
    assert sold["left"] == {"side": "sold", "count": 3, "amounts": [{"amount": "400.00", "currency": "EUR"}]}
    assert (sold["unreconciled"], sold["unknown"], sold["right"]["count"]) == (3, 1, 0)
    assert sold["amounts"] == [{"amount": "400.00", "currency": "EUR"}]
    assert found["worked-billed"]["made_at"] is None


@pytest.mark.usefixtures("broken")
async def test_the_file_has_every_break_and_no_formula(caller: Any, machine: Machine) -> None:
    await machine.pool.execute("update breaks set key = '=1+1' where about = 'deal-2'")

    answer = await caller.get(f"{HERE}.csv")

    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [(row["engagement"], row["amount"]) for row in rows] == [
        ("deal-2", "300"),
        ("deal-1", "100"),
        ("deal-3", ""),
    ]
    assert rows[0]["key"] == "'=1+1"


@pytest.mark.parametrize("path", [f"{HERE}/break-x", f"{HERE}?comparison=nothing", f"{HERE}.csv?comparison=nothing"])
async def test_what_is_not_there_is_told(path: str, caller: Any) -> None:
    assert (await caller.get(path)).problem["code"] == "not_found"


async def test_a_census_says_what_a_system_counts_beside_what_we_hold(
    caller: Any, machine: Machine, clock: Any
) -> None:
    taken = Taken("netsuite", "invoice", "2026-11", clock(), clock(), 5, 4, {"EUR": Decimal(9)}, {}, "skipped")
    await censuses.keep(machine.pool, taken, now=clock())

    (first,) = (await caller.get(f"{HERE}/completeness")).json["data"]
    clock.now += UNDER_WAY
    (then,) = (await caller.get(f"{HERE}/completeness")).json["data"]

    assert (first["said"], first["held"], first["said_totals"]) == (5, 4, {"EUR": "9"})
    assert (first["lasts"], then["lasts"]) == (False, True)
