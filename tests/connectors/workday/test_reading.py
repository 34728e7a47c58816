"""What is read from Workday, over real HTTP from its simulator."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.core.errors import Hold, Retry, Unknown

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = 86_400.0


def wid(hr: Any, number: str) -> str:
    return next(each["wid"] for each in hr.kept("workers").values() if each["number"] == number)


async def read(hr: Any, number: str) -> Any:
    (record,) = await hr.find("resource", key=wid(hr, number))
    return hr.read("resource", record)


async def changed(hr: Any, since: str) -> list[str]:
    """Who is in the changes, in order, however often."""
    return [record["number"] for page in await hr.changes("resource", since) for record in page]


async def test_a_person_is_read_whole(hr: Any) -> None:
    hr.names.ids["resource", wid(hr, "21002")] = "resource-2"

    claim = await read(hr, "21101")

    assert claim.unread == {}
    assert claim.fields == {
        "name": "Sample Person 1",
        "email": "consultant.01@halyard.example",
        "active": True,
        "subcontractor": False,
        "starts": "2025-10-16",
        "ends": None,
        "role": "Consultant",
        "region": "London",
        "legal_entity": "UK",
        "cost_centre": "Implementation UK",
        "manager": "resource-2",
        "weekly_hours": "37.5",
        "placed_from": "2025-10-16",
    }


async def test_a_contractor_is_a_subcontractor(hr: Any) -> None:
    assert (await read(hr, "21112")).fields["subcontractor"] is True


async def test_everybody_comes_first_and_the_cursor_last(hr: Any) -> None:
    pages = [page async for page in hr.connector.changes(hr.http, hr.mapping("resource"), None)]

    assert {record["number"] for page in pages for record in page.records} == {
        *("21000", "21001", "21002", "21003"), *(str(21100 + number) for number in range(1, 13)),
    }  # fmt: skip
    assert [page.cursor for page in pages] == [None, hr.clock.now().isoformat()]


async def test_who_is_hired_from_a_later_day_is_nobody_yet(hr: Any) -> None:
    cursor = await hr.cursor("resource")

    hr.advance(4 * DAY)
    assert "21901" not in await changed(hr, cursor)

    hr.advance(DAY)
    assert "21901" in await changed(hr, cursor)
    assert (await read(hr, "21901")).fields["active"] is True


async def test_a_transfer_entered_ahead_is_read_on_its_day(hr: Any) -> None:
    """Its entry lies before the cursor: only the question after what takes effect brings it."""
    hr.advance(9 * DAY)
    cursor = await hr.cursor("resource")
    before = await read(hr, "21106")

    hr.advance(DAY)
    assert "21106" in await changed(hr, cursor)

    after = await read(hr, "21106")
    assert (before.fields["legal_entity"], after.fields["legal_entity"]) == ("US", "DE")
    assert after.fields["placed_from"] == "2026-11-30"


async def test_a_leaver_is_there_on_the_last_day_and_gone_the_day_after(hr: Any) -> None:
    hr.advance(14 * DAY)
    cursor = await hr.cursor("resource")
    assert (await read(hr, "21109")).fields["active"] is True

    hr.advance(DAY)
    assert "21109" in await changed(hr, cursor)

    gone = await read(hr, "21109")
    assert (gone.fields["active"], gone.fields["ends"]) == (False, "2026-12-04")
    assert "cost_centre" not in gone.fields, "what is not shown is not claimed"


async def test_a_cost_centre_taken_away_is_claimed(hr: Any) -> None:
    await hr.control("transfer", {"worker": "21101", "cost_centre": None})

    assert (await read(hr, "21101")).fields["cost_centre"] is None


async def test_what_was_taken_back_is_as_if_it_had_never_been(hr: Any) -> None:
    entered = await hr.control("transfer", {"worker": "21101", "company": "DE"})
    cursor = await hr.cursor("resource")
    hr.advance(5)
    await hr.control("rescind", {"transaction": entered["wid"]})

    assert "21101" in await changed(hr, cursor)
    assert (await read(hr, "21101")).fields["legal_entity"] == "UK"


async def test_a_later_state_is_never_older_by_its_own_account(hr: Any) -> None:
    """The store believes the record with the later moment."""

    async def since() -> str:
        (record,) = await hr.find("resource", key=wid(hr, "21106"))
        return record["changed"]

    seen = [await since()]
    await hr.control("transfer", {"worker": "21106", "title": "Analyst", "effective": "2026-10-01"})
    seen.append(await since())
    hr.advance(11 * DAY)
    seen.append(await since())

    assert seen == sorted(set(seen))


async def test_a_hire_between_two_pages_makes_nobody_go_missing(hr: Any) -> None:
    for number in range(190):
        await _hire(hr, number=str(30_000 + number), last_name=f"Many {number}")
    seen: list[str] = []

    async for page in hr.connector.changes(hr.http, hr.mapping("resource"), None):
        if not seen:
            hr.advance(1)
            gone = await hr.control("transfer", {"worker": "21101", "title": "Architect"})
            await hr.control("rescind", {"transaction": gone["wid"]})
            await _hire(hr, number="20000", last_name="Meanwhile")
        seen += [record["number"] for record in page.records]

    assert len(seen) == len(set(seen)) == 190 + 16
    assert "20000" not in seen, "all pages are seen from where the first one was"


async def _hire(hr: Any, **more: str) -> None:
    person = {"first_name": "Sample", "email": "sample@halyard.example", "title": "Analyst", "company": "UK"}
    await hr.control("hire", {**person, **more})


async def test_people_are_found_by_name(hr: Any) -> None:
    found = await hr.find("resource", fields={"name": "Person 11"})

    assert [record["number"] for record in found] == ["21111"]


async def test_an_id_nobody_has_is_an_empty_answer(hr: Any) -> None:
    assert await hr.find("resource", key="0" * 32) == []
    assert await hr.find("cost_centre", key="0" * 32) == []
    assert await hr.find("resource", fields={"name": "Nobody Whatsoever"}) == []


async def test_companies_and_cost_centres_are_read(hr: Any) -> None:
    (companies, _), (centres, _) = await hr.changes("legal_entity"), await hr.changes("cost_centre")

    assert {hr.read("legal_entity", each).fields["code"] for each in companies} == {"US", "UK", "DE"}
    named = [hr.read("cost_centre", each) for each in centres]
    assert {"code": "302", "name": "Advisory UK", "active": True} in [each.fields for each in named]
    assert [each.unread for each in named] == [{}] * 12


async def test_only_cost_centres_that_changed_come_again(hr: Any) -> None:
    cursor = await hr.cursor("cost_centre")
    hr.advance(5)
    assert await hr.changes("cost_centre", cursor) == [[], []]
    await hr.control("cost-centre", {"id": "CC_302", "name": "Advice UK"})

    (page, _) = await hr.changes("cost_centre", cursor)

    assert [record["name"] for record in page] == ["Advice UK"]


async def test_an_access_token_is_renewed_when_its_hour_is_over(hr: Any) -> None:
    await read(hr, "21101")
    hr.advance(3601)

    await read(hr, "21101")

    assert len(hr.asked("/token")) == 2


async def test_a_revoked_client_is_a_hold_that_says_where_to_look(hr: Any) -> None:
    await hr.control("revoke", {})

    with pytest.raises(Hold) as raised:
        await hr.find("resource", key="1")

    assert "does not let us in: invalid_grant" in raised.value.why
    assert "systems/workday.yaml" in raised.value.fix


async def test_a_throttle_is_waited_for_as_long_as_they_say(hr: Any) -> None:
    await read(hr, "21101")
    await hr.fault("throttle", retry_after=9)

    with pytest.raises(Retry, match="too fast") as raised:
        await read(hr, "21101")

    assert raised.value.after == timedelta(seconds=9)


@pytest.mark.parametrize("kind", ["throttle", "lock", "error", "maintenance", "reset_before", "garbage"])
async def test_a_bad_day_while_reading_is_tried_again(hr: Any, kind: str) -> None:
    await hr.fault(kind, path="/ccx/service/")

    with pytest.raises(Retry) as raised:
        await hr.changes("resource")

    assert not isinstance(raised.value, Unknown)
