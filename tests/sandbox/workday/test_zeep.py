"""The simulator against the vendor's own WSDLs: zeep reads every answer strictly, and words every request."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zeep
from requests import Session
from requests.adapters import HTTPAdapter
from zeep.exceptions import Fault, TransportError
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from tests.sandbox.workday.conftest import Tenant
from throughline.sandbox.workday import firm

WSDLS = Path(__file__).parents[4] / "shared/specs/workday/wsdl"

pytestmark = [
    pytest.mark.skipif(
        not WSDLS.exists(), reason="the vendor's WSDLs are not here: put *.wsdl into ../shared/specs/workday/wsdl"
    ),
    # zeep's own, at its import of the standard library's parser settings.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:zeep"),
]
HR, FINANCE, STAFFING = "Human_Resources", "Financial_Management", "Staffing"
FILES = {HR: "Human_Resources.wsdl", FINANCE: "Financial_Management.wsdl", STAFFING: "Staffing_2016.wsdl"}


async def ask(
    tenant: Tenant, operation: str, *, service: str = HR, password: str = firm.ISU_PASSWORD, **asked: Any
) -> Any:
    def call() -> Any:
        with Session() as session:
            session.mount("http://", HTTPAdapter())
            who = UsernameToken(f"{firm.ISU}@{firm.TENANT}", password)
            client = zeep.Client(str(WSDLS / FILES[service]), wsse=who, transport=Transport(session=session))
            (binding,) = client.wsdl.bindings
            port = client.create_service(binding, f"{tenant.url}/ccx/service/{firm.TENANT}/{service}/v30.0")
            return getattr(port, operation)(**asked)

    return await asyncio.to_thread(call)


def numbers(answer: Any) -> list[str]:
    return [each.Worker_Data.Worker_ID for each in answer.Response_Data.Worker] if answer.Response_Data else []


def worker(kind: str, id_: str) -> dict[str, Any]:
    return {"Worker_Reference": [{"ID": [{"type": kind, "_value_1": id_}]}]}


def entered_since(moment: datetime) -> dict[str, Any]:
    return {"Transaction_Log_Criteria_Data": [{"Transaction_Date_Range_Data": {"Updated_From": moment}}]}


@pytest.mark.parametrize("service", [HR, STAFFING])
async def test_a_worker_is_as_the_wsdl_says(tenant: Tenant, service: str) -> None:
    groups = dict.fromkeys(
        ("Include_Reference", "Include_Personal_Information", "Include_Employment_Information",
         "Include_Organizations", "Include_Transaction_Log_Data"), True,
    )  # fmt: skip
    answer = await ask(
        tenant, "Get_Workers", service=service, Request_References=worker("Employee_ID", "21101"), Response_Group=groups
    )

    (found,) = answer.Response_Data.Worker
    data = found.Worker_Data
    job = data.Employment_Data.Worker_Job_Data[0]
    assert {each.type for each in found.Worker_Reference.ID} == {"WID", "Employee_ID"}
    assert data.Personal_Data.Contact_Data.Email_Address_Data[0].Email_Address == "consultant.01@halyard.example"
    assert job.Position_Data.Business_Title == "Consultant"
    assert job.Position_Data.Effective_Date == datetime(2025, 10, 16, tzinfo=UTC).date()
    assert data.Employment_Data.Worker_Status_Data.Active is True
    names = [each.Organization_Data.Organization_Name for each in data.Organization_Data.Worker_Organization_Data]
    assert names == ["Halyard Advisory Ltd", "Implementation UK"]
    assert len(data.Transaction_Log_Entry_Data.Transaction_Log_Entry) == 1


async def test_pages_add_up_and_say_from_where_they_look(tenant: Tenant) -> None:
    first = await ask(tenant, "Get_Workers", Response_Filter={"Page": 1, "Count": 10})
    second = await ask(tenant, "Get_Workers", Response_Filter={"Page": 2, "Count": 10})

    assert (first.Response_Results.Total_Results, first.Response_Results.Total_Pages) == (16, 2)
    assert len({*numbers(first), *numbers(second)}) == 16
    assert first.Response_Filter.As_Of_Entry_DateTime == tenant.clock.now()
    assert first.Response_Filter.As_Of_Effective_Date == tenant.clock.now().date()


async def test_one_may_look_from_a_day_to_come(tenant: Tenant) -> None:
    later = tenant.clock.now().date() + timedelta(days=5)

    assert "21901" not in numbers(await ask(tenant, "Get_Workers"))
    answer = await ask(tenant, "Get_Workers", Response_Filter={"As_Of_Effective_Date": later})
    assert "21901" in numbers(answer)


async def test_one_may_look_from_before_it_was_entered(tenant: Tenant) -> None:
    now = tenant.clock.now()
    seen = {"As_Of_Effective_Date": now.date() + timedelta(days=5), "As_Of_Entry_DateTime": now - timedelta(days=8)}

    assert "21901" not in numbers(await ask(tenant, "Get_Workers", Response_Filter=seen))


async def test_the_transaction_log_tells_who_was_changed(tenant: Tenant) -> None:
    since = tenant.clock.now()
    assert numbers(await ask(tenant, "Get_Workers", Request_Criteria=entered_since(since))) == []

    tenant.clock.advance(5)
    status, _ = await tenant.control("transfer", {"worker": "21103", "title": "Architect"})

    assert status == 200
    assert numbers(await ask(tenant, "Get_Workers", Request_Criteria=entered_since(since))) == ["21103"]


async def test_entry_and_effect_are_both_asked_for_together(tenant: Tenant) -> None:
    now = tenant.clock.now()
    both = {"Updated_From": now - timedelta(days=8), "Effective_From": now, "Effective_Through": now}
    criteria = {"Transaction_Log_Criteria_Data": [{"Transaction_Date_Range_Data": both}]}

    assert numbers(await ask(tenant, "Get_Workers", Request_Criteria=criteria)) == []


async def test_who_left_can_be_left_out(tenant: Tenant) -> None:
    tenant.clock.advance(15 * 86_400)

    assert "21109" in numbers(await ask(tenant, "Get_Workers"))
    assert "21109" not in numbers(await ask(tenant, "Get_Workers", Request_Criteria={"Exclude_Inactive_Workers": True}))


async def test_contractors_have_an_id_of_their_own(tenant: Tenant) -> None:
    answer = await ask(tenant, "Get_Workers", Request_Criteria={"Exclude_Employees": True})

    (found,) = answer.Response_Data.Worker
    assert {each.type for each in found.Worker_Reference.ID} == {"WID", "Contingent_Worker_ID"}


async def test_companies_are_as_the_wsdl_says(tenant: Tenant) -> None:
    kind = {"Organization_Type_Reference": [{"ID": [{"type": "Organization_Type_ID", "_value_1": "COMPANY"}]}]}

    answer = await ask(tenant, "Get_Organizations", Request_Criteria=kind)

    found = [each.Organization_Data for each in answer.Response_Data.Organization]
    assert [(each.Organization_Code, each.Name) for each in found] == list(firm.COMPANIES.items())


async def test_cost_centres_are_as_the_wsdl_says(tenant: Tenant) -> None:
    answer = await ask(tenant, "Get_Cost_Centers", service=FINANCE)

    found = [each.Cost_Center_Data.Organization_Data for each in answer.Response_Data.Cost_Center]
    assert {each.Organization_Name for each in found} == {name for _, name, _ in firm.cost_centres()}


async def test_a_wrong_password_is_a_fault_in_workday_s_words(tenant: Tenant) -> None:
    with pytest.raises(Fault, match="invalid username or password") as raised:
        await ask(tenant, "Get_Workers", password="another")

    assert raised.value.code == "SOAP-ENV:Client.authenticationError"


async def test_an_id_nobody_has_is_a_validation_fault(tenant: Tenant) -> None:
    with pytest.raises(Fault, match="'99999' is not a valid ID value for type = 'Employee_ID'") as raised:
        await ask(tenant, "Get_Workers", Request_References=worker("Employee_ID", "99999"))

    assert raised.value.code == "SOAP-ENV:Client.validationError"
    assert raised.value.detail is not None
    assert raised.value.detail[0].tag.endswith("Validation_Fault")


async def test_a_page_of_a_thousand_is_too_large(tenant: Tenant) -> None:
    with pytest.raises(Fault, match="Count must be between 1 and 999"):
        await ask(tenant, "Get_Workers", Response_Filter={"Count": 1000})


async def test_too_many_calls_are_throttled(tenant: Tenant) -> None:
    await tenant.control("limits", {"per_second": 1, "burst": 1})
    await ask(tenant, "Get_Workers")

    with pytest.raises((Fault, TransportError), match="Too many requests"):
        await ask(tenant, "Get_Workers")

    tenant.wall.now += 1
    await ask(tenant, "Get_Workers")
