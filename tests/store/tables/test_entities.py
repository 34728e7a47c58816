"""Entities, the records they are read from, and the links that name them."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from throughline.core import exact
from throughline.store import entities
from throughline.store.database import Pool, transaction
from throughline.store.entities import Change, Link, Overtaken, Refusal


def change(version: int = 1, **fields: Any) -> Change:
    return Change("c-1", "customer", version, {"id": "c-1", **fields}, fields, "north")


async def seen(pool: Pool, now: datetime, key: str = "N1", **body: Any) -> set[str]:
    return await entities.seen(
        pool, "north", "customer", {key: (exact.digest(body), body)}, changed="meta.changed", now=now
    )


def at(text: Any) -> dict[str, Any]:
    return {"changed": text}


async def test_a_version_that_does_not_follow_the_one_there_is_was_overtaken(pool: Pool, now: datetime) -> None:
    await entities.change(pool, [change(name="A")], now=now)

    for version in (1, 3):
        with pytest.raises(Overtaken):
            async with transaction(pool) as sql:
                await entities.change(sql, [change(version, name="B")], now=now)

    row = (await entities.many(pool, ["c-1"]))["c-1"]
    assert (row["version"], row["fields"]["name"]) == (1, "A")
    assert len(await entities.versions(pool, "c-1")) == 1


async def test_one_of_two_who_make_the_same_entity_was_overtaken(pool: Pool, now: datetime) -> None:
    async def make(name: str) -> None:
        async with transaction(pool) as sql:
            await entities.locked(sql, ["c-1"])
            await entities.change(sql, [change(name=name)], now=now)

    done = await asyncio.gather(make("A"), make("B"), return_exceptions=True)

    assert sorted(type(each).__name__ for each in done) == ["NoneType", "Overtaken"]
    assert await pool.fetchval("select version from entities") == 1


async def test_a_record_is_new_when_it_differs_from_the_one_before(pool: Pool, now: datetime) -> None:
    assert await seen(pool, now, name="A") == {"N1"}
    assert await seen(pool, now, name="A") == set()
    assert await seen(pool, now, name="B") == {"N1"}


@pytest.mark.parametrize(
    ("before", "after", "believed"),
    [
        ("2026-11-20T11:00:00Z", "2026-11-20T11:00:01Z", True),
        ("2026-11-20T11:00:00Z", "2026-11-20T11:00:00Z", True),
        ("2026-11-20T11:00:00Z", "2026-11-20T10:59:59.999Z", False),
        ("2026-11-20T11:00:00.000+0000", "2026-11-20T11:30:00.000+0100", False),
        ("2026-11-20T03:00:00-08:00", "2026-11-20T10:30:00+00:00", False),
        ("2026-11-20T03:00:00-08:00", "2026-11-20T11:30:00+00:00", True),
        ("yesterday", "2026-11-20T11:00:00Z", True),
        ("2026-11-20T11:00:00Z", 7, True),
        ("2026-11-20T11:00:00Z", None, True),
        ("2026-11-20 11:00:00", "2026-11-20 10:00:00", True),
    ],
)
async def test_a_record_from_before_the_one_we_have_is_not_believed(
    pool: Pool,
    now: datetime,
    before: Any,
    after: Any,
    believed: bool,
) -> None:
    await seen(pool, now, n=1, meta=at(before))

    assert await seen(pool, now, n=2, meta=at(after)) == ({"N1"} if believed else set())

    assert await entities.record(pool, "north", "customer", "N1") == {
        "n": 2 if believed else 1, "meta": at(after if believed else before),
    }  # fmt: skip


async def test_a_thing_of_theirs_keeps_the_first_name_it_was_given(pool: Pool, now: datetime) -> None:
    assert await entities.link(pool, Link("north", "customer", "N1", "c-1"), now=now) == "c-1"
    assert await entities.link(pool, Link("north", "customer", "N1", "c-2"), now=now) == "c-1"

    assert await entities.named(pool, "north", [("customer", "N1"), ("customer", "N2")]) == {("customer", "N1"): "c-1"}
    assert await entities.link_of(pool, "c-1", "north", "customer") is not None
    assert await entities.link_of(pool, "c-1", "south", "customer") is None


async def test_two_who_agree_on_nothing_else_agree_on_which_version_was_read(pool: Pool, now: datetime) -> None:
    await entities.change(pool, [change(name="A")], now=now)

    async with transaction(pool) as sql:
        assert not await entities.moved_on(sql, {"c-1": 1, "c-unknown": 4})
        assert await entities.moved_on(sql, {"c-1": 2})


async def test_what_was_refused_is_kept_be_it_a_word_a_list_or_nothing(pool: Pool, now: datetime) -> None:
    values = {"name": "A", "lines": [{"n": 1}], "sums": ["1", "2"], "phone": None}
    said = [Refusal("c-1", field, "north", "erp", value) for field, value in values.items()]

    async with transaction(pool) as sql:
        await entities.refuse(sql, said, now=now)

    assert {row["field"]: row["value"] for row in await entities.refused(pool, "c-1")} == values
