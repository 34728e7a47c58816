"""From claims to the truth: who is believed, what is remembered, what it means, and all of it or nothing."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from throughline.core.claims import Claim
from throughline.core.delivery_events import TimeApproved
from throughline.core.entities import Customer, Opportunity
from throughline.core.errors import Hold
from throughline.core.events import ContractBooked, CustomerRenamed, OpportunityWon
from throughline.core.ownership import HUB
from throughline.core.workflow import Flow, workflow
from throughline.hub.settle import Settled, Settler
from throughline.store import entities, runs
from throughline.store.database import transaction


@workflow("count", on=OpportunityWon, lane=lambda event: event.opportunity)
async def counted(_flow: Flow, _event: Any) -> None:
    """Does nothing; its runs are counted."""


@workflow("needs-country", on=OpportunityWon, lane=lambda event: event.opportunity)
async def needs_country(flow: Flow, won: OpportunityWon) -> None:
    deal = await flow.get(Opportunity, won.opportunity)
    customer = await flow.get(Customer, "customer-0001")
    if customer.country is None:
        raise Hold(f"{deal.name} has no country", fix="Enter it.")


def record(key: str = "N1", *, at: str = "11:00", **fields: Any) -> dict[str, Any]:
    return {"id": key, **fields, "changed": f"2026-11-20T{at}:00+00:00"}


async def entity(world: Any, kind: str = "customer") -> Any:
    return await world.pool.fetchrow("select * from entities where kind = $1", kind)


async def happened(world: Any) -> list[str]:
    return [row["type"] for row in await world.pool.fetch("select type from events order by seq")]


async def test_the_owner_of_a_field_is_believed(world: Any) -> None:
    await world.heard("north", "customer", record(name="Meridian", country="GB"))

    assert (await entity(world))["fields"] == {"id": "customer-0001", "name": "Meridian", "country": "GB"}


async def test_anyone_else_is_refused_and_remembered(world: Any) -> None:
    await world.heard("north", "customer", record(name="Meridian", country="GB", ours="customer-0007"))
    await world.heard(
        "south", "customer", record("S1", name="MERIDIAN LTD", payment_terms="Net 30", ours="customer-0007")
    )

    assert (await entity(world))["fields"] == {
        "id": "customer-0007", "name": "Meridian", "country": "GB", "payment_terms": "Net 30",
    }  # fmt: skip
    (refusal,) = await entities.refused(world.pool, "customer-0007")
    assert (refusal["field"], refusal["system"], refusal["owner"], refusal["value"]) == (
        "name",
        "south",
        "north",
        "MERIDIAN LTD",
    )


async def test_every_version_says_what_changed_when_and_by_whom(world: Any) -> None:
    await world.heard("north", "customer", record(name="Meridian", country="GB"))
    world.clock.advance(60)
    await world.heard("north", "customer", record(name="Meridian Rail", country="GB", at="11:01"))

    row = await entity(world)
    first, second = await entities.versions(world.pool, row["id"])
    assert row["version"] == 2
    assert (first["version"], first["source"], first["changed"]["name"]) == (1, "north", [None, "Meridian"])
    assert (second["version"], second["changed"]) == (2, {"name": ["Meridian", "Meridian Rail"]})
    assert row["provenance"] == {
        "name": {"source": "north", "at": "2026-11-20T12:01:00+00:00"},
        "country": {"source": "north", "at": "2026-11-20T12:00:00+00:00"},
    }


async def test_a_duplicate_means_nothing(opened: Any) -> None:
    world = await opened(counted)
    settled = [await world.heard("north", "opportunity", record(name="A", stage="won")) for _ in range(3)]

    assert [each.repeats for each in settled] == [0, 1, 1]
    assert await happened(world) == ["OpportunityWon"]
    assert (await entity(world, "opportunity"))["version"] == 1
    assert len(await world.runs()) == 1


async def test_a_change_of_something_we_do_not_read_means_nothing(opened: Any) -> None:
    world = await opened(counted)
    await world.heard("north", "opportunity", record(name="A", stage="won"))
    settled = await world.heard("north", "opportunity", record(name="A", stage="won", other="x", at="11:01"))

    assert (settled.repeats, settled.changed) == (0, [])
    assert await happened(world) == ["OpportunityWon"]


async def test_an_older_state_that_comes_late_means_nothing(opened: Any) -> None:
    world = await opened(counted)
    await world.heard("north", "opportunity", record(name="A", stage="won", at="11:05"))
    await world.heard("north", "opportunity", record(name="A", stage="negotiation", at="11:04"))
    await world.heard("north", "opportunity", record(name="A", stage="won", at="11:05"))

    assert await happened(world) == ["OpportunityWon"]
    assert (await entity(world, "opportunity"))["fields"]["stage"] == "won"


async def test_two_states_with_one_time_are_taken_as_they_come(world: Any) -> None:
    await world.heard("north", "customer", record(name="A"))
    await world.heard("north", "customer", record(name="B"))

    assert (await entity(world))["fields"]["name"] == "B"


async def test_a_time_that_cannot_be_read_is_no_reason_to_disbelieve(world: Any) -> None:
    await world.heard("north", "customer", {"id": "N1", "name": "A", "changed": "yesterday"})
    await world.heard("north", "customer", {"id": "N1", "name": "B", "changed": 7})

    assert (await entity(world))["fields"]["name"] == "B"


async def test_a_quiet_reading_learns_and_starts_nothing(opened: Any) -> None:
    world = await opened(counted)
    await world.heard("north", "opportunity", record(name="A", stage="won"), quiet=True)

    assert await happened(world) == []
    assert (await entity(world, "opportunity"))["fields"]["stage"] == "won"


async def test_what_a_field_cannot_be_read_for_holds_whoever_needs_the_entity(opened: Any) -> None:
    world = await opened(needs_country)
    await world.heard("north", "customer", record(name={"odd": 1}, country="GB"))
    await world.heard("north", "opportunity", record(name="A", stage="won"))

    await world.work()

    (hold,) = await world.holds()
    assert "Customer customer-0001 cannot be read: name is {'odd': 1}" in hold["why"]
    await world.heard("north", "customer", record(name="Meridian", country="GB", at="11:01"))
    await world.work()
    assert (await world.run())["state"] == "done"
    assert await world.holds() == []


async def test_what_cannot_be_read_from_one_who_is_not_believed_holds_nobody(world: Any) -> None:
    await world.heard("north", "customer", record(name="A", ours="customer-0007"))
    await world.heard("south", "customer", record("S1", name={"odd": 1}, ours="customer-0007"))

    assert (await entity(world))["unread"] == {}


async def test_a_held_run_is_woken_when_an_entity_it_read_changes(opened: Any) -> None:
    world = await opened(needs_country)
    await world.heard("north", "customer", record(name="Meridian"))
    await world.heard("north", "opportunity", record(name="A", stage="won"))
    await world.work()
    assert (await world.run())["state"] == "held"

    settled = await world.heard("north", "customer", record(name="Meridian", country="GB", at="11:01"))
    await world.work()

    assert settled.woken == [(await world.run())["lane"]]
    assert (await world.run())["state"] == "done"


async def test_a_held_run_is_not_woken_by_what_it_never_read(opened: Any) -> None:
    world = await opened(needs_country)
    await world.heard("north", "customer", record(name="Meridian"))
    await world.heard("north", "opportunity", record(name="A", stage="won"))
    await world.work()

    settled = await world.heard("north", "customer", record("N2", name="Another", at="11:01"))

    assert settled.woken == []
    assert (await world.lane((await world.run())["lane"]))["due_at"] is None


async def test_entity_event_run_and_lane_are_one_transaction(opened: Any) -> None:
    world = await opened(counted)
    for table in ("records", "links", "entities", "entity_versions", "events", "runs", "lanes"):
        async with world.broken(table):
            with pytest.raises(asyncpg.PostgresError, match="broken"):
                await world.heard("north", "opportunity", record(name="A", stage="won"))
        for left in ("records", "links", "entities", "entity_versions", "events", "runs", "lanes"):
            assert await world.pool.fetchval(f"select count(*) from {left}") == 0

    await world.heard("north", "opportunity", record(name="A", stage="won"))

    assert len(await world.runs()) == 1


async def test_their_id_is_ours_when_their_record_carries_it(world: Any) -> None:
    await world.heard("north", "customer", record(name="A", ours="customer-0042"))

    assert (await entity(world))["id"] == "customer-0042"


async def test_an_id_of_another_kind_in_their_record_is_not_believed(world: Any) -> None:
    await world.heard("north", "customer", record(name="A", ours="project-0042"))

    assert (await entity(world))["id"] == "customer-0001"


async def test_two_records_that_both_say_they_are_ours_are_two_entities(world: Any) -> None:
    await world.heard(
        "north", "customer", record(name="A", ours="customer-0042"), record("N2", name="B", ours="customer-0042")
    )

    rows = await world.pool.fetch("select key, entity from links order by key")
    assert [tuple(row.values()) for row in rows] == [("N1", "customer-0042"), ("N2", "customer-0001")]


async def test_an_event_is_published_once_however_often_it_is_told(opened: Any) -> None:
    world = await opened(counted)
    for _ in range(3):
        await world.start(OpportunityWon(opportunity="opportunity-1"), about="same")

    assert await happened(world) == ["OpportunityWon"]
    assert len(await world.runs()) == 1


async def test_a_change_that_means_something_else_starts_nothing_else(opened: Any) -> None:
    world = await opened(counted)
    await world.heard("north", "customer", record(name="A"))
    await world.heard("north", "customer", record(name="B", at="11:01"))

    assert await happened(world) == [CustomerRenamed.type]
    assert await world.runs() == []


async def test_winning_twice_is_two_events_in_one_lane(opened: Any) -> None:
    world = await opened(counted)
    for n, stage in enumerate(("won", "negotiation", "won")):
        await world.heard("north", "opportunity", record(name="A", stage=stage, at=f"11:0{n}"))

    assert await happened(world) == ["OpportunityWon", "OpportunityWon"]
    assert len({run["lane"] for run in await world.runs()}) == 1
    assert (await runs.counted(world.pool)) == {"due": 2}


async def test_what_happens_on_a_project_or_to_a_contract_belongs_with_its_deal(world: Any) -> None:
    settler, settled = Settler(await world.machine.firms.current(), (), world.machine.ids), Settled()
    worked = TimeApproved(time_entry="time_entry-1", project="project-1", day=date(2026, 11, 10), at=None)
    elsewhere = worked.model_copy(update={"project": "project-2"})
    deal = Claim("project", "project-1", HUB, {"name": "Rollout", "opportunity": "opportunity-7"})
    contract = Claim("contract", "contract-1", HUB, {"name": "Rollout", "opportunity": "opportunity-7"})
    async with transaction(world.pool) as sql:
        await settler.claims(sql, [("project-1", deal), ("contract-1", contract)], settled, now=world.clock())
        for event in (worked, elsewhere, ContractBooked(contract="contract-1")):
            await settler.publish(sql, event, settled, about="1", now=world.clock())

    told = await world.pool.fetch("select correlation from events order by seq")
    assert [row["correlation"] for row in told] == ["opportunity-7", "time_entry-1", "opportunity-7"]
