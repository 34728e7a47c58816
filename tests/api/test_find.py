"""Find anything over HTTP."""

from typing import Any


async def test_a_name_a_number_or_an_amount_finds_the_engagement(caller: Any, win: Any) -> None:
    await win(1, amount="1200.5")
    await win(2)

    for said in ("deal%201", "1200.50", "EUR%201,200.50", "006000000000001AAA", "hold-1"):
        (found,) = (await caller.get(f"/api/v1/find?q={said}")).json["data"]
        assert (found["engagement"], found["name"], found["open_holds"]) == ("opportunity-1", "Deal 1", 1), said


async def test_several_are_listed_as_many_as_were_wanted(caller: Any, win: Any) -> None:
    for number in range(1, 4):
        await win(number)

    found = (await caller.get("/api/v1/find?q=sample&limit=2")).json

    assert [each["engagement"] for each in found["data"]] == ["opportunity-3", "opportunity-2"]
    assert {each["by"] for each in found["data"]} == {"Customer Sample Customer AG"}


async def test_nothing_found_is_an_empty_list_and_nothing_asked_is_refused(caller: Any) -> None:
    assert (await caller.get("/api/v1/find?q=nowhere")).json == {"query": "nowhere", "data": []}
    assert (await caller.get("/api/v1/find?q=")).status == 422
    assert (await caller.get(f"/api/v1/find?q={'x' * 201}")).status == 422
