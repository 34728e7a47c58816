"""The books: periods, exchange rates and planned revenue, read from NetSuite over real HTTP."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import Contract, Customer, CustomerId, FiscalPeriod, FxRate, Invoice, RevenueSchedule
from throughline.core.errors import Hold
from throughline.core.events import detect
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")

GBP_100 = Money.of("100.00", "GBP")


@pytest.fixture(autouse=True)
def settings(erp: Any) -> None:
    erp.line.credentials.settings.update(subsidiaries="2, 3, 4", fx_provider="European Central Bank")


async def read(erp: Any, kind: str, since: str | None = None) -> list[dict[str, Any]]:
    """What a poll claims, all of it readable."""
    claims = [erp.read(kind, record) for page in await erp.changes(kind, since) for record in page]
    assert [claim.unread for claim in claims if claim.unread] == []
    return [{**claim.fields, "id": f"{kind}-{claim.key}"} for claim in claims]


async def turn(erp: Any, period: str, do: str, **more: Any) -> None:
    await erp.control("periods", {"period": period, "do": do, **more})


async def states(erp: Any, name: str, since: str | None = None) -> dict[str, str]:
    periods = [FiscalPeriod.model_validate(fields) for fields in await read(erp, "fiscal_period", since)]
    return {each.legal_entity: each.state.value for each in periods if each.name == name}


# Periods


async def test_every_month_is_a_period_of_each_legal_entity(erp: Any) -> None:
    periods = [FiscalPeriod.model_validate(fields) for fields in await read(erp, "fiscal_period")]

    assert len(periods) == 24 * 3, "no quarters, no years, and none of the group's own subsidiary"
    assert {each.legal_entity for each in periods} == {"US", "UK", "DE"}
    november = next(each for each in periods if (each.name, each.legal_entity) == ("Nov 2026", "UK"))
    assert (november.starts, november.ends, november.state) == (date(2026, 11, 1), date(2026, 11, 30), "open")
    assert {each.state.value for each in periods if each.name == "Mar 2026"} == {"closed"}


async def test_a_lock_of_one_subsidiary_closes_in_its_entity_only(erp: Any) -> None:
    cursor = await erp.cursor("fiscal_period")

    await turn(erp, "Oct 2026", "lock-ar", subsidiary="UK")

    assert await states(erp, "Oct 2026", cursor) == {"US": "open", "UK": "closing", "DE": "open"}


async def test_a_lock_of_the_whole_account_closes_in_every_entity(erp: Any) -> None:
    await turn(erp, "Oct 2026", "lock-all")

    assert await states(erp, "Oct 2026") == {"US": "closing", "UK": "closing", "DE": "closing"}


async def test_a_period_that_was_closed_is_read_by_the_next_poll_with_its_moment(erp: Any) -> None:
    cursor = await erp.cursor("fiscal_period")
    erp.advance(600)

    await turn(erp, "Apr 2026", "close")

    april = [fields for fields in await read(erp, "fiscal_period", cursor) if fields["name"] == "Apr 2026"]
    assert {(each["state"], each["closed_at"]) for each in april} == {("closed", "2026-11-20T10:10:00Z")}


async def test_a_period_that_stays_closed_is_not_read_again(erp: Any) -> None:
    cursor = await erp.cursor("fiscal_period")

    assert await states(erp, "Mar 2026", cursor) == {}


async def test_a_period_that_was_opened_again_is_open(erp: Any) -> None:
    await turn(erp, "Apr 2026", "close")
    cursor = await erp.cursor("fiscal_period")

    await turn(erp, "Apr 2026", "reopen")

    assert set((await states(erp, "Apr 2026", cursor)).values()) == {"open"}


async def test_without_a_list_every_subsidiary_that_keeps_books_has_periods(erp: Any) -> None:
    del erp.line.credentials.settings["subsidiaries"]

    records = [record for page in await erp.changes("fiscal_period") for record in page]

    assert {record["subsidiary"] for record in records} == {"1", "2", "3", "4"}


async def test_one_period_is_found_by_its_key(erp: Any) -> None:
    (record,) = await erp.find("fiscal_period", key="611-3")

    assert erp.read("fiscal_period", record).fields["legal_entity"] == "UK"
    assert await erp.find("fiscal_period", key="611-99") == []
    assert await erp.find("fiscal_period", key="611 or 1=1") == []


# What a closed period refuses


async def test_a_closed_period_is_a_hold_that_names_it_and_what_to_do(erp: Any) -> None:
    await erp.put(customer())

    with pytest.raises(Hold) as held:
        await erp.put(invoice(date(2026, 3, 31)))

    assert "The accounting period Mar 2026 takes no entries any more. USER_ERROR:" in held.value.why
    assert held.value.fix == "Open Mar 2026 in NetSuite, or date it in a period that is open; then release."


async def test_a_day_outside_of_every_period_is_a_hold_too(erp: Any) -> None:
    await erp.put(customer())

    with pytest.raises(Hold) as held:
        await erp.put(invoice(date(2031, 3, 31)))

    assert "The accounting period of that day takes no entries any more" in held.value.why
    assert held.value.fix.startswith("Open the period in NetSuite")


async def test_any_other_refusal_says_nothing_of_periods(erp: Any) -> None:
    await erp.put(customer())

    with pytest.raises(Hold) as held:
        await erp.put(invoice(date(2026, 11, 20), lines=[]))

    assert "period" not in held.value.why + held.value.fix


# Rates


async def test_a_rate_is_the_worth_of_a_foreign_unit_on_its_day(erp: Any) -> None:
    rates = [FxRate.model_validate(fields) for fields in await read(erp, "fx_rate")]

    newest = {(each.source, each.target): each for each in rates if each.day == date(2026, 11, 20)}
    assert len(newest) == 6
    assert newest["GBP", "USD"].rate > 1 > newest["USD", "GBP"].rate
    assert {each.provider for each in rates} == {"European Central Bank"}


async def test_a_poll_reads_only_the_rates_that_came_since(erp: Any) -> None:
    cursor = await erp.cursor("fx_rate")
    assert cursor
    assert len(await read(erp, "fx_rate", cursor)) > 6, "the moment itself is read again"
    erp.advance(3 * 24 * 3600)
    before = await erp.cursor("fx_rate", cursor)

    days = {fields["day"] for fields in await read(erp, "fx_rate", before)}

    assert days == {"2026-11-23"}


async def test_one_rate_is_found_by_its_key(erp: Any) -> None:
    (record,) = await erp.find("fx_rate", key="1")

    assert record["id"] == "1"
    assert await erp.find("fx_rate", key="x") == []


# Revenue


def customer() -> Customer:
    return Customer(id=CustomerId("customer-1"), name="Ostwald UK Ltd", legal_entity="UK", currency="GBP")


def invoice(day: date, **more: Any) -> Invoice:
    line = {"key": "1", "description": "Work", "quantity": Decimal(1), "unit_price": GBP_100, "amount": GBP_100,
            "item": "SVC-TM", "tax_code": "GB-S20"}  # fmt: skip
    told = {"id": "invoice-1", "customer": "customer-1", "legal_entity": "UK", "currency": "GBP", "state": "approved",
            "issued_on": day, "lines": [line]}  # fmt: skip
    return Invoice.model_validate({**told, **more})


def line(key: str, amount: str, item: str = "SVC-FIXED") -> dict[str, Any]:
    money = Money.of(amount, "GBP")
    return {"key": key, "commercial_model": "fixed_fee", "quantity": Decimal(1), "unit_price": money, "amount": money,
            "item": item, "tax_code": "GB-S20"}  # fmt: skip


def contract(*lines: dict[str, Any], **more: Any) -> Contract:
    return Contract.model_validate({
        "id": "contract-1", "name": "Timetable", "customer": "customer-1", "legal_entity": "UK", "currency": "GBP",
        "commercial_model": "fixed_fee", "billing_method": "on_schedule", "revenue_treatment": "straight_line",
        "starts": date(2026, 11, 1), "ends": date(2027, 1, 31), "value": GBP_100,
        "lines": lines or [line("l1", "100.00")], **more,
    })  # fmt: skip


async def approved(erp: Any, agreed: Contract) -> str:
    await erp.put(customer())
    key: str = await erp.put(agreed)
    await erp.control("orders", {"order": agreed.id})
    return key


async def schedule(erp: Any, since: str | None = None) -> RevenueSchedule:
    (fields,) = await read(erp, "revenue_schedule", since)
    return RevenueSchedule.model_validate(fields)


def parts(told: RevenueSchedule) -> list[tuple[str, str, bool]]:
    return [(each.period, str(each.amount.amount), each.recognised) for each in told.lines]


async def test_an_order_that_nobody_approved_has_no_schedule(erp: Any) -> None:
    await erp.put(customer())
    await erp.put(contract())

    assert await read(erp, "revenue_schedule") == []


async def test_a_contract_s_schedule_has_its_total_and_a_line_for_each_period(erp: Any) -> None:
    await approved(erp, contract())

    told = await schedule(erp)

    assert (told.contract, told.total, told.treatment.value) == ("contract-1", GBP_100, "straight_line")
    assert (told.starts, told.ends) == (date(2026, 11, 1), date(2027, 1, 31))
    assert parts(told) == [("Nov 2026", "33.33", False), ("Dec 2026", "33.33", False), ("Jan 2027", "33.34", False)]
    assert {each.contract_line for each in told.lines} == {"l1"}


async def test_lines_that_were_added_later_are_in_the_same_schedule(erp: Any) -> None:
    key = await approved(erp, contract())
    both = contract(line("l1", "100.00"), line("l2", "30.00"), value=Money.of("130.00", "GBP"))

    await erp.put(both, key=key, only=("lines",))

    told = await schedule(erp)
    assert told.total == Money.of("130.00", "GBP")
    assert {each.contract_line for each in told.lines} == {"l1", "l2"}
    assert len(erp.kept("revenueArrangement")) == 2


async def test_what_is_recognised_names_its_journal_and_is_told(erp: Any) -> None:
    await approved(erp, contract())
    (before,) = await read(erp, "revenue_schedule")
    cursor = await erp.cursor("revenue_schedule")
    erp.advance(60)

    answer = await erp.control("revenue", {"period": "Nov 2026"}, status=201)
    journal = next(id_ for id_, each in erp.kept("journalEntry").items() if each["tranId"] == answer["journals"][0])
    erp.names.ids["journal_reference", journal] = "journal_reference-1"
    (after,) = await read(erp, "revenue_schedule", cursor)

    november = RevenueSchedule.model_validate(after).lines[0]
    assert (november.recognised, november.journal) == (True, "journal_reference-1")
    (event,) = detect("revenue_schedule", before, after)
    assert (event.type, event.model_dump(mode="json")["amount"]) == (
        "RevenueRecognised", {"amount": "33.33", "currency": "GBP"},
    )  # fmt: skip


async def test_two_contracts_have_a_schedule_each(erp: Any) -> None:
    await approved(erp, contract())
    await approved(erp, contract(line("l1", "50.00"), id="contract-2", value=Money.of("50.00", "GBP")))

    fields = await read(erp, "revenue_schedule")

    assert [(each["contract"], each["total"]["amount"]) for each in fields] == [
        ("contract-1", "100.00"), ("contract-2", "50.00"),
    ]  # fmt: skip


async def test_one_schedule_is_found_by_the_key_of_its_order(erp: Any) -> None:
    key = await approved(erp, contract())

    (record,) = await erp.find("revenue_schedule", key=key)

    assert erp.read("revenue_schedule", record).fields["contract"] == "contract-1"
    assert await erp.find("revenue_schedule", key="999999") == []
    assert await erp.find("revenue_schedule", key="eid:x") == []
