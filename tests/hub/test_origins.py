"""Why each value is what it is: who said it, when, in which exchange, what decided, and what was refused."""

from typing import Any

import pytest

from throughline.hub import engagements, origins
from throughline.store import captures
from throughline.store.captures import Capture


@pytest.fixture
async def told(opened: Any) -> Any:
    """Two systems tell of one customer; the firm lets each own something else."""
    world = await opened()
    at = world.clock()
    heard = Capture(
        at, "north", "in", "done", "POST", "/hooks/north", None, "fine", None, None, None, {}, b'{"id": "C1"}', {}, b""
    )
    await captures.keep(world.pool, [heard])
    await world.heard("north", "customer", {"id": "C1", "changed": at.isoformat(), "name": "Halden"})
    (customer,) = [row["entity"] for row in await world.pool.fetch("select entity from links where key = 'C1'")]
    await world.pool.execute(
        """insert into entities (id, kind, version, fields, unread, provenance, updated_at)
           values ('opportunity-1', 'opportunity', 3, jsonb_build_object('name', 'Deal', 'customer', $1::text),
                   '{"ends": "is no day"}', '{}', $2)""",
        customer, at,
    )  # fmt: skip
    await world.pool.execute(
        """insert into refusals (entity, field, system, owner, value, at)
           values ($1, 'name', 'south', 'north', '"HALDEN ENERGY"', $2)""",
        customer, at,
    )  # fmt: skip
    await world.pool.execute(
        """insert into runs (id, workflow, lane, event_type, event, subject, state, parts, reads, attempt, passes,
                             correlation, created_at, updated_at)
           values ('run-1', 'w', 'l', 'OpportunityWon', '{}', 'opportunity-1', 'done', '[]', '{}', 0, 1,
                   'opportunity-1', $1, $1)""",
        at,
    )
    return world


async def things(world: Any) -> dict[str, origins.Thing]:
    found = await origins.of(world.machine, await engagements.one(world.machine, "opportunity-1"))
    return {each.kind: each for each in found}


async def test_a_field_says_who_said_it_when_and_what_decided(told: Any) -> None:
    customer = (await things(told))["customer"]
    (name,) = [each for each in customer.fields if each.field == "name"]

    assert (name.value, name.system, name.at, name.owner) == ("Halden", "north", told.clock(), "north")
    assert name.rule.startswith("customer: ")
    assert name.rule.endswith((": crm", ": north"))
    assert customer.keys == {"north": "C1"}


async def test_it_leads_to_the_exchange_in_which_it_was_said(told: Any) -> None:
    (kept,) = [row["id"] for row in await told.pool.fetch("select id from captures where url = '/hooks/north'")]

    (name,) = [each for each in (await things(told))["customer"].fields if each.field == "name"]

    assert name.capture == kept
    await told.pool.execute("update captures set request_body = '' where id = $1", kept)
    assert all(each.capture is None for each in (await things(told))["customer"].fields)


async def test_what_was_refused_is_beside_what_was_believed(told: Any) -> None:
    (name,) = [each for each in (await things(told))["customer"].fields if each.field == "name"]

    assert [(each.system, each.value) for each in name.refused] == [("south", "HALDEN ENERGY")]


async def test_what_nobody_said_and_what_cannot_be_read_are_told_as_that(told: Any) -> None:
    deal = (await things(told))["opportunity"]
    fields = {each.field: each for each in deal.fields}

    assert (fields["name"].system, fields["name"].at, deal.version) == ("", None, 3)
    assert (fields["ends"].value, fields["ends"].unread) == (None, "is no day")
