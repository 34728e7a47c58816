"""What is written to NetSuite, over real HTTP to its simulator."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import (
    BillingFrequency,
    BillingInstalment,
    BillingMethod,
    BillingPlan,
    BillingPlanId,
    BillingPlanKind,
    CommercialModel,
    Contract,
    ContractId,
    ContractLine,
    CostForecast,
    CostForecastId,
    Customer,
    CustomerId,
    ProjectId,
    RevenueTreatment,
)
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")


EUR_100 = Money.of("100.10", "EUR")


def customer(**more: Any) -> Customer:
    told: dict[str, Any] = {
        "id": CustomerId("customer-1"),
        "name": "Ostwald Chemie GmbH",
        "legal_entity": "DE",
        "currency": "EUR",
        "tax_id": "DE811907906",
        "street": "Werkstrasse 4\nHaus 2",
        "city": "Mainz",
        "postal_code": "55116",
        "country": "DE",
    }
    return Customer(**{**told, **more})


def instalment(number: int, amount: str = "33.37") -> BillingInstalment:
    due = date(2026, 12, number)
    return BillingInstalment(key=str(number), name=f"Part {number}", due=due, amount=Money.of(amount, "EUR"))


def plan(kind: BillingPlanKind, *instalments: BillingInstalment) -> BillingPlan:
    return BillingPlan(
        id=BillingPlanId("billing-plan-1"),
        contract=ContractId("contract-1"),
        name="Payments platform",
        plan_kind=kind,
        frequency=BillingFrequency.MONTHLY,
        currency="EUR",
        total=EUR_100,
        instalments=instalments,
    )


def line(key: str, amount: str, **more: Any) -> ContractLine:
    told: dict[str, Any] = {
        "key": key,
        "commercial_model": CommercialModel.FIXED_FEE,
        "description": f"Work {key}",
        "quantity": Decimal("2.5"),
        "unit_price": Money.of("40.04", "EUR"),
        "amount": Money.of(amount, "EUR"),
        "item": "SVC-FIXED",
        "tax_code": "DE-S19",
        "cost_centre": "Analytics DE",
    }
    return ContractLine(**{**told, **more})


def contract(*lines: ContractLine, **more: Any) -> Contract:
    told: dict[str, Any] = {
        "id": ContractId("contract-1"),
        "name": "Payments platform",
        "customer": CustomerId("customer-1"),
        "legal_entity": "DE",
        "currency": "EUR",
        "commercial_model": CommercialModel.FIXED_FEE,
        "billing_method": BillingMethod.ON_SCHEDULE,
        "revenue_treatment": RevenueTreatment.OVER_TIME,
        "starts": date(2026, 12, 1),
        "ends": date(2027, 5, 31),
        "value": EUR_100,
        "purchase_order": "PO-17",
        "billing_plan": BillingPlanId("billing-plan-1"),
        "cost_centre": "Analytics DE",
        "lines": lines,
    }
    return Contract(**{**told, **more})


async def booked(erp: Any, *lines: ContractLine) -> str:
    """A contract with its customer and plan, as the handoff writes them."""
    await erp.put(customer())
    await erp.put(plan(BillingPlanKind.SCHEDULE, instalment(1, "100.10")))
    return await erp.put(contract(*lines))


async def test_a_customer_put_twice_is_one_with_one_address(erp: Any) -> None:
    first = await erp.put(customer())
    second = await erp.put(customer())

    record = erp.kept("customer")[first]
    assert first == second
    assert record["externalId"] == "customer-1"
    (address,) = record["addressbook"]
    assert address["addressbookAddress"] == {
        "addr1": "Werkstrasse 4",
        "addr2": "Haus 2",
        "city": "Mainz",
        "zip": "55116",
        "country": "DE",
    }


async def test_what_was_written_reads_the_same(erp: Any) -> None:
    told = customer(email="ap@ostwald.example", phone="+49 6131 000", website="https://ostwald.example")
    key = await erp.put(told)

    (record,) = await erp.find("customer", key=key)

    claim = erp.read("customer", record)
    assert claim.unread == {}
    assert {**claim.fields, "id": told.id} == told.model_dump(mode="json", exclude_none=True)


async def test_a_moved_customer_keeps_the_rest_of_its_address_and_its_other_addresses(erp: Any) -> None:
    shipping = {"label": "Depot", "addressbookAddress": {"city": "Leeds", "country": {"id": "GB"}}}
    await erp.control("records/customer", {"id": "501", "addressbook": {"items": [shipping]}})

    await erp.put(customer(city="Harrogate"), key="501", only=("city",))

    billing, other = erp.kept("customer")["501"]["addressbook"]
    assert billing["addressbookAddress"]["city"] == "Harrogate"
    assert billing["addressbookAddress"]["addr1"] == "1 Station Approach"
    assert other["addressbookAddress"]["city"] == "Leeds"


async def test_one_changed_field_is_one_request(erp: Any) -> None:
    await erp.put(customer(email="new@meridian-rail.example"), key="501", only=("email",))

    assert erp.kept("customer")["501"]["companyName"] == "MERIDIAN RAIL LIMITED"
    assert erp.asked("/record/") == ["PATCH /services/rest/record/v1/customer/501"]


@pytest.mark.parametrize(("kind", "theirs"), [(BillingPlanKind.SCHEDULE, "FBI"), (BillingPlanKind.MILESTONE, "FBM")])
async def test_a_plan_with_instalments_is_accepted_with_every_amount(
    erp: Any, kind: BillingPlanKind, theirs: str
) -> None:
    key = await erp.put(plan(kind, instalment(1), instalment(2), instalment(3, "33.36")))

    record = erp.kept("billingSchedule")[key]
    assert (record["scheduleType"], record["initialAmount"], record["frequency"]) == (theirs, "100.1", "MONTHLY")
    if theirs == "FBM":
        told = [(each["milestoneName"], each["milestoneDate"], each["milestoneAmount"]) for each in record["milestone"]]
        assert not record.get("recurrence")
    else:
        told = [(each["memo"], each["date"], each["amount"]) for each in record["recurrence"]]
        assert not record.get("milestone")
    assert told == [
        ("Part 1", "2026-12-01", "33.37"),
        ("Part 2", "2026-12-02", "33.37"),
        ("Part 3", "2026-12-03", "33.36"),
    ]


@pytest.mark.parametrize(
    ("kind", "theirs"), [(BillingPlanKind.TIME_AND_MATERIALS, "TM"), (BillingPlanKind.USAGE, "CB")]
)
async def test_a_plan_billed_as_it_comes_is_accepted_without_instalments(
    erp: Any, kind: BillingPlanKind, theirs: str
) -> None:
    key = await erp.put(plan(kind))

    record = erp.kept("billingSchedule")[key]
    assert (record["scheduleType"], record["initialAmount"]) == (theirs, "100.1")
    assert not record.get("recurrence")


@pytest.mark.parametrize("frequency", list(BillingFrequency))
async def test_every_frequency_is_accepted(erp: Any, frequency: BillingFrequency) -> None:
    await erp.put(plan(BillingPlanKind.SCHEDULE, instalment(1)).model_copy(update={"frequency": frequency}))


@pytest.mark.parametrize("kind", [BillingPlanKind.SCHEDULE, BillingPlanKind.MILESTONE])
async def test_a_plan_put_again_or_changed_has_its_instalments_once(erp: Any, kind: BillingPlanKind) -> None:
    kept_in = "milestone" if kind is BillingPlanKind.MILESTONE else "recurrence"
    key = await erp.put(plan(kind, instalment(1), instalment(2)))
    await erp.put(plan(kind, instalment(1), instalment(2)))
    assert len(erp.kept("billingSchedule")[key][kept_in]) == 2

    await erp.put(plan(kind, instalment(1), instalment(2), instalment(3)), key=key, only=("instalments",))

    assert len(erp.kept("billingSchedule")[key][kept_in]) == 3, "only the change was sent, and not the kind of plan"
    assert len(erp.kept("billingSchedule")) == 1


async def test_a_milestone_that_was_reached_stays_reached_when_the_plan_changes(erp: Any) -> None:
    kind = BillingPlanKind.MILESTONE
    key = await erp.put(plan(kind, instalment(1), instalment(2)))
    record = erp.kept("billingSchedule")[key]
    reached = {"milestoneCompleted": True, "milestoneActualCompletionDate": "2026-11-30"}
    first, second = record["milestone"]
    erp.simulator.shelf.update("billingSchedule", key, {**record, "milestone": [{**first, **reached}, second]})

    await erp.put(plan(kind, instalment(1), instalment(2, "60.00")), key=key, only=("instalments",))

    first, second = erp.kept("billingSchedule")[key]["milestone"]
    assert (first["milestoneCompleted"], first["milestoneActualCompletionDate"]) == (True, "2026-11-30")
    assert (second["milestoneCompleted"], second["milestoneAmount"]) == (False, "60")


async def test_a_contract_is_a_sales_order_with_its_lines_tax_and_departments(erp: Any) -> None:
    key = await booked(erp, line("l1", "100.10"), line("l2", "60.06", tax_code="DE-EXP", description=None))

    order = erp.kept("salesOrder")[key]
    assert (order["subsidiary"], order["currency"], order["department"]) == ("4", "4", "323")
    assert (order["otherRefNum"], order["memo"], order["externalId"]) == ("PO-17", "Payments platform", "contract-1")
    assert (order["startDate"], order["endDate"]) == ("2026-12-01", "2027-05-31")
    assert order["custbody_throughline_contract_type"] == "fixed_fee"
    assert erp.kept("billingSchedule")[order["billingSchedule"]]["externalId"] == "billing-plan-1"
    told = [
        (each["item"], each["taxCode"], each["amount"], each["quantity"], each["department"]) for each in order["item"]
    ]
    assert told == [("102", "204", "100.1", "2.5", "323"), ("102", "206", "60.06", "2.5", "323")]


async def test_a_contract_put_twice_is_one_order_with_its_lines_once(erp: Any) -> None:
    first = await booked(erp, line("l1", "100.10"), line("l2", "60.06"))
    second = await erp.put(contract(line("l1", "100.10"), line("l2", "60.06")))

    assert first == second
    assert len(erp.kept("salesOrder")) == 1
    assert [each["custcol_throughline_line"] for each in erp.kept("salesOrder")[first]["item"]] == ["l1", "l2"]


async def test_a_changed_contract_keeps_the_lines_it_had_and_their_numbers(erp: Any) -> None:
    key = await booked(erp, line("l1", "100.10"), line("l2", "60.06"))
    before = {each["custcol_throughline_line"]: each["lineUniqueKey"] for each in erp.kept("salesOrder")[key]["item"]}

    await erp.put(contract(line("l2", "19.99"), line("l3", "5.00")), key=key, only=("lines",))

    after = erp.kept("salesOrder")[key]["item"]
    assert [(each["custcol_throughline_line"], each["amount"]) for each in after] == [("l2", "19.99"), ("l3", "5")]
    assert after[0]["lineUniqueKey"] == before["l2"]


async def test_a_contract_reads_back_in_our_words(erp: Any) -> None:
    key = await booked(erp, line("l1", "100.10"))

    (record,) = await erp.find("contract", marker="contract-1")

    claim = erp.read("contract", record)
    assert str(record["id"]) == key
    assert claim.unread == {}
    assert claim.fields["customer"] == "customer-1"
    assert claim.fields["lines"][0]["amount"] == {"amount": "100.10", "currency": "EUR"}
    assert claim.fields["lines"][0]["tax_code"] == "DE-S19"


async def test_a_tax_code_of_another_subsidiary_is_refused_for_a_person_to_see(erp: Any) -> None:
    with pytest.raises(Hold, match=r"INVALID_CONTENT.*Invalid Field Value 202"):
        await booked(erp, line("l1", "100.10", tax_code="GB-S20"))


async def test_a_missing_subsidiary_is_named(erp: Any) -> None:
    with pytest.raises(Hold, match="Please enter value"):
        await erp.put(customer(legal_entity=None))


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("throttle", Retry),
        ("lock", Retry),
        ("error", Unknown),
        ("error_after", Unknown),
        ("maintenance", Unknown),
        ("hang_after", Unknown),
    ],
)
async def test_a_bad_day_while_writing(erp: Any, kind: str, meant: type[Retry]) -> None:
    await erp.line.let_in()
    # A PATCH: aiohttp itself repeats a PUT, which may be repeated, when a kept connection turns out to be closed.
    await erp.fault(kind, method="PATCH", seconds=1.5)

    with pytest.raises(Retry) as raised:
        await erp.put(customer(email="new@meridian-rail.example"), key="501", only=("email",))

    assert type(raised.value) is meant


async def test_an_upsert_whose_answer_was_lost_is_repeated_without_a_second_record(erp: Any) -> None:
    await erp.line.let_in()
    await erp.fault("reset_after", method="PUT", times=1)

    with pytest.raises(Unknown):
        await erp.put(customer())
    await erp.put(customer())

    assert [each["externalId"] for each in erp.kept("customer").values() if each.get("externalId")] == ["customer-1"]


async def test_a_cost_forecast_stands_on_the_order_of_its_contract_and_changes_nothing_else_of_it(erp: Any) -> None:
    key = await booked(erp, line("l1", "100.10"))
    before = dict(erp.kept("salesOrder")[key])
    expected = CostForecast(
        id=CostForecastId("cost-forecast-of-1"), project=ProjectId("project-1"), contract=ContractId("contract-1"),
        as_of=date(2026, 11, 28), cost_to_complete=Money.of("1680.35", "GBP"), hours_to_complete=Decimal("10.5"),
    )  # fmt: skip

    assert await erp.put(expected) == key

    after = erp.kept("salesOrder")[key]
    told = {name: value for name, value in after.items() if name.startswith("custbody_throughline_cost")}
    assert told == {
        "custbody_throughline_cost_to_complete": "1680.35", "custbody_throughline_cost_currency": "GBP",
        "custbody_throughline_cost_hours": "10.5", "custbody_throughline_cost_as_of": "2026-11-28",
    }  # fmt: skip
    assert after["item"] == before["item"]
