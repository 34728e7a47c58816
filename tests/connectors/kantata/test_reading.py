"""What is read from Kantata, over real HTTP from its simulator."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from throughline.core.connector import Census
from throughline.core.errors import Hold, Retry, Unknown

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def edit(psa: Any, collection: str = "workspaces", **fields: Any) -> str:
    """A person's own doing."""
    role = {} if "id" in fields else {"creator_role": "maven"}
    return (await psa.control(f"records/{collection}", {**role, **fields}))["id"]


async def test_a_project_is_read_with_its_client_and_its_price_to_the_cent(psa: Any) -> None:
    client = next(iter(psa.kept("workspace_groups")))
    psa.names.ids["customer", client] = "customer-1"
    key = await edit(psa, title="Data platform", currency="GBP", price="25000.55", workspace_group_ids=[client])

    (record,) = await psa.find("project", key=key)

    claim = psa.read("project", record)
    assert claim.unread == {}
    assert claim.fields["customer"] == "customer-1"
    assert claim.fields["budget"] == {"amount": "25000.55", "currency": "GBP"}
    assert claim.fields["currency"] == "GBP"


async def test_a_project_of_two_clients_is_unread_and_not_guessed(psa: Any) -> None:
    key = await edit(psa, title="Shared", workspace_group_ids=list(psa.kept("workspace_groups"))[:2])

    (record,) = await psa.find("project", key=key)

    assert "has 2 values, where one belongs" in psa.read("project", record).unread["customer"]


async def test_changes_have_the_client_and_archived_projects_too(psa: Any) -> None:
    client = next(iter(psa.kept("workspace_groups")))
    key = await edit(psa, title="Finished", workspace_group_ids=[client])
    psa.advance(5)
    await edit(psa, id=key, archived=True)

    (page,) = await psa.changes("project", psa.clock.now().isoformat())

    assert [(record["title"], record["workspace_group_ids"]) for record in page] == [("Finished", [client])]
    assert (await psa.find("project", key=key))[0]["archived"] is True


async def test_a_change_in_the_very_second_of_the_cursor_is_read_again(psa: Any) -> None:
    psa.advance(5)
    first = await edit(psa, title="First")
    second = await edit(psa, title="Second")
    cursor = await psa.cursor("project")

    (page,) = await psa.changes("project", cursor)

    assert datetime.fromisoformat(cursor) == psa.clock.now().replace(microsecond=0)
    assert {record["id"] for record in page} == {first, second}


async def test_many_of_one_second_come_over_several_pages_each_once(psa: Any) -> None:
    psa.advance(5)
    for number in range(450):
        await _quickly(psa, f"Sample {number}")

    pages = await psa.changes("project", psa.clock.now().isoformat())

    assert len({record["id"] for page in pages for record in page}) == 450
    assert sum(map(len, pages)) == 450


async def _quickly(psa: Any, title: str) -> str:
    from throughline.sandbox.kantata.schema import COLLECTIONS

    wanted = {"title": title, "creator_role": "maven"}
    (made,) = psa.simulator.records.create(COLLECTIONS["workspaces"], [wanted], psa.simulator._actor())
    return made["id"]


async def test_a_project_changed_between_two_pages_makes_no_other_one_go_missing(psa: Any) -> None:
    made: list[str] = []
    for number in range(420):
        psa.advance(1)
        made.append(await _quickly(psa, f"Sample {number}"))
    seen: list[str] = []

    async for page in psa.connector.changes(psa.http, psa.mapping("project"), None):
        seen += [record["id"] for record in page.records]
        if len(seen) == 200:
            psa.advance(1)
            await edit(psa, id=seen[10], title="Moved to the end")

    assert set(made) <= set(seen)
    assert seen.count(seen[10]) == 2, "once as it was, once as it is"
    assert len(seen) == len(set(seen)) + 1


async def test_a_name_is_searched_by_its_telling_word(psa: Any) -> None:
    found = await psa.find("customer", fields={"name": "The Castellan Group"})

    assert [record["name"] for record in found] == ["Castellan Bank plc"]


async def test_a_kind_that_cannot_be_searched_by_name_is_not(psa: Any) -> None:
    assert await psa.find("billing_milestone", fields={"name": "Discovery accepted"}) == []


async def test_a_key_nobody_has_is_an_empty_answer(psa: Any) -> None:
    assert await psa.find("project", key="999999") == []
    assert await psa.find("project", marker="project-unheard-of") == []


async def test_a_revoked_token_is_a_hold_that_says_where_to_look(psa: Any) -> None:
    await psa.control("revoke", {})

    with pytest.raises(Hold) as raised:
        await psa.find("project", key="1")

    assert "does not accept our credentials" in raised.value.why
    assert "systems/kantata.yaml" in raised.value.fix


async def test_a_throttle_without_a_header_is_waited_for_all_the_same(psa: Any) -> None:
    await psa.control("limits", {"general": 1, "window": 60})
    await psa.find("project", key="1")

    with pytest.raises(Retry, match="too fast") as raised:
        await psa.find("project", key="1")

    assert raised.value.after == timedelta(seconds=2)


@pytest.mark.parametrize("kind", ["throttle", "lock", "error", "maintenance", "reset_before"])
async def test_a_bad_day_while_reading_is_tried_again(psa: Any, kind: str) -> None:
    # Twice: aiohttp itself asks again, once, when a connection it had kept open turns out to be closed.
    await psa.fault(kind, path="/api/v1/", times=2)

    with pytest.raises(Retry) as raised:
        await psa.changes("project")

    assert not isinstance(raised.value, Unknown)


async def test_kantata_counts_what_was_changed_in_a_time_as_the_poll_reads_it(psa: Any) -> None:
    psa.advance(60)
    await edit(psa, title="Late")
    read = [record for page in await psa.changes("project") for record in page]
    moments = sorted(datetime.fromisoformat(str(record["updated_at"])) for record in read)
    second = timedelta(seconds=1)

    assert await psa.count("project", moments[0], moments[-1] + second) == Census(len(read))
    inside = sum(moments[0] + second <= each < moments[-1] for each in moments)
    assert await psa.count("project", moments[0] + second, moments[-1]) == Census(inside)
