"""Opportunity to project in the pretend world: what is done, what holds it up, and what a crash leaves behind."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import (
    BillingFrequency,
    BillingMethod,
    CommercialModel,
    Customer,
    CustomerId,
    Opportunity,
    OpportunityId,
    OpportunityLine,
    RevenueTreatment,
    Stage,
)
from throughline.core.errors import Retry
from throughline.core.events import DemandPublished, ProjectOpened
from throughline.core.firm import Firm
from throughline.core.gate import MANDATORY
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.rows import CostCentreRow, ProjectTemplateRow, RateRow, TaxCodeRow
from throughline.core.tables import Place, Row, Table
from throughline.demo import FIRM
from throughline.hub.firm import load
from throughline.testing.world import Died, World
from throughline.workflows.opportunity_to_project import opportunity_to_project

HALYARD = load(FIRM)

RAIL = Customer(id=CustomerId("customer-rail"), name="Meridian Rail Ltd", country="GB", tax_id="GB823456726")
MARINE = Customer(id=CustomerId("customer-marine"), name="Norrvik Marine AS", country="NO")
ALPINE = Customer(id=CustomerId("customer-alpine"), name="Alpenblick Versicherung AG", country="CH")
GROUP = Customer(id=CustomerId("customer-group"), name="Bluewater Utilities Inc.", country="US", tax_id="47-1234567")
CHILD = Customer(
    id=CustomerId("customer-child"), name="Lumen Civic LLC", country="US", tax_id="36-7654321", parent=GROUP.id
)

BILLED = {
    CommercialModel.TIME_AND_MATERIALS: (BillingMethod.ON_APPROVED_TIME, BillingFrequency.MONTHLY, "Advisory"),
    CommercialModel.FIXED_FEE: (BillingMethod.ON_SCHEDULE, BillingFrequency.QUARTERLY, "Implementation"),
    CommercialModel.MILESTONE: (BillingMethod.ON_MILESTONE, BillingFrequency.ONCE, "Implementation"),
    CommercialModel.RETAINER: (BillingMethod.IN_ADVANCE, BillingFrequency.MONTHLY, "Advisory"),
    CommercialModel.USAGE: (BillingMethod.ON_USAGE, BillingFrequency.MONTHLY, "Managed Services"),
    CommercialModel.SUBSCRIPTION: (BillingMethod.IN_ADVANCE, BillingFrequency.YEARLY, "Analytics"),
    CommercialModel.MANAGED_SERVICE: (BillingMethod.ON_SCHEDULE, BillingFrequency.MONTHLY, "Managed Services"),
}

HAPPY_STEPS = [
    "put handoff into crm",
    "put customer into erp",
    "put handoff into crm",
    "put billing_plan into erp",
    "put contract into erp",
    "put handoff into crm",
    "put handoff into crm",
    "put customer into psa",
    "put project into psa",
    "put handoff into crm",
    *["put task into psa"] * 7,
    *["put demand into psa"] * 3,
    "put message into chat",
    "put handoff into crm",
    "emit CustomerPlaced",
    "emit ContractBooked",
    "emit DemandPublished",
    "emit ProjectOpened",
]
EFFECTS = sum(step.startswith("put") for step in HAPPY_STEPS)


def line(key: str, amount: str | None, currency: str = "GBP") -> OpportunityLine:
    money = Money.of(amount, currency) if amount else None
    return OpportunityLine(key=key, product="ADV-DAY", quantity=Decimal(1), unit_price=money, amount=money)


def sold(
    customer: Customer = RAIL, model: CommercialModel = CommercialModel.TIME_AND_MATERIALS, **but: Any
) -> Opportunity:
    """A deal with nothing missing, `but` for what a test is about."""
    method, frequency, service_line = BILLED[model]
    currency = but.get("currency") or "GBP"
    deal = Opportunity(
        id=OpportunityId("opportunity-1"),
        name="Timetable review",
        customer=customer.id,
        stage=Stage.NEGOTIATION,
        amount=Money.of("48000.00", currency),
        currency=currency,
        commercial_model=model,
        billing_method=method,
        billing_frequency=frequency,
        project_manager="pm.uk@halyard.example",
        legal_entity="UK",
        revenue_treatment=RevenueTreatment.AS_INVOICED,
        service_line=service_line,
        starts=date(2026, 2, 1),
        ends=date(2026, 7, 31),
        purchase_order="PO-1",
        lines=(line("1", "40000.00", currency), line("2", "8000.00", currency)),
    )
    return deal.model_copy(update=but)


def without(firm: Firm, table: type[Row], **cells: str) -> Firm:
    """The firm with these rows of a table crossed out."""
    rows = tuple(r for r in firm.table(table).rows if any(str(r.cell(name)) != cells[name] for name in cells))
    return firm.model_copy(update={"tables": {**firm.tables, table.table: Table.of(table, rows)}})


def with_row(firm: Firm, row: Row) -> Firm:
    table = type(row)
    rows = (*firm.table(table).rows, row)
    return firm.model_copy(update={"tables": {**firm.tables, table.table: Table.of(table, rows)}})


async def won(deal: Opportunity, *customers: Customer, firm: Firm = HALYARD) -> World:
    """A world in which the deal was won, after the first pass."""
    world = World(firm)
    world.knows(*(customers or (RAIL, MARINE, ALPINE, CHILD, GROUP)))
    await world.run(opportunity_to_project, world.wins(deal))
    return world


def the(world: World, role: Role, kind: str) -> dict[str, Any]:
    """The one record of a kind."""
    (record,) = world.system(role).records(kind).values()
    return record


def reported(world: World) -> dict[str, Any]:
    return the(world, Role.CRM, "handoff")


def everything(world: World) -> dict[str, Any]:
    kinds = ("handoff", "customer", "billing_plan", "contract", "project", "task", "demand", "message")
    return {f"{role} {kind}": world.system(role).records(kind) for role in Role for kind in kinds}


# The happy path


@pytest.mark.parametrize("model", CommercialModel)
async def test_a_complete_deal_of_any_model_becomes_a_contract_and_a_project(model: CommercialModel) -> None:
    world = await won(sold(model=model))

    assert world.holds == []
    contract, plan = the(world, Role.ERP, "contract"), the(world, Role.ERP, "billing_plan")
    project, tasks = the(world, Role.PSA, "project"), world.system(Role.PSA).records("task")
    assert contract["value"] == project["budget"] == plan["total"] == {"amount": "48000.00", "currency": "GBP"}
    assert contract["commercial_model"] == project["commercial_model"] == model
    assert contract["billing_plan"] == "billing-plan-of-opportunity-1"
    assert len(contract["lines"]) == 2
    assert sum(Decimal(task["budget"]["amount"]) for task in tasks.values() if "budget" in task) == 48000
    billed = sum(Decimal(each["amount"]["amount"]) for each in plan["instalments"])
    assert billed == (0 if model in {CommercialModel.TIME_AND_MATERIALS, CommercialModel.USAGE} else 48000)


async def test_the_steps_are_these_and_in_this_order() -> None:
    world = await won(sold())

    assert world.steps == HAPPY_STEPS


async def test_sales_sees_on_the_deal_what_was_made_of_it() -> None:
    world = await won(sold())

    handoff = reported(world)
    assert (handoff["gate"], handoff["finance"], handoff["delivery"]) == ("done", "done", "done")
    assert handoff["customer_key"] in world.system(Role.ERP).records("customer")
    assert handoff["contract_key"] in world.system(Role.ERP).records("contract")
    assert handoff["project_key"] in world.system(Role.PSA).records("project")


async def test_delivery_is_told_whom_it_needs_and_the_fact_is_published() -> None:
    world = await won(sold())

    assert "Timetable review for Meridian Rail Ltd is won: 48,000.00 GBP" in the(world, Role.CHAT, "message")["text"]
    assert the(world, Role.CHAT, "message")["channel"] == "#delivery-uk"
    published = [event for event in world.events if isinstance(event, (DemandPublished, ProjectOpened))]
    assert published == [
        DemandPublished(project="project-of-opportunity-1", roles=("Consultant", "Partner", "Project Manager")),
        ProjectOpened(project="project-of-opportunity-1", opportunity="opportunity-1"),
    ]


async def test_a_second_pass_does_nothing() -> None:
    world = await won(sold())

    await world.run(opportunity_to_project, world.wins(sold()))

    assert world.steps == HAPPY_STEPS


async def test_a_change_between_two_passes_sends_only_what_changed() -> None:
    world = await won(sold())
    world.knows(RAIL.model_copy(update={"phone": "+44 20 7946 0000"}))

    await world.run(opportunity_to_project, world.wins(sold()))

    assert world.steps[len(HAPPY_STEPS) :] == ["put customer into erp", "put customer into psa"]


async def test_a_customer_keeps_the_legal_entity_and_the_currency_of_its_first_deal() -> None:
    world = await won(sold(), RAIL.model_copy(update={"currency": "USD"}))
    second = sold(id="opportunity-2", currency="EUR", legal_entity="DE")

    await world.run(opportunity_to_project, world.wins(sold()))
    await world.run(opportunity_to_project, world.wins(second))

    assert world.holds == []
    customer = the(world, Role.ERP, "customer")
    assert (customer["legal_entity"], customer["currency"]) == ("UK", "GBP")


# The gate


async def refused(deal: Opportunity, firm: Firm = HALYARD) -> str:
    """Why the gate holds this deal; nothing but the report to sales may have been done."""
    world = await won(deal, firm=firm)
    (hold,) = world.holds
    assert (hold.part, hold.owner, hold.amount) == ("gate", "Sales operations", deal.amount)
    assert hold.fix.endswith("release.") or hold.fix.endswith("by itself.") or "policies.yaml" in hold.fix
    assert world.steps == ["put handoff into crm"]
    assert reported(world)["gate"] == f"waiting: {hold.why}"
    return hold.why


@pytest.mark.parametrize(("field", "words"), MANDATORY.items())
async def test_a_deal_that_lacks_something_waits_at_the_gate_until_it_is_there(field: str, words: str) -> None:
    lacking = sold().model_copy(update={field: () if field == "lines" else None})
    world = await won(lacking)
    assert await refused(lacking) == f"Timetable review lacks {words}"

    world.knows(sold(stage=Stage.WON))
    await world.release()

    assert world.holds == []
    assert reported(world)["gate"] == reported(world)["delivery"] == "done"


async def test_everything_that_is_missing_is_said_at_once() -> None:
    why = await refused(sold(project_manager=None, starts=None))

    assert why == "Timetable review lacks project manager, start date"


async def test_a_legal_entity_the_firm_does_not_have_is_refused() -> None:
    assert "names legal entity FR, and there are US, UK, DE" in await refused(sold(legal_entity="FR"))


async def test_a_total_that_its_lines_do_not_reach_is_refused() -> None:
    why = await refused(sold(amount=Money.of("50000.00", "GBP")))

    assert why == "Timetable review says 50,000.00 GBP, and its lines add up to 48,000.00 GBP"


async def test_a_line_without_an_amount_is_refused() -> None:
    assert "lines without an amount: ADV-DAY" in await refused(sold(lines=(line("1", None), line("2", "48000"))))


@pytest.mark.parametrize("odd", [line("1", "48000", "EUR"), line("1", "48000.005")])
async def test_an_amount_that_cannot_be_billed_is_refused(odd: OpportunityLine) -> None:
    assert "cannot be billed in whole units of GBP" in await refused(sold(lines=(odd,)))


async def test_a_deal_that_ends_before_it_starts_is_refused() -> None:
    assert "ends on 2026-01-31, before it starts on 2026-02-01" in await refused(sold(ends=date(2026, 1, 31)))


async def test_a_currency_nobody_set_a_limit_for_is_refused() -> None:
    assert "No approval limit covers 48,000.00 CHF" in await refused(sold(currency="CHF"))


# Approval

BIG = sold(amount=Money.of("250000.00", "GBP"), lines=(line("1", "250000.00"),))


async def test_a_deal_above_the_limit_waits_for_its_approver() -> None:
    world = await won(BIG)

    (hold,) = world.holds
    assert (hold.owner, hold.amount) == ("Finance operations lead", BIG.amount)
    assert hold.why == "Approve Timetable review at 250,000.00 GBP?"
    assert hold.choices == ("approve", "decline")
    assert world.steps == ["put handoff into crm"]


async def test_approved_it_goes_on() -> None:
    world = await won(BIG)

    world.answer(world.holds[0].name, "approve")
    await world.release()

    assert world.holds == []
    assert reported(world)["gate"] == reported(world)["finance"] == reported(world)["delivery"] == "done"


async def test_declined_it_ends_there_and_sales_is_told() -> None:
    world = await won(BIG)

    world.answer(world.holds[0].name, "decline")
    await world.release()

    assert world.holds == []
    assert world.steps == ["put handoff into crm", "put handoff into crm"]
    assert reported(world)["gate"] == "declined"


async def test_what_was_approved_is_an_amount_so_a_larger_one_is_asked_again() -> None:
    world = await won(BIG, firm=without(HALYARD, CostCentreRow, cost_centre="Advisory UK"))
    world.answer(world.holds[0].name, "approve")
    await world.release()
    larger = BIG.model_copy(
        update={"stage": Stage.WON, "amount": Money.of(900000, "GBP"), "lines": (line("1", "900000"),)}
    )

    world.knows(larger)
    await world.release()

    assert [hold.why for hold in world.holds] == ["Approve Timetable review at 900,000.00 GBP?"]


# Finance is held, delivery is not

SWISS = sold(ALPINE, legal_entity="DE", currency="EUR")


async def test_a_missing_tax_code_holds_finance_with_its_owner_and_the_amount_at_risk() -> None:
    world = await won(SWISS)

    (hold,) = world.holds
    assert (hold.part, hold.owner, hold.amount) == ("finance", "Finance operations", Money.of("48000.00", "EUR"))
    assert hold.why == "No tax code for DE selling to Alpenblick Versicherung AG in CH"
    assert hold.fix == "Add a row for DE, CH (not registered) to tables/tax_codes.csv; release."


async def test_meanwhile_delivery_opens_and_sales_sees_both() -> None:
    world = await won(SWISS)

    assert len(world.system(Role.PSA).records("task")) == 7
    assert world.system(Role.ERP).records("contract") == {}
    assert reported(world)["delivery"] == "done"
    assert reported(world)["finance"] == "waiting: No tax code for DE selling to Alpenblick Versicherung AG in CH"


async def test_with_the_row_added_a_release_completes_it_and_nothing_is_done_twice() -> None:
    world = await won(SWISS)
    before = list(world.steps)
    place = Place(file="tables/tax_codes.csv", line=99)

    world.firm = with_row(HALYARD, TaxCodeRow(place=place, legal_entity="DE", customer_country="CH", tax_code="DE-EXP"))
    await world.release()

    assert world.holds == []
    assert world.steps[len(before) :] == [
        "put billing_plan into erp",
        "put contract into erp",
        "put handoff into crm",
        "put handoff into crm",
        "emit ContractBooked",
    ]
    assert the(world, Role.ERP, "contract")["lines"][0]["tax_code"] == "DE-EXP"
    assert reported(world)["finance"] == "done"


async def test_a_missing_cost_centre_holds_finance_alone() -> None:
    world = await won(sold(), firm=without(HALYARD, CostCentreRow, cost_centre="Advisory UK"))

    assert [(hold.part, hold.why) for hold in world.holds] == [("finance", "No cost centre for Advisory in UK")]
    assert reported(world)["delivery"] == "done"


async def test_a_schedule_without_an_end_date_holds_finance_until_there_is_one() -> None:
    world = await won(sold(model=CommercialModel.RETAINER, ends=None))
    assert [(each.part, each.why) for each in world.holds] == [
        ("finance", "Timetable review is billed monthly and has no end date")
    ]

    world.knows(sold(model=CommercialModel.RETAINER, stage=Stage.WON))
    await world.release()

    assert world.holds == []
    assert len(the(world, Role.ERP, "billing_plan")["instalments"]) == 6


async def test_a_schedule_without_a_frequency_is_not_guessed_to_be_monthly() -> None:
    world = await won(sold(model=CommercialModel.RETAINER, billing_frequency=None))

    assert [hold.why for hold in world.holds] == [
        "Timetable review is billed in instalments and has no billing frequency"
    ]


async def test_an_end_date_that_means_never_is_not_billed_ten_thousand_times() -> None:
    world = await won(sold(model=CommercialModel.RETAINER, ends=date(9999, 12, 31)))

    assert [(hold.part, "more than 600 instalments" in hold.why) for hold in world.holds] == [("finance", True)]


# Delivery is held, finance is not


async def test_a_missing_rate_holds_delivery_alone() -> None:
    world = await won(sold(), firm=without(HALYARD, RateRow, rate_card="Standard GBP", role="Consultant"))

    (hold,) = world.holds
    assert (hold.part, hold.owner, hold.amount) == ("delivery", "PMO", Money.of("48000.00", "GBP"))
    assert hold.why == "Rate card Standard GBP has no rate in GBP for Consultant on 2026-02-01"
    assert reported(world)["finance"] == "done"
    assert world.system(Role.PSA).records("project") == {}


async def test_a_missing_template_holds_delivery_alone_when_the_plan_is_billed_by_time() -> None:
    firm = without(HALYARD, ProjectTemplateRow, commercial_model="time_and_materials", legal_entity="UK")
    world = await won(sold(), firm=firm)

    assert [(hold.part, hold.why) for hold in world.holds] == [
        ("delivery", "No project template for Advisory, time_and_materials in UK")
    ]
    assert reported(world)["finance"] == "done"


async def test_a_missing_template_holds_both_parts_when_its_milestones_are_what_is_billed() -> None:
    firm = without(HALYARD, ProjectTemplateRow, commercial_model="milestone", legal_entity="UK")
    world = await won(sold(model=CommercialModel.MILESTONE), firm=firm)

    assert [hold.part for hold in world.holds] == ["finance", "delivery"]


# Likenesses


async def likeness() -> World:
    """The ERP has had somebody of nearly this name all along."""
    world = World(HALYARD)
    world.knows(MARINE)
    stranger = Customer(id=CustomerId("unknown"), name="Norrvik Marine A/S", email="post@norrvik.example")
    world.system(Role.ERP).has(stranger, key="77")
    await world.run(opportunity_to_project, world.wins(sold(MARINE)))
    return world


async def test_a_likely_duplicate_is_put_before_a_person_side_by_side() -> None:
    world = await likeness()

    (hold,) = world.holds
    assert (hold.name, hold.part, hold.owner) == ("customer-marine-in-erp", "finance", "Finance operations")
    assert hold.choices == ("it is 77", "it is a different customer")
    assert [each["record"] for each in hold.candidates] == ["the customer of the deal", "77"]
    assert [each["name"] for each in hold.candidates] == ["Norrvik Marine AS", "Norrvik Marine A/S"]
    assert reported(world)["delivery"] == "done"


async def test_if_it_is_the_same_that_record_becomes_ours_and_keeps_what_it_knew() -> None:
    world = await likeness()

    world.answer("customer-marine-in-erp", "it is 77")
    await world.release()

    assert world.holds == []
    record = world.system(Role.ERP).records("customer")["77"]
    assert len(world.system(Role.ERP).records("customer")) == 1
    assert (record["name"], record["email"]) == ("Norrvik Marine AS", "post@norrvik.example")
    assert reported(world)["customer_key"] == "77"


async def test_if_it_is_another_a_new_one_is_created_beside_it() -> None:
    world = await likeness()

    world.answer("customer-marine-in-erp", "it is a different customer")
    await world.release()

    assert world.holds == []
    names = [each["name"] for each in world.system(Role.ERP).records("customer").values()]
    assert sorted(names) == ["Norrvik Marine A/S", "Norrvik Marine AS"]


@pytest.mark.parametrize("choice", ["it is 77", "it is a different customer"])
async def test_a_person_who_answered_is_not_asked_again_for_the_next_deal(choice: str) -> None:
    world = await likeness()
    world.answer("customer-marine-in-erp", choice)
    await world.release()

    await world.run(opportunity_to_project, world.wins(sold(MARINE, id="opportunity-2")))

    assert world.holds == []


async def test_a_record_with_the_same_tax_id_is_taken_without_asking() -> None:
    world = World(HALYARD)
    world.knows(RAIL)
    world.system(Role.ERP).has(
        Customer(id=CustomerId("x"), name="MERIDIAN RAIL LIMITED", tax_id="gb 823456726"), key="9"
    )

    await world.run(opportunity_to_project, world.wins(sold()))

    assert world.holds == []
    assert reported(world)["customer_key"] == "9"
    assert the(world, Role.ERP, "customer")["name"] == "Meridian Rail Ltd"


async def test_unless_it_belongs_to_another_customer_of_ours() -> None:
    world = World(HALYARD)
    world.knows(RAIL)
    other = Customer(id=CustomerId("x"), name="Meridian Freight Ltd", tax_id="GB823456726")
    world.system(Role.ERP).has(other, key="9", known_as="customer-freight")

    await world.run(opportunity_to_project, world.wins(sold()))

    (hold,) = world.holds
    assert (hold.part, hold.choices) == ("finance", ("it is 9", "it is a different customer"))
    assert world.system(Role.ERP).records("customer")["9"]["name"] == "Meridian Freight Ltd"


# Hierarchies


async def test_a_parent_is_placed_before_its_child() -> None:
    world = await won(sold(CHILD, legal_entity="US", currency="USD"))

    assert world.holds == []
    placed = world.system(Role.ERP).records("customer").values()
    assert [each["name"] for each in placed] == ["Bluewater Utilities Inc.", "Lumen Civic LLC"]
    assert world.steps.count("put customer into erp") == 2


async def test_a_hierarchy_that_bites_its_tail_is_held_and_nothing_is_created() -> None:
    looped = GROUP.model_copy(update={"parent": CHILD.id})
    world = await won(sold(CHILD, legal_entity="US", currency="USD"), CHILD, looped)

    assert [(hold.part, hold.why) for hold in world.holds] == [
        ("finance", "Lumen Civic LLC is, over some steps, its own parent"),
        ("delivery", "Lumen Civic LLC is, over some steps, its own parent"),
    ]
    assert world.system(Role.ERP).records("customer") == world.system(Role.PSA).records("customer") == {}


async def test_a_customer_nobody_knows_is_held_after_the_gate() -> None:
    world = await won(sold(CHILD), RAIL)

    assert [(hold.name, hold.why) for hold in world.holds] == [("process", "Nobody knows customer customer-child")]
    assert reported(world)["gate"] == "done"


# Systems that are unwell, machines that die


async def test_a_psa_that_is_unwell_is_tried_again_while_finance_completes() -> None:
    world = World(HALYARD)
    world.knows(RAIL)
    world.fail(Role.PSA, Retry("kantata is closed for maintenance", after=timedelta(minutes=5)))

    state = await world.run(opportunity_to_project, world.wins(sold()))

    assert (state, world.holds) == ("retrying", [])
    assert reported(world)["finance"] == "done"
    assert reported(world)["delivery"] == "waiting: kantata is closed for maintenance"
    assert [step for step in world.steps if step.startswith("emit")] == [
        "emit CustomerPlaced",
        "emit ContractBooked",
    ]


async def test_once_it_is_well_only_delivery_is_done() -> None:
    world = World(HALYARD)
    world.knows(RAIL)
    world.fail(Role.PSA, Retry("kantata is closed for maintenance"))
    await world.run(opportunity_to_project, world.wins(sold()))
    before = len(world.steps)

    world.mend(Role.PSA)
    await world.release()

    of_finance = {"emit CustomerPlaced", "emit ContractBooked"}
    rest = HAPPY_STEPS[HAPPY_STEPS.index("put customer into psa") :]
    assert world.steps[before:] == [step for step in rest if step not in of_finance]
    assert everything(world) == everything(await won(sold()))


@pytest.mark.parametrize("remembering", [False, True])
@pytest.mark.parametrize("effect", range(1, EFFECTS + 1))
async def test_a_crash_after_any_effect_ends_in_the_same_state_with_nothing_doubled(
    effect: int, *, remembering: bool
) -> None:
    undisturbed = await won(sold())
    world = World(HALYARD)
    world.knows(RAIL)
    event = world.wins(sold())
    world.dies_after(effect, remembering=remembering)
    with pytest.raises(Died):
        await world.run(opportunity_to_project, event)

    await world.run(opportunity_to_project, event)

    assert world.holds == []
    assert everything(world) == everything(undisturbed)
    assert world.events == undisturbed.events


@pytest.mark.parametrize("effect", range(1, 7))
async def test_a_crash_after_a_person_judged_a_likeness_neither_doubles_it_nor_asks_again(effect: int) -> None:
    undisturbed, world = await likeness(), await likeness()
    for each in (undisturbed, world):
        each.answer("customer-marine-in-erp", "it is 77")
    await undisturbed.release()
    world.dies_after(effect)
    with pytest.raises(Died):
        await world.release()

    await world.release()

    assert world.holds == []
    assert everything(world) == everything(undisturbed)
