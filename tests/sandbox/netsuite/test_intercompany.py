"""Journal entries between subsidiaries: in balance in each of them, at a rate for each line."""

from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import Account

PATH = "advInterCompanyJournalEntry/eid:charge-1"


def line(subsidiary: str, account: str, side: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"lineSubsidiary": {"id": subsidiary}, "account": {"id": account}, side: amount, **more}


def entry(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    usual = [
        line("3", "706", "debit", "1000"), line("3", "708", "credit", "1000"),
        line("4", "709", "debit", "1000"), line("4", "707", "credit", "1000"),
    ]  # fmt: skip
    body = {"subsidiary": {"id": "3"}, "tranDate": "2026-11-20", "line": {"items": list(lines) or usual}}
    return {**body, **changes}


async def put(account: Account, body: dict[str, Any]) -> Any:
    return await account.rest("PUT", PATH, body, None, replace="line")


async def test_it_is_kept_in_the_currency_it_begins_in_with_a_rate_on_each_line(account: Account) -> None:
    await put(account, entry())

    shown = await account.get(PATH, expandSubResources="true")
    assert (shown["currency"]["refName"], shown["total"], shown["postingPeriod"]["refName"]) == (
        "GBP", 2000.0, "Nov 2026",
    )  # fmt: skip
    first, *_, last = shown["line"]["items"]
    assert first["lineFxRate"] == 1.0
    assert 1 < last["lineFxRate"] < 1.3, "what a pound is worth in the euros of the last line's books"


async def test_a_rate_that_is_given_is_kept(account: Account) -> None:
    await put(account, entry(line("3", "706", "debit", "10"), line("3", "708", "credit", "10"),
                             line("4", "709", "debit", "10", lineFxRate=1.15),
                             line("4", "707", "credit", "10", lineFxRate=1.15)))  # fmt: skip

    shown = await account.get(PATH, expandSubResources="true")
    assert [each["lineFxRate"] for each in shown["line"]["items"]] == [1.0, 1.0, 1.15, 1.15]


async def test_put_twice_it_is_one_with_its_lines_once(account: Account) -> None:
    for _ in range(2):
        assert (await put(account, entry())).status == 204

    rows = await account.rows(
        "SELECT t.type, t.recordtype, tl.subsidiary, tl.foreignamount FROM transaction t"
        " JOIN transactionline tl ON tl.transaction = t.id WHERE t.externalid = 'charge-1' ORDER BY tl.id"
    )
    assert {(row["type"], row["recordtype"]) for row in rows} == {("Journal", "advintercompanyjournalentry")}
    assert [(row["subsidiary"], row["foreignamount"]) for row in rows] == [
        ("3", "1000"), ("3", "-1000"), ("4", "1000"), ("4", "-1000"),
    ]  # fmt: skip


REFUSED = [
    (
        [line("3", "706", "debit", "10"), line("3", "708", "credit", "9"),
         line("4", "709", "debit", "9"), line("4", "707", "credit", "10")],
        "must balance for each subsidiary. UK is out of balance by 1",
    ),
    ([line("3", "706", "debit", "10"), line("3", "708", "credit", "10")], "at least two subsidiaries"),
    ([line("4", "709", "debit", "10"), line("4", "707", "credit", "10"),
      line("3", "706", "debit", "10"), line("3", "708", "credit", "10")], "restricted to From Subsidiary"),
    ([{"account": {"id": "706"}, "debit": 10}], "Please enter value(s) for: Subsidiary (line 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "why"), REFUSED, ids=["imbalance", "one", "first", "nobody"])
async def test_what_does_not_fit_is_refused(account: Account, lines: list[dict[str, Any]], why: str) -> None:
    answer = await put(account, entry(*lines))

    assert (answer.status, answer.code) == (400, "USER_ERROR")
    assert why in answer.detail


async def test_a_period_that_one_of_the_subsidiaries_has_locked_takes_it_not(account: Account) -> None:
    await account.control("POST", "periods", {"period": "Nov 2026", "do": "lock-all", "subsidiary": "DE"})

    assert "closed or locked period (Nov 2026)" in (await put(account, entry())).detail


async def test_a_day_without_a_rate_takes_no_journal_that_needs_one(account: Account) -> None:
    answer = await put(account, entry(tranDate="2026-04-30"))

    assert "no exchange rate from GBP to EUR on 2026-04-30" in answer.detail
