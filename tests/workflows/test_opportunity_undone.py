"""Undoing a won deal: marked where it can be, named where it cannot, and the same end wherever the machine died."""

import pytest

from tests.workflows.test_opportunity_to_project import EFFECTS, HALYARD, RAIL, everything, reported, sold, the, won
from throughline.core.errors import Retry
from throughline.core.events import OpportunityWon
from throughline.core.roles import Role
from throughline.core.workflow import Workflow
from throughline.testing.world import Died, World
from throughline.workflows.opportunity_to_project import CLOSED, opportunity_to_project

WON = OpportunityWon(opportunity="opportunity-1")
UNDO_EFFECTS = 4  # the deal, the project, the message, the contract


def undo() -> Workflow:
    undoing = opportunity_to_project.undoing
    assert undoing is not None
    return undoing


async def test_what_can_be_marked_is_marked_and_the_team_and_sales_are_told() -> None:
    world = await won(sold())

    await world.run(undo(), WON)

    assert the(world, Role.PSA, "project")["name"] == "CANCELLED Timetable review"
    assert the(world, Role.ERP, "contract")["name"] == "CANCELLED Timetable review"
    assert reported(world)["gate"] == "cancelled"
    told = [each["text"] for each in world.system(Role.CHAT).records("message").values()]
    assert len(told) == 2
    assert "is cancelled" in told[1]


async def test_what_cannot_be_taken_back_is_one_open_item_that_names_it_in_each_system() -> None:
    world = await won(sold())

    await world.run(undo(), WON)

    (hold,) = world.holds
    for role, kind in ((Role.PSA, "project"), (Role.ERP, "contract"), (Role.ERP, "billing_plan")):
        (key,) = world.system(role).records(kind)
        assert key in hold.why
    assert (hold.name, hold.choices) == ("left-over", (CLOSED,))
    world.answer("left-over", CLOSED)
    assert await world.run(undo(), WON) == "done"
    assert world.holds == []


async def test_where_nothing_was_made_nothing_is_marked_and_nobody_is_asked() -> None:
    world = World(HALYARD)
    world.knows(RAIL)
    world.wins(sold())

    assert await world.run(undo(), WON) == "done"

    assert world.system(Role.PSA).records("project") == {}
    assert world.system(Role.CHAT).records("message") == {}
    assert world.holds == []


async def test_while_a_system_is_unwell_nobody_is_told_that_all_is_marked() -> None:
    world = await won(sold())
    world.fail(Role.ERP, Retry("closed"))

    assert await world.run(undo(), WON) == "retrying"
    assert world.holds == []

    world.mend(Role.ERP)
    assert await world.run(undo(), WON) == "held"


async def begun(effects: int) -> World:
    """A deal whose process was cancelled after so many effects, the last of which nobody remembers."""
    world = World(HALYARD)
    world.knows(RAIL)
    event = world.wins(sold())
    world.dies_after(effects, remembering=True)
    with pytest.raises(Died):
        await world.run(opportunity_to_project, event)
    return world


@pytest.mark.parametrize("effects", range(1, EFFECTS + 1))
@pytest.mark.parametrize("remembering", [False, True])
async def test_wherever_the_process_was_cancelled_and_the_undoing_died_the_end_is_the_same(
    effects: int, remembering: bool
) -> None:
    undisturbed = await begun(effects)
    await undisturbed.run(undo(), WON)

    for boundary in range(1, UNDO_EFFECTS + 1):
        world = await begun(effects)
        world.dies_after(boundary, remembering=remembering)
        try:
            await world.run(undo(), WON)
        except Died:
            await world.run(undo(), WON)

        assert everything(world) == everything(undisturbed)
        theirs = [each for each in undisturbed.holds if each.name == "left-over"]
        assert [each.why for each in world.holds if each.name == "left-over"] == [each.why for each in theirs]
        made = {key for role, kind in MARKED for key in undisturbed.system(role).records(kind)}
        assert all(any(key in hold.why for hold in theirs) for key in made)


MARKED = ((Role.PSA, "project"), (Role.ERP, "contract"), (Role.ERP, "billing_plan"))
