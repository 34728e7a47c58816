"""Accounting periods: locked for one subsidiary or for all, closed and opened again by the pretend accountants."""

from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Account, order

OCTOBER, NOVEMBER = "2026-10-15", "2026-11-15"


async def turn(account: Account, period: str, do: str, **more: Any) -> Any:
    return await account.control("POST", "periods", {"period": period, "do": do, **more})


async def invoiced(account: Account, entity: str, day: str) -> int:
    return (await account.rest("POST", "invoice", order(entity, tranDate=day))).status


async def german(account: Account) -> str:
    return await account.create("customer", {"companyName": "Ostwald Chemie GmbH", "subsidiary": {"id": "4"}})


def entry(day: str) -> dict[str, Any]:
    lines = [{"account": {"id": "702"}, "debit": 1}, {"account": {"id": "704"}, "credit": 1}]
    return {"subsidiary": {"id": "3"}, "tranDate": day, "line": {"items": lines}}


async def test_a_closed_period_takes_no_posting_and_the_refusal_is_a_problem_document(account: Account) -> None:
    answer = await turn(account, "Oct 2026", "close")

    refused = await account.rest("POST", "invoice", order("501", tranDate=OCTOBER))
    assert answer.body["changed"][-1] == "Oct 2026"
    assert refused.headers["Content-Type"].startswith("application/vnd.oracle.resource+json; type=error")
    assert (refused.status, refused.code) == (400, "USER_ERROR")
    assert "closed or locked period (Oct 2026)" in refused.detail
    assert await invoiced(account, "501", NOVEMBER) == 204


async def test_closing_closes_what_is_open_before_and_reopening_opens_what_is_closed_after(account: Account) -> None:
    closed = await turn(account, "Jun 2026", "close")
    opened = await turn(account, "May 2026", "reopen")

    assert closed.body["changed"] == ["Apr 2026", "May 2026", "Jun 2026"]
    assert opened.body["changed"] == ["May 2026", "Jun 2026"]
    assert [await invoiced(account, "501", f"2026-0{month}-10") for month in (4, 5, 6)] == [400, 204, 204]


async def test_receivables_locked_for_one_subsidiary_stop_its_invoices_and_nothing_else(account: Account) -> None:
    customer = await german(account)

    await turn(account, "Oct 2026", "lock-ar", subsidiary="UK")

    assert await invoiced(account, "501", OCTOBER) == 400
    assert await invoiced(account, customer, OCTOBER) == 204
    assert (await account.rest("POST", "journalEntry", entry(OCTOBER))).status == 204
    assert (await account.get("accountingPeriod/610"))["arLocked"] is False


async def test_locked_for_all_a_subsidiary_takes_no_transaction_at_all(account: Account) -> None:
    await turn(account, "Oct 2026", "lock-all", subsidiary="3")

    assert (await account.rest("POST", "journalEntry", entry(OCTOBER))).status == 400
    assert (await account.rest("POST", "salesOrder", order("501", tranDate=OCTOBER))).status == 400


async def test_the_flag_of_the_account_is_up_when_every_subsidiary_has_locked(account: Account) -> None:
    for subsidiary in ("1", "2", "3", "4"):
        await turn(account, "Oct 2026", "lock-ar", subsidiary=subsidiary)

    assert (await account.get("accountingPeriod/610"))["arLocked"] is True


async def test_suiteql_tells_what_is_closed_and_who_has_locked_what(account: Account) -> None:
    await turn(account, "Apr 2026", "close")
    await turn(account, "Oct 2026", "lock-ar", subsidiary="UK")

    april = await account.rows(
        "SELECT closed, TO_CHAR(SYS_EXTRACT_UTC(closedondate), 'YYYY-MM-DD HH24:MI') AS at FROM accountingperiod"
        " WHERE id = 604 AND isadjust = 'F'"
    )
    locks = await account.rows(
        "SELECT period, subsidiary, itemtype FROM taskitemstatus WHERE complete = 'T' AND period = 610"
    )
    assert april == [{"closed": "T", "at": "2026-11-20 10:00"}]
    assert locks == [{"period": "610", "subsidiary": "3", "itemtype": "PCP_LOCK_AR"}]


async def test_a_period_that_was_closed_is_told_as_changed(account: Account) -> None:
    account.clock.advance(1800)

    await turn(account, "Apr 2026", "close")

    changed = await account.rows(
        "SELECT id FROM accountingperiod WHERE SYS_EXTRACT_UTC(lastmodifieddate)"
        " >= TO_TIMESTAMP('2026-11-20 10:30:00', 'YYYY-MM-DD HH24:MI:SS')"
    )
    assert changed == [{"id": "604"}]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"period": "Oct 1999", "do": "close"}, "no accounting period Oct 1999"),
        ({"period": "Oct 2026", "do": "shut"}, "how to shut"),
        ({"period": "Oct 2026", "do": "lock-ar", "subsidiary": "FR"}, "no subsidiary FR"),
    ],
)
async def test_what_the_accountants_do_not_know_is_said(account: Account, told: dict[str, Any], why: str) -> None:
    answer = await account.control("POST", "periods", told)

    assert answer.status == 422
    assert why in answer.body["error"]
