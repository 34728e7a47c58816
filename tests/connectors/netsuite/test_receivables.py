"""Invoices, credit memos, payments and write-offs: written to NetSuite and read from it, over real HTTP."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.connector import Census
from throughline.core.entities import CreditMemo, Customer, CustomerId, Entity, Invoice, WriteOff
from throughline.core.errors import Hold, Retry, Unknown
from throughline.core.events import detect
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


def line(key: str, amount: str, **more: Any) -> dict[str, Any]:
    told = {"key": key, "contract_line": f"c-{key}", "description": f"Work {key}", "quantity": Decimal("2.5"),
            "unit_price": gbp(amount).model_copy(update={"amount": Decimal(amount) / Decimal("2.5")}),
            "amount": gbp(amount), "item": "SVC-TM", "tax_code": "GB-S20", "cost_centre": "Analytics UK"}  # fmt: skip
    return {**told, **more}


def invoice(*lines: dict[str, Any], **more: Any) -> Invoice:
    told = {"id": "invoice-1", "customer": "customer-1", "legal_entity": "UK", "currency": "GBP", "state": "approved",
            "project": "project-7", "issued_on": date(2026, 11, 19), "due_on": date(2026, 12, 19),
            "purchase_order": "PO-17", "payment_terms": "Net 30", "memo": "November",
            "lines": lines or (line("l1", "100.10"), line("l2", "0.25"))}  # fmt: skip
    return Invoice.model_validate({**told, **more})


def memo(amount: str, **more: Any) -> CreditMemo:
    told = {"id": "credit_memo-1", "customer": "customer-1", "invoice": "invoice-1", "legal_entity": "UK",
            "currency": "GBP", "issued_on": date(2026, 11, 20), "reason": "Two hours too many", "total": gbp(amount),
            "lines": (line("l1", amount),)}  # fmt: skip
    return CreditMemo.model_validate({**told, **more})


def write_off(amount: str = "0.35", **more: Any) -> WriteOff:
    told = {"id": "write_off-1", "customer": "customer-1", "invoice": "invoice-1", "day": date(2026, 11, 20),
            "reason": "Bank charges"}  # fmt: skip
    return WriteOff.model_validate({**told, "amount": gbp(amount), **more})


@pytest.fixture(autouse=True)
def accounts(erp: Any) -> None:
    erp.line.credentials.settings.update(write_off_account="705", receivables_account="701")


async def posted(erp: Any, *entities: Entity) -> list[str]:
    name = Customer(id=CustomerId("customer-1"), name="Ostwald UK Ltd", legal_entity="UK", currency="GBP")
    return [await erp.put(each) for each in (name, *entities)][1:]


async def pay(erp: Any, amount: str) -> dict[str, Any]:
    return await erp.control("payments", {"invoice": "invoice-1", "amount": amount}, status=201)


async def said(erp: Any, kind: str) -> dict[str, Any]:
    """The one of its kind, as the last poll saw it."""
    (record,) = (await erp.changes(kind))[-1]
    claim = erp.read(kind, record)
    assert claim.unread == {}
    return {**claim.fields, "id": f"{kind}-1"}


async def test_an_invoice_is_posted_whole_and_numbered_by_netsuite(erp: Any) -> None:
    (key,) = await posted(erp, invoice())

    record = erp.kept("invoice")[key]
    assert (record["tranId"], record["externalId"], record["custbody_throughline_project"]) == (
        "INV1001", "invoice-1", "project-7",
    )  # fmt: skip
    assert (record["subsidiary"], record["currency"], record["postingPeriod"]) == ("3", "2", "611")
    assert (record["tranDate"], record["dueDate"], record["terms"]) == ("2026-11-19", "2026-12-19", "2")
    told = [(each["item"], each["taxCode"], each["amount"], each["department"]) for each in record["item"]]
    assert told == [("101", "202", "100.1", "322"), ("101", "202", "0.25", "322")]
    assert (record["subtotal"], record["taxTotal"], record["total"]) == ("100.35", "20.07", "120.42")


async def test_an_invoice_reads_back_in_our_words_with_what_netsuite_made_of_it(erp: Any) -> None:
    told = invoice()
    await posted(erp, told)

    read = await said(erp, "invoice")

    ours = told.model_dump(mode="json", exclude_none=True, exclude={"state", "lines"})
    assert {name: read[name] for name in ours} == ours
    assert (read["number"], read["state"], read["period"]) == ("INV1001", "posted", "Nov 2026")
    assert [read[name]["amount"] for name in ("net", "tax", "total", "open_amount")] == [
        "100.35", "20.07", "120.42", "120.42",
    ]  # fmt: skip
    assert [each["tax"]["amount"] for each in read["lines"]] == ["20.02", "0.05"]
    assert [each["contract_line"] for each in read["lines"]] == ["c-l1", "c-l2"]
    assert Invoice.model_validate(read).total == gbp("120.42")


async def test_a_new_invoice_waits_for_whoever_approves_it_where_the_firm_says_so(erp: Any) -> None:
    erp.line.credentials.settings.update(new_invoices="pending")
    (key,) = await posted(erp, invoice())
    assert (await said(erp, "invoice"))["state"] == "draft"

    # Approved over there, it stays so when we change it.
    erp.kept("invoice")[key]["approvalStatus"] = "2"
    await erp.put(invoice(memo="December"), key=key, only=("memo",))
    assert erp.kept("invoice")[key]["approvalStatus"] == "2"


async def test_an_invoice_put_twice_is_one_with_its_lines_once(erp: Any) -> None:
    (first,) = await posted(erp, invoice())
    second = await erp.put(invoice())

    assert first == second
    assert len(erp.kept("invoice")) == 1
    assert erp.kept("invoice")[first]["total"] == "120.42"


async def test_an_invoice_into_a_closed_period_is_held_in_netsuites_own_words(erp: Any) -> None:
    with pytest.raises(Hold, match=r"USER_ERROR.*closed or locked period \(Mar 2026\)"):
        await posted(erp, invoice(issued_on=date(2026, 3, 31)))

    assert erp.kept("invoice") == {}


async def test_an_invoice_whose_answer_was_lost_is_there_once_when_it_is_put_again(erp: Any) -> None:
    await posted(erp)
    await erp.fault("late", method="PUT", times=1, seconds=1.5)

    with pytest.raises(Retry):
        await erp.put(invoice())
    erp.advance(120)
    await erp.put(invoice())

    assert [each["externalId"] for each in erp.kept("invoice").values()] == ["invoice-1"]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"approvalStatus": {"id": "1"}}, "draft"),
        ({"custbody_throughline_sent_on": "2026-11-20"}, "sent"),
        ({}, "posted"),
    ],
)
async def test_where_an_invoice_stands_is_made_of_what_netsuite_keeps(
    erp: Any, change: dict[str, Any], state: str
) -> None:
    (key,) = await posted(erp, invoice())
    await erp.control("records/invoice", {"id": key, **change})

    assert (await said(erp, "invoice"))["state"] == state


async def test_a_payment_in_parts_is_told_as_events_in_order(erp: Any) -> None:
    await posted(erp, invoice())
    states, events = [dict[str, Any]()], list[str]()
    for amount in (None, "20.41", "0.01", "100.00"):
        if amount:
            await pay(erp, amount)
        states.append(await said(erp, "invoice"))
        events += [event.type for event in detect("invoice", states[-2], states[-1])]

    assert [(state["state"], state["open_amount"]["amount"]) for state in states[1:]] == [
        ("posted", "120.42"), ("partly_paid", "100.01"), ("partly_paid", "100.00"), ("paid", "0.00"),
    ]  # fmt: skip
    assert events == ["InvoicePosted", "InvoicePartPaid", "InvoicePartPaid", "InvoicePaid"]


async def test_netsuite_counts_what_was_changed_in_a_time_and_adds_it_up_in_its_currency(erp: Any) -> None:
    await posted(erp, invoice())
    now = erp.clock.now()
    hour = timedelta(hours=1)

    assert await erp.count("invoice", now - hour, now + hour) == Census(1, {"GBP": Decimal("120.42")})
    assert await erp.count("invoice", now + hour, now + 2 * hour) == Census(0, {})
    counted = await erp.count("customer", now - hour, now + hour)
    assert counted is not None
    assert (counted.count, counted.totals) == (len(erp.kept("customer")), None)


async def test_a_payment_says_what_it_settles_and_what_is_left_of_it(erp: Any) -> None:
    await posted(erp, invoice())
    await pay(erp, "20.41")

    read = await said(erp, "payment")

    assert (read["number"], read["customer"], read["received_on"]) == ("PYMT1001", "customer-1", "2026-11-20")
    assert (read["amount"], read["unapplied"]["amount"]) == ({"amount": "20.41", "currency": "GBP"}, "0.00")
    assert read["applications"] == [{"invoice": "invoice-1", "amount": {"amount": "20.41", "currency": "GBP"}}]


async def test_what_a_payment_points_at_can_be_looked_up_before_it_is_read(erp: Any) -> None:
    (key,) = await posted(erp, invoice())
    paid = await pay(erp, "1.00")

    (record,) = await erp.find("payment", key=paid["id"])

    assert ("invoice", key) in set(erp.mapping("payment").refs(record))


async def test_a_credit_memo_is_used_on_its_invoice_and_told(erp: Any) -> None:
    _, key = await posted(erp, invoice(), memo("50.00"))

    read = await said(erp, "credit_memo")

    assert (erp.kept("creditMemo")[key]["externalId"], read["number"], read["invoice"]) == (
        "credit_memo-1", "CM1001", "invoice-1",
    )  # fmt: skip
    assert (read["total"]["amount"], read["tax"]["amount"], read["reason"]) == ("60.00", "10.00", "Two hours too many")
    assert [event.type for event in detect("credit_memo", None, read)] == ["InvoiceCredited"]
    assert (await said(erp, "invoice"))["open_amount"]["amount"] == "60.42"


async def test_a_credit_memo_put_again_or_changed_is_used_once_as_far_as_it_goes_now(erp: Any) -> None:
    _, key = await posted(erp, invoice(), memo("50.00"))
    await erp.put(memo("50.00"))
    again = (await said(erp, "invoice"))["open_amount"]["amount"]

    await erp.put(memo("30.00"), key=key, only=("lines",))

    assert again == "60.42"
    assert (await said(erp, "invoice"))["open_amount"]["amount"] == "84.42"
    assert len(erp.kept("creditMemo")) == 1


async def test_a_credit_memo_entered_by_hand_names_its_invoice_where_it_is_applied(erp: Any) -> None:
    (key,) = await posted(erp, invoice())
    entity = erp.kept("invoice")[key]["entity"]
    body = {"entity": {"id": entity}, "item": {"items": [{"item": {"id": "101"}, "amount": "5.00"}]},
            "apply": {"items": [{"doc": {"id": key}}]}}  # fmt: skip
    await erp.control("records/creditMemo", body, status=201)

    assert (await said(erp, "credit_memo"))["invoice"] == "invoice-1"


async def test_a_write_off_is_a_journal_entry_used_on_its_invoice(erp: Any) -> None:
    _, key = await posted(erp, invoice(), write_off())

    lines = erp.kept("journalEntry")[key]["line"]
    entity = next(iter(erp.kept("invoice").values()))["entity"]
    assert [(each["account"], each.get("debit"), each.get("credit"), each.get("entity")) for each in lines] == [
        ("705", "0.35", None, None), ("701", None, "0.35", entity),
    ]  # fmt: skip
    assert (await said(erp, "invoice"))["open_amount"]["amount"] == "120.07"
    read = await said(erp, "write_off")
    assert {**read, "id": "write_off-1"} == write_off().model_dump(mode="json", exclude_none=True)


async def test_a_write_off_put_again_settles_nothing_more(erp: Any) -> None:
    _, first = await posted(erp, invoice(), write_off("120.42"))

    second = await erp.put(write_off("120.42"))

    assert first == second
    assert len(erp.kept("journalEntry")) == len(erp.kept("customerPayment")) == 1
    assert (await said(erp, "invoice"))["state"] == "paid"


async def test_a_write_off_that_died_half_way_is_completed_when_it_is_put_again(erp: Any) -> None:
    await posted(erp, invoice())
    await erp.fault("lock", method="PUT", path="/customerPayment", times=1)

    with pytest.raises(Retry):
        await erp.put(write_off())
    erp.advance(120)
    half = len(erp.kept("journalEntry")), len(erp.kept("customerPayment"))
    await erp.put(write_off())

    assert half == (1, 0)
    assert (await said(erp, "invoice"))["open_amount"]["amount"] == "120.07"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (write_off("120.43"), "of which 120.42 is open"),
        (
            write_off().model_copy(update={"amount": Money.of("0.35", "EUR")}),
            "in currency 4, and invoice INV1001 in currency 2",
        ),
        (write_off(invoice=None), "names none that is there"),
    ],
)
async def test_a_write_off_that_cannot_be_used_leaves_nothing_in_the_books(erp: Any, entry: WriteOff, why: str) -> None:
    await posted(erp, invoice())

    with pytest.raises(Hold, match=why):
        await erp.put(entry)

    assert (erp.kept("journalEntry"), erp.kept("customerPayment")) == ({}, {})


async def test_a_write_off_without_its_accounts_is_held_and_says_what_to_set(erp: Any) -> None:
    await posted(erp, invoice())
    erp.line.credentials.settings.pop("write_off_account")

    with pytest.raises(Hold, match="write_off_account is not set"):
        await erp.put(write_off())


async def test_a_write_off_in_the_books_is_reworded_and_nothing_else(erp: Any) -> None:
    _, key = await posted(erp, invoice(), write_off())

    await erp.put(write_off(reason="Rounding"), key=key, only=("reason",))
    with pytest.raises(Hold, match="total cannot be changed there"):
        await erp.put(write_off("0.30"), key=key, only=("amount",))

    assert erp.kept("journalEntry")[key]["memo"] == "Rounding"


async def test_neither_an_accountants_entry_nor_an_empty_payment_is_ours(erp: Any) -> None:
    await posted(erp, invoice(), write_off())
    lines = [{"account": {"id": "705"}, "debit": "1"}, {"account": {"id": "701"}, "credit": "1"}]
    entry = await erp.control("records/journalEntry", {"subsidiary": {"id": "3"}, "line": {"items": lines}}, status=201)

    assert await erp.changes("payment") == [[]]
    assert len((await erp.changes("write_off"))[-1]) == 1
    assert await erp.find("write_off", key=entry["id"]) == []


async def test_the_next_poll_begins_where_the_last_one_ended(erp: Any) -> None:
    await posted(erp, invoice())
    cursor = await erp.cursor("invoice")
    erp.advance(60)
    await erp.put(invoice(id="invoice-2"))

    found = [record["externalId"] for page in await erp.changes("invoice", cursor) for record in page]

    assert found == ["invoice-1", "invoice-2"], "the last one is read again: two may share a second"
    erp.advance(60)
    await pay(erp, "1.00")
    assert [record["externalId"] for record in (await erp.changes("invoice", cursor))[0]][-1] == "invoice-1"


async def test_an_invoice_is_sent_once_when_nobody_says_what_became_of_it(erp: Any) -> None:
    await posted(erp)
    await erp.fault("error_after", method="PUT", times=1)

    with pytest.raises(Unknown):
        await erp.put(invoice())

    assert len([call for call in erp.asked("/record/v1/invoice") if call.startswith("PUT")]) == 1
