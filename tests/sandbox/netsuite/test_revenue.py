"""Planned revenue: made of approved sales orders, recognised by the accountants, kept in step with the order."""

from decimal import Decimal
from typing import Any

from tests.sandbox.netsuite.conftest import Account, order

PLANNED = (
    "SELECT ap.periodname AS period, pr.amount, pr.isrecognized AS done, re.source, rp.id AS plan"
    " FROM revenueplanplannedrevenue pr JOIN revenueplan rp ON rp.id = pr.revenueplan"
    " JOIN revenueelement re ON re.id = rp.createdfrom JOIN accountingperiod ap ON ap.id = pr.plannedperiod"
    " WHERE rp.revenueplantype = 'ACTUAL' ORDER BY ap.startdate, pr.id"
)
SPAN = {"startDate": "2026-11-01", "endDate": "2027-01-31"}


def line(amount: str, item: str = "102", **more: Any) -> dict[str, Any]:
    return {"item": {"id": item}, "quantity": 1, "amount": amount, **more}


async def ordered(account: Account, *lines: dict[str, Any], **more: Any) -> str:
    head = {"orderStatus": {"id": "B"}, **SPAN, **more}
    return await account.create("salesOrder", order("501", *lines, **head))


async def planned(account: Account) -> list[tuple[str, str, str]]:
    return [(row["period"], row["amount"], row["done"]) for row in await account.rows(PLANNED)]


async def recognise(account: Account, period: str) -> Any:
    return await account.control("POST", "revenue", {"period": period})


async def test_an_even_rule_plans_every_period_and_loses_no_cent(account: Account) -> None:
    await ordered(account, line("100"))

    assert await planned(account) == [
        ("Nov 2026", "33.33", "F"), ("Dec 2026", "33.33", "F"), ("Jan 2027", "33.34", "F"),
    ]  # fmt: skip


async def test_a_rule_may_plan_all_of_it_at_the_end(account: Account) -> None:
    await ordered(account, line("100", "103"))

    assert await planned(account) == [("Jan 2027", "100", "F")]


async def test_what_is_recognised_as_it_is_billed_has_no_plan(account: Account) -> None:
    await ordered(account, line("100", "101"))

    assert await planned(account) == []


async def test_an_order_that_waits_for_approval_has_no_plan_until_it_is_approved(account: Account) -> None:
    await ordered(account, line("100"), orderStatus={"id": "A"}, externalId="contract-1")
    before = await planned(account)

    answer = await account.control("POST", "orders", {"order": "contract-1"})

    assert before == []
    assert answer.body == {"approved": ["SO1001"]}
    assert len(await planned(account)) == 3


async def test_without_periods_for_all_of_it_there_is_no_plan(account: Account) -> None:
    await ordered(account, line("100"), endDate="2031-01-31")

    assert await planned(account) == []


async def test_the_arrangement_is_a_transaction_with_a_line_for_each_element(account: Account) -> None:
    await ordered(account, line("100", custcol_throughline_line="l1"), line("50", custcol_throughline_line="l2"))

    rows = await account.rows(
        "SELECT BUILTIN.DF(t.type) AS type, t.tranid, t.foreigntotal, tl.custcol_throughline_line AS line, re.source"
        " FROM transactionline tl JOIN transaction t ON t.id = tl.transaction"
        " JOIN revenueelement re ON re.id = tl.revenueelement WHERE t.type = 'RevArrng' ORDER BY tl.id"
    )

    head = {"type": "Revenue Arrangement", "tranid": "RA1001", "foreigntotal": "150", "source": "Sales Order #SO1001"}
    assert rows == [{**head, "line": "l1"}, {**head, "line": "l2"}]
    assert (await account.rest("GET", "revenueArrangement")).status == 404, "the record service does not know it"


async def test_an_element_names_its_order_as_the_order_is_shown(account: Account) -> None:
    await ordered(account, line("100"))

    (row,) = await account.rows("SELECT BUILTIN.DF(id) AS shown FROM transaction WHERE type = 'SalesOrd'")
    (element,) = await account.rows("SELECT source FROM revenueelement")

    assert row["shown"] == element["source"] == "Sales Order #SO1001"


