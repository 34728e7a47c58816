"""What one of our companies charges another: one journal entry with both sides of it, both amounts and the rate."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from throughline.core.entities import IntercompanyCharge
from throughline.core.errors import Hold, Retry
from throughline.core.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNTS = {
    "intercompany_receivable_account": "706",
    "intercompany_payable_account": "707",
    "intercompany_revenue_account": "708",
    "intercompany_cost_account": "709",
}
KIND = "advInterCompanyJournalEntry"


def charge(**more: Any) -> IntercompanyCharge:
    return IntercompanyCharge.model_validate({
        "id": "intercompany_charge-1", "provider": "UK", "receiver": "DE", "project": "project-7",
        "period": "Nov 2026", "hours": Decimal("37.5"), "amount": Money.of("1000.10", "GBP"), "markup_percent": 8,
        "receiver_amount": Money.of("1148.61", "EUR"), "fx_rate": Decimal("1.1485"), "fx_day": date(2026, 11, 30),
        "tax_code": "GB-EXP", **more,
    })  # fmt: skip


@pytest.fixture(autouse=True)
def accounts(erp: Any) -> None:
    erp.line.credentials.settings.update(ACCOUNTS)


def sides(erp: Any, key: str) -> list[tuple[str, str, str | None, str | None, str]]:
    lines = erp.kept(KIND)[key]["line"]
    return [
        (each["lineSubsidiary"], each["account"], each.get("debit"), each.get("credit"), each["lineFxRate"])
        for each in lines
    ]


async def test_both_companies_have_both_sides_and_the_receiver_s_have_the_rate(erp: Any) -> None:
    key = await erp.put(charge())

    assert sides(erp, key) == [
        ("3", "706", "1000.1", None, "1"),
        ("3", "708", None, "1000.1", "1"),
        ("4", "709", "1000.1", None, "1.1485"),
        ("4", "707", None, "1000.1", "1.1485"),
    ]
    kept = erp.kept(KIND)[key]
    assert (kept["currency"], kept["tranDate"], kept["postingPeriod"]) == ("2", "2026-11-30", "611")
    assert (kept["custbody_throughline_receiver_amount"], kept["custbody_throughline_receiver_currency"]) == (
        "1148.61", "EUR",
    )  # fmt: skip


async def test_what_the_companies_owe_each_other_is_marked_to_be_eliminated(erp: Any) -> None:
    key = await erp.put(charge())

    marked = [each.get("dueToFromSubsidiary") for each in erp.kept(KIND)[key]["line"] if each["eliminate"]]
    assert marked == ["4", "3"]


async def test_it_reads_back_in_our_words(erp: Any) -> None:
    told = charge()
    key = await erp.put(told)

    (record,) = await erp.find("intercompany_charge", key=key)
    claim = erp.read("intercompany_charge", record)

    assert claim.unread == {}
    assert {**claim.fields, "id": told.id} == told.model_dump(mode="json", exclude_none=True)


async def test_put_again_it_is_one_entry_with_its_lines_once(erp: Any) -> None:
    first = await erp.put(charge())
    second = await erp.put(charge())

    assert first == second
    assert len(erp.kept(KIND)) == 1
    assert len(sides(erp, first)) == 4


async def test_a_charge_whose_answer_was_lost_is_there_once(erp: Any) -> None:
    await erp.fault("late", method="PUT", times=1, seconds=1.5)

    with pytest.raises(Retry):
        await erp.put(charge())
    erp.advance(120)
    await erp.put(charge())

    assert [each["externalId"] for each in erp.kept(KIND).values()] == ["intercompany_charge-1"]


async def test_an_amount_that_changes_is_changed_on_every_line(erp: Any) -> None:
    key = await erp.put(charge())
    more = charge(amount=Money.of("2000.00", "GBP"), receiver_amount=Money.of("2297.00", "EUR"))

    await erp.put(more, key=key, only=("amount", "receiver_amount"))

    assert [each[2] or each[3] for each in sides(erp, key)] == ["2000"] * 4
    assert erp.kept(KIND)[key]["custbody_throughline_hours"] == "37.5"


async def test_within_one_currency_the_rate_is_one(erp: Any) -> None:
    same = charge(receiver="US", amount=Money.of("10.00", "USD"), receiver_amount=Money.of("10.00", "USD"), fx_rate=1)

    key = await erp.put(same)

    assert {each[4] for each in sides(erp, key)} == {"1"}


async def test_a_receiver_amount_that_the_rate_does_not_make_is_held_before_anything_is_sent(erp: Any) -> None:
    with pytest.raises(Hold, match=r"would book 1148\.61 EUR for the receiver, and the charge says 1148\.62"):
        await erp.put(charge(receiver_amount=Money.of("1148.62", "EUR")))

    assert erp.kept(KIND) == {}


async def test_a_charge_that_nobody_converted_is_held(erp: Any) -> None:
    with pytest.raises(Hold, match="lacks the rate and what it is in the receiver's currency"):
        await erp.put(charge(receiver_amount=None, fx_rate=None))


async def test_a_firm_that_names_no_accounts_is_told_which(erp: Any) -> None:
    del erp.line.credentials.settings["intercompany_cost_account"]

    with pytest.raises(Hold, match="intercompany_cost_account not set"):
        await erp.put(charge())


async def test_a_period_that_netsuite_does_not_know_is_held(erp: Any) -> None:
    with pytest.raises(Hold, match="NetSuite has no accounting periods called Nov 1999"):
        await erp.put(charge(period="Nov 1999"))


async def test_a_period_that_one_of_the_two_has_locked_is_held_with_its_remedy(erp: Any) -> None:
    await erp.control("periods", {"period": "Nov 2026", "do": "lock-all", "subsidiary": "DE"})

    with pytest.raises(Hold, match="accounting period Nov 2026 takes no entries any more") as held:
        await erp.put(charge())

    assert held.value.fix.startswith("Open Nov 2026 in NetSuite")


async def test_an_entry_the_accountants_made_between_companies_is_no_charge_of_ours(erp: Any) -> None:
    lines = [
        {"lineSubsidiary": {"id": each}, "account": {"id": "702"}, side: 5}
        for each in ("3", "4")
        for side in ("debit", "credit")
    ]
    made = await erp.control(f"records/{KIND}", {"subsidiary": {"id": "3"}, "line": {"items": lines}}, status=201)

    assert await erp.find("intercompany_charge", key=made["id"]) == []
