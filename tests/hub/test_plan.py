"""What a run would do is foreseen to its end, before anybody agreed; nothing is sent, and nothing is kept."""

from typing import Any

import pytest

from throughline.core.entities import Contract, Customer, Project
from throughline.core.events import OpportunityWon, ProjectOpened
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow
from throughline.hub import plan
from throughline.hub.engagements import NoSuchEngagement

CLIENT = Customer.model_validate({"id": "customer-1", "name": "Sample", "country": "GB"})
AGREED = Contract.model_validate(
    {
        "id": "contract-1",
        "name": "Work",
        "customer": "customer-1",
        "legal_entity": "US",
        "currency": "GBP",
        "commercial_model": "fixed_fee",
        "billing_method": "on_schedule",
        "revenue_treatment": "over_time",
        "starts": "2026-11-01",
        "value": {"amount": "48000.00", "currency": "GBP"},
    }
)


def by_deal(won: OpportunityWon) -> str:
    return won.opportunity


@workflow("agreed", on=OpportunityWon, lane=by_deal)
async def agreed(flow: Flow, won: OpportunityWon) -> None:
    """Asks before it does anything, and waits before it does the rest."""
    answer = await flow.ask("approval", "Approve?", choices=("approve", "decline"))
    await flow.put(CLIENT.model_copy(update={"name": f"Sample, {answer}"}), into=Role.ERP)
    await flow.wait(ProjectOpened, about="project-1")
    await flow.put(
        Project.model_validate({"id": "project-1", "name": "Work", "customer": "customer-1", "currency": "GBP"}),
        into=Role.PSA,
    )
    await flow.emit(ProjectOpened(project="project-1", opportunity=won.opportunity))


@pytest.fixture
async def world(opened: Any) -> Any:
    world = await opened(agreed)
    await world.start(OpportunityWon(opportunity="opportunity-1"), about="opportunity-1")
    await world.work()
    return world


async def test_a_run_that_waits_for_a_yes_is_foreseen_to_its_end(world: Any) -> None:
    run = await world.run()

    (preview,) = await plan.foreseen(world.machine, run["id"])

    assert [(each.system, each.kind, each.operation) for each in preview.effects] == [
        ("south", "customer", "create"),
        ("east", "project", "create"),
    ]
    assert preview.effects[0].fields["name"] == "Sample, approve"
    assert preview.events == ("ProjectOpened",)
    assert preview.assumed == ("approval: approve", "waits for ProjectOpened of project-1")
    assert (preview.stops, preview.defect) == ((), None)


async def test_what_is_foreseen_is_neither_sent_nor_kept(world: Any) -> None:
    run = await world.run()

    await plan.foreseen(world.machine, run["id"])

    assert world.estate.requests == []
    assert await world.effects() == []
    assert dict(await world.run()) == dict(run)
    assert [each["name"] for each in await world.holds()] == ["approval"]


async def test_an_answer_that_was_given_is_not_assumed(world: Any) -> None:
    run = await world.run()
    await world.pool.execute(
        "insert into answers (run, name, choice, person, at) values ($1, 'approval', 'decline', 'Ada', $2)",
        run["id"],
        world.clock(),
    )

    (preview,) = await plan.foreseen(world.machine, run["id"])

    assert preview.effects[0].fields["name"] == "Sample, decline"
    assert preview.assumed == ("waits for ProjectOpened of project-1",)


async def test_any_id_leads_to_the_runs_behind_it(world: Any) -> None:
    (preview,) = await plan.foreseen(world.machine, "opportunity-1")

    assert (preview.workflow, preview.subject) == ("agreed", "opportunity-1")
    with pytest.raises(NoSuchEngagement, match="Nothing is known under nobody"):
        await plan.foreseen(world.machine, "nobody")


def test_what_a_contract_would_be_worth_is_an_amount() -> None:
    assert plan.worth_of(AGREED.model_dump(mode="json")) == Money.of(48000, "GBP")