async def test_recognising_posts_a_journal_and_marks_the_lines(account: Account) -> None:
    await ordered(account, line("100"))

    answer = await recognise(account, "Nov 2026")
    again = await recognise(account, "Nov 2026")

    (journal,) = await account.rows(
        "SELECT t.tranid, t.trandate, t.foreigntotal, pr.amount, pr.isrecognized,"
        " BUILTIN.DF(pr.postingperiod) AS posted"
        " FROM revenueplanplannedrevenue pr JOIN transaction t ON t.id = pr.journal"
    )
    assert (answer.body["journals"], again.body["journals"]) == (["JE1001"], [])
    assert journal == {
        "tranid": "JE1001", "trandate": "11/30/2026", "foreigntotal": "33.33", "amount": "33.33", "isrecognized": "T",
        "posted": "Nov 2026",
    }  # fmt: skip
    (plan,) = await account.rows("SELECT totalrecognized, remainingdeferredbalance, statusfordisplay FROM revenueplan")
    assert plan == {
        "totalrecognized": "33.33", "remainingdeferredbalance": "66.67", "statusfordisplay": "In Progress",
    }  # fmt: skip


async def test_closing_a_period_recognises_what_was_planned_until_then(account: Account) -> None:
    await ordered(account, line("100"), startDate="2026-10-01", endDate="2026-11-30")

    await account.control("POST", "periods", {"period": "Nov 2026", "do": "close"})

    assert await planned(account) == [("Oct 2026", "50", "T"), ("Nov 2026", "50", "T")]
    told = (await account.control("GET", "revenue")).body
    assert told == [{"order": "SO1001", "currency": "GBP", "total": "100", "recognised": "100", "deferred": "0"}]


async def test_revenue_is_not_recognised_into_a_closed_period(account: Account) -> None:
    await account.control("POST", "periods", {"period": "Nov 2026", "do": "close"})
    await ordered(account, line("90"), tranDate="2026-12-01")

    answer = await recognise(account, "Nov 2026")
    await recognise(account, "Dec 2026")

    assert answer.status == 422
    assert [done for _, _, done in await planned(account)] == ["T", "T", "F"], "December catches up on November"


async def test_an_order_that_changes_plans_only_what_is_left_anew(account: Account) -> None:
    id_ = await ordered(account, line("90"))
    await recognise(account, "Nov 2026")

    changed = {"item": {"items": [{"line": 1, "quantity": 1, "amount": "110"}]}}
    await account.rest("PATCH", f"salesOrder/{id_}", changed)

    assert await planned(account) == [("Nov 2026", "30", "T"), ("Dec 2026", "40", "F"), ("Jan 2027", "40", "F")]


async def test_a_change_that_touches_no_revenue_leaves_the_plan_as_it_is(account: Account) -> None:
    id_ = await ordered(account, line("90"))
    changed = "SELECT TO_CHAR(lastmodifieddate, 'HH24:MI:SS') AS at FROM revenueplan"
    before = await account.rows(changed)
    account.clock.advance(60)

    await account.rest("PATCH", f"salesOrder/{id_}", {"memo": "another name"})

    assert await account.rows(changed) == before


async def test_a_line_that_is_added_later_gets_an_arrangement_of_its_own(account: Account) -> None:
    id_ = await ordered(account, line("90"))

    await account.rest("PATCH", f"salesOrder/{id_}", {"item": {"items": [line("30")]}})

    arrangements = await account.rows("SELECT foreigntotal FROM transaction WHERE type = 'RevArrng' ORDER BY id")
    assert [row["foreigntotal"] for row in arrangements] == ["90", "30"]


async def test_a_cancelled_order_keeps_no_revenue(account: Account) -> None:
    id_ = await ordered(account, line("90"))
    await recognise(account, "Nov 2026")

    await account.rest("PATCH", f"salesOrder/{id_}", {"orderStatus": {"id": "C"}})

    amounts = [Decimal(row["amount"]) for row in await account.rows(PLANNED)]
    assert amounts[0] == 30
    assert sum(amounts) == 0
