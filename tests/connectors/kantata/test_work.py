"""Time and expenses as they are read from Kantata, over real HTTP: who worked what, and who approved it when."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.connectors.conftest import demo_firm
from throughline.core.billing.checks import refuse_unapproved
from throughline.core.entities import ApprovalState, Assignment, Expense, Resource, TimeEntry, Timesheet
from throughline.core.errors import Hold
from throughline.core.events import detect

pytestmark = pytest.mark.asyncio(loop_scope="module")

APPROVER = "pm.de@halyard.example"
KINDS = {"time_entry": TimeEntry, "expense": Expense, "timesheet": Timesheet, "resource": Resource,
         "assignment": Assignment}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def telling(bench_of: Callable[..., Awaitable[Any]]) -> Any:
    """An account that bought subscribed events."""
    settings = {"service_name": "throughline", "subscribed_events": "on"}
    return await bench_of("kantata", secrets={"token": "kantata-sandbox-token"}, settings=settings)


def one(psa: Any, kind: str, name: str, value: str) -> dict[str, Any]:
    return next(each for each in psa.kept(kind).values() if each[name] == value)


def known(psa: Any) -> None:
    """Everything a record may point at has been met."""
    met = {"workspaces": "project", "users": "resource", "stories": "task", "timesheet_submissions": "timesheet"}
    psa.names.ids = {(kind, key): f"{kind}-{key}" for name, kind in met.items() for key in psa.kept(name)}


def entity(psa: Any, kind: str, record: dict[str, Any]) -> Any:
    known(psa)
    claim = psa.read(kind, record)
    assert claim.unread == {}
    return KINDS[kind].model_validate({**claim.fields, "id": f"{kind}-{record['id']}"})


def home(psa: Any) -> dict[str, str]:
    story = one(psa, "stories", "title", "Forecast model")
    worker = one(psa, "users", "email_address", "consultant.04@halyard.example")
    return {"workspace_id": story["workspace_id"], "story_id": story["id"], "user_id": worker["id"]}


async def worked(psa: Any, **more: Any) -> str:
    fields = {**home(psa), "date_performed": "2026-11-19", "time_in_minutes": 135, "notes": "Model", **more}
    return (await psa.control("records/time_entries", fields))["id"]


async def spent(psa: Any, **more: Any) -> str:
    fields = {**home(psa), "date": "2026-11-19", "category": "Travel", "amount_in_cents": 12_345, **more}
    return (await psa.control("records/expenses", fields))["id"]


async def submitted(psa: Any, sheets: str, *items: str) -> str:
    where = {name: value for name, value in home(psa).items() if name != "story_id"}
    return (await psa.control(f"records/{sheets}", {**where, "line_item_ids": list(items)}))["id"]


async def decided(psa: Any, sheets: str, id_: str, action: str = "approve") -> None:
    await psa.control(f"decisions/{sheets}/{id_}?as={APPROVER}", {"action": action, "description": "Seen"})


async def heard(psa: Any, kind: str, since: str) -> dict[str, dict[str, Any]]:
    return {str(record["id"]): record for page in await psa.changes(kind, since) for record in page}


async def test_approved_time_is_read_with_everything_billing_needs(psa: Any) -> None:
    since = psa.clock.now().isoformat()
    role = one(psa, "roles", "name", "Architect")["id"]
    id_ = await worked(psa, role_id=role)
    sheet = await submitted(psa, "timesheet_submissions", id_)
    psa.advance(3600)
    await decided(psa, "timesheet_submissions", sheet)

    entry = entity(psa, "time_entry", (await heard(psa, "time_entry", since))[id_])

    where = home(psa)
    assert (entry.project, entry.resource) == (f"project-{where['workspace_id']}", f"resource-{where['user_id']}")
    assert (entry.task, entry.timesheet) == (f"task-{where['story_id']}", f"timesheet-{sheet}")
    assert (str(entry.hours), entry.day.isoformat(), entry.billable) == ("2.25", "2026-11-19", True)
    assert (entry.role, str(entry.rate), entry.note) == ("Architect", "240.00 EUR", "Model")
    assert (entry.approval.state, entry.approval.by) == (ApprovalState.APPROVED, APPROVER)
    assert entry.approval.at == psa.clock.now().replace(microsecond=0)
    assert entry.approval.note == "Seen"
    refuse_unapproved(entry.approval)


async def test_an_approval_is_heard_of_in_the_next_poll(psa: Any) -> None:
    id_ = await worked(psa)
    sheet = await submitted(psa, "timesheet_submissions", id_)
    psa.advance(60)
    cursor = await psa.cursor("time_entry")
    psa.advance(60)
    await decided(psa, "timesheet_submissions", sheet)

    heard_of = await heard(psa, "time_entry", cursor)

    assert entity(psa, "time_entry", heard_of[id_]).approval.state is ApprovalState.APPROVED


@pytest.mark.parametrize(
    ("action", "state", "by"),
    [(None, ApprovalState.SUBMITTED, None), ("reject", ApprovalState.REJECTED, APPROVER),
     ("cancel", ApprovalState.DRAFT, None)],
)  # fmt: skip
async def test_time_that_is_not_approved_says_how_it_stands(
    psa: Any, action: str | None, state: ApprovalState, by: str | None
) -> None:
    id_ = await worked(psa)
    sheet = await submitted(psa, "timesheet_submissions", id_)
    if action:
        await decided(psa, "timesheet_submissions", sheet, action)

    (record,) = await psa.find("time_entry", key=id_)

    approval = entity(psa, "time_entry", record).approval
    assert (approval.state, approval.by) == (state, by)


async def test_time_approved_by_nobody_in_particular_is_not_billed(psa: Any) -> None:
    id_ = await worked(psa, approved=True)

    (record,) = await psa.find("time_entry", key=id_)

    approval = entity(psa, "time_entry", record).approval
    assert (approval.state, approval.by) == (ApprovalState.APPROVED, None)
    with pytest.raises(Hold, match="approved by nobody in particular"):
        refuse_unapproved(approval)


async def test_an_approval_that_was_taken_back_is_one_no_longer(psa: Any) -> None:
    id_ = await worked(psa)
    await decided(psa, "timesheet_submissions", await submitted(psa, "timesheet_submissions", id_))
    psa.advance(60)
    since = psa.clock.now().isoformat()

    await psa.control("records/time_entries", {"id": id_, "approved": False})

    approval = entity(psa, "time_entry", (await heard(psa, "time_entry", since))[id_]).approval
    assert (approval.state, approval.by) == (ApprovalState.DRAFT, None)


async def test_an_expense_is_read_to_the_cent_with_its_receipt(psa: Any) -> None:
    id_ = await spent(psa, receipt_id="4711", notes="Train to Bern")

    (record,) = await psa.find("expense", key=id_)

    expense = entity(psa, "expense", record)
    assert (str(expense.amount), expense.category, expense.billable) == ("123.45 EUR", "Travel", True)
    assert (expense.receipt, expense.note, expense.day.isoformat()) == ("4711", "Train to Bern", "2026-11-19")
    assert expense.approval.state is ApprovalState.DRAFT


async def test_an_approved_expense_is_heard_of_though_its_row_is_as_it_was(psa: Any) -> None:
    id_ = await spent(psa)
    report = await submitted(psa, "expense_report_submissions", id_)
    psa.advance(7200)
    cursor = psa.clock.now().isoformat()
    await decided(psa, "expense_report_submissions", report)

    heard_of = await heard(psa, "expense", cursor)

    approval = entity(psa, "expense", heard_of[id_]).approval
    assert (approval.state, approval.by) == (ApprovalState.APPROVED, APPROVER)
    assert approval.at == psa.clock.now().replace(microsecond=0)


async def test_a_report_of_many_expenses_is_read_whole(psa: Any) -> None:
    ids = [await spent(psa, amount_in_cents=100 + number) for number in range(230)]
    report = await submitted(psa, "expense_report_submissions", *ids)
    psa.advance(7200)
    cursor = psa.clock.now().isoformat()
    await decided(psa, "expense_report_submissions", report)

    assert set(await heard(psa, "expense", cursor)) == set(ids)


async def test_a_deleted_entry_is_heard_of_where_events_are_bought(telling: Any) -> None:
    id_ = await worked(telling)
    telling.advance(60)
    cursor = telling.clock.now().isoformat()
    await telling.control("records/time_entries", {"id": id_, "notes": "again"})
    async with telling.session.delete(f"{telling.url}/__sandbox__/records/time_entries/{id_}") as answer:
        assert answer.status == 200

    (record,) = (await heard(telling, "time_entry", cursor)).values()

    claim = telling.read("time_entry", record)
    assert (claim.key, claim.unread) == (id_, {})
    assert set(claim.fields) == {"approval"}, "what it said before stays as it was"
    assert (claim.fields["approval"]["state"], claim.fields["approval"]["note"]) == ("draft", "Deleted in Kantata")


async def test_without_events_a_deleted_entry_is_not_noticed_by_reading(psa: Any) -> None:
    id_ = await worked(psa)
    psa.advance(60)
    cursor = psa.clock.now().isoformat()
    async with psa.session.delete(f"{psa.url}/__sandbox__/records/time_entries/{id_}") as answer:
        assert answer.status == 200

    assert await heard(psa, "time_entry", cursor) == {}
    assert await psa.find("time_entry", key=id_) == []


async def test_people_are_read_with_their_role_and_whether_they_are_here(psa: Any) -> None:
    gone = one(psa, "users", "email_address", "consultant.02@halyard.example")
    await psa.control("records/users", {"id": gone["id"], "disabled": True})

    people = [entity(psa, "resource", record) for record in (await heard(psa, "resource", "2026-11-20")).values()]

    assert len(people) == len(psa.kept("users"))
    (left,) = [each for each in people if each.email == "consultant.02@halyard.example"]
    assert (left.name, left.active) == (gone["full_name"], False)
    assert left.role == psa.kept("roles")[gone["role_id"]]["name"]


async def test_roles_are_read_by_name(psa: Any) -> None:
    roles = await heard(psa, "delivery_role", "2026-11-20")

    assert {psa.read("delivery_role", each).fields["name"] for each in roles.values()} >= {"Architect", "Partner"}


async def test_an_allocation_of_a_person_is_an_assignment_and_of_a_role_it_is_not(psa: Any) -> None:
    since = psa.clock.now().isoformat()
    psa.advance(5)
    demand = next(each["id"] for each in psa.kept("workspace_resources").values() if not each["user_id"])
    named = next(each for each in psa.kept("workspace_resources").values() if each["user_id"])
    span = {"start_date": "2026-12-01", "end_date": "2026-12-31", "minutes": 4800, "hard": True}
    await psa.control("records/workspace_allocations", {**span, "resource_id": demand})
    made = await psa.control("records/workspace_allocations", {**span, "resource_id": named["id"]})

    (record,) = (await heard(psa, "assignment", since)).values()

    put = entity(psa, "assignment", record)
    assert record["id"] == made["id"]
    assert (put.project, put.resource) == (f"project-{named['workspace_id']}", f"resource-{named['user_id']}")
    assert (put.role, str(put.hours), put.confirmed) == (psa.kept("roles")[named["role_id"]]["name"], "80", True)
    assert (put.starts.isoformat(), put.ends.isoformat()) == ("2026-12-01", "2026-12-31")


async def test_a_timesheet_is_read_with_its_days_and_who_approved_it(psa: Any) -> None:
    ids = [await worked(psa, date_performed=day) for day in ("2026-11-16", "2026-11-20")]
    sheet = await submitted(psa, "timesheet_submissions", *ids)
    await decided(psa, "timesheet_submissions", sheet)

    (record,) = await psa.find("timesheet", key=sheet)

    read = entity(psa, "timesheet", record)
    assert (read.starts.isoformat(), read.ends.isoformat()) == ("2026-11-16", "2026-11-20")
    assert (read.approval.state, read.approval.by) == (ApprovalState.APPROVED, APPROVER)


async def test_in_the_demo_firm_an_approval_is_believed_and_told_of_once(psa: Any) -> None:
    policy, before = demo_firm().policy(), None
    id_ = await worked(psa)
    sheet = await submitted(psa, "timesheet_submissions", id_)
    known(psa)
    told: list[str] = []
    for step in (None, "approve", None):
        if step:
            await decided(psa, "timesheet_submissions", sheet, step)
        (record,) = await psa.find("time_entry", key=id_)
        settled = policy.settle(before, psa.read("time_entry", record))
        after = {**(before or {}), **settled.accepted, "id": "time-entry-1"}
        assert settled.refused == {}
        told += [event.type for event in detect("time_entry", before, after)]
        before = after

    assert told == ["TimeApproved"]
