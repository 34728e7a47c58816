"""The pretend world: what outside authors test their workflows in means what the machine means."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from throughline.core.entities import Customer, CustomerId, Message, MessageId, Opportunity, OpportunityId, Stage
from throughline.core.errors import Hold, Retry
from throughline.core.events import CustomerRenamed, OpportunityWon, ProjectOpened
from throughline.core.firm import Firm, System
from throughline.core.ownership import HUB
from throughline.core.policies import Policies
from throughline.core.roles import Role
from throughline.core.workflow import Flow, Workflow
from throughline.testing.world import MONDAY, Died, World

DEAL = Opportunity(id=OpportunityId("opportunity-1"), name="A deal", stage=Stage.PROPOSAL)
ACME = Customer(id=CustomerId("customer-1"), name="Sample Acme", phone="1", email="a@acme.example")
NOTE = Message(id=MessageId("message-1"), channel="#sample", text="hello")

type Process = Callable[[Flow, OpportunityWon], Awaitable[None]]


def system(name: str, role: Role) -> System:
    return System(name=name, connector="sample", roles=(role,), url="http://127.0.0.1:1")


def firm(**ownership: dict[str, str]) -> Firm:
    return Firm.model_validate(
        {
            "name": "Sample firm",
            "reporting_currency": "EUR",
            "legal_entities": [
                {"code": "DE", "name": "Sample", "country": "DE", "currency": "EUR", "timezone": "Europe/Berlin",
                 "holidays": "DE"}
            ],
            "systems": [system("ledger", Role.ERP), system("sales", Role.CRM), system("talk", Role.CHAT)],
            "ownership": {"customer": {"*": "crm"}, "message": {"*": HUB}, **ownership},
            "policies": Policies(hold_owners={"*": "Everybody", "billing": "Bookkeeping"}),
        }
    )  # fmt: skip


def process(run: Process) -> Workflow:
    return Workflow("sample", OpportunityWon, lambda won: won.opportunity, run)


async def passed(run: Process, *, world: World | None = None) -> World:
    world = world or World(firm())
    world.knows(ACME)
    await world.run(process(run), world.wins(DEAL))
    return world


async def test_a_put_sends_each_field_once_until_it_differs() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(await flow.get(Customer, ACME.id), into=Role.ERP)

    world = await passed(run)
    await passed(run, world=world)
    world.knows(ACME.model_copy(update={"phone": "2"}))
    await world.run(process(run), world.wins(DEAL))

    assert world.steps == ["put customer into erp", "put customer into erp"]
    assert world.system(Role.ERP).records("customer") == {
        "1001": {"name": "Sample Acme", "phone": "2", "email": "a@acme.example"}
    }


async def test_a_system_is_never_sent_a_field_it_owns() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP)

    world = await passed(run, world=World(firm(customer={"*": "crm", "phone": "erp"})))

    assert world.system(Role.ERP).records("customer")["1001"] == {"name": "Sample Acme", "email": "a@acme.example"}


async def test_only_the_named_fields_are_agreed_on() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP, only=("name",))

    world = await passed(run)

    assert world.system(Role.ERP).records("customer") == {"1001": {"name": "Sample Acme"}}


async def test_onto_makes_a_record_of_theirs_ours_and_it_is_found_as_ours() -> None:
    found: list[tuple[str, str | None]] = []

    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP, onto="7")
        found.extend((each.key, each.id) for each in await flow.find(Customer, at=Role.ERP, like=ACME))

    world = World(firm())
    world.system(Role.ERP).has(ACME.model_copy(update={"name": "Other", "phone": "9"}), key="7")
    await passed(run, world=world)

    assert found == [("7", "customer-1")]
    assert world.system(Role.ERP).records("customer")["7"]["name"] == "Sample Acme"


async def test_onto_a_record_that_is_not_there_is_held() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP, onto="7")

    world = await passed(run)

    assert [hold.why for hold in world.holds] == ["ledger has no customer 7"]


async def test_find_asks_the_system_now() -> None:
    seen: list[list[str]] = []

    async def run(flow: Flow, _won: OpportunityWon) -> None:
        seen.append([each.key for each in await flow.find(Customer, at=Role.ERP, like=ACME)])

    world = await passed(run)
    world.system(Role.ERP).has(ACME, key="7")
    await passed(run, world=world)
    world.system(Role.ERP).loses("customer", "7")
    await passed(run, world=world)

    assert seen == [[], ["7"], []]


async def test_a_part_swallows_what_holds_it_up_and_the_rest_goes_on() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        async with flow.part("billing") as part:
            raise Hold("no price", fix="Add one.")
        assert (part.done, part.why) == (False, "no price")
        await flow.put(NOTE, into=Role.CHAT)

    world = await passed(run)

    assert [(hold.name, hold.part, hold.owner) for hold in world.holds] == [("billing", "billing", "Bookkeeping")]
    assert world.steps == ["put message into chat"]


async def test_outside_a_part_a_hold_ends_the_pass() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.get(Customer, "customer-9")
        await flow.put(NOTE, into=Role.CHAT)

    world = await passed(run)

    assert [(hold.name, hold.owner, hold.why) for hold in world.holds] == [
        ("process", "Everybody", "Nobody knows customer customer-9")
    ]
    assert world.steps == []


async def test_a_role_nobody_plays_is_held_not_a_defect() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.PSA)

    world = await passed(run)

    assert "one system must play psa" in world.holds[0].why


async def test_an_answer_is_remembered_under_its_name_and_may_be_given_again_when_the_choices_change() -> None:
    choices, given = ("a", "b"), list[str]()

    async def run(flow: Flow, _won: OpportunityWon) -> None:
        given.append(await flow.ask("letter", "Which?", choices=choices))

    world = await passed(run)
    world.answer("letter", "a")
    await world.release()
    choices = ("b", "c")
    await passed(run, world=world)
    world.answer("letter", "c")
    await world.release()

    assert given == ["a", "c"]


async def test_an_answer_to_nothing_says_what_is_open() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.ask("letter", "Which?", choices=("a", "b"))

    world = await passed(run)

    with pytest.raises(LookupError, match="open are: letter: a or b"):
        world.answer("number", "1")


async def test_a_wait_ends_with_its_moment() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.wait(MONDAY + timedelta(days=1))

    world = World(firm())
    assert await world.run(process(run), world.wins(DEAL)) == "waiting"
    assert world.holds == []

    world.now += timedelta(days=1)

    assert await world.run(process(run), world.wins(DEAL)) == "done"


@pytest.mark.parametrize(("about", "state"), [("project-1", "done"), ("project-2", "waiting")])
async def test_a_wait_ends_with_the_event_about_its_entity(about: str, state: str) -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.wait(ProjectOpened, about="project-1")

    world = await passed(run)
    world.happens(ProjectOpened(project=about, opportunity="opportunity-1"))

    assert await world.run(process(run), world.wins(DEAL)) == state


async def test_what_happened_before_a_run_began_is_not_what_it_waits_for() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.wait(ProjectOpened, about="project-1")

    world = World(firm())
    world.happens(ProjectOpened(project="project-1", opportunity="opportunity-1"))
    world.now += timedelta(seconds=1)

    assert await world.run(process(run), world.wins(DEAL)) == "waiting"


async def test_a_fact_is_published_once_and_only_by_a_pass_that_was_remembered() -> None:
    fact = ProjectOpened(project="project-1", opportunity="opportunity-1")

    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.emit(fact)
        await flow.put(NOTE, into=Role.CHAT)

    world = World(firm())
    world.dies_after(1)
    with pytest.raises(Died):
        await passed(run, world=world)
    assert fact not in world.events

    await passed(run, world=world)
    await passed(run, world=world)

    assert world.events.count(fact) == 1


@pytest.mark.parametrize(("remembering", "sent"), [(False, 2), (True, 1)])
async def test_a_death_forgets_the_pass_or_only_its_last_effect(*, remembering: bool, sent: int) -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP)
        await flow.put(NOTE, into=Role.CHAT)

    world = World(firm())
    world.dies_after(2, remembering=remembering)
    with pytest.raises(Died):
        await passed(run, world=world)

    await passed(run, world=world)

    assert world.steps.count("put customer into erp") == sent
    assert len(world.system(Role.ERP).records("customer")) == 1


async def test_a_system_that_fails_does_nothing_until_it_is_mended() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP)

    world = World(firm())
    world.fail(Role.ERP, Retry("the ledger is closed"))
    assert await world.run(process(run), world.wins(DEAL)) == "retrying"
    assert world.system(Role.ERP).records("customer") == {}

    world.mend(Role.ERP)

    assert await world.run(process(run), world.wins(DEAL)) == "done"


async def test_a_defect_reaches_the_author_as_itself() -> None:
    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(ACME, into=Role.ERP)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await passed(run)


async def test_what_a_workflow_decided_is_known_as_far_as_the_hub_owns_it() -> None:
    read: list[Message] = []

    async def run(flow: Flow, _won: OpportunityWon) -> None:
        await flow.put(NOTE, into=Role.CHAT)

    async def later(flow: Flow, _won: OpportunityWon) -> None:
        read.append(await flow.get(Message, NOTE.id))

    world = await passed(run)
    await passed(later, world=world)

    assert read == [NOTE]


def test_a_change_means_the_event_it_means() -> None:
    world = World(firm())
    world.knows(ACME)

    world.knows(ACME, ACME.model_copy(update={"name": "Sample Apex"}))

    assert world.events == [CustomerRenamed(customer="customer-1", name="Sample Apex")]
