"""Whoever lends people to another of our companies charges a month of their work once, in both currencies."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.core.billing.conftest import PLANT, changed, entities
from tests.workflows.test_work_to_invoice import entry
from throughline.core.delivery_events import TimeApproved
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import World
from throughline.workflows.intercompany_charges import intercompany_charges

HALYARD = load(FIRM)
WORKED = TimeApproved(time_entry="t1", project=PLANT, day=date(2026, 11, 10), at=None)
# The fifth working day of December at noon in Berlin.
CUT_OFF = datetime(2026, 12, 7, 11, tzinfo=UTC)


def lent(id_: str = "t1", **more: Any) -> Any:
    """Boris works for the British company, and an hour of him costs it 135 pounds."""
    return entry(id_, resource="boris", **more)


@pytest.fixture
def world() -> World:
    world = World(HALYARD, now=CUT_OFF)
    world.knows(*entities())
    return world


async def passes(world: World, *, at: datetime = CUT_OFF) -> str:
    world.now = at
    return await world.run(intercompany_charges, WORKED)


def charges(world: World) -> dict[str, Any]:
    return world.system(Role.ERP).ours("intercompany_charge")


async def test_a_month_of_lent_work_is_one_charge_in_both_currencies_at_the_cut_off(world: World) -> None:
    world.knows(lent(), lent("t2", day=date(2026, 11, 20), hours=Decimal(2)), entry("t3"))

    assert await passes(world, at=CUT_OFF - timedelta(seconds=1)) == "waiting"
    assert charges(world) == {}
    assert await passes(world) == "done"

    (charge,) = charges(world).values()
    assert (charge["provider"], charge["receiver"], charge["hours"]) == ("UK", "DE", "10")
    assert charge["amount"] == {"amount": "1458.00", "currency": "GBP"}
    assert charge["receiver_amount"] == {"amount": "1680.35", "currency": "EUR"}
    assert (charge["fx_rate"], charge["fx_day"]) == ("1.1525", "2026-11-27")


async def test_a_second_pass_charges_nothing_more_and_a_correction_changes_the_one_there_is(world: World) -> None:
    world.knows(lent())
    await passes(world)
    steps = list(world.steps)
    await passes(world)
    assert world.steps == steps

    world.knows(lent(hours=Decimal(4)))
    await passes(world)

    assert [each["hours"] for each in charges(world).values()] == ["4"]


async def test_where_nobody_is_lent_nothing_is_charged_and_nothing_waited_for(world: World) -> None:
    world.knows(entry(), lent("t2", approval=None))

    assert await passes(world, at=CUT_OFF - timedelta(days=20)) == "done"
    assert charges(world) == {}


async def test_while_a_contract_is_held_elsewhere_there_is_no_second_hold_for_it(world: World) -> None:
    plant = {"plant": {"contract": "nowhere-yet"}}
    world.knows(*[each for each in changed(entities(), plant) if each.id == "plant"], lent())

    assert await passes(world) == "waiting"
    assert world.holds == []


async def test_what_a_rule_is_missing_for_is_one_hold_and_nothing_is_charged(world: World) -> None:
    world.firm = HALYARD.model_copy(
        update={"tables": {name: table for name, table in HALYARD.tables.items() if name != "labour_costs"}}
    )
    world.knows(lent(), lent("t2"), lent("t3", day=date(2026, 11, 11)))

    assert await passes(world) == "held"

    assert [(each.owner, each.why.partition(":")[0]) for each in world.holds] == [
        ("Finance operations", "2 lines"),
        ("Finance operations", "1 lines"),
    ]
    assert charges(world) == {}


async def test_a_charge_nothing_is_left_of_is_put_before_finance(world: World) -> None:
    world.knows(lent())
    await passes(world)
    world.knows(lent(approval=None))

    assert await passes(world) == "held"
    assert [each.amount for each in world.holds] == [Money.of("1166.40", "GBP")]


async def test_without_the_rate_of_the_day_the_rule_names_nothing_is_charged(world: World) -> None:
    world.knows(*[each for each in changed(entities(), {"fx1": {"day": date(2026, 11, 20)}}) if each.id == "fx1"])
    world.knows(lent())

    assert await passes(world) == "held"
    assert "no rate from GBP to EUR" in world.holds[0].why
