"""Edit and retry: a value that was refused is corrected, checked first, and said by that run alone."""

import json
from typing import Any

import pytest

from throughline.core.entities import Customer
from throughline.hub.desk import correcting
from throughline.hub.holds import NotPossible
from throughline.hub.wire import Raw
from throughline.store import journal

PERSON: Any = {"person": "A person", "reason": "A slip."}


@pytest.fixture
async def refused(desk: Any) -> Any:
    """South refuses a customer for its name; whatever is sent next, it takes."""
    answer = Raw(422, {}, json.dumps({"why": "no such name"}).encode())
    desk.world.estate.fail("PUT", "customers", answer=answer)
    entity = Customer.model_validate({"id": "customer-1", "name": "Merz"})
    desk.hold_ = await desk.stuck("deal-1", entity)
    return desk


def shelf(desk: Any) -> list[str]:
    return [record["name"] for record in desk.world.estate.shelf("south", "customers").values()]


async def test_the_system_is_told_the_corrected_value_and_the_run_goes_on(refused: Any) -> None:
    await correcting.correct(refused.world.machine, refused.hold_["id"], "name", "Merz AG", **PERSON)
    await refused.world.work()

    assert shelf(refused) == ["Merz AG"]
    assert (await refused.world.run())["state"] == "done"
    notes = await journal.about(refused.world.pool, [refused.hold_["id"]])
    assert [note["action"] for note in notes] == ["corrected", "released"]
    assert (notes[0]["detail"]["from"], notes[0]["detail"]["to"]) == ("Merz", "Merz AG")


async def test_a_correction_at_the_source_outdoes_it(refused: Any) -> None:
    await correcting.correct(refused.world.machine, refused.hold_["id"], "name", "Merz AG", **PERSON)
    refused.left["deal-1"][0] = Customer.model_validate({"id": "customer-1", "name": "Merz GmbH"})

    await refused.world.work()

    assert shelf(refused) == ["Merz GmbH"]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [("name", {"a": 1}, "A customer cannot have"), ("colour", "red", "is not about 'colour': correct name")],
)
async def test_what_the_entity_or_the_hold_does_not_have_is_refused(
    refused: Any, field: str, value: Any, why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        await correcting.correct(refused.world.machine, refused.hold_["id"], field, value, **PERSON)

    assert len(await refused.world.holds()) == 1
    assert await refused.world.pool.fetchval("select count(*) from corrections") == 0


async def test_a_hold_about_nothing_that_was_sent_cannot_be_corrected(desk: Any) -> None:
    one = await desk.stuck("deal-1", desk.hold())

    with pytest.raises(NotPossible, match="correct the cause, then release it"):
        await correcting.correct(desk.world.machine, one["id"], "name", "x", **PERSON)


def test_a_value_is_taken_as_it_was_written() -> None:
    assert correcting.typed("007") == "007"
    assert correcting.typed('{"amount": "1.00"}') == {"amount": "1.00"}
    assert correcting.typed("[broken") == "[broken"
