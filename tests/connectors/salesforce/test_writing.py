"""What is written to Salesforce, over real HTTP to its simulator."""

from datetime import UTC, datetime
from typing import Any

import pytest

from throughline.connectors.salesforce.api import put_many
from throughline.core.connector import Sent
from throughline.core.entities import Customer, CustomerId, Handoff, HandoffId, OpportunityId
from throughline.core.errors import Hold, Retry, Unknown

pytestmark = pytest.mark.asyncio(loop_scope="module")


def customer(number: int = 1, **more: Any) -> Customer:
    return Customer(id=CustomerId(f"customer-{number}"), name=f"Sample Company {number}", **more)


async def test_an_upsert_by_our_id_twice_is_one_record(crm: Any) -> None:
    first = await crm.put(customer(country="GB"))
    second = await crm.put(customer(country="DE"))

    assert first == second
    ours = [record for record in crm.kept("Account").values() if record["Throughline_Id__c"] == "customer-1"]
    assert [record["BillingCountryCode"] for record in ours] == ["DE"]


async def test_an_id_with_odd_letters_is_one_record_too(crm: Any) -> None:
    odd = Customer(id=CustomerId("customer-a/b c?ü"), name="Odd")

    key = await crm.put(odd)

    assert crm.kept("Account")[key]["Throughline_Id__c"] == "customer-a/b c?ü"


async def test_a_known_key_is_updated_and_nothing_else_is_touched(crm: Any) -> None:
    key = next(key for key, record in crm.kept("Account").items() if record["Name"] == "Meridian Rail Ltd")
    tax_id, many = crm.kept("Account")[key]["Tax_Id__c"], len(crm.kept("Account"))

    assert await crm.put(customer(phone="+44 20 0000 0000"), key=key, only=("phone",)) == key

    after = crm.kept("Account")[key]
    assert (after["Name"], after["Phone"], after["Tax_Id__c"]) == ("Meridian Rail Ltd", "+44 20 0000 0000", tax_id)
    assert len(crm.kept("Account")) == many


async def test_the_handoff_is_written_onto_its_opportunity(crm: Any) -> None:
    deal = (await crm.control("deals", {}, status=201))["opportunity_id"]
    crm.names.ids["opportunity", deal] = "opportunity-1"
    done = Handoff(
        id=HandoffId("handoff-1"),
        opportunity=OpportunityId("opportunity-1"),
        gate="complete",
        contract_key="1001",
        at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
    )

    first = await crm.put(done)
    second = await crm.put(done, key=deal, only=("gate",))

    assert first == second == deal
    record = crm.kept("Opportunity")[deal]
    assert (record["Handoff_Gate__c"], record["Handoff_Contract__c"]) == ("complete", "1001")
    assert record["Handoff_At__c"] == "2026-11-20T10:00:00.000+0000"


async def test_a_handoff_that_does_not_say_of_what_is_a_defect_and_touches_nothing(crm: Any) -> None:
    mapping = crm.mapping("handoff")

    with pytest.raises(ValueError, match="it is not said which"):
        await crm.connector.put(crm.http, mapping, Sent({"Handoff_Gate__c": "x"}, id="h-1", key=None, marker="h-1"))

    assert crm.asked("/sobjects/") == []


async def test_two_records_with_one_external_id_are_for_a_person(crm: Any) -> None:
    keys = list(crm.kept("Account"))[:2]
    for key in keys:
        crm.simulator.shelf.update("Account", key, {**crm.kept("Account")[key], "Throughline_Id__c": "customer-1"})
    crm.simulator.org.load()

    with pytest.raises(Hold, match="several records carry this external id"):
        await crm.put(customer())


async def test_a_refusal_names_the_field_and_what_is_wrong(crm: Any) -> None:
    with pytest.raises(Hold, match="INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Billing Country Code"):
        await crm.put(customer(country="Atlantis"))


async def test_many_are_put_at_once_and_each_has_an_outcome_of_its_own(crm: Any) -> None:
    many = [
        Sent({"Name": f"Sample {n}", "BillingCountryCode": "??" if n == 7 else "GB"}, f"customer-{n}", None, "")
        for n in range(250)
    ]

    outcomes = await put_many(crm.http, crm.mapping("customer"), many)
    again = await put_many(crm.http, crm.mapping("customer"), many[:3])

    refused = outcomes[7]
    assert isinstance(refused, Hold)
    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" in refused.why
    keys = [each for each in outcomes if isinstance(each, str)]
    assert [crm.kept("Account")[key]["Throughline_Id__c"] for key in keys] == [
        f"customer-{n}" for n in range(250) if n != 7
    ]
    assert again == outcomes[:3]


# What a bad day means when something was sent: only what surely did nothing is tried again.


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("throttle", Retry),
        ("lock", Retry),
        ("error", Retry),
        ("maintenance", Retry),
        ("reset_before", Unknown),
        ("reset_after", Unknown),
        ("hang_after", Unknown),
        ("garbage", Unknown),
    ],
)
async def test_a_bad_day_while_writing(crm: Any, kind: str, meant: type[Retry]) -> None:
    await crm.line.let_in()
    await crm.fault(kind, path="/sobjects/", seconds=1.5)

    with pytest.raises(Retry) as raised:
        await crm.put(customer())

    assert type(raised.value) is meant


async def test_an_error_of_no_known_kind_may_have_done_it(crm: Any) -> None:
    await crm.line.let_in()
    await crm.fault("error_after", path="/sobjects/", status=500)

    with pytest.raises(Unknown, match="UNKNOWN_EXCEPTION"):
        await crm.put(customer())

    assert any(record["Throughline_Id__c"] == "customer-1" for record in crm.kept("Account").values())
