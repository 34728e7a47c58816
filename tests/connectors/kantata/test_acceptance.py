"""What Kantata is declared to offer is what its simulator does: a mark that is found, though its search is behind."""

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from throughline.connectors.kantata import mapping, work_mapping
from throughline.core.entities import (
    BillingMilestone,
    BillingMilestoneId,
    Customer,
    CustomerId,
    Demand,
    DemandId,
    Project,
    ProjectId,
    Resource,
    ResourceId,
    Task,
    TaskId,
    TaskKind,
)
from throughline.core.money import Money
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOME = ProjectId("project-0")


def customer(number: int) -> Customer:
    return Customer(id=CustomerId(f"customer-{number}"), name=f"Sample Company {number}")


def project(number: int) -> Project:
    return Project(
        id=ProjectId(f"project-{number}"), name=f"Project {number}", customer=CustomerId("customer-0"), currency="EUR"
    )


def task(number: int) -> Task:
    return Task(
        id=TaskId(f"task-{number}"),
        project=HOME,
        title=f"Work {number}",
        task_kind=TaskKind.TASK,
        position=number,
        billable=True,
    )


def demand(number: int) -> Demand:
    """Each in a project of its own: two of one role in one project cannot be told apart by looking."""
    return Demand(id=DemandId(f"demand-{number}"), project=ProjectId(f"project-{number}"), role="Architect")


def milestone(number: int) -> BillingMilestone:
    return BillingMilestone(
        id=BillingMilestoneId(f"billing-milestone-{number}"), name=f"Milestone {number}", project=HOME,
        due=date(2027, 1, 31), amount=Money.of("20000.11", "EUR"),
    )  # fmt: skip


def person(number: int) -> Resource:
    email = f"newcomer.{number}@halyard.example"
    return Resource(id=ResourceId(f"resource-{number}"), name=f"Newcomer {number}", email=email)


@pytest_asyncio.fixture(loop_scope="module")
async def lagging(psa: Any) -> Any:
    """An account with a project to work in, and a search that is behind as far as the mapping says."""
    await psa.put(customer(0))
    await psa.put(project(0))
    await psa.control("lag", {"seconds": mapping.LAG_SECONDS})
    return psa


@pytest.mark.parametrize("proof", proofs(mapping.CUSTOMER), ids=lambda proof: proof.__name__)
async def test_a_customer_s_rung_is_true(lagging: Any, proof: Proof) -> None:
    def there(sent: Customer) -> int:
        return sum(each["name"] == sent.name for each in lagging.kept("workspace_groups").values())

    await proof(lagging.installed("customer", customer, there))


@pytest.mark.parametrize("proof", proofs(mapping.PROJECT), ids=lambda proof: proof.__name__)
async def test_a_project_s_rung_is_true(lagging: Any, proof: Proof) -> None:
    def there(sent: Project) -> int:
        return sum(each["title"] == sent.name for each in lagging.kept("workspaces").values())

    await proof(lagging.installed("project", project, there))


@pytest.mark.parametrize("proof", proofs(mapping.TASK), ids=lambda proof: proof.__name__)
async def test_a_task_s_rung_is_true(lagging: Any, proof: Proof) -> None:
    def there(sent: Task) -> int:
        return sum(each["title"] == sent.title for each in lagging.kept("stories").values())

    await proof(lagging.installed("task", task, there))


@pytest.mark.parametrize("proof", proofs(mapping.DEMAND), ids=lambda proof: proof.__name__)
async def test_a_demand_s_rung_is_true(lagging: Any, proof: Proof) -> None:
    for number in (1, 2, 3):
        await lagging.put(project(number))

    def there(sent: Demand) -> int:
        home = lagging.names.their_key("project", sent.project)
        needed = lagging.kept("workspace_resources").values()
        return sum(each["workspace_id"] == home and each["user_id"] is None for each in needed)

    await proof(lagging.installed("demand", demand, there))


@pytest.mark.parametrize("proof", proofs(mapping.BILLING_MILESTONE), ids=lambda proof: proof.__name__)
async def test_a_billing_milestone_s_rung_is_true(lagging: Any, proof: Proof) -> None:
    def there(sent: BillingMilestone) -> int:
        return sum(each["title"] == sent.name for each in lagging.kept("billing_milestones").values())

    await proof(lagging.installed("billing_milestone", milestone, there))


@pytest.mark.parametrize("proof", proofs(work_mapping.RESOURCE), ids=lambda proof: proof.__name__)
async def test_a_person_s_rung_is_true(lagging: Any, proof: Proof) -> None:
    def there(sent: Resource) -> int:
        return sum(each["email_address"] == sent.email for each in lagging.kept("users").values())

    await proof(lagging.installed("resource", person, there))
