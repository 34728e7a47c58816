"""What the ERP has billed is marked in Kantata over real HTTP: nobody changes it unseen, and void frees it."""

from typing import Any

import pytest

from tests.connectors.kantata.test_work import decided, home, one, spent, submitted, worked
from throughline.core.entities import BilledWork

pytestmark = pytest.mark.asyncio(loop_scope="module")


def billed(psa: Any, entry: str, expense: str, **more: Any) -> BilledWork:
    project = home(psa)["workspace_id"]
    psa.names.ids |= {("project", project): "project-1", ("time_entry", entry): "time_entry-1"}
    psa.names.ids["expense", expense] = "expense-1"
    return BilledWork.model_validate({
        "id": f"billed-work-of-{entry}", "project": "project-1", "invoice": "invoice-1", "number": "INV-7",
        "issued_on": "2026-11-30", "time_entries": ["time_entry-1"], "expenses": ["expense-1"], "void": False, **more,
    })  # fmt: skip


async def approved(psa: Any) -> tuple[str, str]:
    entry, expense = await worked(psa), await spent(psa)
    await decided(psa, "timesheet_submissions", await submitted(psa, "timesheet_submissions", entry))
    await decided(psa, "expense_report_submissions", await submitted(psa, "expense_report_submissions", expense))
    return entry, expense


async def shown(psa: Any, kind: str, id_: str) -> dict[str, Any]:
    (record,) = await psa.find(kind, key=id_)
    return record


async def test_what_was_billed_says_so_and_cannot_be_changed_even_when_its_approval_is_gone(psa: Any) -> None:
    entry, expense = await approved(psa)
    await psa.put(billed(psa, entry, expense))

    assert (await shown(psa, "time_entry", entry))["is_invoiced"] is True
    assert (await shown(psa, "expense", expense))["is_invoiced"] is True
    await psa.control("records/time_entries", {"id": entry, "approved": False})
    await psa.control("records/time_entries", {"id": entry, "time_in_minutes": 15}, status=422)
    made = next(each for each in psa.kept("invoices").values() if each["time_entry_ids"] == [entry])
    assert (made["user_invoice_number"], made["invoice_date"], made["draft"]) == ("INV-7", "2026-11-30", False)


async def test_void_frees_it_and_it_can_be_billed_anew(psa: Any) -> None:
    entry, expense = await approved(psa)
    work = billed(psa, entry, expense)
    key = await psa.put(work)

    assert await psa.put(work.model_copy(update={"void": True}), key=key, only=("void",)) == key
    assert (await shown(psa, "time_entry", entry))["is_invoiced"] is False
    again = await psa.put(work.model_copy(update={"id": "billed-work-again"}))

    assert again != key
    assert (await shown(psa, "time_entry", entry))["is_invoiced"] is True


async def test_its_mark_finds_it_with_all_it_marks(psa: Any) -> None:
    entry, expense = await approved(psa)
    work = billed(psa, entry, expense)
    key = await psa.put(work)

    (found,) = await psa.find("billed_work", marker=work.id)

    assert str(found["id"]) == key
    read = psa.read("billed_work", found)
    assert read.unread == {}
    assert (read.fields["time_entries"], read.fields["expenses"]) == (["time_entry-1"], ["expense-1"])
    assert one(psa, "invoices", "id", key)["status"] == "open"
