"""Renewals in the pretend world: planned ahead, and continued in the contract and the project there are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from throughline.core.entities import CommercialModel, Contract, Customer, Opportunity, Renewal
from throughline.core.errors import Hold
from throughline.core.events import ContractBooked, ContractRenewed, OpportunityWon, RenewalConfirmed, RenewalPlanned
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import Died, World
from throughline.workflows.opportunity_to_project import opportunity_to_project
from throughline.workflows.renewal import renewal
from throughline.workflows.renewal_planning import renewal_planning

HALYARD = load(FIRM)
RAIL = Customer.model_validate(
    {"id": "customer-rail", "name": "Meridian Rail Ltd", "country": "GB", "tax_id": "GB823456726"}
)
BOOKED = ContractBooked(contract="contract-of-opportunity-1")
CONFIRMED = RenewalConfirmed(renewal="renewal-1", renews="opportunity-1")
REFUSED = Hold("they refuse it", fix="Correct it, then release.")


def gbp(amount: Any) -> Money:
    return Money.of(amount, "GBP")


def amount(value: str) -> dict[str, str]:
    return {"amount": value, "currency": "GBP"}


def deal(number: int = 1, **but: Any) -> Opportunity:
    line = {"key": f"line-{number}", "product": "RET-MONTH", "quantity": 12, "unit_price": gbp(1000),
            "amount": gbp(12000)}  # fmt: skip
    told = {"id": f"opportunity-{number}", "name": "Advice", "customer": RAIL.id, "stage": "won", "currency": "GBP",
            "amount": gbp(12000), "commercial_model": "retainer", "billing_method": "in_advance",
            "billing_frequency": "monthly", "project_manager": "pm.uk@halyard.example", "legal_entity": "UK",
            "revenue_treatment": "straight_line", "service_line": "Advisory", "starts": "2026-01-01",
            "ends": "2026-12-31", "lines": [line]}  # fmt: skip
    return Opportunity.model_validate({**told, **but})


def again(**but: Any) -> Opportunity:
    more = {"name": "Advice again", "starts": "2027-01-01", "ends": "2027-12-31", "renewed_contract": "800-1"}
    return deal(2, **{**more, **but})


def answered(state: str = "confirmed", **but: Any) -> Renewal:
    told = {"id": "renewal-1", "renews": "opportunity-1", "opportunity": "opportunity-2", "customer": RAIL.id,
            "state": state, "starts": "2027-01-01", "ends": "2027-12-31"}  # fmt: skip
    return Renewal.model_validate({**told, **but})


@pytest.fixture
async def world() -> World:
    """A retainer for a year that became a contract and a project."""
    world = World(HALYARD)
    world.knows(RAIL)
    assert await world.run(opportunity_to_project, world.wins(deal())) == "done"
    world.steps.clear()
    return world


def the(world: World, role: Role, kind: str) -> dict[str, Any]:
    (record,) = world.system(role).records(kind).values()
    return record


def page(world: World, opportunity: str = "opportunity-2") -> dict[str, Any]:
    pages = world.system(Role.CRM).records("handoff").values()
    return next(each for each in pages if each["opportunity"] == opportunity)


def told(world: World, kind: type[Any]) -> list[Any]:
    return [event for event in world.events if isinstance(event, kind)]


# Planned ahead


async def test_the_next_term_is_put_before_sales_ninety_days_ahead_and_no_day_sooner(world: World) -> None:
    world.now = datetime(2026, 10, 1, 23, 59, 59, tzinfo=UTC)
    assert await world.run(renewal_planning, BOOKED) == "waiting"
    assert world.system(Role.CRM).records("renewal_plan") == {}

    world.now += timedelta(seconds=1)
    assert await world.run(renewal_planning, BOOKED) == "done"

    plan = the(world, Role.CRM, "renewal_plan")
    assert (plan["renews"], plan["starts"], plan["ends"]) == ("opportunity-1", "2027-01-01", "2027-12-31")
    assert plan["value"] == amount("12000.00")
    assert [event.until for event in told(world, RenewalPlanned)] == [date(2027, 12, 31)]


async def test_it_is_put_before_sales_once(world: World) -> None:
    world.now = datetime(2026, 10, 2, tzinfo=UTC)
    await world.run(renewal_planning, BOOKED)
    steps = list(world.steps)

    await world.run(renewal_planning, BOOKED)

    assert world.steps == steps


@pytest.mark.parametrize("state", ["upcoming", "proposed", "declined"])
async def test_what_sales_has_in_hand_or_an_answer_for_is_not_put_before_it_again(world: World, state: str) -> None:
    world.knows(answered(state))
    world.now = datetime(2026, 10, 2, tzinfo=UTC)

    assert await world.run(renewal_planning, BOOKED) == "done"

    assert world.system(Role.CRM).records("renewal_plan") == {}


async def test_an_end_that_was_moved_is_waited_for_anew(world: World) -> None:
    await world.run(renewal_planning, BOOKED)
    contract = Contract.model_validate({"id": BOOKED.contract, **the(world, Role.ERP, "contract")})
    world.knows(contract.model_copy(update={"ends": date(2027, 6, 30)}))
    world.now = datetime(2026, 10, 2, tzinfo=UTC)

    assert await world.run(renewal_planning, BOOKED) == "waiting"


async def test_a_contract_that_is_not_continued_is_not_planned(world: World) -> None:
    contract = Contract.model_validate({"id": BOOKED.contract, **the(world, Role.ERP, "contract")})
    world.knows(contract.model_copy(update={"commercial_model": CommercialModel.FIXED_FEE}))
    world.now = datetime(2026, 12, 2, tzinfo=UTC)

    assert await world.run(renewal_planning, BOOKED) == "done"
    assert world.steps == []


# Confirmed


async def test_a_won_renewal_is_told_as_a_renewal_and_as_no_deal_of_its_own(world: World) -> None:
    before = len(world.events)

    world.knows(again(stage="negotiation"), answered("proposed"))
    world.knows(again(), answered())

    assert CONFIRMED in world.events[before:]
    assert [event for event in world.events[before:] if isinstance(event, OpportunityWon)] == []


async def test_the_contract_and_the_project_go_on_and_nothing_is_made_a_second_time(world: World) -> None:
    world.knows(again(), answered())

    assert await world.run(renewal, CONFIRMED) == "done"

    contract, project = the(world, Role.ERP, "contract"), the(world, Role.PSA, "project")
    assert (contract["ends"], contract["value"]) == ("2027-12-31", amount("24000.00"))
    assert [line["amount"] for line in contract["lines"]] == [amount("12000.00")] * 2
    assert (project["ends"], project["budget"]) == ("2027-12-31", amount("24000.00"))
    customers = [world.system(role).records("customer") for role in (Role.ERP, Role.PSA)]
    assert [len(each) for each in customers] == [1, 1]
    assert [event.value for event in told(world, ContractRenewed)] == [gbp(24000)]


async def test_the_instalments_of_the_first_term_stay_and_those_of_the_next_follow(world: World) -> None:
    before = the(world, Role.ERP, "billing_plan")["instalments"]
    world.knows(again(), answered())

    await world.run(renewal, CONFIRMED)

    plan = the(world, Role.ERP, "billing_plan")
    assert plan["instalments"][:12] == before
    behind = plan["instalments"][12:]
    assert [each["due"] for each in behind[:2]] == ["2027-01-01", "2027-02-01"]
    assert (len(behind), {each["amount"]["amount"] for each in behind}) == (12, {"1000.00"})
    assert plan["total"] == amount("24000.00")


async def test_a_renewal_is_done_once_however_often_the_run_passes(world: World) -> None:
    world.knows(again(), answered())
    await world.run(renewal, CONFIRMED)
    steps, contract = list(world.steps), the(world, Role.ERP, "contract")

    assert await world.run(renewal, CONFIRMED) == "done"

    assert (world.steps, the(world, Role.ERP, "contract")) == (steps, contract)


@pytest.mark.parametrize("effects", range(1, 9))
async def test_a_crash_at_any_step_renews_once(world: World, effects: int) -> None:
    world.knows(again(), answered())
    world.dies_after(effects)
    with pytest.raises(Died):
        await world.run(renewal, CONFIRMED)

    assert await world.run(renewal, CONFIRMED) == "done"

    assert the(world, Role.ERP, "contract")["value"] == amount("24000.00")
    assert len(the(world, Role.ERP, "billing_plan")["instalments"]) == 24
    assert the(world, Role.PSA, "project")["budget"] == amount("24000.00")


async def test_sales_reads_on_the_renewal_and_on_the_deal_what_became_of_it(world: World) -> None:
    world.knows(again(), answered())

    await world.run(renewal, CONFIRMED)

    assert {name: page(world)[name] for name in ("gate", "finance", "delivery")} == dict.fromkeys(
        ("gate", "finance", "delivery"), "done"
    )
    assert page(world)["change"].startswith("done, version 2: +12,000.00 GBP: contract 12,000.00 GBP to 24,000.00 GBP")
    assert page(world, "opportunity-1")["contract_value"] == amount("24000.00")


async def test_the_next_term_is_planned_when_the_renewed_one_ends(world: World) -> None:
    world.knows(again(), answered())
    await world.run(renewal, CONFIRMED)
    world.now = datetime(2027, 10, 2, tzinfo=UTC)

    await world.run(renewal_planning, BOOKED)

    plan = the(world, Role.CRM, "renewal_plan")
    assert (plan["starts"], plan.get("value")) == ("2028-01-01", None), "two years' worth is no price for one"


async def test_a_gap_between_the_terms_is_held_and_goes_on_when_it_is_closed(world: World) -> None:
    world.knows(again(starts="2027-02-01"), answered())
    before = the(world, Role.ERP, "contract")

    assert await world.run(renewal, CONFIRMED) == "held"

    assert "the contract it renews ends on 2026-12-31" in page(world)["gate"]
    assert the(world, Role.ERP, "contract") == before
    world.knows(again())
    assert await world.run(renewal, CONFIRMED) == "done"


async def test_a_large_renewal_waits_for_whoever_must_agree_and_a_no_changes_nothing(world: World) -> None:
    line = {"key": "line-2", "product": "RET-MONTH", "quantity": 1, "unit_price": gbp(250000), "amount": gbp(250000)}
    world.knows(again(amount=gbp(250000), lines=[line]), answered())
    before = the(world, Role.ERP, "contract")

    assert await world.run(renewal, CONFIRMED) == "held"
    (hold,) = world.holds
    world.answer(hold.name, "decline")
    await world.release()

    assert (page(world)["gate"], the(world, Role.ERP, "contract")) == ("declined", before)


async def test_a_half_that_cannot_go_on_is_named_with_both_totals(world: World) -> None:
    world.knows(again(), answered())
    world.system(Role.PSA).refuses(REFUSED)

    assert await world.run(renewal, CONFIRMED) == "held"
    assert [hold.part for hold in world.holds] == ["delivery", None]

    world.system(Role.PSA).refuses(None)
    await world.release()
    assert the(world, Role.PSA, "project")["budget"] == amount("24000.00")
