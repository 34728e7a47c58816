"""Which version of the folder is applied, the lines to its systems, and the wake-ups of its lanes."""

from typing import Any

import pytest

from throughline.core.entities import Customer
from throughline.core.firm import Overlay, OverlayRow
from throughline.core.forms import Choice
from throughline.core.mapping import Mapping, Row
from throughline.hub.applied import overlaid
from throughline.hub.firm import FirmErrors
from throughline.hub.firms import NothingApplied


async def versions(world: Any) -> int:
    return await world.pool.fetchval("select count(*) from firm_versions")


def write(world: Any, file: str, text: str) -> None:
    (world.machine.firms.folder / file).write_text(text)


async def test_a_folder_that_says_nothing_new_makes_no_version(world: Any) -> None:
    first = await world.machine.firms.apply(by="A person")
    write(world, "policies.yaml", '# a comment\nhold_owners: { "*": Operations, finance: Finance }\n')

    assert await world.machine.firms.apply(by="A person") == first
    assert await versions(world) == 2  # the one the tests begin with, under a digest of their own, and this one


async def test_a_new_version_says_who_applied_it_and_is_current_at_once(world: Any) -> None:
    write(world, "policies.yaml", 'hold_owners: { "*": Somebody else }\n')

    version = await world.machine.firms.apply(by="A person")

    current = await world.machine.firms.current()
    assert (current.version, current.firm.policies.hold_owner("x")) == (version, "Somebody else")
    assert await world.pool.fetchval("select applied_by from firm_versions order by version desc limit 1") == "A person"


async def test_another_process_sees_a_new_version_too(opened: Any) -> None:
    first, second = await opened(), await opened(worker="worker-2")
    await second.machine.firms.current()
    write(first, "policies.yaml", 'hold_owners: { "*": Somebody else }\n')

    await first.machine.firms.apply(by="A person")

    assert (await second.machine.firms.current()).firm.policies.hold_owner("x") == "Somebody else"


async def test_the_door_believes_for_a_second_what_was_current(opened: Any) -> None:
    first, second = await opened(), await opened(worker="worker-2")
    await second.machine.firms.current_or_recent()
    write(first, "policies.yaml", 'hold_owners: { "*": Somebody else }\n')
    version = await first.machine.firms.apply(by="A person")

    assert (await second.machine.firms.current_or_recent()).version < version
    second.clock.advance(1.1)
    assert (await second.machine.firms.current_or_recent()).version == version


async def test_a_wrong_folder_changes_nothing(world: Any) -> None:
    before = await versions(world)
    write(world, "ownership.yaml", "custmer: { '*': crm }\n")

    with pytest.raises(FirmErrors):
        await world.machine.firms.apply(by="A person")

    assert await versions(world) == before


async def test_a_line_lives_on_until_its_own_system_changes(world: Any) -> None:
    before = (await world.machine.firms.current()).lines
    write(
        world,
        "systems/south.yaml",
        (world.machine.firms.folder / "systems/south.yaml").read_text() + "limits: { concurrency: 2 }\n",
    )

    await world.machine.firms.apply(by="A person")

    after = (await world.machine.firms.current()).lines
    assert after["north"] is before["north"]
    assert after["south"] is not before["south"]
    assert after["south"].limits.concurrency == 2


async def test_nothing_applied_says_what_to_do(world: Any) -> None:
    await world.pool.execute("delete from firm_versions")

    with pytest.raises(NothingApplied, match="run `throughline up`"):
        await world.machine.firms.current()


async def test_a_lane_waits_in_the_queue_at_most_once(world: Any) -> None:
    for _ in range(3):
        await world.machine.wakes.now(["a", "b"])
        await world.machine.wakes.deliveries("north")
    await world.machine.wakes.now([])

    rows = await world.pool.fetch("select dedupe_key from pgqueuer order by dedupe_key")
    assert [row["dedupe_key"] for row in rows] == ["deliveries/north", "lane/a", "lane/b"]


class Nobody:
    """Knows nobody."""

    def our_id(self, kind: str, key: str) -> str | None: ...
    def their_key(self, kind: str, id_: str) -> str | None: ...
    def in_table(self, table: str, column: str, *, where: Any) -> str | None: ...


def test_a_firm_s_overlay_adds_rows_and_choices() -> None:
    plain = Mapping(Customer, "customers", "id", (Row("name", "Name"), Row("segment", "Kind", Choice({"A": "rail"}))))
    overlay = Overlay(
        system="north",
        entity="customer",
        rows=(OverlayRow(ours="country", theirs="Land__c"), OverlayRow(theirs="Source", value="throughline")),
        choices={"segment": {"B": "bus"}},
    )

    mapping = overlaid(plain, overlay)

    claim = mapping.read({"id": "1", "Name": "A", "Kind": "B", "Land__c": "GB"}, system="north", names=Nobody())
    assert claim.fields == {"name": "A", "segment": "bus", "country": "GB"}
    assert mapping.write({"segment": "rail"}, names=Nobody()) == {"Kind": "A", "Source": "throughline"}
