"""The queue: cut as one likes, most money first, and a sum that says what it does not know."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.hub.desk.conftest import money
from throughline.hub.desk import queue
from throughline.hub.overview import NoSuchPlace
from throughline.store.queue import Wanted


async def whys(desk: Any, wanted: Wanted) -> list[str]:
    return [row["why"] for row in (await queue.page(desk.world.machine, wanted)).rows]


@pytest.fixture
async def filled(desk: Any) -> Any:
    """Three of finance in two currencies, one of the PMO that nobody knows the worth of."""
    await desk.stuck("deal-1", desk.hold("south refused it", amount=money(50), owner="Finance"))
    await desk.stuck("deal-2", desk.hold("No rate", owner="PMO"))
    desk.world.clock.advance(3600)
    await desk.stuck("deal-3", desk.hold("No tax code", amount=money(900), owner="Finance"))
    await desk.stuck("deal-4", desk.hold("No tax code", amount=money(70, "GBP"), owner="Finance"))
    return desk


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["No tax code", "No tax code", "south refused it", "No rate"]),
        (Wanted(owner="PMO"), ["No rate"]),
        (Wanted(system="south"), ["south refused it"]),
        (Wanted(workflow="sells", currency="GBP"), ["No tax code"]),
        (Wanted(workflow="buys"), []),
        (Wanted(at_least=Decimal(60), currency="EUR"), ["No tax code"]),
        (Wanted(unknown=True), ["No rate"]),
        (Wanted(assignee="nobody", owner="PMO"), ["No rate"]),
        (Wanted(state="closed"), []),
    ],
)
async def test_the_queue_is_cut_by_what_is_said(filled: Any, wanted: Wanted, found: list[str]) -> None:
    assert await whys(filled, wanted) == found


async def test_the_queue_is_cut_by_age_and_by_cause(filled: Any) -> None:
    now = filled.world.clock()
    causes = {row["cause"] for row in (await queue.page(filled.world.machine, Wanted(owner="Finance"))).rows}
    tax = (await queue.page(filled.world.machine, Wanted(currency="GBP"))).rows[0]["cause"]

    assert await whys(filled, Wanted(opened_before=now - timedelta(minutes=30))) == ["south refused it", "No rate"]
    assert await whys(filled, Wanted(cause=tax)) == ["No tax code", "No tax code"]
    assert len(causes) == 2


async def test_a_sum_is_told_by_currency_with_how_many_are_in_none(filled: Any) -> None:
    told = await queue.total(filled.world.pool, Wanted())

    assert (told.holds, told.amounts, told.unknown) == (4, {"EUR": Decimal(950), "GBP": Decimal(70)}, 1)


async def test_an_engagement_with_two_holds_counts_its_money_once(filled: Any) -> None:
    await filled.world.pool.execute("update holds set correlation = 'deal-3' where correlation = 'deal-1'")

    told = await queue.total(filled.world.pool, Wanted(currency="EUR"))

    assert (told.holds, told.amounts) == (2, {"EUR": Decimal(900)})


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_every_hold_is_on_one_page_and_on_one_only(filled: Any, limit: int) -> None:
    seen: list[str] = []
    cursor, more = None, True
    while more:
        page = await queue.page(filled.world.machine, Wanted(), cursor=cursor, limit=limit)
        seen += [row["id"] for row in page.rows]
        cursor, more = page.next, page.next is not None

    assert seen == [row["id"] for row in (await queue.page(filled.world.machine, Wanted())).rows]
    assert len(seen) == 4


async def test_a_place_in_one_cut_is_no_place_in_another(filled: Any) -> None:
    cursor = (await queue.page(filled.world.machine, Wanted(owner="Finance"), limit=1)).next

    with pytest.raises(NoSuchPlace):
        await queue.page(filled.world.machine, replace(Wanted(), owner="PMO"), cursor=cursor)


async def test_groups_say_what_their_holds_come_to_most_money_first(filled: Any) -> None:
    groups = await queue.groups(filled.world.machine, Wanted())

    assert [(g.cause["pattern"], g.total.holds, g.total.unknown) for g in groups] == [
        ("No tax code", 2, 0), ("south refused it", 1, 0), ("No rate", 1, 1),
    ]  # fmt: skip
    assert groups[0].total.amounts == {"EUR": Decimal(900), "GBP": Decimal(70)}
