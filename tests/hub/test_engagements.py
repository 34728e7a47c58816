"""An engagement is found under any id of anything in it, and tells what happened in order."""

from typing import Any

import pytest

from throughline.core.entities import Customer, Opportunity
from throughline.core.errors import Hold
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import engagements, holds
from throughline.hub.engagements import NoSuchEngagement

SALESFORCE_15, SALESFORCE_18 = "006Hs00000KIlhg", "006Hs00000KIlhgIAD"


def of_deal(event: OpportunityWon) -> str:
    return event.opportunity


@workflow("handoff", on=OpportunityWon, lane=of_deal)
async def handoff(flow: Flow, won: OpportunityWon) -> None:
    deal = await flow.get(Opportunity, won.opportunity)
    customer = Customer.model_validate({"id": "customer-0042", "name": "Meridian"})
    await flow.put(customer, into=Role.ERP)
    if deal.name == "A deal":
        raise Hold("no tax code", fix="Add one.")


@workflow("looking", on=OpportunityWon, lane=of_deal)
async def looking(flow: Flow, won: OpportunityWon) -> None:
    await flow.get(Opportunity, won.opportunity)
    await flow.get(Customer, "customer-0007")


@pytest.fixture
async def world(opened: Any) -> Any:
    world = await opened(handoff)
    changed = "2026-11-20T11:00:00+00:00"
    deal = {"id": SALESFORCE_18, "name": "A deal", "stage": "won", "changed": changed}
    other = {"id": "006Hs00000XXXXXAAA", "name": "Another", "stage": "negotiation", "changed": changed}
    await world.heard("north", "opportunity", deal, other)
    await world.work()
    return world


async def test_it_is_found_under_every_id_of_every_system(world: Any) -> None:
    run, (hold,), (effect,) = await world.run(), await world.holds(), await world.effects()
    (event,) = await world.pool.fetch("select id from events")
    known = [
        SALESFORCE_18, SALESFORCE_15, f"  {SALESFORCE_18} ", run["id"], run["subject"], hold["id"], effect["key"],
        effect["their_key"], "customer-0042", event["id"],
    ]  # fmt: skip

    for any_id in known:
        assert await engagements.behind(world.machine, any_id) == [run["correlation"]], any_id


@pytest.mark.parametrize("any_id", ["nothing", "006Hs00000XXXXXAAA", SALESFORCE_15.lower(), "", SALESFORCE_15[:14]])
async def test_what_is_known_under_no_engagement_says_so(world: Any, any_id: str) -> None:
    with pytest.raises(NoSuchEngagement, match="Nothing is known under"):
        await engagements.behind(world.machine, any_id)


async def test_what_was_only_read_on_the_way_is_none_of_its_ids(opened: Any) -> None:
    world = await opened(looking)
    changed = "2026-11-20T11:00:00+00:00"
    await world.heard(
        "north", "customer", {"id": "C1", "name": "Somebody", "ours": "customer-0007", "changed": changed}
    )
    await world.heard("north", "opportunity", {"id": SALESFORCE_18, "name": "D", "stage": "won", "changed": changed})
    await world.work()

    engagement = await engagements.one(world.machine, (await world.run())["correlation"])

    assert [each.key for each in engagement.identifiers] == [SALESFORCE_18]


async def test_its_story_is_told_in_order(world: Any) -> None:
    (hold,) = await world.holds()
    world.clock.advance(60)
    await holds.release(world.machine, hold["id"], person="A person", reason="added")

    engagement = await engagements.one(world.machine, (await world.run())["correlation"])

    times = [moment.at for moment in engagement.timeline]
    assert times == sorted(times)
    assert {moment.kind for moment in engagement.timeline} >= {"event", "effect", "hold", "note"}
    assert engagement.deal["name"] == "A deal"
    assert [(each["method"], each["system"]) for each in engagement.exchanges] == [("PUT", "south")]
    assert ("south", "customer") in {(each.system, each.kind) for each in engagement.identifiers}


async def test_an_engagement_that_never_was_says_so(world: Any) -> None:
    with pytest.raises(NoSuchEngagement):
        await engagements.one(world.machine, "opportunity-9999")
